// Trilinear hexahedra whose change of volume is that of their centre, so that plastic flow, which
// keeps the volume, does not lock them: F-bar = (det F0 / det F)^(1/3) F at every point, F0 at the
// centre (de Souza Neto et al. 1996), here in the variational form: the weak form varies F-bar too,
// which keeps energy and a symmetric tangent (Moran, Ortiz & Shih 1990).
//
// With A = Fp^-1, Fe = F-bar A, the pushed gradients n = theta A^T dN/dX and the change of
// ln theta, h = (b0 - b) / 3, b = F^-T dN/dX, the strain of a nodal displacement e_i is
//   de = sym(Fe^T e_i (x) n) + h_i Ce
// and the residual w (f + T h), f = Fe Se n, T = Se : Ce.
#pragma once
#include "elements.hpp"
#include "solid_point.hpp"

namespace slipfield {

constexpr int kCorners = 8, kHexDofs = 3 * kCorners;

inline void gather_hex(const int32_t* nodes, const double* u, Vec ue[kHexDofs]) {
  for (int l = 0; l < kLanes; l++)
    for (int i = 0; i < kCorners; i++)
      for (int k = 0; k < 3; k++) ue[3 * i + k][l] = u[3 * nodes[kCorners * l + i] + k];
}

inline void scatter_hex(const int32_t* nodes, int valid, const Vec re[kHexDofs], double* R) {
  for (int l = 0; l < valid; l++)
    for (int i = 0; i < kCorners; i++)
      for (int k = 0; k < 3; k++) R[3 * nodes[kCorners * l + i] + k] += re[3 * i + k][l];
}

// grad u = sum_i u_i (x) dN_i/dX.
inline void gradient_hex(const Vec ue[kHexDofs], const Vec* N, Vec H[3][3]) {
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      H[i][j] = ue[i] * N[j];
      for (int n = 1; n < kCorners; n++) H[i][j] += ue[3 * n + i] * N[3 * n + j];
    }
}

inline Vec determinant(const Vec F[3][3]) {
  return F[0][0] * (F[1][1] * F[2][2] - F[1][2] * F[2][1]) +
         F[0][1] * (F[1][2] * F[2][0] - F[1][0] * F[2][2]) +
         F[0][2] * (F[1][0] * F[2][1] - F[1][1] * F[2][0]);
}

// b = F^-T dN/dX.
inline void spatial_gradients(const Vec F[3][3], const Vec* N, Vec b[kHexDofs]) {
  Vec inverse[3][3];
  invert(F, inverse);
  for (int n = 0; n < kCorners; n++) times_transposed(inverse, N + 3 * n, b + 3 * n);
}

// x^(1/3) for x near 1 by Newton's method; what is far from it is no equilibrium.
inline Vec cube_root(const Vec& x) {
  Vec t = 1.0 + (x - 1.0) * (1.0 / 3.0);
  for (int n = 0; n < 4; n++) t = t - (t * t * t - x) / (3.0 * t * t);
  return t;
}

// One point of a block of hexahedra: its kinematics, then what it adds to the elements.
struct HexPoint {
  Vec F[3][3], theta;
  Vec b[kHexDofs], h[kHexDofs];  // F^-T dN/dX and the change of ln theta

  HexPoint(const Vec ue[kHexDofs], const Vec* N, const Vec& centre, const Vec b0[kHexDofs],
           bool dilatation) {
    gradient_hex(ue, N, F);
    for (int i = 0; i < 3; i++) F[i][i] += 1.0;
    theta = constant<Vec>(1.0);
    for (int i = 0; i < kHexDofs; i++) b[i] = h[i] = constant<Vec>(0.0);
    if (!dilatation) return;
    theta = cube_root(centre / determinant(F));
    spatial_gradients(F, N, b);
    for (int i = 0; i < kHexDofs; i++) h[i] = (1.0 / 3.0) * (b0[i] - b[i]);
  }

  // Metric of F-bar in the axes of the old flow.
  void metric(const Vec A[3][3], Vec C[3][3]) const {
    Vec Fn[3][3];
    product(F, A, Fn);
    product_transposed(Fn, Fn, C);
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) C[i][j] *= theta * theta;
  }
};

// What a solved point adds: residual, and the upper triangle of the tangent row by row.
class HexForces {
 public:
  static constexpr int kTriangle = kHexDofs * (kHexDofs + 1) / 2;

  HexForces(const HexPoint& p, const SolidTrial<Vec>& t, const Vec* N, const Vec& weight)
      : p_(p), t_(t), weight_(weight) {
    Vec S[3][3], FS[3][3], n[3];
    product(p.F, t.A, Fe_);
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) Fe_[i][j] *= p.theta;
    full(t.s, S);
    product(Fe_, S, FS);
    trace_ = constant<Vec>(0.0);
    for (int i = 0; i < 3; i++) trace_ += dot(FS[i], Fe_[i]);
    for (int a = 0; a < kCorners; a++) {
      times_transposed(t.A, N + 3 * a, n);
      for (int k = 0; k < 3; k++) n_[3 * a + k] = p.theta * n[k];
      times(FS, n_ + 3 * a, f_ + 3 * a);
    }
  }

  void add_residual(Vec re[kHexDofs]) const {
    for (int i = 0; i < kHexDofs; i++) re[i] += weight_ * (f_[i] + trace_ * p_.h[i]);
  }

  // Returns the weight with which -b0 b0 enters, for all points of the element at once.
  Vec add_tangent(const Vec tangent[kSix][kSix], Vec ke[kTriangle]) const {
    Vec B[kSix][kHexDofs], D[kSix][kSix], Sn[kHexDofs], m[kHexDofs], wh[kHexDofs], wb[kHexDofs];
    strains(B);
    for (int i = 0; i < kSix; i++)
      for (int j = 0; j < kSix; j++) D[i][j] = 0.5 * weight_ * (tangent[i][j] + tangent[j][i]);
    const Vec third = weight_ * trace_ * (1.0 / 3.0);
    Vec S[3][3];
    full(t_.s, S);
    for (int a = 0; a < kCorners; a++) times(S, n_ + 3 * a, Sn + 3 * a);
    for (int i = 0; i < kHexDofs; i++) {
      Sn[i] *= weight_;
      wh[i] = weight_ * p_.h[i];
      m[i] = 2.0 * f_[i] + trace_ * p_.h[i];
      wb[i] = third * p_.b[i];
    }
    int k = 0;
    for (int r = 0; r < kHexDofs; r++) {
      Vec d[kSix];
      for (int j = 0; j < kSix; j++) {
        d[j] = B[0][r] * D[0][j];
        for (int i = 1; i < kSix; i++) d[j] += B[i][r] * D[i][j];
      }
      const Vec wm = weight_ * m[r];
      for (int c = r; c < kHexDofs; c++, k++) {
        Vec sum = wh[r] * m[c] + wm * p_.h[c];
        for (int j = 0; j < kSix; j++) sum += d[j] * B[j][c];
        sum += wb[3 * (r / 3) + c % 3] * p_.b[3 * (c / 3) + r % 3];
        if (r % 3 == c % 3) sum += dot(Sn + 3 * (r / 3), n_ + 3 * (c / 3));
        ke[k] += sum;
      }
    }
    return third;
  }

 private:
  void strains(Vec B[kSix][kHexDofs]) const {
    Vec Ce[3][3];
    product_transposed(Fe_, Fe_, Ce);
    for (int k = 0; k < kSix; k++) {
      const int x = kPair[k][0], y = kPair[k][1];
      const Vec volume = (x == y ? 1.0 : 2.0) * Ce[x][y];
      for (int a = 0; a < kCorners; a++)
        for (int i = 0; i < 3; i++) {
          Vec e = Fe_[i][x] * n_[3 * a + y] + volume * p_.h[3 * a + i];
          if (x != y) e += Fe_[i][y] * n_[3 * a + x];
          B[k][3 * a + i] = e;
        }
    }
  }

  const HexPoint& p_;
  const SolidTrial<Vec>& t_;
  const Vec weight_;
  Vec Fe_[3][3], trace_;
  Vec n_[kHexDofs], f_[kHexDofs];
};

}  // namespace slipfield
