// The point law: finite-strain crystal plasticity (fcc or bcc) of a traction-free sheet (membrane).
// Symbols, systems and stress measures: docs/conventions.md.
//
// F = Fe Fp, Fp(0) = H (sample -> crystal), so slip systems keep their crystal components.
// Traction-free faces give S e3 = 0 for the reference second Piola-Kirchhoff stress; the unknowns
// are s = (S11, S22, S12) and the twelve crss g. With a_i the first two columns of Fp,
//   Se      = sum_ij S_ij a_i (x) a_j          stress in the crystal configuration
//   Ee      = M : Se                           cubic compliance
//   tau_a   = s_a . (I + 2 Ee) Se . n_a        Mandel stress (Ce Se)
//   dgamma  = dt g0 |tau/g|^n sign(tau),  dg_a = f_a sum_b h_ab |dgamma_b|
//   h_aa    = h,  h_ab = q h              (q = 1: all crss are equal, one is kept)
//   f_a     = 1 (linear hardening) or (1 - g_a/g_sat)^p (Voce), a choice at compile time
//   a_i . (I + 2 Ee) a_j = C_ij,  i, j in {1, 2}     three equations, C = F^T F = I + 2 E
// Time: variable-step BDF2 on slip and crss (w = dt/dt_old; backward Euler when w = 0), the
// columns of Fp by the Cayley map of the slip tensor L, (I - L/2) a = (I + L/2) a_n.
// Se, Ee and tau use the columns extrapolated by w L_n, which keeps them explicit in s.
// Single precision suffices, for no small number is the difference of large ones: P, with
// P_ij = (a_i . a_j - d_ij) / 2, is carried along and grows by the change of the columns, and the
// three equations are P + a . Ee a = E, with E from the displacement gradient.
#pragma once
#include "hardening.hpp"
#include "lanes.hpp"
#include "matrices.hpp"
#include "slip.hpp"

namespace slipfield {

template <class V, int N = kCrss>
struct History {     // at the start of the step
  V a[2][3];         // first two columns of Fp
  V P[3];            // P11, P22, 2 P12
  V g[N], g_old[N];  // crss now and one step before, MPa
  V L[3][3];         // slip tensor of the last step
  V h;               // hardening modulus, MPa
};

template <class V>
struct Trial {  // iterates in, solution out
  V s[3];       // S11, S22, S12, MPa
  V g[kCrss];   // crss, MPa
  V a[2][3], P[3], L[3][3];
  V D[3][3];  // d(S11, S22, S12) / d(E11, E22, 2 E12), MPa
};

// Put the lanes in ``which`` of a trial back.
template <int N, class V, class Mask>
inline void restore(Mask which, const V (&from)[N], V (&to)[N]) {
  for (int k = 0; k < N; k++) to[k] = which ? from[k] : to[k];
}
template <class V, class Mask>
inline void restore(Mask which, const Trial<V>& from, Trial<V>& to) {
  restore(which, from.s, to.s);
  restore(which, from.g, to.g);
  restore(which, from.P, to.P);
  for (int i = 0; i < 3; i++) {
    if (i < 2) restore(which, from.a[i], to.a[i]);
    restore(which, from.L[i], to.L[i]);
    restore(which, from.D[i], to.D[i]);
  }
}

// Symmetric x (x) y and its elastic strain M : (x (x) y), as full matrices.
template <class V>
inline void unit_elastic_strain(const Law& law, const V x[3], const V y[3], double factor,
                                V E[3][3]) {
  const V diagonal = constant<V>(factor * (law.s11 - law.s12));
  const V shear = constant<V>(0.25 * factor * law.s44);
  const V trace = constant<V>(factor * law.s12) * dot(x, y);
  for (int i = 0; i < 3; i++) {
    E[i][i] = diagonal * (x[i] * y[i]) + trace;
    for (int j = 0; j < i; j++) E[i][j] = E[j][i] = shear * (x[i] * y[j] + x[j] * y[i]);
  }
}

// The explicit frame of the step: extrapolated columns and what is linear in s through them.
template <class V>
struct Frame {
  V a[2][3];              // extrapolated columns of Fp
  V na[2][kNormalParts];  // on_normals of these
  V E[3][3][3];           // dEe/ds_j
  V W[3][2][3];           // 2 (dEe/ds_j) a_i

  Frame(const Law& law, const Step& step, const History<V>& old) {
    for (int i = 0; i < 2; i++) {
      V x[3], y[3];
      times(old.L, old.a[i], x);
      times(old.L, x, y);
      const V w = constant<V>(step.ratio);
      for (int k = 0; k < 3; k++) a[i][k] = old.a[i][k] + w * x[k] + (0.5 * w * w) * y[k];
      on_normals(a[i], na[i]);
    }
    unit_elastic_strain(law, a[0], a[0], 1.0, E[0]);
    unit_elastic_strain(law, a[1], a[1], 1.0, E[1]);
    unit_elastic_strain(law, a[0], a[1], 2.0, E[2]);
    for (int j = 0; j < 3; j++)
      for (int i = 0; i < 2; i++) {
        times(E[j], a[i], W[j][i]);
        for (int k = 0; k < 3; k++) W[j][i][k] = 2.0 * W[j][i][k];
      }
  }

  // Resolved shear stress for s.
  void shear(const V s[3], V tau[kSystems]) const {
    V u[2][3], p[2][3];
    elastic_columns(s, u);
    combine(s, u[0], u[1], p);
    resolve(p[0], p[1], na[0], na[1], tau);
  }

  // Derivatives of the resolved shear stress to the three components of s.
  void shear_derivatives(const V s[3], V T[3][kSystems]) const {
    V u[2][3], p[2][3];
    elastic_columns(s, u);
    for (int j = 0; j < 3; j++) {
      combine(s, W[j][0], W[j][1], p);
      for (int k = 0; k < 3; k++) {
        if (j == 0) p[0][k] += u[0][k];
        if (j == 1) p[1][k] += u[1][k];
        if (j == 2) {
          p[0][k] += u[1][k];
          p[1][k] += u[0][k];
        }
      }
      resolve(p[0], p[1], na[0], na[1], T[j]);
    }
  }

  // (I + 2 Ee) a_i
  void elastic_columns(const V s[3], V u[2][3]) const {
    for (int i = 0; i < 2; i++)
      for (int k = 0; k < 3; k++)
        u[i][k] = a[i][k] + s[0] * W[0][i][k] + s[1] * W[1][i][k] + s[2] * W[2][i][k];
  }
  // S_ij x_j for two vectors.
  static void combine(const V s[3], const V x[3], const V y[3], V p[2][3]) {
    for (int k = 0; k < 3; k++) {
      p[0][k] = s[0] * x[k] + s[2] * y[k];
      p[1][k] = s[2] * x[k] + s[1] * y[k];
    }
  }
};

// Columns of Fp after the slip of the step, and the in-plane strain residual.
template <class V>
struct Kinematics {
  V r[3];                 // P + a_i . Ee a_j - E: 11, 22 and twice 12
  V middle[2][3];         // (a + a_n) / 2
  V nm[2][kNormalParts];  // on_normals of these
  V Zi[3][3];             // (I - L/2)^-1
  V pulled[2][3];         // (I - L/2)^-T (I + 2 Ee) a_i

  Kinematics(const Step& step, const History<V>& old, const Frame<V>& frame, const V E[3],
             const V gamma[kSystems], Trial<V>& t) {
    V Z[3][3], Ee[3][3], v[2][3], x[3], y[2][3], e[2][3];
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) {
        t.L[i][j] = constant<V>(step.beta()) * old.L[i][j];
        Ee[i][j] =
            t.s[0] * frame.E[0][i][j] + t.s[1] * frame.E[1][i][j] + t.s[2] * frame.E[2][i][j];
      }
    add_slip_tensor(gamma, t.L);
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) Z[i][j] = constant<V>(i == j ? 1.0 : 0.0) - 0.5 * t.L[i][j];
    invert(Z, Zi);
    for (int i = 0; i < 2; i++) {
      times(t.L, old.a[i], x);
      times(Zi, x, y[i]);
      for (int k = 0; k < 3; k++) {
        t.a[i][k] = old.a[i][k] + y[i][k];
        middle[i][k] = old.a[i][k] + 0.5 * y[i][k];
      }
      on_normals(middle[i], nm[i]);
      times(Ee, t.a[i], e[i]);
      for (int k = 0; k < 3; k++) v[i][k] = t.a[i][k] + 2.0 * e[i][k];
      times_transposed(Zi, v[i], pulled[i]);
    }
    t.P[0] = old.P[0] + dot(y[0], middle[0]);
    t.P[1] = old.P[1] + dot(y[1], middle[1]);
    t.P[2] = old.P[2] + dot(y[0], middle[1]) + dot(middle[0], y[1]);
    r[0] = t.P[0] + dot(t.a[0], e[0]) - E[0];
    r[1] = t.P[1] + dot(t.a[1], e[1]) - E[1];
    r[2] = t.P[2] + 2.0 * dot(t.a[0], e[1]) - E[2];
  }
};

// dS/dE: the inverse of d(strain residual)/ds.
template <class V>
inline void tangent(const Frame<V>& frame, const Kinematics<V>& k, const Trial<V>& t,
                    const V dgamma[3][kSystems], V D[3][3]) {
  V J[3][3];
  for (int j = 0; j < 3; j++) {
    V x1[3], x2[3], e1[3], e2[3];
    slip_times(dgamma[j], k.nm[0], k.nm[1], x1, x2);
    times(frame.E[j], t.a[0], e1);
    times(frame.E[j], t.a[1], e2);
    J[0][j] = dot(k.pulled[0], x1) + dot(t.a[0], e1);
    J[1][j] = dot(k.pulled[1], x2) + dot(t.a[1], e2);
    J[2][j] = dot(k.pulled[0], x2) + dot(k.pulled[1], x1) + 2.0 * dot(t.a[0], e2);
  }
  invert(J, D);
}

// One Newton iteration; returns the error of each lane.
template <class V>
inline V iterate(const Law& law, const Step& step, const History<V>& old, const Frame<V>& frame,
                 const V E[3], Trial<V>& t) {
  V tau[kSystems], excess = constant<V>(-1.0), scale = constant<V>(1.0);
  frame.shear(t.s, tau);
  const V cap = constant<V>(step.cap);
  for (int a = 0; a < kSystems; a++) excess = max(excess, abs(tau[a]) - cap * t.g[crss_of(a)]);
  V T[3][kSystems], dgamma[3][kSystems];
  frame.shear_derivatives(t.s, T);
  if (!all(excess < 0.0)) {
    for (int a = 0; a < kSystems; a++)
      scale = min(scale, cap * t.g[crss_of(a)] / max(abs(tau[a]), constant<V>(1e-30)));
    for (int j = 0; j < 3; j++) t.s[j] *= scale;
    for (int a = 0; a < kSystems; a++) tau[a] *= scale;
  }

  const Slip<V> slip(law, step, old, tau, t.g);
  slip.derivatives(T, dgamma);
  const Kinematics<V> kinematics(step, old, frame, E, slip.gamma, t);
  tangent(frame, kinematics, t, dgamma, t.D);
  V ds[3], dg[kCrss];
  for (int i = 0; i < 3; i++)
    ds[i] =
        -(t.D[i][0] * kinematics.r[0] + t.D[i][1] * kinematics.r[1] + t.D[i][2] * kinematics.r[2]);
  slip.crss_step(dgamma, ds, dg);
  V crss_change = constant<V>(0.0), least = t.g[0];
  for (int c = 0; c < kCrss; c++) {
    const V next = min(max(t.g[c] + dg[c], constant<V>(0.7) * t.g[c]), 1.5 * t.g[c]);
    crss_change = max(crss_change, abs(next - t.g[c]));
    least = min(least, t.g[c]);
    t.g[c] = next;
  }
  for (int j = 0; j < 3; j++) t.s[j] = t.s[j] + ds[j];
  // a sum, so that a NaN in any part stays one
  return constant<V>(1e-3) * crss_change / least + abs(kinematics.r[0]) + abs(kinematics.r[1]) +
         abs(kinematics.r[2]) + (1.0 - scale) +
         max(constant<V>(Slip<V>::kLeastDenominator) - slip.denominator, constant<V>(0.0));
}

// Solve the point problem from the iterates in t; returns the iterations used, or -1. A lane that
// has converged is left alone, so its result does not depend on its neighbours.
template <class V>
inline int update(const Law& law, const Step& step, const History<V>& old, const V E[3],
                  Trial<V>& t) {
  const Frame<V> frame(law, step, old);
  const V tolerance = constant<V>(law.tolerance);
  auto settled = constant<V>(1.0) < 0.0;
  for (int it = 1; it <= law.max_iterations; it++) {
    const Trial<V> before = t;
    const auto converged = iterate(law, step, old, frame, E, t) < tolerance;
    if (it > 1) restore(settled, before, t);
    settled = settled | converged;
    if (all(settled)) return it;
  }
  return -1;
}

}  // namespace slipfield
