// Number types of the kernel: one number, or several side by side; singles for derivatives.
#pragma once
#include <cmath>

namespace slipfield {

#ifdef SLIPFIELD_SINGLE
typedef float Real;
#else
typedef double Real;
#endif

// As many points side by side as one register holds doubles: more of them spill.
#ifndef SLIPFIELD_LANES
#if defined(__AVX512F__)
#define SLIPFIELD_LANES 8
#elif defined(__AVX__)
#define SLIPFIELD_LANES 4
#else
#define SLIPFIELD_LANES 2
#endif
#endif
constexpr int kLanes = SLIPFIELD_LANES;
typedef double Vec __attribute__((vector_size(8 * kLanes)));
typedef float Single __attribute__((vector_size(4 * kLanes)));

template <class V>
inline V constant(double x);
template <>
inline double constant<double>(double x) {
  return x;
}
template <>
inline Vec constant<Vec>(double x) {
  return x - Vec{};
}
template <>
inline Single constant<Single>(double x) {
  return static_cast<float>(x) - Single{};
}

inline double abs(double x) { return std::fabs(x); }
inline Vec abs(Vec x) { return x < 0.0 ? -x : x; }
inline double max(double a, double b) { return a > b ? a : b; }
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
inline double min(double a, double b) { return a < b ? a : b; }
inline Vec min(Vec a, Vec b) { return a < b ? a : b; }
inline double sign(double x) { return x < 0 ? -1.0 : 1.0; }
inline Vec sign(Vec x) { return x < 0.0 ? constant<Vec>(-1.0) : constant<Vec>(1.0); }
inline bool all(bool x) { return x; }
template <class Mask>
inline bool all(Mask x) {
  bool r = true;
  for (int l = 0; l < kLanes; l++) r = r && x[l];
  return r;
}
inline double real_power(double x, double e) { return std::exp(e * std::log(x)); }
inline Vec real_power(Vec x, double e) {
  double t[kLanes];
  for (int l = 0; l < kLanes; l++) t[l] = std::exp(e * std::log(x[l]));
  Vec r;
  __builtin_memcpy(&r, t, sizeof r);
  return r;
}

template <class V>
inline V integer_power(V x, int e) {
  V r = constant<V>(1.0);
  for (;;) {
    if (e & 1) r *= x;
    if (!(e >>= 1)) return r;
    x *= x;
  }
}

}  // namespace slipfield
