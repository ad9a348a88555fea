// Residual and tangent of the membrane, and what is measured on the mesh.
#include "elements.hpp"

#include <chrono>

#include "rotation.hpp"

using namespace slipfield;

extern "C" {

struct Counters {
  double kernel_s, assembly_s;  // of the blocks that are clocked
  int64_t updates, iterations;
};

}  // extern "C"

namespace {

constexpr int kUpper = kDofs * (kDofs + 1) / 2;
constexpr double kFirstTolerance = 30;  // over the law's: it is not the last evaluation of its step
constexpr int kClocked = 32;  // one block in so many is clocked: asking for the time costs, too

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Upper triangle of B' sym(D) B + geometric part, row by row.
inline void add_tangent(const Vec F[2][2], const Trial<Vec>& t, const Vec& weight,
                        const Real* gradients, int64_t point, Vec ke[kUpper]) {
  Vec D[3][3], B[3][kDofs], Sn[kNodes][2];
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) D[i][j] = 0.5 * weight * (t.D[i][j] + t.D[j][i]);
  const Vec* N = &lane(gradients, point * kNodes * 2);
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
      if (r % 2 == c % 2)
        ke[k] += Sn[r / 2][0] * N[2 * (c / 2)] + Sn[r / 2][1] * N[2 * (c / 2) + 1];
    }
  }
}

}  // namespace

extern "C" {

int slipfield_lanes() { return kLanes; }

// Residual R (added to) and, if K is given, the tangent's upper triangles [block][36][lane].
// first: start the point iterations from extrapolated states, end them sooner, and write stress and
// crss only, from which the next evaluation of the step starts.
// Returns the number of point blocks without convergence.
int slipfield_evaluate(const Law* given, const Elements* m, const State* s, double dt, double ratio,
                       int first, const double* u, double* R, Real* K, Counters* count) {
  const Step step = make_step(*given, dt, ratio);
  const FlushToZero tiny;
  Law law = *given;
  if (first) law.tolerance *= kFirstTolerance;
  int failed = 0;
  double started = 0;
  for (int64_t b = 0; b < m->blocks; b++) {
    const bool clocked = b % kClocked == 0;
    if (clocked) started = now();
    const int32_t* nodes = m->nodes + b * kLanes * kNodes;
    Vec ue[kDofs], re[kDofs] = {}, ke[kUpper] = {};
    gather(nodes, u, ue);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      Vec F[2][2], E[3];
      deformation(ue, m->gradients, point, F, E);
      History<Vec> old;
      Trial<Vec> t;
      read_history(*s, point, old);
      if (first)
        extrapolated_trial(*s, old, step.ratio, point, t);
      else
        read_trial(*s, point, t);
      prefetch(*s, point + 1);
      const double before = clocked ? now() : 0;
      int iterations = update(law, step, old, E, t);
      if (iterations < 0 && first) {
        extrapolated_trial(*s, old, 0.0, point, t);
        iterations = update(law, step, old, E, t);
      }
      if (clocked) {
        const double after = now();
        count->assembly_s += before - started;
        count->kernel_s += after - before;
        started = after;
      }
      count->updates += kLanes;
      count->iterations += kLanes * (iterations < 0 ? law.max_iterations : iterations);
      if (iterations < 0) failed++;
      write_iterates(*s, point, t);
      if (!first) write_columns(*s, point, t);
      const Vec weight = lane(m->weights, point);
      add_residual(F, t.s, weight, m->gradients, point, re);
      if (K) add_tangent(F, t, weight, m->gradients, point, ke);
    }
    scatter(nodes, lanes_of(*m, b), re, R);
    if (K)
      for (int i = 0; i < kUpper; i++) lane(K, b * kUpper + i) = ke[i];
    if (clocked) count->assembly_s += now() - started;
  }
  return failed;
}

// Sums of weight * |sym grad x|^2 over the points of this rank's cells.
double slipfield_strain_square(const Elements* m, const double* x) {
  double sum = 0;
  for (int64_t b = 0; b < m->blocks; b++) {
    Vec xe[kDofs], block = {};
    gather(m->nodes + b * kLanes * kNodes, x, xe);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      Vec H[2][2];
      gradient(xe, m->gradients, point, H);
      const Vec xy = 0.5 * (H[0][1] + H[1][0]);
      block += lane(m->weights, point) * (H[0][0] * H[0][0] + H[1][1] * H[1][1] + 2.0 * xy * xy);
    }
    for (int l = 0; l < lanes_of(*m, b); l++) sum += block[l];
  }
  return sum;
}

// Integral of the rotation angle of the lattice since the start over this rank's cells, rad mm^2,
// for the columns a of Fp and the stress s of the points, and the columns H of the start,
// [block][2][3][lane]. Rotation vectors go to rotation, [block][point][3][lane], if it is given.
double slipfield_lattice_rotation(const Law* law, const Elements* m, const Real* a, const Real* s,
                                  const Real* H, const double* u, Real* rotation) {
  const auto columns = [](const Real* base, int64_t i) {
    return reinterpret_cast<const Vec(*)[3]>(base + 6 * i * kLanes);
  };
  double sum = 0;
  for (int64_t b = 0; b < m->blocks; b++) {
    Vec ue[kDofs], block = {};
    gather(m->nodes + b * kLanes * kNodes, u, ue);
    for (int q = 0; q < m->points; q++) {
      const int64_t point = b * m->points + q;
      Vec F[2][2], E[3], vector[3];
      deformation(ue, m->gradients, point, F, E);
      const Vec angle =
          lattice_rotation(*law, F, columns(a, point), columns(H, b), &lane(s, 3 * point), vector);
      block += lane(m->weights, point) * angle;
      for (int k = 0; rotation && k < 3; k++) lane(rotation, 3 * point + k) = vector[k];
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
