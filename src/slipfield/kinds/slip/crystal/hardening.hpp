// Slip and hardening of one step as a function of the resolved stress, with the crss eliminated.
// The law and its time scheme: point.hpp.
#pragma once
#include "lanes.hpp"
#include "slip.hpp"

namespace slipfield {

#ifdef SLIPFIELD_VOCE
constexpr bool kVoce = true;
#else
constexpr bool kVoce = false;
#endif
// Systems that harden alike (q = 1) have one crss among them; otherwise each has its own.
#ifdef SLIPFIELD_ONE_CRSS
constexpr int kCrss = 1;
#else
constexpr int kCrss = kSystems;
#endif
constexpr int crss_of(int system) { return kCrss == 1 ? 0 : system; }
constexpr int kGrowths = kVoce ? kCrss : 1;  // linear hardening has none

struct Law {
  double s11, s12, s44;  // cubic compliance, 1/MPa
  double rate;           // reference slip rate, 1/s
  double exponent;       // n
  double latent;         // q
  double tolerance;      // strain residual
  int max_iterations;
  double saturation;        // g_sat, MPa
  double saturation_power;  // p
};

struct Step {
  double dt;     // s
  double ratio;  // w = dt / dt_old, 0 starts afresh
  double cap;    // largest |tau/g| that an iterate may have: no system slips more than 5 %
  double alpha() const { return (1 + ratio) / (1 + 2 * ratio); }
  double beta() const { return ratio * ratio / (1 + 2 * ratio); }
};

inline Step make_step(const Law& law, double dt, double ratio) {
  Step step{dt, ratio, 1.0};
  step.cap = max(1.0, real_power(0.05 / (step.alpha() * dt * law.rate), 1.0 / law.exponent));
  return step;
}

// f = (1 - g/g_sat)^p, 0 above g_sat, and its derivative to g.
template <class V>
inline void saturate(const Law& law, const V& g, V& f, V& slope) {
  const double p = law.saturation_power;
  const int whole = static_cast<int>(p);
  const V left = max(1.0 - g / constant<V>(law.saturation), constant<V>(0.0));
  const V power = whole == p ? integer_power(left, whole - 1)
                             : real_power(max(left, constant<V>(1e-12)), p - 1.0);
  f = power * left;
  slope = constant<V>(-p / law.saturation) * power;
}

// Slip of the step as a function of s, with the crss eliminated: the hardening matrix is diagonal
// plus rank one, so (I + h dgamma/dg) is inverted by Sherman-Morrison. Saturating hardening scales
// its rows: with m = 1 / (1 - f' sum_b h_ab |dgamma_b|), dg_a = m f sum_b h_ab d|dgamma_b| + ...
template <class V>
struct Slip {
  V gamma[kSystems];                           // signed slip at the linearised crss
  V residual[kCrss];                           // of the hardening law
  V correction[kSystems];                      // of |slip| by the crss step at fixed stress
  V wy[kSystems], zy[kSystems], sg[kSystems];  // d|slip|/d|tau|, -d|slip|/dg (reduced), signs
  V own, shared;                               // (1 - q) h and q h, MPa
  V growth[kGrowths], eased[kGrowths];         // m f and m of Voce hardening
  V shared_over_rank_one;
  V denominator;  // smallest 1 + (1 - q) h dgamma/dg: must stay well above 0

  template <class Old>  // History, or what else holds h, g and g_old
  Slip(const Law& law, const Step& step, const Old& old, const V tau[kSystems], const V g[kCrss]) {
    const V c = constant<V>(step.alpha() * step.dt * law.rate), beta = constant<V>(step.beta());
    const V exponent = constant<V>(law.exponent);
    own = constant<V>(1.0 - law.latent) * old.h;
    shared = constant<V>(law.latent) * old.h;
    const int whole = static_cast<int>(law.exponent);
    V sum = constant<V>(0.0), rank_one = constant<V>(1.0), moment = constant<V>(0.0);
    V y[kSystems], inverse[kCrss];
    for (int c = 0; c < kCrss; c++) inverse[c] = 1.0 / g[c];
    for (int a = 0; a < kSystems; a++) {
      const V i = inverse[crss_of(a)];
      const V x = abs(tau[a]) * i;
      const V power = whole == law.exponent
                          ? integer_power(x, whole - 1)
                          : real_power(max(x, constant<V>(1e-12)), law.exponent - 1.0);
      y[a] = c * power * x;
      wy[a] = (exponent * c) * power * i;
      zy[a] = exponent * y[a] * i;
      sum += y[a];
    }
    denominator = constant<V>(1.0);
    for (int c = 0; c < kCrss; c++) {
      const V start = old.g[c] + beta * (old.g[c] - old.g_old[c]);
      const V hardening = hardened(y[c], sum);
      if constexpr (kVoce) {
        V f, slope;
        saturate(law, g[c], f, slope);
        eased[c] = 1.0 / (1.0 - slope * hardening);
        growth[c] = eased[c] * f;
        residual[c] = eased[c] * (g[c] - start - f * hardening);
      } else {
        residual[c] = g[c] - start - hardening;
      }
    }
    for (int a = 0; a < kSystems; a++) {
      sg[a] = sign(tau[a]);
      if (kCrss > 1 && law.latent != 1.0) {
        const V self = 1.0 + zy[a] * grown(a, own);
        denominator = min(denominator, self);
        const V k = 1.0 / max(self, constant<V>(kLeastDenominator));
        wy[a] *= k;
        zy[a] *= k;
      }
      rank_one += shared * grown(a, zy[a]);
      moment += zy[a] * residual[crss_of(a)];
    }
    shared_over_rank_one = shared / rank_one;
    moment = shared_over_rank_one * moment;
    for (int a = 0; a < kSystems; a++) {
      correction[a] = zy[a] * (residual[crss_of(a)] - grown(a, moment));
      gamma[a] = sg[a] * (y[a] + correction[a]);
    }
  }

  // A modulus, or what it is a factor of, in the hardening of system a.
  V grown(int a, const V& x) const {
    if constexpr (kVoce)
      return growth[crss_of(a)] * x;
    else
      return x;
  }

  // What slip y of a system itself and ``sum`` of all systems add to its crss, but for growth.
  V hardened(const V& y, const V& sum) const {
    return kCrss > 1 ? own * y + shared * sum : shared * sum;
  }

  // Derivatives of gamma to the N components of s, given those of tau.
  template <int N>
  void derivatives(const V (&T)[N][kSystems], V (&dgamma)[N][kSystems]) const {
    V G[N] = {};
    for (int a = 0; a < kSystems; a++) {
      const V signed_w = sg[a] * wy[a];
      for (int j = 0; j < N; j++) G[j] += signed_w * T[j][a];
    }
    for (int j = 0; j < N; j++) G[j] *= shared_over_rank_one;
    for (int a = 0; a < kSystems; a++) {
      const V signed_z = sg[a] * grown(a, zy[a]);
      for (int j = 0; j < N; j++) dgamma[j][a] = wy[a] * T[j][a] - signed_z * G[j];
    }
  }

  // Newton step of the crss for the stress step ds.
  void crss_step(const V dgamma[3][kSystems], const V ds[3], V dg[kCrss]) const {
    V change[kSystems];
    for (int a = 0; a < kSystems; a++)
      change[a] = dgamma[0][a] * ds[0] + dgamma[1][a] * ds[1] + dgamma[2][a] * ds[2];
    crss_step(change, dg);
  }

  // The same for the change of the signed slip.
  void crss_step(const V change[kSystems], V dg[kCrss]) const {
    V dy[kSystems], sum = constant<V>(0.0);
    for (int a = 0; a < kSystems; a++) {
      dy[a] = sg[a] * change[a] + correction[a];
      sum += dy[a];
    }
    for (int c = 0; c < kCrss; c++) dg[c] = grown(c, hardened(dy[c], sum)) - residual[c];
  }

  static constexpr double kLeastDenominator = 0.2;
};

}  // namespace slipfield
