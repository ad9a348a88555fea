// Derivatives of one point's solution to a parameter, by the implicit function theorem.
//
// ``d`` marks a derivative to the parameter. At the solution the equations of point.hpp hold for
// every value of the parameter; differentiated they are linear in the derivatives of the state.
// Fixed stress comes first: the columns of Fp, the resolved shear stress, slip and strain residual
// follow from the derivatives of the history. The tangent then gives the stress derivatives that
// bring the residual's derivative to zero.
//
// The coefficients are computed in double precision, the derivatives in single: they need four
// digits, not twelve, and cost half.
#pragma once
#include "point.hpp"

namespace slipfield {

inline Single single(const Vec& x) { return __builtin_convertvector(x, Single); }
template <int N>
inline void single(const Vec (&x)[N], Single (&y)[N]) {
  for (int k = 0; k < N; k++) y[k] = single(x[k]);
}
template <int M, int N>
inline void single(const Vec (&x)[M][N], Single (&y)[M][N]) {
  for (int k = 0; k < M; k++) single(x[k], y[k]);
}

// Crss that the rates tell apart: systems that harden alike do not when q changes.
#ifdef SLIPFIELD_LATENT_RATES
constexpr int kRated = kSystems;
#else
constexpr int kRated = kCrss;
#endif
constexpr int rated_of(int system) { return kRated == 1 ? 0 : system; }
typedef History<Single, kRated> RateHistory;

struct Rates {  // of the state at the end of the step
  Single s[3], g[kRated], a[2][3], L[3][3];
};

struct ConstantRates {  // derivatives of the logarithms of the law's constants
  float elastic;        // C11, C12 and C44 alike
  float rate, exponent, latent;
  float saturation, saturation_power;  // of Voce hardening
};

// A solved point, ready to be differentiated to any number of parameters; ``constants``: whether
// some of them are constants of the law.
class Linearised {
 public:
  Vec D[3][3];  // d(S11, S22, S12) / d(E11, E22, 2 E12), MPa

  Linearised(const Law& law, const Step& step, const History<Vec>& old, const Vec E[3],
             Trial<Vec> t, bool constants)
      : law_(law),
        constants_(constants),
        w_(static_cast<float>(step.ratio)),
        beta_(static_cast<float>(step.beta())) {
    const Frame<Vec> frame(law, step, old);
    Vec tau[kSystems], T[3][kSystems], dgamma[3][kSystems];
    frame.shear(t.s, tau);
    const Slip<Vec> slip(law, step, old, tau, t.g);
    const Kinematics<Vec> kinematics(step, old, frame, E, slip.gamma, t);
    frame.shear_derivatives(t.s, T);
    slip.derivatives(T, dgamma);
    tangent(frame, kinematics, t, dgamma, D);
    keep(old, t, frame);
    keep(slip, kinematics);
    if (constants) keep_constants(slip, tau, t.g);
    single(dgamma, dgamma_ds_);
    single(D, D_);
  }

  // Stress rates for the rates of the history, of the law's constants and of E11, E22, 2 E12.
  void stress(const RateHistory& d_old, const ConstantRates& constants, const Single dE[3],
              Single ds[3]) const {
    Single dEe[3][3], crss[kRated], dgamma[kSystems], c[2][3];
    at_fixed_stress(d_old, constants, dEe, crss, dgamma, c);
    stress_step(dEe, c, dE, ds);
  }

  // Rates of the whole state.
  void state(const RateHistory& d_old, const ConstantRates& constants, const Single dE[3],
             Rates& d) const {
    Single dEe[3][3], crss[kRated], dgamma[kSystems], c[2][3];
    at_fixed_stress(d_old, constants, dEe, crss, dgamma, c);
    stress_step(dEe, c, dE, d.s);
    Single sum = constant<Single>(0.0), more[kSystems], x[2][3];
    for (int a = 0; a < kSystems; a++) {
      more[a] = dgamma_ds_[0][a] * d.s[0] + dgamma_ds_[1][a] * d.s[1] + dgamma_ds_[2][a] * d.s[2];
      dgamma[a] += more[a];
      sum += sign_[a] * dgamma[a];
    }
    for (int r = 0; r < kRated; r++) {
      d.g[r] = crss[r] + grown(r, shared_ * sum);
      if (kCrss > 1) d.g[r] += grown(r, own_ * (sign_[r] * dgamma[r]));
    }
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) d.L[i][j] = beta_ * d_old.L[i][j];
    add_slip_tensor(dgamma, d.L);
    slip_times(more, nm_[0], nm_[1], x[0], x[1]);
    for (int i = 0; i < 2; i++) {
      for (int k = 0; k < 3; k++) c[i][k] += x[i][k];
      times(Zi_, c[i], d.a[i]);
    }
  }

 private:
  void keep(const History<Vec>& old, const Trial<Vec>& t, const Frame<Vec>& frame) {
    Vec Ee[3][3], x[2][3], u[2][3];
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++)
        Ee[i][j] =
            t.s[0] * frame.E[0][i][j] + t.s[1] * frame.E[1][i][j] + t.s[2] * frame.E[2][i][j];
    single(Ee, Ee_);
    single(old.a, a_n_);
    single(old.L, L_n_);
    for (int i = 0; i < 2; i++) times(old.L, old.a[i], x[i]);
    single(x, La_);
    single(frame.a, a_ext_);
    single(frame.na, na_);
    frame.elastic_columns(t.s, u);
    Frame<Vec>::combine(t.s, u[0], u[1], x);
    single(x, Su_);
    Frame<Vec>::combine(t.s, frame.a[0], frame.a[1], x);
    single(x, Sa_);
    single(t.s, s_);
    single(t.a, a_);
    single(t.L, L_);
  }

  void keep(const Slip<Vec>& slip, const Kinematics<Vec>& kinematics) {
    const Vec latent = constant<Vec>(law_.latent);
    Vec slipped[kSystems], total = constant<Vec>(0.0);
    for (int a = 0; a < kSystems; a++) {
      total += slipped[a] = slip.sg[a] * slip.gamma[a];
      per_tau_[a] = single(slip.sg[a] * slip.wy[a]);
    }
    for (int c = 0; c < kCrss; c++)
      per_h_[c] = single(kCrss > 1 ? (1.0 - latent) * slipped[c] + latent * total : total);
    single(slip.zy, per_crss_);
    if constexpr (kVoce) single(slip.growth, growth_), single(slip.eased, eased_);
    single(slip.sg, sign_);
    own_ = single(slip.own);
    shared_ = single(slip.shared);
    shared_over_rank_one_ = single(slip.shared_over_rank_one);
    single(kinematics.middle, middle_);
    single(kinematics.nm, nm_);
    single(kinematics.pulled, pulled_);
    single(kinematics.Zi, Zi_);
  }

  // A modulus, or what it is a factor of, in the hardening of system a.
  Single grown(int a, const Single& x) const {
    if constexpr (kVoce)
      return growth_[crss_of(a)] * x;
    else
      return x;
  }

  void keep_constants(const Slip<Vec>& slip, const Vec tau[kSystems], const Vec g[kCrss]) {
    const Vec exponent = constant<Vec>(law_.exponent);
    Vec slipped[kSystems], total = constant<Vec>(0.0);
    for (int a = 0; a < kSystems; a++) total += slipped[a] = slip.sg[a] * slip.gamma[a];
    for (int a = 0; a < kSystems; a++) {
      const Vec per_rate = slip.zy[a] * g[crss_of(a)] / exponent;
      const Vec ratio = max(abs(tau[a]) / g[crss_of(a)], constant<Vec>(1e-12));
      per_rate_[a] = single(per_rate);
      per_exponent_[a] = single(exponent * per_rate * logarithm(ratio));
      per_latent_[a] = single(slip.shared * (total - slipped[a]));
    }
    if constexpr (kVoce)
      for (int c = 0; c < kCrss; c++) {
        const Vec left = max(1.0 - g[c] / constant<Vec>(law_.saturation), constant<Vec>(1e-12));
        const Vec hardening = slip.hardened(slipped[c], total);
        Vec f, slope;
        saturate(law_, g[c], f, slope);
        per_saturation_[c] = single(-slip.eased[c] * hardening * slope * g[c]);
        per_power_[c] = single(slip.eased[c] * hardening * constant<Vec>(law_.saturation_power) *
                               f * logarithm(left));
      }
  }

  // Rates at fixed stress: elastic strain, crss without slip, slip, and
  // c = dL (a + a_n) / 2 + (I + L/2) da_n, so that (I - L/2) da = c.
  void at_fixed_stress(const RateHistory& d_old, const ConstantRates& constants, Single dEe[3][3],
                       Single crss[kRated], Single dgamma[kSystems], Single c[2][3]) const {
    Single da[2][3], dtau[kSystems];
    extrapolated_columns(d_old, da);
    elastic_strain(da, dEe);
    if (constants_)
      for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) dEe[i][j] -= constants.elastic * Ee_[i][j];
    resolved_shear(da, dEe, dtau);
    slip(d_old, constants, dtau, crss, dgamma);
    slip_times(dgamma, nm_[0], nm_[1], c[0], c[1]);
    for (int i = 0; i < 2; i++) {
      Single x[3], y[3];
      times(d_old.L, middle_[i], x);
      times(L_, d_old.a[i], y);
      for (int k = 0; k < 3; k++) c[i][k] += beta_ * x[k] + d_old.a[i][k] + 0.5f * y[k];
    }
  }

  // Columns of Fp extrapolated by w L_n: a_n + w L_n a_n + w^2/2 L_n L_n a_n.
  void extrapolated_columns(const RateHistory& d_old, Single da[2][3]) const {
    for (int i = 0; i < 2; i++) {
      Single x[3], y[3], z[3], q[3];
      times(d_old.L, a_n_[i], x);
      times(L_n_, d_old.a[i], y);
      for (int k = 0; k < 3; k++) x[k] += y[k];
      times(d_old.L, La_[i], z);
      times(L_n_, x, q);
      for (int k = 0; k < 3; k++)
        da[i][k] = d_old.a[i][k] + w_ * x[k] + (0.5f * w_ * w_) * (z[k] + q[k]);
    }
  }

  // M : d(S_ij a_i (x) a_j) at fixed S.
  void elastic_strain(const Single da[2][3], Single dEe[3][3]) const {
    Single other[3][3];
    unit_elastic_strain(law_, da[0], Sa_[0], 2.0, dEe);
    unit_elastic_strain(law_, da[1], Sa_[1], 2.0, other);
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) dEe[i][j] += other[i][j];
  }

  void resolved_shear(const Single da[2][3], const Single dEe[3][3], Single dtau[kSystems]) const {
    Single du[2][3], dp[2][3], dna[2][kNormalParts], more[kSystems];
    for (int i = 0; i < 2; i++) {
      Single x[3], y[3];
      times(Ee_, da[i], x);
      times(dEe, a_ext_[i], y);
      for (int k = 0; k < 3; k++) du[i][k] = da[i][k] + 2.0f * (x[k] + y[k]);
      on_normals(da[i], dna[i]);
    }
    Frame<Single>::combine(s_, du[0], du[1], dp);
    resolve(dp[0], dp[1], na_[0], na_[1], dtau);
    resolve(Su_[0], Su_[1], dna[0], dna[1], more);
    for (int a = 0; a < kSystems; a++) dtau[a] += more[a];
  }

  // dg = crss + h_ab d|dgamma_b| with the slip's dependence on g eliminated (Sherman-Morrison).
  void slip(const RateHistory& d_old, const ConstantRates& constants, const Single dtau[kSystems],
            Single crss[kRated], Single dgamma[kSystems]) const {
    Single sum = constant<Single>(0.0);
    for (int r = 0; r < kRated; r++) {
      const Single start = d_old.g[r] + beta_ * (d_old.g[r] - d_old.g_old[r]);
      if constexpr (kVoce)
        crss[r] = eased_[crss_of(r)] * start + grown(r, d_old.h * per_h_[crss_of(r)]);
      else
        crss[r] = start + d_old.h * per_h_[crss_of(r)];
      if (constants_) crss[r] += of_constants(r, constants);
    }
    for (int a = 0; a < kSystems; a++) {
      dgamma[a] = per_tau_[a] * dtau[a] - per_crss_[a] * crss[rated_of(a)];
      if (constants_)
        dgamma[a] += constants.rate * per_rate_[a] + constants.exponent * per_exponent_[a];
      sum += dgamma[a];
    }
    sum *= shared_over_rank_one_;
    for (int a = 0; a < kSystems; a++)
      dgamma[a] = sign_[a] * (dgamma[a] - grown(a, per_crss_[a]) * sum);
  }

  // What changes of the law's constants do to the crss of a system at fixed slip.
  Single of_constants(int a, const ConstantRates& constants) const {
    Single change = constant<Single>(0.0);
    if (kRated > 1) change += grown(a, constants.latent * per_latent_[a]);
    if constexpr (kVoce)
      change += constants.saturation * per_saturation_[crss_of(a)] +
                constants.saturation_power * per_power_[crss_of(a)];
    return change;
  }

  // ds = -D dr with the strain residual's rate at fixed stress.
  void stress_step(const Single dEe[3][3], const Single c[2][3], const Single dE[3],
                   Single ds[3]) const {
    Single e0[3], e1[3];
    times(dEe, a_[0], e0);
    times(dEe, a_[1], e1);
    const Single r[3] = {
        dot(pulled_[0], c[0]) + dot(a_[0], e0) - dE[0],
        dot(pulled_[1], c[1]) + dot(a_[1], e1) - dE[1],
        dot(pulled_[1], c[0]) + dot(pulled_[0], c[1]) + 2.0f * dot(a_[0], e1) - dE[2]};
    for (int i = 0; i < 3; i++) ds[i] = -(D_[i][0] * r[0] + D_[i][1] * r[1] + D_[i][2] * r[2]);
  }

  const Law& law_;
  const bool constants_;
  const float w_, beta_;
  Single s_[3], a_[2][3], L_[3][3], D_[3][3], Ee_[3][3];  // at the end of the step
  Single a_n_[2][3], L_n_[3][3], La_[2][3];               // at its start; L_n a_n
  Single a_ext_[2][3], na_[2][kNormalParts];              // extrapolated columns, on the normals
  Single Su_[2][3], Sa_[2][3];                            // S_ij (I + 2 Ee) a_j, S_ij a_j of these
  Single middle_[2][3], nm_[2][kNormalParts], pulled_[2][3], Zi_[3][3];  // see Kinematics
  Single per_tau_[kSystems], per_crss_[kSystems], per_h_[kCrss];         // d|slip| or dg per these
  // the same for relative changes of the law's constants
  Single per_rate_[kSystems], per_exponent_[kSystems], per_latent_[kSystems];
  Single per_saturation_[kGrowths], per_power_[kGrowths];
  Single growth_[kGrowths], eased_[kGrowths];
  Single sign_[kSystems], own_, shared_, shared_over_rank_one_;
  Single dgamma_ds_[3][kSystems];
};

}  // namespace slipfield
