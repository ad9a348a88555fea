// Derivatives of residual and point states to parameters, for forward sensitivities.
#include <initializer_list>

#include "elements.hpp"
#include "rates.hpp"

extern "C" {

// Derivatives of State in single precision, which halves the traffic;
// [block][point][parameter][component][lane].
struct StateDerivatives {
  const float *a_n, *g_n, *g_old, *L_n, *h;
  float *a, *g, *L;
};

}  // extern "C"

namespace slipfield {

constexpr int kMost = 10;  // parameters

inline bool any_constant(const ConstantRates* constants, int parameters) {
  for (int p = 0; p < parameters; p++) {
    const ConstantRates& c = constants[p];
    for (float x : {c.elastic, c.rate, c.exponent, c.latent, c.saturation, c.saturation_power})
      if (x != 0) return true;
  }
  return false;
}

// Of one parameter; i numbers points and parameters together.
inline void prefetch(const StateDerivatives& d, int64_t i) {
  prefetch(d.a_n, i, 6);
  prefetch(d.L_n, i, 9);
  prefetch(d.g_n, i, kRated);
  prefetch(d.g_old, i, kRated);
  prefetch(d.h, i, 1);
}

inline const Single& single_lane(const float* base, int64_t i) {
  return reinterpret_cast<const Single*>(base)[i];
}
inline Single& single_lane(float* base, int64_t i) { return reinterpret_cast<Single*>(base)[i]; }

inline void read_rates(const StateDerivatives& d, int64_t i, RateHistory& d_old) {
  for (int k = 0; k < 6; k++) d_old.a[k / 3][k % 3] = single_lane(d.a_n, 6 * i + k);
  for (int k = 0; k < 9; k++) d_old.L[k / 3][k % 3] = single_lane(d.L_n, 9 * i + k);
  for (int k = 0; k < kRated; k++) {
    d_old.g[k] = single_lane(d.g_n, kRated * i + k);
    d_old.g_old[k] = single_lane(d.g_old, kRated * i + k);
  }
  d_old.h = single_lane(d.h, i);
}

inline void write_rates(const StateDerivatives& d, int64_t i, const Rates& rates) {
  for (int k = 0; k < 6; k++) stream(single_lane(d.a, 6 * i + k), rates.a[k / 3][k % 3]);
  for (int k = 0; k < 9; k++) stream(single_lane(d.L, 9 * i + k), rates.L[k / 3][k % 3]);
  for (int k = 0; k < kRated; k++) stream(single_lane(d.g, kRated * i + k), rates.g[k]);
}

// Rates of E11, E22, 2 E12 for dF.
inline void strain_rates(const Vec F[2][2], const Vec dF[2][2], Vec dE[3]) {
  dE[0] = F[0][0] * dF[0][0] + F[1][0] * dF[1][0];
  dE[1] = F[0][1] * dF[0][1] + F[1][1] * dF[1][1];
  dE[2] = F[0][0] * dF[0][1] + dF[0][0] * F[0][1] + F[1][0] * dF[1][1] + dF[1][0] * F[1][1];
}

// Gather x[parameter][dof] of the cells and set y to zero.
inline void start(const int32_t* nodes, int parameters, const double* x, int64_t dofs,
                  Vec xe[][kDofs], Vec ye[][kDofs]) {
  for (int p = 0; p < parameters; p++) {
    gather(nodes, x + p * dofs, xe[p]);
    for (int i = 0; i < kDofs; i++) ye[p][i] = constant<Vec>(0.0);
  }
}

// A solved point of a block: what its derivatives start from.
struct SolvedPoint {
  Vec F[2][2], E[3];
  History<Vec> old;
  Trial<Vec> t;

  SolvedPoint(const Elements& m, const State& s, const Vec ue[kDofs], int64_t point) {
    deformation(ue, m.gradients, point, F, E);
    read_history(s, point, old);
    read_trial(s, point, t);
  }

  // Rates of F and E for displacement rates of the cells.
  void rates(const Elements& m, const Vec due[kDofs], int64_t point, Vec dF[2][2],
             Single dE[3]) const {
    Vec x[3];
    gradient(due, m.gradients, point, dF);
    strain_rates(F, dF, x);
    for (int i = 0; i < 3; i++) dE[i] = single(x[i]);
  }
};

}  // namespace slipfield

using namespace slipfield;

extern "C" {

// Derivatives of the residual, R[parameter][dof] (added to), for displacement rates
// du[parameter][dof], and the tangent D [block][point][9][lane]; the state must be the solution of
// the step. constants: rates of the law's constants for each of the (at most kMost) parameters.
void slipfield_residual_rates(const Law* law, const Elements* m, const State* s,
                              const StateDerivatives* d, int parameters,
                              const ConstantRates* constants, double dt, double ratio,
                              const double* u, const double* du, int64_t dofs, Real* D, double* R) {
  const bool any = any_constant(constants, parameters);
  const Step step = make_step(*law, dt, ratio);
  const FlushToZero tiny;
  for (int64_t b = 0; b < m->blocks; b++) {
    const int32_t* nodes = m->nodes + b * kLanes * kNodes;
    Vec ue[kDofs], due[kMost][kDofs], re[kMost][kDofs];
    gather(nodes, u, ue);
    start(nodes, parameters, du, dofs, due, re);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      const SolvedPoint solved(*m, *s, ue, point);
      prefetch(*s, point + 1);
      const Linearised at_point(*law, step, solved.old, solved.E, solved.t, any);
      for (int k = 0; k < 9; k++) lane(D, 9 * point + k) = at_point.D[k / 3][k % 3];
      const Vec weight = lane(m->weights, point);
      for (int p = 0; p < parameters; p++) {
        Vec dF[2][2], ds[3];
        Single dE[3], single_ds[3];
        RateHistory d_old;
        prefetch(*d, point * parameters + p + parameters);
        solved.rates(*m, due[p], point, dF, dE);
        read_rates(*d, point * parameters + p, d_old);
        at_point.stress(d_old, constants[p], dE, single_ds);
        for (int k = 0; k < 3; k++) ds[k] = __builtin_convertvector(single_ds[k], Vec);
        add_residual(dF, solved.t.s, weight, m->gradients, point, re[p]);
        add_residual(solved.F, ds, weight, m->gradients, point, re[p]);
      }
    }
    for (int p = 0; p < parameters; p++) scatter(nodes, lanes_of(*m, b), re[p], R + p * dofs);
  }
}

// Derivatives of the states for the displacement rates du[parameter][dof].
void slipfield_state_rates(const Law* law, const Elements* m, const State* s,
                           const StateDerivatives* d, int parameters,
                           const ConstantRates* constants, double dt, double ratio, const double* u,
                           const double* du, int64_t dofs) {
  const bool any = any_constant(constants, parameters);
  const Step step = make_step(*law, dt, ratio);
  const FlushToZero tiny;
  for (int64_t b = 0; b < m->blocks; b++) {
    const int32_t* nodes = m->nodes + b * kLanes * kNodes;
    Vec ue[kDofs], due[kMost][kDofs];
    gather(nodes, u, ue);
    for (int p = 0; p < parameters; p++) gather(nodes, du + p * dofs, due[p]);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      const SolvedPoint solved(*m, *s, ue, point);
      prefetch(*s, point + 1);
      const Linearised at_point(*law, step, solved.old, solved.E, solved.t, any);
      for (int p = 0; p < parameters; p++) {
        const int64_t i = point * parameters + p;
        Vec dF[2][2];
        Single dE[3];
        RateHistory d_old;
        prefetch(*d, point * parameters + p + parameters);
        Rates rates;
        solved.rates(*m, due[p], point, dF, dE);
        read_rates(*d, i, d_old);
        at_point.state(d_old, constants[p], dE, rates);
        write_rates(*d, i, rates);
      }
    }
  }
}

// Products of the consistent tangent with x[parameter][dof], added to y: D from
// slipfield_residual_rates.
void slipfield_tangent_product(const Elements* m, const State* s, int parameters, const double* u,
                               const Real* D, const double* x, int64_t dofs, double* y) {
  for (int64_t b = 0; b < m->blocks; b++) {
    const int32_t* nodes = m->nodes + b * kLanes * kNodes;
    Vec ue[kDofs], xe[kMost][kDofs], ye[kMost][kDofs];
    gather(nodes, u, ue);
    start(nodes, parameters, x, dofs, xe, ye);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      Vec F[2][2], E[3];
      deformation(ue, m->gradients, point, F, E);
      const Vec *stress = &lane(s->s, 3 * point), *d = &lane(D, 9 * point);
      const Vec weight = lane(m->weights, point);
      for (int p = 0; p < parameters; p++) {
        Vec dF[2][2], dE[3], ds[3];
        gradient(xe[p], m->gradients, point, dF);
        strain_rates(F, dF, dE);
        for (int i = 0; i < 3; i++)
          ds[i] = d[3 * i] * dE[0] + d[3 * i + 1] * dE[1] + d[3 * i + 2] * dE[2];
        add_residual(dF, stress, weight, m->gradients, point, ye[p]);
        add_residual(F, ds, weight, m->gradients, point, ye[p]);
      }
    }
    for (int p = 0; p < parameters; p++) scatter(nodes, lanes_of(*m, b), ye[p], y + p * dofs);
  }
}

}  // extern "C"
