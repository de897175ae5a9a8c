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
    epilogue_store_s8 (&e, simd_add_s32 (load_bytes (a + i, a_signed, rest), a_zeros), q, i, 0,
                       rest);
  }
}
