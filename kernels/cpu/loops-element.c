/* Element by element, on runs of memory. */
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/loops-level.h"

/* A loop over whole vectors and one over what is left. */
#define UNARY(name, formula)                                                                       \
  static void name (const UnaryOp *op, const float *from, float *to, int64_t n)                    \
  {                                                                                                \
    const VecF alpha = simd_set1 (op->alpha), beta = simd_set1 (op->beta), one = simd_set1 (1);    \
    const VecF nought = simd_set1 (0);                                                             \
    (void) alpha, (void) beta, (void) one, (void) nought;                                          \
    int64_t i = 0;                                                                                 \
    for (; i + LANES <= n; i += LANES) {                                                           \
      const VecF x = simd_load (from + i);                                                         \
      simd_store (to + i, formula);                                                                \
    }                                                                                              \
    if (i < n) {                                                                                   \
      const VecF x = simd_load_n (from + i, (int) (n - i));                                        \
      simd_store_n (to + i, formula, (int) (n - i));                                               \
    }                                                                                              \
  }

UNARY (relu, simd_max (nought, x))
UNARY (leaky_relu, simd_max (nought, x) + alpha * simd_min (nought, x))
UNARY (clip, simd_min (beta, simd_max (alpha, x)))
UNARY (sigmoid, simd_sigmoid (x))
UNARY (hard_sigmoid, simd_activate (x, PRAXI_ACTIVATION_HARD_SIGMOID, op->alpha, op->beta))
UNARY (hard_swish, simd_activate (x, PRAXI_ACTIVATION_HARD_SWISH, 0, 0))
UNARY (absolute, simd_max (x, nought - x))
UNARY (root, simd_sqrt (x))
UNARY (negate, nought - x)
UNARY (reciprocal, one / x)

/* The square of the root's: infinite and 0 where e^x is. */
SIMD_INLINE VecF
exp_of (VecF x)
{
  const VecF root = simd_exp (x * simd_set1 (0.5f));
  return root * root;
}

UNARY (exponential, exp_of (x))

static void
logarithm (const UnaryOp *op, const float *from, float *to, int64_t n)
{
  for (int64_t i = 0; i < n; i++)
    to[i] = logf (from[i]);
}

bool
LEVEL_NAME (unary) (const UnaryOp *op, const float *x, float *y, int64_t n)
{
  static void (*const functions[PRAXI_OP_COUNT]) (const UnaryOp *, const float *, float *,
                                                  int64_t) = {
      [PRAXI_OP_RELU] = relu,
      [PRAXI_OP_LEAKY_RELU] = leaky_relu,
      [PRAXI_OP_CLIP] = clip,
      [PRAXI_OP_SIGMOID] = sigmoid,
      [PRAXI_OP_HARD_SIGMOID] = hard_sigmoid,
      [PRAXI_OP_HARD_SWISH] = hard_swish,
      [PRAXI_OP_ABS] = absolute,
      [PRAXI_OP_SQRT] = root,
      [PRAXI_OP_NEG] = negate,
      [PRAXI_OP_RECIPROCAL] = reciprocal,
      [PRAXI_OP_EXP] = exponential,
      [PRAXI_OP_LOG] = logarithm,
  };
  if (!functions[op->kind])
    return false;
  functions[op->kind](op, x, y, n);
  return true;
}

#define BINARY(name, formula)                                                                      \
  static void name (const float *left, int a_step, const float *right, int b_step, float *to,      \
                    int64_t n)                                                                     \
  {                                                                                                \
    const VecF one_a = simd_set1 (left[0]), one_b = simd_set1 (right[0]);                          \
    int64_t i = 0;                                                                                 \
    for (; i + LANES <= n; i += LANES) {                                                           \
      const VecF a = a_step ? simd_load (left + i) : one_a;                                        \
      const VecF b = b_step ? simd_load (right + i) : one_b;                                       \
      simd_store (to + i, formula);                                                                \
    }                                                                                              \
    if (i < n) {                                                                                   \
      const int rest = (int) (n - i);                                                              \
      const VecF a = a_step ? simd_load_n (left + i, rest) : one_a;                                \
      const VecF b = b_step ? simd_load_n (right + i, rest) : one_b;                               \
      simd_store_n (to + i, formula, rest);                                                        \
    }                                                                                              \
  }

BINARY (add, a + b)
BINARY (subtract, a - b)
BINARY (multiply, a *b)
BINARY (divide, a / b)
BINARY (minimum, simd_min (a, b))
BINARY (maximum, simd_max (a, b))

bool
LEVEL_NAME (binary) (PraxiOpKind kind,
                     const float *a,
                     int a_step,
                     const float *b,
                     int b_step,
                     float *y,
                     int64_t n)
{
  static void (*const functions[PRAXI_OP_COUNT]) (const float *, int, const float *, int, float *,
                                                  int64_t) = {
      [PRAXI_OP_ADD] = add,    [PRAXI_OP_SUB] = subtract, [PRAXI_OP_MUL] = multiply,
      [PRAXI_OP_DIV] = divide, [PRAXI_OP_MIN] = minimum,  [PRAXI_OP_MAX] = maximum,
  };
  if (!functions[kind])
    return false;
  functions[kind](a, a_step, b, b_step, y, n);
  return true;
}

SIMD_INLINE void
compare_steps (PraxiOpKind kind,
               const float *a,
               int a_step,
               const float *b,
               int b_step,
               uint8_t *y,
               int64_t n)
{
  for (int64_t i = 0; i < n; i++) {
    const float left = a[i * a_step], right = b[i * b_step];
    y[i] = kind == PRAXI_OP_EQUAL  ? left == right
           : kind == PRAXI_OP_LESS ? left < right
                                   : left > right;
  }
}

SIMD_INLINE void
compare_any (PraxiOpKind kind,
             const float *a,
             int a_step,
             const float *b,
             int b_step,
             uint8_t *y,
             int64_t n)
{
  if (a_step && b_step)
    compare_steps (kind, a, 1, b, 1, y, n);
  else if (a_step)
    compare_steps (kind, a, 1, b, 0, y, n);
  else
    compare_steps (kind, a, 0, b, b_step, y, n);
}

void
LEVEL_NAME (compare) (PraxiOpKind kind,
                      const float *a,
                      int a_step,
                      const float *b,
                      int b_step,
                      uint8_t *y,
                      int64_t n)
{
  if (kind == PRAXI_OP_EQUAL)
    compare_any (PRAXI_OP_EQUAL, a, a_step, b, b_step, y, n);
  else if (kind == PRAXI_OP_LESS)
    compare_any (PRAXI_OP_LESS, a, a_step, b, b_step, y, n);
  else
    compare_any (PRAXI_OP_GREATER, a, a_step, b, b_step, y, n);
}

SIMD_INLINE void
where_steps (const uint8_t *pick,
             const float *a,
             int a_step,
             const float *b,
             int b_step,
             float *y,
             int64_t n)
{
  for (int64_t i = 0; i < n; i++) {
    const float yes = a[i * a_step], no = b[i * b_step];
    y[i] = pick[i] ? yes : no;
  }
}

void
LEVEL_NAME (where) (const uint8_t *pick,
                    const float *a,
                    int a_step,
                    const float *b,
                    int b_step,
                    float *y,
                    int64_t n)
{
  if (a_step && b_step)
    where_steps (pick, a, 1, b, 1, y, n);
  else if (a_step)
    where_steps (pick, a, 1, b, 0, y, n);
  else
    where_steps (pick, a, 0, b, b_step, y, n);
}

/* NaN is zero: both maximum and minimum pass their second operand then. */
void
LEVEL_NAME (
    quantize) (const float *x, float scale, int zero, int low, int high, uint8_t *q, int64_t n)
{
  const VecF least = simd_set1 ((float) (low - zero)), most = simd_set1 ((float) (high - zero));
  int64_t i = 0;
#ifdef SIMD_PACKS
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
    VecF v[4];
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
      v[k] = simd_zero_nan (simd_load (x + i + k * LANES) / simd_set1 (scale));
      v[k] = simd_min (simd_max (v[k], least), most);
    }
    simd_store_all (q + i, simd_order_bytes (simd_pack_bytes (v, zero - low, 255, low)));
  }
#endif
  for (; i < n; i += LANES) {
    const int rest = n - i < LANES ? (int) (n - i) : LANES;
    const VecF v = simd_load_n (x + i, rest) / simd_set1 (scale);
    const VecF number = simd_zero_nan (v);
    const VecI whole = simd_to_s32 (simd_min (simd_max (number, least), most));
    simd_store_bytes_n (q + i, simd_add_s32 (whole, simd_set1_s32 (zero)), rest);
  }
}

SIMD_INLINE VecI
load_bytes (const uint8_t *p, bool is_signed, int n)
{
  return is_signed ? simd_load_s8_n ((const int8_t *) p, n) : simd_load_u8_n (p, n);
}

void
LEVEL_NAME (
    dequantize) (const uint8_t *q, bool is_signed, float scale, int zero, float *x, int64_t n)
{
  for (int64_t i = 0; i < n; i += LANES) {
    const int rest = n - i < LANES ? (int) (n - i) : LANES;
    const VecI whole = load_bytes (q + i, is_signed, rest);
    const VecF number = simd_from_s32 (simd_add_s32 (whole, simd_set1_s32 (-zero)));
    simd_store_n (x + i, number * simd_set1 (scale), rest);
  }
}

void
LEVEL_NAME (widen) (const uint8_t *restrict x, bool is_signed, uint16_t *restrict y, int64_t n)
{
  const uint8_t flip = is_signed ? 128 : 0;
  for (int64_t i = 0; i < n; i++)
    y[i] = x[i] ^ flip;
}

void
LEVEL_NAME (add_bytes) (const CpuEpilogue *epilogue,
                        const uint8_t *a,
                        bool a_signed,
                        int a_zero,
                        const uint8_t *b,
                        uint8_t *q,
                        int64_t n)
{
  CpuEpilogue e = *epilogue;
  const VecI a_zeros = simd_set1_s32 (-a_zero);
  e.residual = b;
  int64_t i = 0;
#ifdef SIMD_PACKS
  const Packing packing = packing_begin (&e, 0, 1);
  const VecI b_zeros = simd_set1_s32 (-e.residual_zero);
  const VecF b_multiplier = simd_set1 (e.residual_multiplier);
  for (; e.fits && i + 4 * LANES <= n; i += 4 * LANES) {
    VecF v[4];
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
      const VecI left = load_bytes (a + i + k * LANES, a_signed, LANES),
                 right = load_bytes (b + i + k * LANES, e.residual_signed, LANES);
      v[k] = packing_scale (&packing, simd_add_s32 (left, a_zeros), 0);
      v[k] = simd_fma (simd_from_s32 (simd_add_s32 (right, b_zeros)), b_multiplier, v[k]);
    }
    simd_store_all (
        q + i, simd_order_bytes (simd_pack_bytes (v, packing.shift, packing.most, packing.low)));
  }
#endif
  for (; i < n; i += LANES) {
    const int rest = n - i < LANES ? (int) (n - i) : LANES;
    epilogue_store_s8 (&e, simd_add_s32 (load_bytes (a + i, a_signed, rest), a_zeros), q + i, i, 0,
                       rest);
  }
}

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
enum { SUM_ROWS = 257, SUM_WIDE = 2 * LANES, SUM_NARROW = 8 };

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
