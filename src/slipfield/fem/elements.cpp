// Element loop: several quadrilaterals side by side (lanes), residual and tangent of the total-Lagrangian
// membrane, P = F S, and the forward sensitivities by the same code on dual numbers.
//
// Arrays are blocked, array of structures of arrays: [block][point][component][lane].
#include <chrono>
#include <cstdint>

#include "point.hpp"

using namespace slipfield;

namespace {

typedef Dual<Vec> DVec;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

extern "C" {

struct Elements {
  int64_t cells, blocks;
  int points;                // quadrature points of a cell
  const int32_t* nodes;      // [block][lane][kNodes], local node numbers
  const double* gradients;   // [block][point][node][2][lane], dN/dX, 1/mm
  const double* weights;     // [block][point][lane], mm^2
};

struct State {               // of all points; [block][point][component][lane]
  const double *a_n, *g_n, *g_old, *L_n, *s_n, *h;   // h: [block][point][lane]
  double *a, *g, *L, *s;     // iterates and solution
};

// Derivatives of State in single precision, which halves the traffic that bounds their cost;
// components [block][point][component][parameter][lane].
struct StateRates {
  const float *a_n, *g_n, *g_old, *L_n, *s_n, *h;
  float *a, *g, *L, *s;
};

struct Counters {
  double kernel_s, assembly_s;
  int64_t updates, iterations;
};

}  // extern "C"

namespace {

constexpr int kNodes = 4, kDofs = 2 * kNodes, kUpper = kDofs * (kDofs + 1) / 2;

inline const Vec& lane(const double* base, int64_t i) {
  return reinterpret_cast<const Vec*>(base)[i];
}
inline Vec& lane(double* base, int64_t i) { return reinterpret_cast<Vec*>(base)[i]; }

typedef float Rates __attribute__((vector_size(4 * kLanes)));

inline void load(const double* v, const float*, int64_t i, Vec& out) { out = lane(v, i); }
inline void load(const double* v, const float* d, int64_t i, DVec& out) {
  out.v = lane(v, i);
  const Rates* rates = reinterpret_cast<const Rates*>(d) + i * kParameters;
  for (int p = 0; p < kParameters; p++) out.d[p] = __builtin_convertvector(rates[p], Vec);
}
inline void store(double* v, float*, int64_t i, const Vec& x) { lane(v, i) = x; }
// the values of a differentiated pass are those of the converged step: only rates are stored
inline void store(double*, float* d, int64_t i, const DVec& x) {
  Rates* rates = reinterpret_cast<Rates*>(d) + i * kParameters;
  for (int p = 0; p < kParameters; p++) rates[p] = __builtin_convertvector(x.d[p], Rates);
}

template <class V>
inline void read_point(const State& s, const StateRates* r, int64_t point, bool first,
                       History<V>& old, Trial<V>& t) {
  const StateRates none{};
  const StateRates& d = r ? *r : none;
  for (int k = 0; k < 6; k++) load(s.a_n, d.a_n, 6 * point + k, old.a[k / 3][k % 3]);
  for (int k = 0; k < 9; k++) load(s.L_n, d.L_n, 9 * point + k, old.L[k / 3][k % 3]);
  for (int k = 0; k < kSystems; k++) {
    load(s.g_n, d.g_n, kSystems * point + k, old.g[k]);
    load(s.g_old, d.g_old, kSystems * point + k, old.g_old[k]);
    load(first ? s.g_n : s.g, first ? d.g_n : d.g, kSystems * point + k, t.g[k]);
  }
  for (int k = 0; k < 3; k++) load(first ? s.s_n : s.s, first ? d.s_n : d.s, 3 * point + k, t.s[k]);
  load(s.h, d.h, point, old.h);
}

template <class V>
inline void write_point(const State& s, const StateRates* r, int64_t point, const Trial<V>& t) {
  const StateRates none{};
  const StateRates& d = r ? *r : none;
  for (int k = 0; k < 6; k++) store(s.a, d.a, 6 * point + k, t.a[k / 3][k % 3]);
  for (int k = 0; k < 9; k++) store(s.L, d.L, 9 * point + k, t.L[k / 3][k % 3]);
  for (int k = 0; k < kSystems; k++) store(s.g, d.g, kSystems * point + k, t.g[k]);
  for (int k = 0; k < 3; k++) store(s.s, d.s, 3 * point + k, t.s[k]);
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

// F = I + sum_i u_i (x) dN_i/dX.
template <class V>
inline void deformation_gradient(const V ue[kDofs], const double* gradients, int64_t point,
                                 V F[2][2]) {
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      F[i][j] = constant<V>(i == j ? 1.0 : 0.0);
      for (int n = 0; n < kNodes; n++)
        F[i][j] += ue[2 * n + i] * lane(gradients, (point * kNodes + n) * 2 + j);
    }
}

// C11, C22, C12 of C = F^T F.
template <class V> inline void metric(const V F[2][2], V C[3]) {
  C[0] = F[0][0] * F[0][0] + F[1][0] * F[1][0];
  C[1] = F[0][1] * F[0][1] + F[1][1] * F[1][1];
  C[2] = F[0][0] * F[0][1] + F[1][0] * F[1][1];
}

// Residual of one point: re_i += w P . dN_i/dX with P = F S.
template <class V>
inline void add_residual(const V F[2][2], const V s[3], const Vec& weight, const double* gradients,
                         int64_t point, V re[kDofs]) {
  const V S[2][2] = {{s[0] * weight, s[2] * weight}, {s[2] * weight, s[1] * weight}};
  for (int i = 0; i < 2; i++) {
    const V P[2] = {F[i][0] * S[0][0] + F[i][1] * S[1][0], F[i][0] * S[0][1] + F[i][1] * S[1][1]};
    for (int n = 0; n < kNodes; n++)
      re[2 * n + i] += P[0] * lane(gradients, (point * kNodes + n) * 2) +
                       P[1] * lane(gradients, (point * kNodes + n) * 2 + 1);
  }
}

// Upper triangle of B' sym(D) B + geometric part, row by row.
inline void add_tangent(const Vec F[2][2], const Trial<Vec>& t, const Vec& weight,
                        const double* gradients, int64_t point, Vec ke[kUpper]) {
  Vec D[3][3], B[3][kDofs], Sn[kNodes][2];
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) D[i][j] = 0.5 * weight * (t.D[i][j] + t.D[j][i]);
  const Vec *N = &lane(gradients, point * kNodes * 2);
  for (int n = 0; n < kNodes; n++) {
    const Vec x = N[2 * n], y = N[2 * n + 1];
    for (int i = 0; i < 2; i++) {
      B[0][2 * n + i] = F[i][0] * x;
      B[1][2 * n + i] = F[i][1] * y;
      B[2][2 * n + i] = F[i][0] * y + F[i][1] * x;
    }
    Sn[n][0] = weight * (t.s[0] * x + t.s[2] * y);
    Sn[n][1] = weight * (t.s[2] * x + t.s[1] * y);
  }
  int k = 0;
  for (int r = 0; r < kDofs; r++) {
    Vec d[3];
    for (int j = 0; j < 3; j++) d[j] = B[0][r] * D[0][j] + B[1][r] * D[1][j] + B[2][r] * D[2][j];
    for (int c = r; c < kDofs; c++, k++) {
      ke[k] += d[0] * B[0][c] + d[1] * B[1][c] + d[2] * B[2][c];
      if (r % 2 == c % 2) ke[k] += Sn[r / 2][0] * N[2 * (c / 2)] + Sn[r / 2][1] * N[2 * (c / 2) + 1];
    }
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

// Displacements of a block with their rates du[parameter][dof], and the way back for residuals.
inline void gather_rates(const int32_t* nodes, const double* u, const double* du, int64_t dofs,
                         DVec ue[kDofs]) {
  Vec part[kDofs];
  gather(nodes, u, part);
  for (int i = 0; i < kDofs; i++) ue[i].v = part[i];
  for (int p = 0; p < kParameters; p++) {
    gather(nodes, du + p * dofs, part);
    for (int i = 0; i < kDofs; i++) ue[i].d[p] = part[i];
  }
}
inline void scatter_rates(const int32_t* nodes, int valid, const DVec re[kDofs], int64_t dofs,
                          double* R) {
  Vec part[kDofs];
  for (int p = 0; p < kParameters; p++) {
    for (int i = 0; i < kDofs; i++) part[i] = re[i].d[p];
    scatter(nodes, valid, part, R + p * dofs);
  }
}

inline int lanes_of(const Elements& m, int64_t block) {
  const int64_t left = m.cells - block * kLanes;
  return left < kLanes ? static_cast<int>(left) : kLanes;
}

}  // namespace

extern "C" {

int slipfield_lanes() { return kLanes; }

// Residual R (added to) and, if K is given, the tangent's upper triangles [block][36][lane].
// first: start the point iterations from the state at the start of the step.
// Returns the number of point blocks without convergence.
int slipfield_evaluate(const Law* law, const Elements* m, const State* s, double dt, double ratio,
                       int first, const double* u, double* R, double* K, Counters* count) {
  const Step step{dt, ratio};
  int failed = 0;
  double started = now();
  for (int64_t b = 0; b < m->blocks; b++) {
    const int32_t* nodes = m->nodes + b * kLanes * kNodes;
    Vec ue[kDofs], re[kDofs] = {}, ke[kUpper] = {};
    gather(nodes, u, ue);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      Vec F[2][2], C[3];
      deformation_gradient(ue, m->gradients, point, F);
      metric(F, C);
      History<Vec> old;
      Trial<Vec> t;
      read_point<Vec>(*s, nullptr, point, first, old, t);
      const double before = now();
      const int iterations = update(*law, step, old, C, t);
      const double after = now();
      count->assembly_s += before - started;
      count->kernel_s += after - before;
      started = after;
      count->updates += kLanes;
      count->iterations += kLanes * (iterations < 0 ? law->max_iterations : iterations);
      if (iterations < 0) failed++;
      write_point<Vec>(*s, nullptr, point, t);
      const Vec weight = lane(m->weights, point);
      add_residual<Vec>(F, t.s, weight, m->gradients, point, re);
      if (K) add_tangent(F, t, weight, m->gradients, point, ke);
    }
    scatter(nodes, lanes_of(*m, b), re, R);
    if (K)
      for (int i = 0; i < kUpper; i++) lane(K, b * kUpper + i) = ke[i];
  }
  count->assembly_s += now() - started;
  return failed;
}

// Derivatives of the residual, R[parameter][dof] (added to), for displacement rates
// du[parameter][dof]; the state must be the solution of the step. Writes the stress rates and the
// tangent D [block][point][9][lane]; with ``all`` the rates of the whole state.
void slipfield_sensitivity(const Law* law, const Elements* m, const State* s, const StateRates* r,
                           double dt, double ratio, const double* u, const double* du,
                           int64_t dofs, int all, double* D, double* R) {
  const Step step{dt, ratio};
  for (int64_t b = 0; b < m->blocks; b++) {
    const int32_t* nodes = m->nodes + b * kLanes * kNodes;
    DVec ue[kDofs], re[kDofs];
    gather_rates(nodes, u, du, dofs, ue);
    for (int i = 0; i < kDofs; i++) re[i] = constant<DVec>(0.0);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      DVec F[2][2], C[3];
      deformation_gradient(ue, m->gradients, point, F);
      metric(F, C);
      History<DVec> old;
      Trial<DVec> t;
      read_point<DVec>(*s, r, point, false, old, t);
      History<Vec> old_value;
      Trial<Vec> unused;
      read_point<Vec>(*s, nullptr, point, false, old_value, unused);
      iterate(*law, step, old, Frame<DVec>(*law, step, old), Frame<Vec>(*law, step, old_value), C,
              t);
      if (all)
        write_point<DVec>(*s, r, point, t);
      else
        for (int k = 0; k < 3; k++) store(s->s, r->s, 3 * point + k, t.s[k]);
      for (int k = 0; k < 9; k++) lane(D, 9 * point + k) = t.D[k / 3][k % 3];
      add_residual<DVec>(F, t.s, lane(m->weights, point), m->gradients, point, re);
    }
    scatter_rates(nodes, lanes_of(*m, b), re, dofs, R);
  }
}

// The same residual derivatives after the displacement rates grew by change[parameter][dof] to
// du: the stress rates follow by the tangent D, other rates of the state are left alone.
void slipfield_correct_stress_rates(const Elements* m, const State* s, const StateRates* r,
                                    const double* u, const double* du, const double* change,
                                    int64_t dofs, const double* D, double* R) {
  for (int64_t b = 0; b < m->blocks; b++) {
    const int32_t* nodes = m->nodes + b * kLanes * kNodes;
    DVec ue[kDofs], ce[kDofs], re[kDofs];
    gather_rates(nodes, u, du, dofs, ue);
    gather_rates(nodes, u, change, dofs, ce);
    for (int i = 0; i < kDofs; i++) re[i] = constant<DVec>(0.0);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      DVec F[2][2], G[2][2], C[3], stress[3];
      deformation_gradient(ue, m->gradients, point, F);
      deformation_gradient(ce, m->gradients, point, G);
      metric(G, C);
      for (int i = 0; i < 3; i++) {
        load(s->s, r->s, 3 * point + i, stress[i]);
        const Vec* d = &lane(D, 9 * point + 3 * i);
        for (int p = 0; p < kParameters; p++)
          stress[i].d[p] += 0.5 * (d[0] * C[0].d[p] + d[1] * C[1].d[p]) + d[2] * C[2].d[p];
        store(s->s, r->s, 3 * point + i, stress[i]);
      }
      add_residual<DVec>(F, stress, lane(m->weights, point), m->gradients, point, re);
    }
    scatter_rates(nodes, lanes_of(*m, b), re, dofs, R);
  }
}

// Sums of weight * |sym grad x|^2 over the points of this rank's cells.
double slipfield_strain_square(const Elements* m, const double* x) {
  double sum = 0;
  for (int64_t b = 0; b < m->blocks; b++) {
    Vec xe[kDofs], block = {};
    gather(m->nodes + b * kLanes * kNodes, x, xe);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      Vec F[2][2];
      deformation_gradient(xe, m->gradients, point, F);
      const Vec xx = F[0][0] - 1.0, yy = F[1][1] - 1.0, xy = 0.5 * (F[0][1] + F[1][0]);
      block += lane(m->weights, point) * (xx * xx + yy * yy + 2.0 * xy * xy);
    }
    for (int l = 0; l < lanes_of(*m, b); l++) sum += block[l];
  }
  return sum;
}

// Add the displacement gradient at the corners of every cell to sum[node][4] (11, 12, 21, 22).
void slipfield_corner_gradients(const Elements* m, const double* X, const double* u, double* sum) {
  // nodes of a cell are ordered (0,0), (1,0), (0,1), (1,1); neighbours along xi and eta
  static const int xi[4][2] = {{0, 1}, {0, 1}, {2, 3}, {2, 3}};
  static const int eta[4][2] = {{0, 2}, {1, 3}, {0, 2}, {1, 3}};
  for (int64_t e = 0; e < m->cells; e++) {
    const int32_t* n = m->nodes + e * kNodes;
    for (int c = 0; c < 4; c++) {
      const int32_t a = n[xi[c][0]], b = n[xi[c][1]], d = n[eta[c][0]], f = n[eta[c][1]];
      const double J[2][2] = {{X[2 * b] - X[2 * a], X[2 * f] - X[2 * d]},
                              {X[2 * b + 1] - X[2 * a + 1], X[2 * f + 1] - X[2 * d + 1]}};
      const double i = 1.0 / (J[0][0] * J[1][1] - J[0][1] * J[1][0]);
      for (int k = 0; k < 2; k++) {
        const double gx = u[2 * b + k] - u[2 * a + k], gy = u[2 * f + k] - u[2 * d + k];
        sum[4 * n[c] + 2 * k] += (gx * J[1][1] - gy * J[1][0]) * i;
        sum[4 * n[c] + 2 * k + 1] += (gy * J[0][0] - gx * J[0][1]) * i;
      }
    }
  }
}

}  // extern "C"
