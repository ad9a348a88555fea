// Rotation of the crystal lattice since the start, from the polar decomposition of Fe = F Fp^-1.
//
// Fe maps the columns a_i of Fp to those of F: with Fe = R U, U = (I + 2 Ee)^1/2, the rotation R
// takes the pair U a_1, U a_2 to F e_1, F e_2. At the start it is the transpose of H.
#pragma once
#include "point.hpp"

namespace slipfield {

inline Vec square_root(const Vec& x) {
  return each_lane(x, [](Real y) { return std::sqrt(y); });
}

// Angle in [0, pi] of a sine and a cosine: halved four times, then the series of the arc tangent;
// the first term left out is below 2e-12.
inline Vec angle_of(const Vec& sine, const Vec& cosine) {
  Vec t = cosine < 0.0 ? (1.0 - cosine) / max(sine, constant<Vec>(1e-12)) : sine / (1.0 + cosine);
  for (int n = 0; n < 3; n++) t = t / (1.0 + square_root(1.0 + t * t));
  const Vec x = t * t;
  Vec sum = constant<Vec>(1.0 / 15.0);
  for (int n = 13; n > 0; n -= 2) sum = constant<Vec>(1.0 / n) - x * sum;
  return 16.0 * t * sum;
}

inline void cross(const Vec x[3], const Vec y[3], Vec z[3]) {
  for (int i = 0; i < 3; i++) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    z[i] = x[j] * y[k] - x[k] * y[j];
  }
}

inline void normalise(Vec x[3]) {
  const Vec scale = 1.0 / square_root(dot(x, x));
  for (int i = 0; i < 3; i++) x[i] *= scale;
}

// U a by the series of (1 + 2 Ee)^1/2: the first term left out is 1.3 Ee^6.
inline void stretch(const Vec E[3][3], const Vec a[3], Vec v[3]) {
  constexpr double kSeries[6] = {1.0, 1.0, -0.5, 0.5, -0.625, 0.875};
  for (int k = 0; k < 3; k++) v[k] = constant<Vec>(kSeries[5]) * a[k];
  for (int n = 4; n >= 0; n--) {
    Vec x[3];
    times(E, v, x);
    for (int k = 0; k < 3; k++) v[k] = constant<Vec>(kSeries[n]) * a[k] + x[k];
  }
}

// Orthonormal axes, crystal components, whose first two span U a_1, U a_2.
inline void lattice_axes(const Law& law, const Vec a[2][3], const Vec s[3], Vec axes[3][3]) {
  Vec part[3][3][3], E[3][3];
  unit_elastic_strain(law, a[0], a[0], 1.0, part[0]);
  unit_elastic_strain(law, a[1], a[1], 1.0, part[1]);
  unit_elastic_strain(law, a[0], a[1], 2.0, part[2]);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      E[i][j] = s[0] * part[0][i][j] + s[1] * part[1][i][j] + s[2] * part[2][i][j];
  Vec second[3];
  stretch(E, a[0], axes[0]);
  stretch(E, a[1], second);
  cross(axes[0], second, axes[2]);
  normalise(axes[0]);
  normalise(axes[2]);
  cross(axes[2], axes[0], axes[1]);
}

// Rotation vector (axis times angle, rad) of a rotation matrix; returns the angle.
inline Vec rotation_vector(const Vec R[3][3], Vec rotation[3]) {
  for (int i = 0; i < 3; i++) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    rotation[i] = 0.5 * (R[k][j] - R[j][k]);
  }
  const Vec sine = square_root(dot(rotation, rotation));
  const Vec cosine = 0.5 * (R[0][0] + R[1][1] + R[2][2] - 1.0);
  const Vec angle = angle_of(sine, cosine);
  const Vec factor = sine > constant<Vec>(1e-12) ? angle / sine : constant<Vec>(1.0);
  for (int i = 0; i < 3; i++) rotation[i] *= factor;
  return angle;
}

// Rotation vector (axis times angle, rad, sample axes) for the in-plane F, the columns a of Fp and
// those of H, and S11, S22, S12. Returns the angle.
inline Vec lattice_rotation(const Law& law, const Vec F[2][2], const Vec a[2][3], const Vec H[2][3],
                            const Vec s[3], Vec rotation[3]) {
  Vec axes[3][3], third[3], G[3][3];
  lattice_axes(law, a, s, axes);
  cross(H[0], H[1], third);
  for (int i = 0; i < 3; i++) {
    G[i][0] = dot(axes[i], H[0]);
    G[i][1] = dot(axes[i], H[1]);
    G[i][2] = dot(axes[i], third);
  }
  const Vec length = square_root(F[0][0] * F[0][0] + F[1][0] * F[1][0]);
  const Vec c = F[0][0] / length, d = F[1][0] / length;
  Vec R[3][3];
  for (int j = 0; j < 3; j++) {
    R[0][j] = c * G[0][j] - d * G[1][j];
    R[1][j] = d * G[0][j] + c * G[1][j];
    R[2][j] = G[2][j];
  }
  return rotation_vector(R, rotation);
}

}  // namespace slipfield
