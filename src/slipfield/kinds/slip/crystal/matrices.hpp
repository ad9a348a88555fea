// Vectors and 3 x 3 matrices of lanes.
#pragma once
#include "lanes.hpp"

namespace slipfield {

template <class V>
inline V dot(const V x[3], const V y[3]) {
  return x[0] * y[0] + x[1] * y[1] + x[2] * y[2];
}
template <class V>
inline void times(const V A[3][3], const V x[3], V y[3]) {
  for (int i = 0; i < 3; i++) y[i] = dot(A[i], x);
}
template <class V>
inline void times_transposed(const V A[3][3], const V x[3], V y[3]) {
  for (int i = 0; i < 3; i++) y[i] = A[0][i] * x[0] + A[1][i] * x[1] + A[2][i] * x[2];
}
template <class V>
inline void invert(const V A[3][3], V B[3][3]) {
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      const int r = (j + 1) % 3, t = (j + 2) % 3, c = (i + 1) % 3, e = (i + 2) % 3;
      B[i][j] = A[r][c] * A[t][e] - A[r][e] * A[t][c];
    }
  const V scale = 1.0 / (A[0][0] * B[0][0] + A[0][1] * B[1][0] + A[0][2] * B[2][0]);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) B[i][j] *= scale;
}

}  // namespace slipfield
