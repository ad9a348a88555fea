// C face of the point law for single points: the scalar reference of the block kernel.
#include "point.hpp"
#include "solid_point.hpp"

using namespace slipfield;

extern "C" {

// One step of one point. In: C[3] = (C11, C22, C12) of F^T F; history a_n[6], g_n[12], g_old[12],
// L_n[9], h. In and out: s[3], g[12]. Out: a[6], L[9], D[9]. Returns the iterations, or -1.
int slipfield_point(const Law* law, double dt, double ratio, const double* C, const double* a_n,
                    const double* g_n, const double* g_old, const double* L_n, double h, double* s,
                    double* g, double* a, double* L, double* D) {
  History<double> old;
  Trial<double> t;
  for (int i = 0; i < 6; i++) old.a[i / 3][i % 3] = a_n[i];
  const double E[3] = {0.5 * (C[0] - 1), 0.5 * (C[1] - 1), C[2]};
  old.P[0] = 0.5 * (dot(old.a[0], old.a[0]) - 1);
  old.P[1] = 0.5 * (dot(old.a[1], old.a[1]) - 1);
  old.P[2] = dot(old.a[0], old.a[1]);
  for (int i = 0; i < 9; i++) old.L[i / 3][i % 3] = L_n[i];
  for (int i = 0; i < kSystems; i++) old.g[i] = g_n[i], old.g_old[i] = g_old[i], t.g[i] = g[i];
  for (int i = 0; i < 3; i++) t.s[i] = s[i];
  old.h = h;
  const int iterations = update(*law, make_step(*law, dt, ratio), old, E, t);
  for (int i = 0; i < 3; i++) s[i] = t.s[i];
  for (int i = 0; i < kSystems; i++) g[i] = t.g[i];
  for (int i = 0; i < 6; i++) a[i] = t.a[i / 3][i % 3];
  for (int i = 0; i < 9; i++) L[i] = t.L[i / 3][i % 3], D[i] = t.D[i / 3][i % 3];
  return iterations;
}

// The same in three dimensions, in crystal axes. In: C[9] = A_n' F'F A_n; history A_n[9], g_n[12],
// g_old[12], L_n[9], h. In and out: s[6], g[12]. Out: A[9], L[9], D[36].
int slipfield_solid_point(const Law* law, double dt, double ratio, const double* C,
                          const double* A_n, const double* g_n, const double* g_old,
                          const double* L_n, double h, double* s, double* g, double* A, double* L,
                          double* D) {
  SolidHistory<double> old;
  SolidTrial<double> t;
  double metric[3][3];
  for (int i = 0; i < 9; i++) {
    metric[i / 3][i % 3] = C[i];
    old.A[i / 3][i % 3] = A_n[i];
    old.L[i / 3][i % 3] = L_n[i];
  }
  for (int i = 0; i < kSystems; i++) old.g[i] = g_n[i], old.g_old[i] = g_old[i], t.g[i] = g[i];
  for (int i = 0; i < kSix; i++) t.s[i] = s[i];
  old.h = h;
  const int iterations = update(*law, Step{dt, ratio}, old, metric, t);
  double tangents[kSix][kSix];
  tangent(*law, Step{dt, ratio}, old, metric, t, tangents);
  for (int i = 0; i < kSix; i++) s[i] = t.s[i];
  for (int i = 0; i < kSystems; i++) g[i] = t.g[i];
  for (int i = 0; i < 9; i++) A[i] = t.A[i / 3][i % 3], L[i] = t.L[i / 3][i % 3];
  for (int i = 0; i < 36; i++) D[i] = tangents[i / 6][i % 6];
  return iterations;
}

}  // extern "C"
