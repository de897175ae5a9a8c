/* Sums, maxima and minima: along a row, column by column, of rows. */
#include "kernels/cpu/loops-level.h"

#include <math.h>
#include <string.h>

SIMD_INLINE VecF
combine (PraxiOpKind kind, VecF a, VecF b)
{
  if (kind == PRAXI_OP_REDUCE_MAX)
    return simd_max (a, b);
  if (kind == PRAXI_OP_REDUCE_MIN)
    return simd_min (a, b);
  return a + b;
}

static float
neutral (PraxiOpKind kind)
{
  return kind == PRAXI_OP_REDUCE_MAX ? -INFINITY : kind == PRAXI_OP_REDUCE_MIN ? INFINITY : 0;
}

SIMD_INLINE float
row_of (PraxiOpKind kind, const float *x, int64_t n)
{
  float lanes[LANES], result = neutral (kind);
  VecF sum = simd_set1 (result), other = sum;
  int64_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    sum = combine (kind, sum, simd_load (x + i));
    other = combine (kind, other, simd_load (x + i + LANES));
  }
  simd_store (lanes, combine (kind, sum, other));
  for (int j = 0; j < LANES; j++)
    result = kind == PRAXI_OP_REDUCE_MAX   ? (lanes[j] > result ? lanes[j] : result)
             : kind == PRAXI_OP_REDUCE_MIN ? (lanes[j] < result ? lanes[j] : result)
                                           : result + lanes[j];
  for (; i < n; i++)
    result = kind == PRAXI_OP_REDUCE_MAX   ? (x[i] > result ? x[i] : result)
             : kind == PRAXI_OP_REDUCE_MIN ? (x[i] < result ? x[i] : result)
                                           : result + x[i];
  return result;
}

float
LEVEL_NAME (reduce_row) (PraxiOpKind kind, const float *x, int64_t n)
{
  if (kind == PRAXI_OP_REDUCE_MAX)
    return row_of (PRAXI_OP_REDUCE_MAX, x, n);
  if (kind == PRAXI_OP_REDUCE_MIN)
    return row_of (PRAXI_OP_REDUCE_MIN, x, n);
  return row_of (PRAXI_OP_REDUCE_SUM, x, n);
}

/* COLUMNS vectors at once, so that their sums do not wait for each other. */
SIMD_INLINE void
columns_of (PraxiOpKind kind, const float *x, int64_t row_step, int64_t rows, float *y, int64_t n)
{
  enum { COLUMNS = 4 };
  int64_t i = 0;
  for (; i + COLUMNS * LANES <= n; i += COLUMNS * LANES) {
    VecF sum[COLUMNS];
    for (int c = 0; c < COLUMNS; c++)
      sum[c] = simd_load (y + i + c * LANES);
    for (int64_t row = 0; row < rows; row++)
      for (int c = 0; c < COLUMNS; c++)
        sum[c] = combine (kind, sum[c], simd_load (x + row * row_step + i + c * LANES));
    for (int c = 0; c < COLUMNS; c++)
      simd_store (y + i + c * LANES, sum[c]);
  }
  for (; i < n; i += LANES) {
    const int rest = n - i < LANES ? (int) (n - i) : LANES;
    VecF sum = simd_load_n (y + i, rest);
    for (int64_t row = 0; row < rows; row++)
      sum = combine (kind, sum, simd_load_n (x + row * row_step + i, rest));
    simd_store_n (y + i, sum, rest);
  }
}

/* y already holds what came before. */
void
LEVEL_NAME (reduce_columns) (PraxiOpKind kind,
                             const float *x,
                             int64_t row_step,
                             int64_t rows,
                             float *y,
                             int64_t n)
{
  if (kind == PRAXI_OP_REDUCE_MAX)
    columns_of (PRAXI_OP_REDUCE_MAX, x, row_step, rows, y, n);
  else if (kind == PRAXI_OP_REDUCE_MIN)
    columns_of (PRAXI_OP_REDUCE_MIN, x, row_step, rows, y, n);
  else
    columns_of (PRAXI_OP_REDUCE_SUM, x, row_step, rows, y, n);
}

/* So many columns in a register over so many rows, whose sums fit into 16 bits; those of the first
 * `skipped` are left out.
 */
enum { SUM_ROWS = 257, SUM_WIDE = 2 * LANES, SUM_NARROW = 8, SWISH_VECTORS = 4 };

#define SUM_BLOCK(name, columns)                                                                   \
  SIMD_INLINE void name (const uint8_t *x, uint8_t flip, int64_t step, int64_t rows,               \
                         int32_t *sums, int64_t skipped)                                           \
  {                                                                                                \
    typedef uint8_t Bytes __attribute__ ((vector_size (columns)));                                 \
    typedef uint16_t Sums __attribute__ ((vector_size (2 * columns)));                             \
    Sums sum = {0};                                                                                \
    for (int64_t row = 0; row < rows; row++) {                                                     \
      Bytes bytes;                                                                                 \
      memcpy (&bytes, x + row * step, sizeof bytes);                                               \
      sum += __builtin_convertvector(bytes ^ flip, Sums);                                          \
    }                                                                                              \
    for (int64_t i = skipped; i < columns; i++)                                                    \
      sums[i] += sum[i];                                                                           \
  }
SUM_BLOCK (sum_wide, SUM_WIDE)
SUM_BLOCK (sum_narrow, SUM_NARROW)

void
LEVEL_NAME (sum_bytes) (const uint8_t *x, bool is_signed, int64_t rows, int32_t *sums, int64_t n)
{
  const uint8_t flip = is_signed ? 0x80 : 0;
  for (int64_t row = 0; row < rows; row += SUM_ROWS) {
    const int64_t now = rows - row < SUM_ROWS ? rows - row : SUM_ROWS;
    const uint8_t *at = x + row * n;
    int64_t i = 0;
    for (; i + SUM_WIDE <= n; i += SUM_WIDE)
      sum_wide (at + i, flip, n, now, sums + i, 0);
    for (; i + SUM_NARROW <= n; i += SUM_NARROW)
      sum_narrow (at + i, flip, n, now, sums + i, 0);
    if (i < n && n >= SUM_NARROW)
      sum_narrow (at + n - SUM_NARROW, flip, n, now, sums + n - SUM_NARROW, i - (n - SUM_NARROW));
    for (int64_t k = 0; n < SUM_NARROW && k < now; k++)
      for (int64_t c = 0; c < n; c++)
        sums[c] += at[k * n + c] ^ flip;
  }
}

/* Of so many vectors of columns, the last of them n lanes. */
SIMD_INLINE void
sum_swishes (const ByteScale *scale,
             const uint8_t *x,
             int64_t step,
             int64_t rows,
             int vectors,
             int n,
             float *sums)
{
  const VecI zero = simd_set1_s32 (-scale->zero);
  VecF sum[SWISH_VECTORS];
#pragma GCC unroll 4
  for (int k = 0; k < vectors; k++)
    sum[k] = simd_load_n (sums + k * LANES, k + 1 < vectors ? LANES : n);
  for (int64_t row = 0; row < rows; row++, x += step)
#pragma GCC unroll 4
    for (int k = 0; k < vectors; k++) {
      const uint8_t *p = x + k * LANES;
      const int lanes = k + 1 < vectors ? LANES : n;
      const VecI whole =
          scale->is_signed ? simd_load_s8_n ((const int8_t *) p, lanes) : simd_load_u8_n (p, lanes);
      const VecF v = simd_from_s32 (simd_add_s32 (whole, zero)) * simd_set1 (scale->scale);
      sum[k] = sum[k] + simd_activate (v, PRAXI_ACTIVATION_HARD_SWISH, 0, 0);
    }
#pragma GCC unroll 4
  for (int k = 0; k < vectors; k++)
    simd_store_n (sums + k * LANES, sum[k], k + 1 < vectors ? LANES : n);
}

void
LEVEL_NAME (
    sum_hard_swish) (const ByteScale *scale, const uint8_t *x, int64_t rows, float *sums, int64_t n)
{
  int64_t i = 0;
  for (; i + SWISH_VECTORS * LANES <= n; i += SWISH_VECTORS * LANES)
    sum_swishes (scale, x + i, n, rows, SWISH_VECTORS, LANES, sums + i);
  for (; i < n; i += LANES)
    sum_swishes (scale, x + i, n, rows, 1, n - i < LANES ? (int) (n - i) : LANES, sums + i);
}

/* In blocks that stay in registers over all rows; returns how many are done. */
static int64_t
max_floats (const float *const *rows, int n_rows, float *y, int64_t n)
{
  enum { VECTORS = 4, BLOCK = VECTORS * LANES };
  int64_t i = 0;
  for (; i + BLOCK <= n; i += BLOCK) {
    VecF most[VECTORS];
#pragma GCC unroll 4
    for (int k = 0; k < VECTORS; k++)
      most[k] = simd_load (rows[0] + i + k * LANES);
    for (int r = 1; r < n_rows; r++) {
      const float *x = rows[r] + i;
#pragma GCC unroll 4
      for (int k = 0; k < VECTORS; k++)
        most[k] = simd_max (most[k], simd_load (x + k * LANES));
    }
#pragma GCC unroll 4
    for (int k = 0; k < VECTORS; k++)
      simd_store (y + i + k * LANES, most[k]);
  }
  return i;
}

#ifdef SIMD_PACKS
static int64_t
max_bytes (const uint8_t *const *rows, int n_rows, uint8_t flip, uint8_t *y, int64_t n)
{
  enum { BLOCK = 4 * LANES };
  const VecB flips = simd_set1_u8 (flip);
  int64_t i = 0;
  for (; i + BLOCK <= n; i += BLOCK) {
    VecB most = simd_load_all (rows[0] + i) ^ flips;
    for (int r = 1; r < n_rows; r++)
      most = simd_max_u8 (most, simd_load_all (rows[r] + i) ^ flips);
    simd_store_all (y + i, most ^ flips);
  }
  return i;
}
#endif

void
LEVEL_NAME (max_rows) (PraxiDType dtype, const void *const *rows, int n_rows, void *y, int64_t n)
{
  if (dtype == PRAXI_F32) {
    const float *const *x = (const float *const *) rows;
    for (int64_t i = max_floats (x, n_rows, y, n); i < n; i += LANES) {
      const int rest = n - i < LANES ? (int) (n - i) : LANES;
      VecF most = simd_load_n (x[0] + i, rest);
      for (int r = 1; r < n_rows; r++)
        most = simd_max (most, simd_load_n (x[r] + i, rest));
      simd_store_n ((float *) y + i, most, rest);
    }
    return;
  }
  const uint8_t *const *x = (const uint8_t *const *) rows;
  const uint8_t flip = dtype == PRAXI_S8 ? 0x80 : 0;
  int64_t i = 0;
#ifdef SIMD_PACKS
  i = max_bytes (x, n_rows, flip, y, n);
#endif
  for (; i < n; i++) {
    uint8_t most = 0;
    for (int r = 0; r < n_rows; r++)
      most = most > (x[r][i] ^ flip) ? most : x[r][i] ^ flip;
    ((uint8_t *) y)[i] = most ^ flip;
  }
}
