// Solves with the triangles of a supernodal factor of CHOLMOD, for some right-hand sides at once.
//
// A supernode's columns are short here, and BLAS takes longer to call and to pack them than to
// compute; what a solve costs is one pass over the factor, however many sides it serves.
#pragma once
#include <suitesparse/cholmod.h>

#include <cstdint>

#include "lanes.hpp"

namespace slipfield {

constexpr int kSides = 4;  // right-hand sides that share a pass

struct Sides {  // one row of them
  Real x __attribute__((vector_size(sizeof(Real) * kSides)));

  Sides& operator+=(const Sides& y) {
    x += y.x;
    return *this;
  }
  Sides& operator-=(const Sides& y) {
    x -= y.x;
    return *this;
  }
  friend Sides operator*(Real a, const Sides& y) { return {a * y.x}; }
};

// Columns of L with one pattern: ``height`` rows, of which the first are the columns themselves.
struct Supernode {
  int64_t columns, height;
  const int64_t* rows;
  const Real* values;  // column by column

  Supernode(const cholmod_factor& L, int64_t s) {
    const int64_t *super = static_cast<int64_t*>(L.super), *pi = static_cast<int64_t*>(L.pi);
    columns = super[s + 1] - super[s];
    height = pi[s + 1] - pi[s];
    rows = static_cast<int64_t*>(L.s) + pi[s];
    values = static_cast<Real*>(L.x) + static_cast<int64_t*>(L.px)[s];
  }
};

// y := L^-1 y for one side (Real) or several (Sides); below: room for L.maxesize rows.
template <class Row>
void solve_lower(const cholmod_factor& L, Row* y, Row* below) {
  for (size_t s = 0; s < L.nsuper; s++) {
    const Supernode node(L, s);
    Row* top = y + node.rows[0];
    const int64_t rest = node.height - node.columns;
    for (int64_t i = 0; i < rest; i++) below[i] = Row{};
    for (int64_t j = 0; j < node.columns; j++) {
      const Real* l = node.values + j * node.height;
      const Row x = (1 / l[j]) * top[j];
      top[j] = x;
      for (int64_t i = j + 1; i < node.columns; i++) top[i] -= l[i] * x;
      l += node.columns;
      for (int64_t i = 0; i < rest; i++) below[i] += l[i] * x;
    }
    for (int64_t i = 0; i < rest; i++) y[node.rows[node.columns + i]] -= below[i];
  }
}

// y := L^-T y.
template <class Row>
void solve_upper(const cholmod_factor& L, Row* y, Row* below) {
  for (size_t s = L.nsuper; s-- > 0;) {
    const Supernode node(L, s);
    Row* top = y + node.rows[0];
    const int64_t rest = node.height - node.columns;
    for (int64_t i = 0; i < rest; i++) below[i] = y[node.rows[node.columns + i]];
    for (int64_t j = node.columns; j-- > 0;) {
      const Real* l = node.values + j * node.height;
      Row sums[4] = {};  // apart, so that they do not wait for each other
      const Real* lower = l + node.columns;
      int64_t i = 0;
      for (; i + 4 <= rest; i += 4)
        for (int k = 0; k < 4; k++) sums[k] += lower[i + k] * below[i + k];
      for (; i < rest; i++) sums[0] += lower[i] * below[i];
      for (i = j + 1; i < node.columns; i++) sums[1] += l[i] * top[i];
      Row x = top[j];
      for (const Row& sum : sums) x -= sum;
      top[j] = (1 / l[j]) * x;
    }
  }
}

}  // namespace slipfield
