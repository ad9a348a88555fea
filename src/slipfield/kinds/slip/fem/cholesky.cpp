// Cholesky factors of the tangent by CHOLMOD's supernodal code (Chen, Davis, Hager, Rajamanickam,
// ACM Trans. Math. Softw. 35, 2008, doi 10.1145/1391989.1391995), in the precision of the kernel.
#include <suitesparse/cholmod.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <numeric>
#include <vector>

#include "lanes.hpp"
#include "triangles.hpp"

namespace {

using slipfield::Real;
using slipfield::Sides;

constexpr int kDtype = sizeof(Real) == 4 ? CHOLMOD_SINGLE : CHOLMOD_DOUBLE;
// Columns up to which supernodes are merged whatever zeros that stores, or if these are few: BLAS
// calls on small blocks cost more than the zeros do.
constexpr size_t kMerge[3] = {8, 32, 96};

struct Cholesky {
  cholmod_common common;
  cholmod_sparse* matrix = nullptr;
  cholmod_factor* factor = nullptr;
  std::vector<int32_t> slot;              // of each entry given, in the matrix; -1 for none
  std::vector<Real> shift;                // added to the diagonal of the last rows
  std::vector<Sides> sides, sides_below;  // right-hand sides, and room for a supernode's
  std::vector<Real> below;                // the same room for a single one

  Cholesky(int64_t entries, int64_t last) : slot(entries, -1), shift(last, Real(0)) {
    cholmod_l_start(&common);
    common.nmethods = 1;
    common.method[0].ordering = CHOLMOD_NATURAL;
    common.postorder = 0;  // nested dissection is one
    common.supernodal = CHOLMOD_SUPERNODAL;
    common.quick_return_if_not_posdef = 1;
    common.print = 0;
    std::copy(kMerge, kMerge + 3, common.nrelax);
  }
  ~Cholesky() {
    cholmod_l_free_sparse(&matrix, &common);
    cholmod_l_free_factor(&factor, &common);
    cholmod_l_finish(&common);
  }
  Cholesky(const Cholesky&) = delete;

  Real* values() { return static_cast<Real*>(matrix->x); }
};

// Entries in the order of columns, then rows; ``start`` gets where each column starts.
std::vector<int64_t> by_column(int64_t n, const std::vector<int64_t>& kept, const int32_t* rows,
                               const int32_t* columns, std::vector<int64_t>& start) {
  start.assign(n + 1, 0);
  for (const int64_t e : kept) start[columns[e] + 1]++;
  std::partial_sum(start.begin(), start.end(), start.begin());
  std::vector<int64_t> order(kept.size()), next(start);
  for (const int64_t e : kept) order[next[columns[e]]++] = e;
  for (int64_t j = 0; j < n; j++)
    std::sort(order.begin() + start[j], order.begin() + start[j + 1],
              [&](int64_t a, int64_t b) { return rows[a] < rows[b]; });
  return order;
}

// The upper triangle's pattern, and the slot of each entry in it.
void make_pattern(Cholesky& c, int64_t n, const int32_t* rows, const int32_t* columns) {
  std::vector<int64_t> kept, start;
  for (size_t e = 0; e < c.slot.size(); e++)
    if (rows[e] >= 0 && columns[e] >= 0) kept.push_back(e);
  const std::vector<int64_t> order = by_column(n, kept, rows, columns, start);
  int64_t used = -1;
  std::vector<int64_t> first(n + 1, 0), row;
  for (int64_t j = 0; j < n; j++) {
    for (int64_t k = start[j], last = -1; k < start[j + 1]; k++) {
      if (rows[order[k]] != last) {
        row.push_back(last = rows[order[k]]);
        used++;
      }
      c.slot[order[k]] = static_cast<int32_t>(used);
    }
    first[j + 1] = used + 1;
  }
  c.matrix = cholmod_l_allocate_sparse(n, n, used + 1, 1, 1, 1, CHOLMOD_REAL + kDtype, &c.common);
  if (!c.matrix) return;
  std::copy(first.begin(), first.end(), static_cast<int64_t*>(c.matrix->p));
  std::copy(row.begin(), row.end(), static_cast<int64_t*>(c.matrix->i));
}

// Double the diagonal of the last rows: where a part of a matrix floats, it is definite then.
void add_shift(Cholesky& c) {
  const int64_t *p = static_cast<const int64_t*>(c.matrix->p), n = c.matrix->ncol;
  const int64_t first = n - static_cast<int64_t>(c.shift.size());
  const Real largest = *std::max_element(c.values(), c.values() + c.matrix->nzmax);
  for (int64_t j = first; j < n; j++) {
    Real& diagonal = c.values()[p[j + 1] - 1];
    diagonal += c.shift[j - first] = diagonal > 0 ? diagonal : largest;
  }
}

enum class Part { kWhole, kLower, kUpper };

template <class Row>
void solve(const cholmod_factor& L, Part part, Row* y, Row* below) {
  if (part != Part::kUpper) slipfield::solve_lower(L, y, below);
  if (part != Part::kLower) slipfield::solve_upper(L, y, below);
}

// Solve with the factor, or with one of its triangles, for ``count`` right-hand sides [count][n] in
// place; some sides at once, a last one alone.
void solve(Cholesky& c, Part part, int64_t count, Real* x) {
  const int64_t n = c.factor->n;
  int64_t done = 0;
  for (; count - done > 1; done += slipfield::kSides) {
    const int64_t now = std::min<int64_t>(slipfield::kSides, count - done);
    for (int64_t r = 0; r < now; r++)
      for (int64_t i = 0; i < n; i++) c.sides[i].x[r] = x[(done + r) * n + i];
    solve(*c.factor, part, c.sides.data(), c.sides_below.data());
    for (int64_t r = 0; r < now; r++)
      for (int64_t i = 0; i < n; i++) x[(done + r) * n + i] = c.sides[i].x[r];
  }
  if (done < count) solve(*c.factor, part, x + done * n, c.below.data());
}

}  // namespace

extern "C" {

// A symmetric n x n matrix whose upper triangle is the sum of ``entries`` values at (rows,
// columns); those at negative rows or columns do not count. The diagonals of the ``last`` rows, of
// which each must have an entry, are doubled. Null without memory.
void* slipfield_cholesky(int64_t n, int64_t entries, const int32_t* rows, const int32_t* columns,
                         int64_t last) {
  try {
    auto c = std::make_unique<Cholesky>(entries, last);
    make_pattern(*c, n, rows, columns);
    if (c->matrix) c->factor = cholmod_l_analyze(c->matrix, &c->common);
    if (!c->factor) return nullptr;
    c->sides.resize(n);
    c->sides_below.resize(c->factor->maxesize);
    c->below.resize(c->factor->maxesize);
    return c.release();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void slipfield_cholesky_free(void* handle) { delete static_cast<Cholesky*>(handle); }

// Assemble and factorise; returns CHOLMOD's status: 0, 1 (not positive definite) or an error below
// 0.
int slipfield_cholesky_factorise(void* handle, const Real* values) {
  Cholesky& c = *static_cast<Cholesky*>(handle);
  Real* x = c.values();
  std::fill(x, x + c.matrix->nzmax, Real(0));
  for (size_t e = 0; e < c.slot.size(); e++)
    if (c.slot[e] >= 0) x[c.slot[e]] += values[e];
  if (!c.shift.empty()) add_shift(c);
  c.common.status = CHOLMOD_OK;
  cholmod_l_factorize(c.matrix, c.factor, &c.common);
  return c.common.status;
}

void slipfield_cholesky_solve(void* handle, int64_t count, Real* x) {
  solve(*static_cast<Cholesky*>(handle), Part::kWhole, count, x);
}

// The same with L, or with its transpose.
void slipfield_cholesky_triangle(void* handle, int transposed, int64_t count, Real* x) {
  solve(*static_cast<Cholesky*>(handle), transposed ? Part::kUpper : Part::kLower, count, x);
}

// The last rows and columns of L, column by column (zeros to be given), and their shift.
void slipfield_cholesky_last(void* handle, Real* lower, Real* shift) {
  const Cholesky& c = *static_cast<Cholesky*>(handle);
  const cholmod_factor& L = *c.factor;
  const int64_t last = c.shift.size(), first = static_cast<int64_t>(L.n) - last;
  const int64_t *columns = static_cast<int64_t*>(L.super), *pi = static_cast<int64_t*>(L.pi);
  const int64_t *px = static_cast<int64_t*>(L.px), *rows = static_cast<int64_t*>(L.s);
  const Real* x = static_cast<Real*>(L.x);
  std::copy(c.shift.begin(), c.shift.end(), shift);
  for (int64_t s = L.nsuper - 1; s >= 0 && columns[s + 1] > first; s--) {
    const int64_t height = pi[s + 1] - pi[s];
    for (int64_t j = std::max(columns[s], first); j < columns[s + 1]; j++)
      for (int64_t i = j - columns[s]; i < height; i++)
        lower[(j - first) * last + rows[pi[s] + i] - first] =
            x[px[s] + (j - columns[s]) * height + i];
  }
}

}  // extern "C"
