// Residual and tangent of the solid, and what is measured on its mesh.
#include "hexahedra.hpp"

#include <chrono>

#include "rotation.hpp"

using namespace slipfield;

extern "C" {

struct Counters {
  double kernel_s, assembly_s;
  int64_t updates, iterations;
};

}  // extern "C"

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline void read_point(const State& s, int64_t i, bool first, SolidHistory<Vec>& old,
                       SolidTrial<Vec>& t) {
  for (int k = 0; k < 9; k++) {
    old.A[k / 3][k % 3] = lane(s.a_n, 9 * i + k);
    old.L[k / 3][k % 3] = lane(s.L_n, 9 * i + k);
  }
  for (int k = 0; k < kSystems; k++) {
    old.g[k] = lane(s.g_n, kSystems * i + k);
    old.g_old[k] = lane(s.g_old, kSystems * i + k);
    t.g[k] = lane(first ? s.g_n : s.g, kSystems * i + k);
  }
  for (int k = 0; k < kSix; k++) t.s[k] = lane(first ? s.s_n : s.s, kSix * i + k);
  old.h = lane(s.h, i);
}

inline void write_point(const State& s, int64_t i, const SolidTrial<Vec>& t) {
  for (int k = 0; k < 9; k++) {
    lane(s.a, 9 * i + k) = t.A[k / 3][k % 3];
    lane(s.L, 9 * i + k) = t.L[k / 3][k % 3];
  }
  for (int k = 0; k < kSystems; k++) lane(s.g, kSystems * i + k) = t.g[k];
  for (int k = 0; k < kSix; k++) lane(s.s, kSix * i + k) = t.s[k];
}

inline const Vec* gradients_of(const Elements& m, int64_t block, int point) {
  return &lane(m.gradients, (block * (m.points + 1) + point) * kHexDofs);
}

// -b0 b0 of all points, see HexForces::add_tangent.
inline void subtract_centre(const Vec& third, const Vec b0[kHexDofs],
                            Vec ke[HexForces::kTriangle]) {
  int k = 0;
  for (int r = 0; r < kHexDofs; r++)
    for (int c = r; c < kHexDofs; c++, k++)
      ke[k] -= third * b0[3 * (r / 3) + c % 3] * b0[3 * (c / 3) + r % 3];
}

// R of Fe = R U times H, with U^-1 = (I + 2 Ee)^-1/2 by its series; returns the angle.
inline Vec lattice_rotation(const Law& law, const Vec F[3][3], const Vec A[3][3], const Vec s[kSix],
                            const Vec Ht[3][3], Vec rotation[3]) {
  const ElasticState<Vec> elastic(law, s);
  Vec E[3][3], EE[3][3], inverse[3][3], Fe[3][3], R[3][3], Q[3][3];
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) E[i][j] = 0.5 * (elastic.Ce[i][j] - (i == j ? 1.0 : 0.0));
  product(E, E, EE);
  product(EE, E, Q);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      inverse[i][j] = (i == j ? 1.0 : 0.0) - E[i][j] + 1.5 * EE[i][j] - 2.5 * Q[i][j];
  product(F, A, Fe);
  product(Fe, inverse, R);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) Q[i][j] = dot(R[i], Ht[j]);
  return rotation_vector(Q, rotation);
}

}  // namespace

extern "C" {

int slipfield_lanes() { return kLanes; }

// Residual R (added to) and, if K is given, the tangent's upper triangles [block][300][lane].
// Gradients hold those of the centre after those of the points. first: start the point iterations
// from the state at the start of the step. dilatation: 0 leaves F as it is (locks: for comparison).
// Returns the number of point blocks without convergence.
int slipfield_hex_evaluate(const Law* law, const Elements* m, const State* s, int dilatation,
                           double dt, double ratio, int first, const double* u, double* R, Real* K,
                           Counters* count) {
  const Step step{dt, ratio};
  int failed = 0;
  double started = now();
  for (int64_t b = 0; b < m->blocks; b++) {
    const int32_t* nodes = m->nodes + b * kLanes * kCorners;
    Vec ue[kHexDofs], re[kHexDofs] = {}, ke[HexForces::kTriangle] = {}, F0[3][3], b0[kHexDofs];
    gather_hex(nodes, u, ue);
    const Vec* centre = gradients_of(*m, b, m->points);
    gradient_hex(ue, centre, F0);
    for (int i = 0; i < 3; i++) F0[i][i] += 1.0;
    spatial_gradients(F0, centre, b0);
    const Vec volume = determinant(F0);
    Vec third = constant<Vec>(0.0);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      const Vec* N = gradients_of(*m, b, q);
      const HexPoint kinematics(ue, N, volume, b0, dilatation);
      SolidHistory<Vec> old;
      SolidTrial<Vec> t;
      Vec C[3][3];
      read_point(*s, point, first, old, t);
      kinematics.metric(old.A, C);
      const double before = now();
      const int iterations = update(*law, step, old, C, t);
      Vec D[kSix][kSix];
      if (K) tangent(*law, step, old, C, t, D);
      const double after = now();
      count->assembly_s += before - started;
      count->kernel_s += after - before;
      started = after;
      count->updates += kLanes;
      count->iterations += kLanes * (iterations < 0 ? law->max_iterations : iterations);
      if (iterations < 0) failed++;
      write_point(*s, point, t);
      const HexForces forces(kinematics, t, N, lane(m->weights, point));
      forces.add_residual(re);
      if (K) third += forces.add_tangent(D, ke);
    }
    scatter_hex(nodes, lanes_of(*m, b), re, R);
    if (!K) continue;
    if (dilatation) subtract_centre(third, b0, ke);
    for (int i = 0; i < HexForces::kTriangle; i++) lane(K, b * HexForces::kTriangle + i) = ke[i];
  }
  count->assembly_s += now() - started;
  return failed;
}

// Sums of weight * |sym grad x|^2 over the points of this rank's cells.
double slipfield_hex_strain_square(const Elements* m, const double* x) {
  double sum = 0;
  for (int64_t b = 0; b < m->blocks; b++) {
    Vec xe[kHexDofs], block = {};
    gather_hex(m->nodes + b * kLanes * kCorners, x, xe);
    for (int q = 0; q < m->points; q++) {
      Vec H[3][3], square = {};
      gradient_hex(xe, gradients_of(*m, b, q), H);
      for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
          const Vec e = 0.5 * (H[i][j] + H[j][i]);
          square += e * e;
        }
      block += lane(m->weights, b * m->points + q) * square;
    }
    for (int l = 0; l < lanes_of(*m, b); l++) sum += block[l];
  }
  return sum;
}

// Integral of the rotation angle of the lattice since the start over this rank's cells, rad mm^3,
// for Fp^-1 in a and Se in s, and the transposed H of the start in H, [block][9][lane]. Rotation
// vectors go to rotation, [block][point][3][lane], if it is given.
double slipfield_hex_lattice_rotation(const Law* law, const Elements* m, const Real* a,
                                      const Real* s, const Real* H, const double* u,
                                      Real* rotation) {
  const auto matrix = [](const Real* base, int64_t i) {
    return reinterpret_cast<const Vec(*)[3]>(base + 9 * i * kLanes);
  };
  double sum = 0;
  for (int64_t b = 0; b < m->blocks; b++) {
    Vec ue[kHexDofs], block = {}, b0[kHexDofs], F0[3][3];
    gather_hex(m->nodes + b * kLanes * kCorners, u, ue);
    const Vec* centre = gradients_of(*m, b, m->points);
    gradient_hex(ue, centre, F0);
    for (int i = 0; i < 3; i++) F0[i][i] += 1.0;
    spatial_gradients(F0, centre, b0);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      HexPoint p(ue, gradients_of(*m, b, q), determinant(F0), b0, true);
      Vec vector[3];
      for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) p.F[i][j] *= p.theta;
      const Vec angle = lattice_rotation(*law, p.F, matrix(a, point), &lane(s, kSix * point),
                                         matrix(H, b), vector);
      block += lane(m->weights, point) * angle;
      for (int k = 0; rotation && k < 3; k++) lane(rotation, 3 * point + k) = vector[k];
    }
    for (int l = 0; l < lanes_of(*m, b); l++) sum += block[l];
  }
  return sum;
}

}  // extern "C"
