// The twelve slip systems of a family and the contractions that the law needs; their numbers are
// listed in docs/conventions.md.
//
// Both families pair the four axes e = (+-1, +-1, +-1) / sqrt(3) with the three lines across each:
// (0, e1, -e2), (-e0, 0, e2), (e0, -e1, 0), over sqrt(2). System 3p + d is axis p and line d:
//   fcc {111}<110>: normal n = axis, direction s = line
//   bcc {110}<111>: normal n = line, direction s = axis
// Every Schmid tensor s (x) n is therefore a matrix of 0 and +-1 over sqrt(6), and that of a bcc
// system is the transposed one of the fcc system with its number.
#pragma once
#include "lanes.hpp"

namespace slipfield {

#ifdef SLIPFIELD_BCC
constexpr bool kBcc = true;
#else
constexpr bool kBcc = false;
#endif
constexpr int kAxes = 4;
constexpr int kSystems = 12;
constexpr int kNormalParts = kBcc ? 3 : kAxes;      // see on_normals
constexpr double kSchmid = 0.40824829046386301637;  // 1 / sqrt(6)
constexpr int kAxis[kAxes][3] = {{1, 1, 1}, {-1, 1, 1}, {1, -1, 1}, {1, 1, -1}};

template <class V>
inline V signed_by(int e, const V& x) {
  return e > 0 ? x : -x;
}

// factor * (e_p . a) for the four axes.
template <class V>
inline void along_axes(double factor, const V a[3], V out[kAxes]) {
  for (int p = 0; p < kAxes; p++)
    out[p] = constant<V>(factor) * (signed_by(kAxis[p][0], a[0]) + signed_by(kAxis[p][1], a[1]) +
                                    signed_by(kAxis[p][2], a[2]));
}

// sum_d y_d line_d across axis p (times sqrt(2)).
template <class V>
inline void line_sum(const V y[kSystems], int p, V out[3]) {
  out[0] = signed_by(kAxis[p][0], y[3 * p + 2] - y[3 * p + 1]);
  out[1] = signed_by(kAxis[p][1], y[3 * p] - y[3 * p + 2]);
  out[2] = signed_by(kAxis[p][2], y[3 * p + 1] - y[3 * p]);
}

// The part of the Schmid tensors on the normal side, with their factor: the products of a with the
// four axes (fcc), or a itself, whose differences are its products with the lines (bcc).
template <class V>
inline void on_normals(const V a[3], V out[kNormalParts]) {
  if constexpr (kBcc)
    for (int k = 0; k < 3; k++) out[k] = constant<V>(kSchmid) * a[k];
  else
    along_axes(kSchmid, a, out);
}

// tau_a = sum_i (s_a . p_i)(n_a . a_i) for two vector pairs; na[i] comes from on_normals(a_i).
template <class V>
inline void resolve(const V p1[3], const V p2[3], const V na1[kNormalParts],
                    const V na2[kNormalParts], V tau[kSystems]) {
  V sp1[kAxes], sp2[kAxes];
  if constexpr (kBcc) {
    along_axes(1.0, p1, sp1);
    along_axes(1.0, p2, sp2);
  }
  for (int p = 0; p < kAxes; p++) {
    V v[3];
    for (int k = 0; k < 3; k++)
      if constexpr (kBcc)
        v[k] = signed_by(kAxis[p][k], na1[k] * sp1[p] + na2[k] * sp2[p]);
      else
        v[k] = signed_by(kAxis[p][k], p1[k] * na1[p] + p2[k] * na2[p]);
    tau[3 * p] = v[1] - v[2];
    tau[3 * p + 1] = v[2] - v[0];
    tau[3 * p + 2] = v[0] - v[1];
  }
}

// x_i = (sum_a y_a s_a (x) n_a) a_i for two vectors a_i given by on_normals.
template <class V>
inline void slip_times(const V y[kSystems], const V na1[kNormalParts], const V na2[kNormalParts],
                       V x1[3], V x2[3]) {
  for (int p = 0; p < kAxes; p++) {
    V b[3];
    line_sum(y, p, b);
    if constexpr (kBcc) {
      const V y1 = b[0] * na1[0] + b[1] * na1[1] + b[2] * na1[2];
      const V y2 = b[0] * na2[0] + b[1] * na2[1] + b[2] * na2[2];
      for (int k = 0; k < 3; k++) {
        const V slip1 = signed_by(kAxis[p][k], y1), slip2 = signed_by(kAxis[p][k], y2);
        x1[k] = p ? x1[k] + slip1 : slip1;
        x2[k] = p ? x2[k] + slip2 : slip2;
      }
    } else {
      for (int k = 0; k < 3; k++) {
        x1[k] = p ? x1[k] + b[k] * na1[p] : b[k] * na1[p];
        x2[k] = p ? x2[k] + b[k] * na2[p] : b[k] * na2[p];
      }
    }
  }
}

// out += sum_a y_a s_a (x) n_a.
template <class V>
inline void add_slip_tensor(const V y[kSystems], V out[3][3]) {
  for (int p = 0; p < kAxes; p++) {
    V b[3];
    line_sum(y, p, b);
    for (int i = 0; i < 3; i++) {
      const V c = constant<V>(kSchmid) * b[i];
      for (int j = 0; j < 3; j++) {
        V& entry = kBcc ? out[j][i] : out[i][j];
        entry = entry + signed_by(kAxis[p][j], c);
      }
    }
  }
}

}  // namespace slipfield
