/* y = f (a, b, …), element by element, shapes broadcast as in NumPy: arithmetic, comparisons,
 * Where, PRelu.
 *
 * Arithmetic and roots of floats are exact to the last bit whether computed in float or in double;
 * all but the float loops compute in double, integers in int64. x / 0 of integers is 0.
 */
#include "kernels/element.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

typedef struct {
  int64_t n, step_a, step_b, step_y;
} Steps;

/* NaN wins over numbers in Min and Max. */
#define MIN(a, b) ((a) < (b) || (a) != (a) ? (a) : (b))
#define MAX(a, b) ((a) > (b) || (a) != (a) ? (a) : (b))

#define BINARY(name, formula)                                                                      \
  static void name##_f32 (Steps s, const float *left, const float *right, float *y)                \
  {                                                                                                \
    for (int64_t i = 0; i < s.n; i++) {                                                            \
      const float a = left[i * s.step_a], b = right[i * s.step_b];                                 \
      y[i * s.step_y] = (formula);                                                                 \
    }                                                                                              \
  }                                                                                                \
  static double name##_f64 (double a, double b)                                                    \
  {                                                                                                \
    return (formula);                                                                              \
  }

BINARY (add, a + b)
BINARY (sub, a - b)
BINARY (mul, a *b)
BINARY (div, a / b)
BINARY (min, MIN (a, b))
BINARY (max, MAX (a, b))
BINARY (prelu, a < 0 ? a * b : a)

static const struct {
  void (*of_row) (Steps, const float *, const float *, float *);
  double (*of_double) (double, double);
} functions[PRAXI_OP_COUNT] = {
    [PRAXI_OP_ADD] = {add_f32, add_f64}, [PRAXI_OP_SUB] = {sub_f32, sub_f64},
    [PRAXI_OP_MUL] = {mul_f32, mul_f64}, [PRAXI_OP_DIV] = {div_f32, div_f64},
    [PRAXI_OP_MIN] = {min_f32, min_f64}, [PRAXI_OP_MAX] = {max_f32, max_f64},
    [PRAXI_OP_POW] = {NULL, pow},        [PRAXI_OP_PRELU] = {prelu_f32, prelu_f64},
};

/* base^exponent modulo 2^64 by repeated squaring; a negative exponent leaves 0, or ±1. */
static int64_t
power (int64_t base, int64_t exponent)
{
  uint64_t result = 1, factor = (uint64_t) base;
  if (exponent < 0)
    return base == 1 ? 1 : base != -1 ? 0 : exponent % 2 == 0 ? 1 : -1;
  for (; exponent > 0; exponent >>= 1, factor *= factor)
    if (exponent & 1)
      result *= factor;
  return (int64_t) result;
}

static int64_t
divide (int64_t a, int64_t b, bool is_unsigned)
{
  if (b == 0)
    return 0;
  if (is_unsigned)
    return (int64_t) ((uint64_t) a / (uint64_t) b);
  return b == -1 ? (int64_t) - (uint64_t) a : a / b;
}

static int64_t
of_ints (PraxiOpKind kind, int64_t a, int64_t b, bool is_unsigned)
{
  const bool is_less = is_unsigned ? (uint64_t) a < (uint64_t) b : a < b;
  switch (kind) {
  case PRAXI_OP_ADD:
    return (int64_t) ((uint64_t) a + (uint64_t) b);
  case PRAXI_OP_SUB:
    return (int64_t) ((uint64_t) a - (uint64_t) b);
  case PRAXI_OP_MUL:
    return (int64_t) ((uint64_t) a * (uint64_t) b);
  case PRAXI_OP_PRELU:
    return a < 0 && !is_unsigned ? (int64_t) ((uint64_t) a * (uint64_t) b) : a;
  case PRAXI_OP_DIV:
    return divide (a, b, is_unsigned);
  case PRAXI_OP_MIN:
    return is_less ? a : b;
  case PRAXI_OP_MAX:
    return is_less ? b : a;
  default:
    return power (a, b);
  }
}

/* One row of anything but three floats. */
static void
row_of_any (PraxiOpKind kind,
            const PraxiRows *rows,
            const PraxiTensor *a,
            const PraxiTensor *b,
            const PraxiTensor *y)
{
  const bool is_float = praxi_dtype_is_float (a->dtype) || praxi_dtype_is_float (b->dtype);
  for (int64_t i = 0; i < rows->length; i++) {
    const int64_t to = rows->at[0] + i * rows->step[0];
    const int64_t left = rows->at[1] + i * rows->step[1], right = rows->at[2] + i * rows->step[2];
    if (is_float)
      praxi_store (y->data, y->dtype, to,
                   functions[kind].of_double (praxi_load (a->data, a->dtype, left),
                                              praxi_load (b->data, b->dtype, right)));
    else
      praxi_store_int (y->data, y->dtype, to,
                       of_ints (kind, praxi_load_int (a->data, a->dtype, left),
                                praxi_load_int (b->data, b->dtype, right), a->dtype == PRAXI_U64));
  }
}

static void
combine (PraxiOpKind kind, const PraxiTensor *a, const PraxiTensor *b, const PraxiTensor *y)
{
  const bool is_f32 = a->dtype == PRAXI_F32 && b->dtype == PRAXI_F32 && kind != PRAXI_OP_POW;
  PraxiRows rows = praxi_rows_over (y);
  praxi_rows_add (&rows, a);
  praxi_rows_add (&rows, b);
  while (praxi_rows_next (&rows)) {
    const Steps steps = {rows.length, rows.step[1], rows.step[2], rows.step[0]};
    if (is_f32)
      functions[kind].of_row (steps, (const float *) a->data + rows.at[1],
                              (const float *) b->data + rows.at[2], (float *) y->data + rows.at[0]);
    else
      row_of_any (kind, &rows, a, b, y);
  }
}

/* Of one input or more, from left to right. */
PraxiStatus
praxi_ref_binary (const PraxiRefCall *call)
{
  if (call->n_in == 1)
    praxi_tensor_copy (call->in[0], call->out[0]);
  for (int i = 1; i < call->n_in; i++)
    combine (call->op->kind, i == 1 ? call->in[0] : call->out[0], call->in[i], call->out[0]);
  return PRAXI_OK;
}

static bool
compare (PraxiOpKind kind, const PraxiTensor *a, int64_t i, const PraxiTensor *b, int64_t j)
{
  double left = 0, right = 0;
  if (praxi_dtype_is_float (a->dtype)) {
    left = praxi_load (a->data, a->dtype, i);
    right = praxi_load (b->data, b->dtype, j);
  } else {
    const int64_t l = praxi_load_int (a->data, a->dtype, i);
    const int64_t r = praxi_load_int (b->data, b->dtype, j);
    const bool is_less = a->dtype == PRAXI_U64 ? (uint64_t) l < (uint64_t) r : l < r;
    right = l == r ? 0 : is_less ? 1 : -1;
  }
  switch (kind) {
  case PRAXI_OP_EQUAL:
    return left == right;
  case PRAXI_OP_LESS:
    return left < right;
  default:
    return left > right;
  }
}

PraxiStatus
praxi_ref_compare (const PraxiRefCall *call)
{
  const PraxiTensor *a = call->in[0], *b = call->in[1];
  PraxiRows rows = praxi_rows_over (call->out[0]);
  praxi_rows_add (&rows, a);
  praxi_rows_add (&rows, b);
  while (praxi_rows_next (&rows)) {
    uint8_t *y = (uint8_t *) call->out[0]->data + rows.at[0];
    for (int64_t i = 0; i < rows.length; i++)
      y[i * rows.step[0]] = compare (call->op->kind, a, rows.at[1] + i * rows.step[1], b,
                                     rows.at[2] + i * rows.step[2]);
  }
  return PRAXI_OK;
}

/* y = condition ? a : b */
PraxiStatus
praxi_ref_where (const PraxiRefCall *call)
{
  const PraxiTensor *condition = call->in[0], *y = call->out[0];
  const size_t size = praxi_dtype_size (y->dtype);
  PraxiRows rows = praxi_rows_over (y);
  for (int k = 0; k < 3; k++)
    praxi_rows_add (&rows, call->in[k]);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++) {
      const int pick =
          ((const uint8_t *) condition->data)[rows.at[1] + i * rows.step[1]] != 0 ? 2 : 3;
      memcpy (praxi_ref_at (y, rows.at[0] + i * rows.step[0]),
              praxi_ref_at (call->in[pick - 1], rows.at[pick] + i * rows.step[pick]), size);
    }
  return PRAXI_OK;
}
