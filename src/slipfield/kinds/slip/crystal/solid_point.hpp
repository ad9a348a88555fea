// The point law in three dimensions: the slip law of point.hpp without its stress-free faces.
// Symbols, systems and stress measures: docs/conventions.md.
//
// Everything happens in crystal axes. With A = Fp^-1 the unknowns are the six components of the
// elastic stress Se, in the order 11, 22, 33, 23, 13, 12, and the twelve crss g:
//   Ee      = M : Se                           cubic compliance
//   tau_a   = s_a . (I + 2 Ee) Se . n_a        Mandel stress (Ce Se)
//   dgamma  = dt g0 |tau/g|^n sign(tau),  dg_a = f_a sum_b h_ab |dgamma_b|
//   2 Ee    = A^T C A - I                      six equations, C = F^T F
// Time: variable-step BDF2 on slip and crss as in the membrane, A = A_n (I + L/2)^-1 (I - L/2) by
// the Cayley map of the slip tensor L. The reference stress is S = A Se A^T.
//
// The tangent belongs to Fe = F A and A held: with de = sym(Fe^T dF A), dS = A dP A^T and
// dP = D de. For N = (I - L/2)^-1 dL (I + L/2)^-1 the flow changes A by -A N, so that
// dSe = (M + sym(Ce N / dSe))^-1 de and dP = dSe - 2 sym(N Se). The Newton iterations leave out of
// it what elastic strain and the slip of one step change, a few thousandths: the derivatives of tau
// are then the Schmid tensors themselves, and the matrix a sum of 0 and +-1 of slip compliances.
#pragma once
#include "point.hpp"

namespace slipfield {

constexpr int kSix = 6;
constexpr int kPair[kSix][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};

template <class V>
struct SolidHistory {              // at the start of the step
  V A[3][3];                       // inverse of Fp
  V g[kSystems], g_old[kSystems];  // crss now and one step before, MPa
  V L[3][3];                       // slip tensor of the last step
  V h;                             // hardening modulus, MPa
};

template <class V>
struct SolidTrial {  // iterates in, solution out
  V s[kSix];         // Se, MPa
  V g[kSystems];     // crss, MPa
  V A[3][3], L[3][3];
};

template <class V>
inline void product(const V A[3][3], const V B[3][3], V C[3][3]) {
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) C[i][j] = A[i][0] * B[0][j] + A[i][1] * B[1][j] + A[i][2] * B[2][j];
}
// A^T B
template <class V>
inline void product_transposed(const V A[3][3], const V B[3][3], V C[3][3]) {
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) C[i][j] = A[0][i] * B[0][j] + A[1][i] * B[1][j] + A[2][i] * B[2][j];
}
template <class V>
inline void full(const V s[kSix], V S[3][3]) {
  for (int k = 0; k < kSix; k++) S[kPair[k][0]][kPair[k][1]] = S[kPair[k][1]][kPair[k][0]] = s[k];
}

// tau_a = s_a . X . n_a for a full matrix X.
template <class V>
inline void resolve(const V X[3][3], V tau[kSystems]) {
  for (int p = 0; p < kAxes; p++) {
    V v[3];
    for (int k = 0; k < 3; k++) {
      v[k] = constant<V>(0.0);
      for (int j = 0; j < 3; j++) v[k] += signed_by(kAxis[p][j], kBcc ? X[j][k] : X[k][j]);
      v[k] = signed_by(kAxis[p][k], constant<V>(kSchmid) * v[k]);
    }
    tau[3 * p] = v[1] - v[2];
    tau[3 * p + 1] = v[2] - v[0];
    tau[3 * p + 2] = v[0] - v[1];
  }
}

// Inverse of a 6 x 6 matrix by elimination without exchanges: its diagonal leads it, a compliance
// and what flow adds to it.
template <class V>
inline void invert(V J[kSix][kSix], V B[kSix][kSix]) {
  for (int i = 0; i < kSix; i++)
    for (int j = 0; j < kSix; j++) B[i][j] = constant<V>(i == j ? 1.0 : 0.0);
  for (int p = 0; p < kSix; p++) {
    const V pivot = 1.0 / J[p][p];
    for (int j = p + 1; j < kSix; j++) J[p][j] *= pivot;
    for (int j = 0; j <= p; j++) B[p][j] *= pivot;
    for (int i = 0; i < kSix; i++) {
      if (i == p) continue;
      const V factor = J[i][p];
      for (int j = p + 1; j < kSix; j++) J[i][j] -= factor * J[p][j];
      for (int j = 0; j <= p; j++) B[i][j] -= factor * B[p][j];
    }
  }
}

// J x = r by elimination without exchanges; J is destroyed, x may be r.
template <class V>
inline void solve(V J[kSix][kSix], V r[kSix]) {
  for (int p = 0; p < kSix; p++) {
    const V pivot = 1.0 / J[p][p];
    r[p] *= pivot;
    for (int j = p + 1; j < kSix; j++) J[p][j] *= pivot;
    for (int i = p + 1; i < kSix; i++) {
      const V factor = J[i][p];
      for (int j = p + 1; j < kSix; j++) J[i][j] -= factor * J[p][j];
      r[i] -= factor * r[p];
    }
  }
  for (int p = kSix - 1; p >= 0; p--)
    for (int j = p + 1; j < kSix; j++) r[p] -= J[p][j] * r[j];
}

// What is explicit in the stress: elastic strain, Mandel stress and its derivatives.
template <class V>
struct ElasticState {
  V S[3][3];   // Se
  V Ce[3][3];  // I + 2 Ee

  ElasticState(const Law& law, const V s[kSix]) : law_(law) {
    full(s, S);
    const V trace = constant<V>(2.0 * law.s12) * (s[0] + s[1] + s[2]);
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++)
        Ce[i][j] = i == j ? 1.0 + 2.0 * (law.s11 - law.s12) * S[i][i] + trace : law.s44 * S[i][j];
  }

  void shear(V tau[kSystems]) const {
    V X[3][3];
    product(Ce, S, X);
    resolve(X, tau);
  }

  // Derivatives of the resolved shear stress: 2 (M : U_j) Se + Ce U_j for unit stresses U_j.
  void shear_derivatives(V T[kSix][kSystems]) const {
    for (int j = 0; j < kSix; j++) {
      V X[3][3];
      const int a = kPair[j][0], b = kPair[j][1];
      for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
          if (j < 3)
            X[i][k] = constant<V>(2.0 * (i == j ? law_.s11 : law_.s12)) * S[i][k];
          else
            X[i][k] = i == a   ? constant<V>(law_.s44) * S[b][k]
                      : i == b ? constant<V>(law_.s44) * S[a][k]
                               : constant<V>(0.0);
        }
      for (int i = 0; i < 3; i++) {
        X[i][b] += Ce[i][a];
        if (a != b) X[i][a] += Ce[i][b];
      }
      resolve(X, T[j]);
    }
  }

  Law law_;
};

// A after the slip of the step and the strain residual.
template <class V>
struct Flow {
  V X[3][3], Y[3][3];  // (I - L/2)^-1, (I + L/2)^-1
  V Z[3][3];           // A = A_n Z
  V r[kSix];           // elastic strain by the law minus that by the flow

  Flow(const Step& step, const SolidHistory<V>& old, const ElasticState<V>& elastic,
       const V C[3][3], const V gamma[kSystems], SolidTrial<V>& t) {
    V P[3][3], W[3][3];
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) t.L[i][j] = step.beta() * old.L[i][j];
    add_slip_tensor(gamma, t.L);
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) {
        P[i][j] = (i == j ? 1.0 : 0.0) + 0.5 * t.L[i][j];
        W[i][j] = (i == j ? 1.0 : 0.0) - 0.5 * t.L[i][j];
      }
    invert(P, Y);
    invert(W, X);
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) Z[i][j] = 2.0 * Y[i][j] - (i == j ? 1.0 : 0.0);
    product(C, Z, P);
    product_transposed(Z, P, W);
    for (int k = 0; k < kSix; k++) {
      const int i = kPair[k][0], j = kPair[k][1];
      r[k] = (i == j ? 0.5 : 1.0) * (elastic.Ce[i][j] - W[i][j]);
    }
  }

  // N for slip derivatives to one component of s.
  void flow(const V dgamma[kSystems], V N[3][3]) const {
    V dL[3][3] = {}, W[3][3];
    add_slip_tensor(dgamma, dL);
    product(X, dL, W);
    product(W, Y, N);
  }
};

// d(strain residual)/ds.
template <class V>
inline void residual_derivative(const Law& law, const ElasticState<V>& elastic, const Flow<V>& flow,
                                const V dgamma[kSix][kSystems], V J[kSix][kSix]) {
  for (int j = 0; j < kSix; j++) {
    V N[3][3], G[3][3];
    flow.flow(dgamma[j], N);
    product(elastic.Ce, N, G);
    for (int k = 0; k < kSix; k++) {
      const int a = kPair[k][0], b = kPair[k][1];
      J[k][j] = a == b ? G[a][a] : G[a][b] + G[b][a];
      if (k < 3 && j < 3) J[k][j] += k == j ? law.s11 : law.s12;
      if (k >= 3 && k == j) J[k][j] += law.s44;
    }
  }
}

// sum_a y_a d(tau_a)/ds for the Schmid tensors alone.
template <class V>
inline void stress_sum(const V y[kSystems], V out[kSix]) {
  V X[3][3] = {};
  add_slip_tensor(y, X);
  for (int k = 0; k < kSix; k++) {
    const int a = kPair[k][0], b = kPair[k][1];
    out[k] = a == b ? X[a][a] : X[a][b] + X[b][a];
  }
}

// Upper triangle of sum_a y_a p_a p_a' with p_a = d(tau_a)/ds of the Schmid tensors alone. For an
// axis e with a = e1 e2, b = e0 e2, c = e0 e1 and its three lines, sqrt(6) p is
// (0, 1, -1, 0, -b, c), (-1, 0, 1, a, 0, -c) and (1, -1, 0, -a, b, 0), in either family.
template <class V>
inline void add_slip_compliance(const V y[kSystems], V J[kSix][kSix]) {
  for (int p = 0; p < kAxes; p++) {
    const int a = kAxis[p][1] * kAxis[p][2], b = kAxis[p][0] * kAxis[p][2],
              c = kAxis[p][0] * kAxis[p][1];
    const V u = constant<V>(kSchmid * kSchmid) * y[3 * p],
            v = constant<V>(kSchmid * kSchmid) * y[3 * p + 1],
            w = constant<V>(kSchmid * kSchmid) * y[3 * p + 2];
    const V uv = u + v, uw = u + w, vw = v + w;
    J[0][0] += vw, J[1][1] += uw, J[2][2] += uv;
    J[3][3] += vw, J[4][4] += uw, J[5][5] += uv;
    J[0][1] -= w, J[0][2] -= v, J[1][2] -= u;
    J[3][4] -= signed_by(a * b, w), J[3][5] -= signed_by(a * c, v);
    J[4][5] -= signed_by(b * c, u);
    J[0][3] -= signed_by(a, vw), J[0][4] += signed_by(b, w), J[0][5] += signed_by(c, v);
    J[1][3] += signed_by(a, w), J[1][4] -= signed_by(b, uw), J[1][5] += signed_by(c, u);
    J[2][3] += signed_by(a, v), J[2][4] += signed_by(b, u), J[2][5] -= signed_by(c, uv);
  }
}

// Newton steps of stress and crss for the strain residual r.
template <class V>
inline void newton_step(const Law& law, const Slip<V>& slip, const V r[kSix], V ds[kSix],
                        V dg[kSystems]) {
  V J[kSix][kSix] = {}, G[kSix], Z[kSix], signed_w[kSystems], signed_z[kSystems], dS[3][3];
  for (int a = 0; a < kSystems; a++) {
    signed_w[a] = slip.sg[a] * slip.wy[a];
    signed_z[a] = slip.sg[a] * slip.grown(a, slip.zy[a]);
  }
  stress_sum(signed_w, G);
  stress_sum(signed_z, Z);
  add_slip_compliance(slip.wy, J);
  for (int k = 0; k < kSix; k++) {
    G[k] *= slip.shared_over_rank_one;
    for (int j = 0; j < k; j++) J[k][j] = J[j][k];
  }
  for (int k = 0; k < kSix; k++) {
    for (int j = 0; j < kSix; j++) {
      J[k][j] -= Z[k] * G[j];
      if (k < 3 && j < 3) J[k][j] += k == j ? law.s11 : law.s12;
    }
    if (k >= 3) J[k][k] += law.s44;
    ds[k] = -r[k];
  }
  solve(J, ds);
  V change[kSystems], along = constant<V>(0.0);
  full(ds, dS);
  resolve(dS, change);
  for (int k = 0; k < kSix; k++) along += G[k] * ds[k];
  for (int a = 0; a < kSystems; a++) change[a] = slip.wy[a] * change[a] - signed_z[a] * along;
  slip.crss_step(change, dg);
}

// One Newton iteration; returns the error of each lane.
template <class V>
inline V iterate(const Law& law, const Step& step, const SolidHistory<V>& old, const V C[3][3],
                 SolidTrial<V>& t) {
  V tau[kSystems], ratio = constant<V>(0.0);
  ElasticState<V> elastic(law, t.s);
  elastic.shear(tau);
  for (int a = 0; a < kSystems; a++) ratio = max(ratio, abs(tau[a]) / t.g[a]);
  // no system may slip more than 5 % in one iterate
  const double cap = real_power(0.05 / (step.alpha() * step.dt * law.rate), 1.0 / law.exponent);
  const V one = constant<V>(1.0);
  const V scale = min(one, constant<V>(cap > 1.0 ? cap : 1.0) / max(ratio, constant<V>(1e-30)));
  if (!all(scale >= one)) {
    for (int j = 0; j < kSix; j++) t.s[j] *= scale;
    for (int a = 0; a < kSystems; a++) tau[a] *= scale;
    elastic = ElasticState<V>(law, t.s);
  }
  const Slip<V> slip(law, step, old, tau, t.g);
  const Flow<V> flow(step, old, elastic, C, slip.gamma, t);
  product(old.A, flow.Z, t.A);
  V ds[kSix], dg[kSystems], error = 1.0 - scale, crss_change = constant<V>(0.0);
  newton_step(law, slip, flow.r, ds, dg);
  for (int a = 0; a < kSystems; a++) {
    const V next = min(max(t.g[a] + dg[a], 0.7 * t.g[a]), 1.5 * t.g[a]);
    crss_change = max(crss_change, abs(next - t.g[a]) / t.g[a]);
    t.g[a] = next;
  }
  for (int k = 0; k < kSix; k++) {
    t.s[k] = t.s[k] + ds[k];
    error += abs(flow.r[k]);
  }
  // a sum, so that a NaN in any part stays one
  return error + 1e-3 * crss_change +
         max(Slip<V>::kLeastDenominator - slip.denominator, constant<V>(0.0));
}

// The tangent dP / d(e11, e22, e33, 2 e23, 2 e13, 2 e12) at the solution, MPa.
template <class V>
inline void tangent(const Law& law, const Step& step, const SolidHistory<V>& old, const V C[3][3],
                    SolidTrial<V>& t, V D[kSix][kSix]) {
  V tau[kSystems];
  const ElasticState<V> elastic(law, t.s);
  elastic.shear(tau);
  const Slip<V> slip(law, step, old, tau, t.g);
  const Flow<V> flow(step, old, elastic, C, slip.gamma, t);
  V T[kSix][kSystems], dgamma[kSix][kSystems], J[kSix][kSix], inverse[kSix][kSix];
  elastic.shear_derivatives(T);
  slip.derivatives(T, dgamma);
  residual_derivative(law, elastic, flow, dgamma, J);
  invert(J, inverse);
  // I - 2 sym(N Se) / dSe
  for (int j = 0; j < kSix; j++) {
    V N[3][3], W[3][3];
    flow.flow(dgamma[j], N);
    product(N, elastic.S, W);
    for (int k = 0; k < kSix; k++) {
      const int a = kPair[k][0], b = kPair[k][1];
      J[k][j] = (k == j ? 1.0 : 0.0) - (W[a][b] + W[b][a]);
    }
  }
  for (int k = 0; k < kSix; k++)
    for (int j = 0; j < kSix; j++) {
      D[k][j] = J[k][0] * inverse[0][j];
      for (int i = 1; i < kSix; i++) D[k][j] += J[k][i] * inverse[i][j];
    }
}

// Solve the point problem from the iterates in t; returns the iterations used, or -1. C is the
// metric in the axes of the old flow, A_n^T F^T F A_n. A lane that has converged is left alone, so
// its result does not depend on its neighbours.
template <class V>
inline int update(const Law& law, const Step& step, const SolidHistory<V>& old, const V C[3][3],
                  SolidTrial<V>& t) {
  auto settled = constant<V>(1.0) < 0.0;
  for (int it = 1; it <= law.max_iterations; it++) {
    const SolidTrial<V> before = t;
    const auto converged = iterate(law, step, old, C, t) < law.tolerance;
    restore(settled, before.s, t.s);
    restore(settled, before.g, t.g);
    for (int i = 0; i < 3; i++) {
      restore(settled, before.A[i], t.A[i]);
      restore(settled, before.L[i], t.L[i]);
    }
    settled = settled | converged;
    if (all(settled)) return it;
  }
  return -1;
}

}  // namespace slipfield
