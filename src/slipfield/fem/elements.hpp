// What the element loops share: blocked point states, gathering and scattering, kinematics of
// bilinear quadrilaterals and the residual of the total-Lagrangian membrane, P = F S.
//
// Several cells lie side by side (lanes); arrays are blocked, array of structures of arrays:
// [block][point][component][lane].
#pragma once
#include <cstdint>

#include "point.hpp"

extern "C" {

struct Elements {
  int64_t cells, blocks;
  int points;               // quadrature points of a cell
  const int32_t* nodes;     // [block][lane][kNodes], local node numbers
  const double* gradients;  // [block][point][node][2][lane], dN/dX, 1/mm
  const double* weights;    // [block][point][lane], mm^2
};

struct State {  // of all points; [block][point][component][lane]
  const double *a_n, *g_n, *g_old, *L_n, *s_n, *h;  // h: [block][point][lane]
  double *a, *g, *L, *s;                            // iterates and solution
};

}  // extern "C"

namespace slipfield {

constexpr int kNodes = 4, kDofs = 2 * kNodes;

inline const Vec& lane(const double* base, int64_t i) {
  return reinterpret_cast<const Vec*>(base)[i];
}
inline Vec& lane(double* base, int64_t i) { return reinterpret_cast<Vec*>(base)[i]; }

inline const Single& lane(const float* base, int64_t i) {
  return reinterpret_cast<const Single*>(base)[i];
}
inline Single& lane(float* base, int64_t i) { return reinterpret_cast<Single*>(base)[i]; }

// History of point i from the arrays of a State, or of its derivatives.
template <class Arrays, class V>
inline void read_history(const Arrays& s, int64_t i, History<V>& old) {
  for (int k = 0; k < 6; k++) old.a[k / 3][k % 3] = lane(s.a_n, 6 * i + k);
  for (int k = 0; k < 9; k++) old.L[k / 3][k % 3] = lane(s.L_n, 9 * i + k);
  for (int k = 0; k < kSystems; k++) {
    old.g[k] = lane(s.g_n, kSystems * i + k);
    old.g_old[k] = lane(s.g_old, kSystems * i + k);
  }
  old.h = lane(s.h, i);
}

// Ask for the next point's history while this one is computed.
template <class T>
inline void prefetch(const T* base, int64_t i, int components) {
  const char* from = reinterpret_cast<const char*>(base + i * components * kLanes);
  for (int k = 0; k < components * kLanes * static_cast<int>(sizeof(T)); k += 64)
    __builtin_prefetch(from + k);
}
inline void prefetch(const State& s, int64_t point) {
  prefetch(s.a_n, point, 6);
  prefetch(s.L_n, point, 9);
  prefetch(s.g_n, point, kSystems);
  prefetch(s.g_old, point, kSystems);
  prefetch(s.g, point, kSystems);
  prefetch(s.s, point, 3);
  prefetch(s.h, point, 1);
}

inline void read_trial(const State& s, int64_t point, bool first, Trial<Vec>& t) {
  for (int k = 0; k < kSystems; k++) t.g[k] = lane(first ? s.g_n : s.g, kSystems * point + k);
  for (int k = 0; k < 3; k++) t.s[k] = lane(first ? s.s_n : s.s, 3 * point + k);
}

inline void write_trial(const State& s, int64_t point, const Trial<Vec>& t) {
  for (int k = 0; k < 6; k++) lane(s.a, 6 * point + k) = t.a[k / 3][k % 3];
  for (int k = 0; k < 9; k++) lane(s.L, 9 * point + k) = t.L[k / 3][k % 3];
  for (int k = 0; k < kSystems; k++) lane(s.g, kSystems * point + k) = t.g[k];
  for (int k = 0; k < 3; k++) lane(s.s, 3 * point + k) = t.s[k];
}

// Displacements of the cells of a block.
inline void gather(const int32_t* nodes, const double* u, Vec ue[kDofs]) {
  for (int l = 0; l < kLanes; l++)
    for (int i = 0; i < kNodes; i++) {
      const int32_t n = nodes[kNodes * l + i];
      ue[2 * i][l] = u[2 * n];
      ue[2 * i + 1][l] = u[2 * n + 1];
    }
}

// grad u = sum_i u_i (x) dN_i/dX.
inline void gradient(const Vec ue[kDofs], const double* gradients, int64_t point, Vec H[2][2]) {
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      H[i][j] = ue[i] * lane(gradients, point * kNodes * 2 + j);
      for (int n = 1; n < kNodes; n++)
        H[i][j] += ue[2 * n + i] * lane(gradients, (point * kNodes + n) * 2 + j);
    }
}
inline void deformation_gradient(const Vec ue[kDofs], const double* gradients, int64_t point,
                                 Vec F[2][2]) {
  gradient(ue, gradients, point, F);
  F[0][0] += 1.0;
  F[1][1] += 1.0;
}

// C11, C22, C12 of C = F^T F.
inline void metric(const Vec F[2][2], Vec C[3]) {
  C[0] = F[0][0] * F[0][0] + F[1][0] * F[1][0];
  C[1] = F[0][1] * F[0][1] + F[1][1] * F[1][1];
  C[2] = F[0][0] * F[0][1] + F[1][0] * F[1][1];
}

// Residual of one point: re_i += w P . dN_i/dX with P = F S.
inline void add_residual(const Vec F[2][2], const Vec s[3], const Vec& weight,
                         const double* gradients, int64_t point, Vec re[kDofs]) {
  const Vec S[3] = {s[0] * weight, s[1] * weight, s[2] * weight};
  for (int i = 0; i < 2; i++) {
    const Vec P[2] = {F[i][0] * S[0] + F[i][1] * S[2], F[i][0] * S[2] + F[i][1] * S[1]};
    for (int n = 0; n < kNodes; n++)
      re[2 * n + i] += P[0] * lane(gradients, (point * kNodes + n) * 2) +
                       P[1] * lane(gradients, (point * kNodes + n) * 2 + 1);
  }
}

inline void scatter(const int32_t* nodes, int valid, const Vec re[kDofs], double* R) {
  for (int l = 0; l < valid; l++)
    for (int i = 0; i < kNodes; i++) {
      const int32_t n = nodes[kNodes * l + i];
      R[2 * n] += re[2 * i][l];
      R[2 * n + 1] += re[2 * i + 1][l];
    }
}

inline int lanes_of(const Elements& m, int64_t block) {
  const int64_t left = m.cells - block * kLanes;
  return left < kLanes ? static_cast<int>(left) : kLanes;
}

}  // namespace slipfield
