// The twelve fcc slip systems {111}<110> and the two contractions that the law needs; their
// numbers are listed in docs/conventions.md.
//
// System 3p + d lies on plane p; with the signs e of its normal, n = e / sqrt(3) and the
// directions are (0, e1, -e2), (-e0, 0, e2), (e0, -e1, 0), each over sqrt(2). Every Schmid tensor
// s (x) n is therefore a matrix of 0 and +-1 over sqrt(6).
#pragma once
#include "lanes.hpp"

namespace slipfield {

constexpr int kPlanes = 4;
constexpr int kSystems = 12;
constexpr double kSchmid = 0.40824829046386301637;  // 1 / sqrt(6)
constexpr int kNormal[kPlanes][3] = {{1, 1, 1}, {-1, 1, 1}, {1, -1, 1}, {1, 1, -1}};

template <class V>
inline V signed_by(int e, const V& x) {
  return e > 0 ? x : -x;
}

// n_p . a / sqrt(2) for the four plane normals: the part of the Schmid tensor on the normal side.
template <class V>
inline void on_normals(const V a[3], V out[kPlanes]) {
  for (int p = 0; p < kPlanes; p++)
    out[p] =
        constant<V>(kSchmid) * (signed_by(kNormal[p][0], a[0]) + signed_by(kNormal[p][1], a[1]) +
                                signed_by(kNormal[p][2], a[2]));
}

// tau_a = sum_i (s_a . p_i)(n_a . a_i) for two vector pairs; na[i] comes from on_normals(a_i).
template <class V>
inline void resolve(const V p1[3], const V p2[3], const V na1[kPlanes], const V na2[kPlanes],
                    V tau[kSystems]) {
  for (int p = 0; p < kPlanes; p++) {
    V v[3];
    for (int k = 0; k < 3; k++) v[k] = signed_by(kNormal[p][k], p1[k] * na1[p] + p2[k] * na2[p]);
    tau[3 * p] = v[1] - v[2];
    tau[3 * p + 1] = v[2] - v[0];
    tau[3 * p + 2] = v[0] - v[1];
  }
}

// sum_d y_d s_d on plane p (times sqrt(2)).
template <class V>
inline void plane_slip(const V y[kSystems], int p, V out[3]) {
  out[0] = signed_by(kNormal[p][0], y[3 * p + 2] - y[3 * p + 1]);
  out[1] = signed_by(kNormal[p][1], y[3 * p] - y[3 * p + 2]);
  out[2] = signed_by(kNormal[p][2], y[3 * p + 1] - y[3 * p]);
}

// x_i = (sum_a y_a s_a (x) n_a) a_i for two vectors a_i given by on_normals.
template <class V>
inline void slip_times(const V y[kSystems], const V na1[kPlanes], const V na2[kPlanes], V x1[3],
                       V x2[3]) {
  for (int p = 0; p < kPlanes; p++) {
    V b[3];
    plane_slip(y, p, b);
    for (int k = 0; k < 3; k++) {
      x1[k] = p ? x1[k] + b[k] * na1[p] : b[k] * na1[p];
      x2[k] = p ? x2[k] + b[k] * na2[p] : b[k] * na2[p];
    }
  }
}

// out += sum_a y_a s_a (x) n_a.
template <class V>
inline void add_slip_tensor(const V y[kSystems], V out[3][3]) {
  for (int p = 0; p < kPlanes; p++) {
    V b[3];
    plane_slip(y, p, b);
    for (int i = 0; i < 3; i++) {
      const V c = constant<V>(kSchmid) * b[i];
      for (int j = 0; j < 3; j++) out[i][j] = out[i][j] + signed_by(kNormal[p][j], c);
    }
  }
}

}  // namespace slipfield
