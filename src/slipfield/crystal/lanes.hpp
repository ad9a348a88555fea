// Number types of the kernel: one double, several side by side, and both with derivatives.
#pragma once
#include <cmath>

namespace slipfield {

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

template <class V> inline V constant(double x);
template <> inline double constant<double>(double x) { return x; }
template <> inline Vec constant<Vec>(double x) { return x - Vec{}; }

inline double abs(double x) { return std::fabs(x); }
inline Vec abs(Vec x) { return x < 0.0 ? -x : x; }
inline double max(double a, double b) { return a > b ? a : b; }
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
inline double min(double a, double b) { return a < b ? a : b; }
inline Vec min(Vec a, Vec b) { return a < b ? a : b; }
inline double sign(double x) { return x < 0 ? -1.0 : 1.0; }
inline Vec sign(Vec x) { return x < 0.0 ? constant<Vec>(-1.0) : constant<Vec>(1.0); }
inline bool all(bool x) { return x; }
template <class Mask> inline bool all(Mask x) {
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

// A value and its derivatives with respect to kParameters parameters (forward differentiation).
constexpr int kParameters = 3;
template <class T> struct Dual {
  T v;
  T d[kParameters];
};
template <> inline Dual<Vec> constant<Dual<Vec>>(double x) { return {constant<Vec>(x), {}}; }

// The type of a plain value of V, and that value: derivatives dropped.
template <class V> struct Plain {
  typedef V type;
};
template <class T> struct Plain<Dual<T>> {
  typedef T type;
};
inline double value(double x) { return x; }
inline Vec value(Vec x) { return x; }
template <class T> inline T value(const Dual<T>& x) { return x.v; }

#define SLIPFIELD_EACH for (int p = 0; p < kParameters; p++)
template <class T> inline Dual<T> operator+(Dual<T> a, const Dual<T>& b) {
  a.v += b.v;
  SLIPFIELD_EACH a.d[p] += b.d[p];
  return a;
}
template <class T> inline Dual<T> operator-(Dual<T> a, const Dual<T>& b) {
  a.v -= b.v;
  SLIPFIELD_EACH a.d[p] -= b.d[p];
  return a;
}
template <class T> inline Dual<T> operator-(Dual<T> a) {
  a.v = -a.v;
  SLIPFIELD_EACH a.d[p] = -a.d[p];
  return a;
}
template <class T> inline Dual<T> operator*(const Dual<T>& a, const Dual<T>& b) {
  Dual<T> r;
  r.v = a.v * b.v;
  SLIPFIELD_EACH r.d[p] = a.v * b.d[p] + a.d[p] * b.v;
  return r;
}
template <class T> inline Dual<T> operator/(const Dual<T>& a, const Dual<T>& b) {
  Dual<T> r;
  const T i = 1.0 / b.v;
  r.v = a.v * i;
  SLIPFIELD_EACH r.d[p] = (a.d[p] - r.v * b.d[p]) * i;
  return r;
}
template <class T> inline Dual<T> operator*(double a, Dual<T> b) {
  b.v *= a;
  SLIPFIELD_EACH b.d[p] *= a;
  return b;
}
template <class T> inline Dual<T> operator*(const Dual<T>& a, double b) { return b * a; }
inline Dual<Vec> operator*(Vec a, Dual<Vec> b) {
  b.v *= a;
  SLIPFIELD_EACH b.d[p] *= a;
  return b;
}
inline Dual<Vec> operator*(const Dual<Vec>& a, Vec b) { return b * a; }
template <class T> inline Dual<T> operator+(double a, Dual<T> b) {
  b.v += a;
  return b;
}
template <class T> inline Dual<T> operator-(double a, const Dual<T>& b) { return a + (-b); }
template <class T> inline Dual<T> operator/(double a, const Dual<T>& b) {
  Dual<T> r;
  const T i = 1.0 / b.v;
  r.v = a * i;
  SLIPFIELD_EACH r.d[p] = -r.v * i * b.d[p];
  return r;
}
template <class T> inline Dual<T>& operator+=(Dual<T>& a, const Dual<T>& b) { return a = a + b; }
template <class T> inline Dual<T>& operator*=(Dual<T>& a, const Dual<T>& b) { return a = a * b; }

inline Dual<Vec> abs(const Dual<Vec>& a) { return sign(a.v) * a; }
inline Dual<Vec> max(const Dual<Vec>& a, const Dual<Vec>& b) {
  Dual<Vec> r;
  r.v = max(a.v, b.v);
  SLIPFIELD_EACH r.d[p] = a.v > b.v ? a.d[p] : b.d[p];
  return r;
}
inline Dual<Vec> min(const Dual<Vec>& a, const Dual<Vec>& b) { return -max(-a, -b); }
inline Dual<Vec> real_power(const Dual<Vec>& x, double e) {
  Dual<Vec> r;
  r.v = real_power(x.v, e);
  SLIPFIELD_EACH r.d[p] = e * r.v / x.v * x.d[p];
  return r;
}
#undef SLIPFIELD_EACH

template <class V> inline V integer_power(V x, int e) {
  V r = constant<V>(1.0);
  for (;;) {
    if (e & 1) r *= x;
    if (!(e >>= 1)) return r;
    x *= x;
  }
}

}  // namespace slipfield
