// Number types of the kernel: one number, or several side by side; singles for derivatives.
#pragma once
#include <cmath>
#if defined(__SSE__)
#include <immintrin.h>
#endif

namespace slipfield {

// Precision of point states, stresses and tangents; displacements and residuals are doubles.
#ifdef SLIPFIELD_SINGLE
typedef float Real;
#else
typedef double Real;
#endif

// As many points side by side as one register holds: more of them spill.
#ifndef SLIPFIELD_LANES
#if defined(__AVX512F__)
#define SLIPFIELD_LANES (64 / sizeof(slipfield::Real))
#elif defined(__AVX__)
#define SLIPFIELD_LANES (32 / sizeof(slipfield::Real))
#else
#define SLIPFIELD_LANES (16 / sizeof(slipfield::Real))
#endif
#endif
constexpr int kLanes = SLIPFIELD_LANES;
typedef Real Vec __attribute__((vector_size(sizeof(Real) * kLanes)));
typedef float Single __attribute__((vector_size(sizeof(float) * kLanes)));  // may be Vec

template <class V>
struct ScalarOf {
  typedef float type;
};
template <>
struct ScalarOf<double> {
  typedef double type;
};
template <>
struct ScalarOf<Vec> {
  typedef Real type;
};

template <class V>
inline V constant(double x) {
  return static_cast<typename ScalarOf<V>::type>(x) - V{};
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
// Functions of all lanes through arrays, so that the compiler takes them at once.
template <class Function>
inline Vec each_lane(const Vec& x, Function function) {
  Real t[kLanes];
  for (int l = 0; l < kLanes; l++) t[l] = function(x[l]);
  Vec r;
  __builtin_memcpy(&r, t, sizeof r);
  return r;
}
inline double real_power(double x, double e) { return std::exp(e * std::log(x)); }
inline Vec real_power(const Vec& x, double e) {
  const Real exponent = static_cast<Real>(e);
  return each_lane(x, [exponent](Real y) { return std::exp(exponent * std::log(y)); });
}
inline Vec logarithm(const Vec& x) {
  return each_lane(x, [](Real y) { return std::log(y); });
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

// Write a whole cache line that is not read again soon past the caches, without fetching it first.
template <class V>
inline void stream(V& to, const V& x) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64)
    _mm512_stream_si512(reinterpret_cast<__m512i*>(&to), reinterpret_cast<const __m512i&>(x));
  else
#endif
    to = x;
}

// While it lives, numbers below the smallest normal one are zero: high powers of small ratios
// would otherwise take a hundred times as long.
class FlushToZero {
 public:
#if defined(__SSE__)
  FlushToZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushToZero() { _mm_setcsr(before_); }
  FlushToZero(const FlushToZero&) = delete;

 private:
  const unsigned before_;
#else
  FlushToZero() {}
  ~FlushToZero() {}
#endif
};

}  // namespace slipfield
