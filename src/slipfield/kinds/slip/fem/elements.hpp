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
  int points;                        // quadrature points of a cell
  const int32_t* nodes;              // [block][lane][kNodes], local node numbers
  const slipfield::Real* gradients;  // [block][point][node][2][lane], dN/dX, 1/mm
  const slipfield::Real* weights;    // [block][point][lane], mm^2
};

struct State {  // of all points; [block][point][component][lane]
  const slipfield::Real *a_n, *P_n, *g_n, *g_old, *L_n, *s_n, *s_old, *h;  // h: no component
  slipfield::Real *a, *P, *g, *L, *s;                                      // iterates and solution
};

}  // extern "C"

namespace slipfield {

constexpr int kNodes = 4, kDofs = 2 * kNodes;

inline const Vec& lane(const Real* base, int64_t i) {
  return reinterpret_cast<const Vec*>(base)[i];
}
inline Vec& lane(Real* base, int64_t i) { return reinterpret_cast<Vec*>(base)[i]; }

inline void read_history(const State& s, int64_t i, History<Vec>& old) {
  for (int k = 0; k < 6; k++) old.a[k / 3][k % 3] = lane(s.a_n, 6 * i + k);
  for (int k = 0; k < 3; k++) old.P[k] = lane(s.P_n, 3 * i + k);
  for (int k = 0; k < 9; k++) old.L[k / 3][k % 3] = lane(s.L_n, 9 * i + k);
  for (int k = 0; k < kCrss; k++) {
    old.g[k] = lane(s.g_n, kCrss * i + k);
    old.g_old[k] = lane(s.g_old, kCrss * i + k);
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
  prefetch(s.P_n, point, 3);
  prefetch(s.L_n, point, 9);
  prefetch(s.g_n, point, kCrss);
  prefetch(s.g_old, point, kCrss);
  prefetch(s.g, point, kCrss);
  prefetch(s.s, point, 3);
  prefetch(s.s_n, point, 3);
  prefetch(s.s_old, point, 3);
  prefetch(s.h, point, 1);
}

inline void read_trial(const State& s, int64_t point, Trial<Vec>& t) {
  for (int k = 0; k < kCrss; k++) t.g[k] = lane(s.g, kCrss * point + k);
  for (int k = 0; k < 3; k++) t.s[k] = lane(s.s, 3 * point + k);
}

// Stress and crss extrapolated over a step of ``ratio`` times the last one, or as they are for 0:
// where the point iterations of a step start.
inline void extrapolated_trial(const State& s, const History<Vec>& old, double ratio, int64_t point,
                               Trial<Vec>& t) {
  const Vec w = constant<Vec>(ratio);
  for (int k = 0; k < kCrss; k++) t.g[k] = old.g[k] + w * (old.g[k] - old.g_old[k]);
  for (int k = 0; k < 3; k++) {
    const Vec now = lane(s.s_n, 3 * point + k);
    t.s[k] = now + w * (now - lane(s.s_old, 3 * point + k));
  }
}

// What the next evaluation of the step starts from.
inline void write_iterates(const State& s, int64_t point, const Trial<Vec>& t) {
  for (int k = 0; k < kCrss; k++) lane(s.g, kCrss * point + k) = t.g[k];
  for (int k = 0; k < 3; k++) lane(s.s, 3 * point + k) = t.s[k];
}
// The rest of the state, which only the next step needs: half of what an evaluation writes.
inline void write_columns(const State& s, int64_t point, const Trial<Vec>& t) {
  for (int k = 0; k < 6; k++) lane(s.a, 6 * point + k) = t.a[k / 3][k % 3];
  for (int k = 0; k < 3; k++) lane(s.P, 3 * point + k) = t.P[k];
  for (int k = 0; k < 9; k++) lane(s.L, 9 * point + k) = t.L[k / 3][k % 3];
}

// Displacements of the cells of a block, less those of their first node: a rigid motion does not
// take digits from the strain.
inline void gather(const int32_t* nodes, const double* u, Vec ue[kDofs]) {
  Real t[kDofs][kLanes];
  for (int l = 0; l < kLanes; l++) {
    const double x = u[2 * nodes[kNodes * l]], y = u[2 * nodes[kNodes * l] + 1];
    for (int i = 0; i < kNodes; i++) {
      const int32_t n = nodes[kNodes * l + i];
      t[2 * i][l] = static_cast<Real>(u[2 * n] - x);
      t[2 * i + 1][l] = static_cast<Real>(u[2 * n + 1] - y);
    }
  }
  __builtin_memcpy(ue, t, sizeof t);
}

// grad u = sum_i u_i (x) dN_i/dX; the first node of a gathered cell does not move.
inline void gradient(const Vec ue[kDofs], const Real* gradients, int64_t point, Vec H[2][2]) {
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      H[i][j] = ue[2 + i] * lane(gradients, (point * kNodes + 1) * 2 + j);
      for (int n = 2; n < kNodes; n++)
        H[i][j] += ue[2 * n + i] * lane(gradients, (point * kNodes + n) * 2 + j);
    }
}

// In-plane F and E11, E22, 2 E12 of a point.
inline void deformation(const Vec ue[kDofs], const Real* gradients, int64_t point, Vec F[2][2],
                        Vec E[3]) {
  Vec H[2][2];
  gradient(ue, gradients, point, H);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) F[i][j] = i == j ? 1.0 + H[i][j] : H[i][j];
  E[0] = H[0][0] + 0.5 * (H[0][0] * H[0][0] + H[1][0] * H[1][0]);
  E[1] = H[1][1] + 0.5 * (H[0][1] * H[0][1] + H[1][1] * H[1][1]);
  E[2] = H[0][1] + H[1][0] + H[0][0] * H[0][1] + H[1][0] * H[1][1];
}

// Residual of one point: re_i += w P . dN_i/dX with P = F S.
inline void add_residual(const Vec F[2][2], const Vec s[3], const Vec& weight,
                         const Real* gradients, int64_t point, Vec re[kDofs]) {
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
