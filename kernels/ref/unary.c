/* y = f (x), element by element: activations and simple functions.
 *
 *   Relu max (x, 0)            LeakyRelu x < 0 ? α x : x          Sigmoid 1 / (1 + e^−x)
 *   HardSigmoid [α x + β] cut to [0, 1]       HardSwish x · [x/6 + 1/2] cut to [0, 1]
 *   Gelu x Φ(x) = x/2 (1 + erf (x/√2)), or x/2 (1 + tanh (√(2/π) (x + 0.044715 x³)))
 *
 * Floats are computed in their own precision, 16-bit ones and doubles in double, integers in int64.
 */
#include "kernels/element.h"
#include "kernels/ref/activation.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

typedef void (
    *RowF32) (const PraxiOp *op, int64_t n, const float *x, int64_t dx, float *y, int64_t dy);
typedef double (*OfDouble) (const PraxiOp *op, double x);

/* One formula of x and op makes the loop for floats and the function for doubles. */
#define UNARY(name, formula)                                                                       \
  static void name##_f32 (const PraxiOp *op, int64_t n, const float *in, int64_t in_step,          \
                          float *out, int64_t out_step)                                            \
  {                                                                                                \
    for (int64_t i = 0; i < n; i++) {                                                              \
      const float x = in[i * in_step];                                                             \
      out[i * out_step] = (float) (formula);                                                       \
    }                                                                                              \
  }                                                                                                \
  static double name##_f64 (const PraxiOp *op, double x)                                           \
  {                                                                                                \
    return (double) (formula);                                                                     \
  }

UNARY (relu, PRAXI_RELU (x))
UNARY (leaky_relu, x < 0 ? op->alpha * x : x)
UNARY (sigmoid, PRAXI_SIGMOID (x))
UNARY (hard_sigmoid, PRAXI_HARD_SIGMOID (x, op->alpha, op->beta))
UNARY (hard_swish, PRAXI_HARD_SWISH (x))
UNARY (tanh, tanh (x))
UNARY (gelu_erf, 0.5F * x * (1 + erf (x * M_SQRT1_2)))
UNARY (gelu_tanh, 0.5F * x * (1 + tanh (sqrt (M_2_PI) * (x + 0.044715 * x * x * x))))
UNARY (erf, erf (x))
UNARY (abs, fabs (x))
UNARY (sqrt, sqrt (x))
UNARY (exp, exp (x))
UNARY (log, log (x))
UNARY (neg, -x)
UNARY (reciprocal, 1 / x)
UNARY (floor, floor (x))

static const struct {
  RowF32 of_row;
  OfDouble of_double;
} functions[PRAXI_OP_COUNT] = {
    [PRAXI_OP_RELU] = {relu_f32, relu_f64},
    [PRAXI_OP_LEAKY_RELU] = {leaky_relu_f32, leaky_relu_f64},
    [PRAXI_OP_SIGMOID] = {sigmoid_f32, sigmoid_f64},
    [PRAXI_OP_HARD_SIGMOID] = {hard_sigmoid_f32, hard_sigmoid_f64},
    [PRAXI_OP_HARD_SWISH] = {hard_swish_f32, hard_swish_f64},
    [PRAXI_OP_TANH] = {tanh_f32, tanh_f64},
    [PRAXI_OP_GELU] = {gelu_erf_f32, gelu_erf_f64},
    [PRAXI_OP_NONE] = {gelu_tanh_f32, gelu_tanh_f64}, /* Gelu with gelu_tanh */
    [PRAXI_OP_ERF] = {erf_f32, erf_f64},
    [PRAXI_OP_ABS] = {abs_f32, abs_f64},
    [PRAXI_OP_SQRT] = {sqrt_f32, sqrt_f64},
    [PRAXI_OP_EXP] = {exp_f32, exp_f64},
    [PRAXI_OP_LOG] = {log_f32, log_f64},
    [PRAXI_OP_NEG] = {neg_f32, neg_f64},
    [PRAXI_OP_RECIPROCAL] = {reciprocal_f32, reciprocal_f64},
    [PRAXI_OP_FLOOR] = {floor_f32, floor_f64},
};

static int64_t
of_int (PraxiOpKind kind, int64_t x, bool is_unsigned)
{
  switch (kind) {
  case PRAXI_OP_RELU:
    return x < 0 && !is_unsigned ? 0 : x;
  case PRAXI_OP_ABS:
    return x < 0 && !is_unsigned ? (int64_t) - (uint64_t) x : x;
  case PRAXI_OP_NEG:
    return (int64_t) - (uint64_t) x;
  default:
    return x;
  }
}

PraxiStatus
praxi_ref_unary (const PraxiRefCall *call)
{
  const PraxiOp *op = call->op;
  const PraxiTensor *x = call->in[0], *y = call->out[0];
  const PraxiOpKind kind = op->kind == PRAXI_OP_GELU && op->gelu_tanh ? PRAXI_OP_NONE : op->kind;
  PraxiRows rows = praxi_rows_over (y);
  praxi_rows_add (&rows, x);
  while (praxi_rows_next (&rows)) {
    const int64_t *at = rows.at, *step = rows.step;
    if (x->dtype == PRAXI_F32) {
      functions[kind].of_row (op, rows.length, (const float *) x->data + at[1], step[1],
                              (float *) y->data + at[0], step[0]);
      continue;
    }
    for (int64_t i = 0; i < rows.length; i++)
      if (praxi_dtype_is_float (x->dtype)) {
        const double value = praxi_load (x->data, x->dtype, at[1] + i * step[1]);
        praxi_store (y->data, y->dtype, at[0] + i * step[0], functions[kind].of_double (op, value));
      } else {
        const int64_t value = praxi_load_int (x->data, x->dtype, at[1] + i * step[1]);
        praxi_store_int (y->data, y->dtype, at[0] + i * step[0],
                         of_int (kind, value, x->dtype == PRAXI_U64));
      }
  }
  return PRAXI_OK;
}

static void
copy_element (const PraxiTensor *from, int64_t at, const PraxiTensor *to, int64_t to_at)
{
  memcpy (praxi_ref_at (to, to_at), praxi_ref_at (from, at), praxi_dtype_size (from->dtype));
}

static bool
is_less (const PraxiTensor *a, int64_t i, const PraxiTensor *b, int64_t j)
{
  if (praxi_dtype_is_float (a->dtype))
    return praxi_load (a->data, a->dtype, i) < praxi_load (b->data, b->dtype, j);
  const int64_t left = praxi_load_int (a->data, a->dtype, i);
  const int64_t right = praxi_load_int (b->data, b->dtype, j);
  return a->dtype == PRAXI_U64 ? (uint64_t) left < (uint64_t) right : left < right;
}

/* y = min (max (x, low), high), the limits scalars of x's type; where low > high, y is high. */
static void
clip_between (const PraxiTensor *x,
              const PraxiTensor *low,
              const PraxiTensor *high,
              const PraxiTensor *y)
{
  PraxiRows rows = praxi_rows_over (y);
  praxi_rows_add (&rows, x);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++) {
      const int64_t from = rows.at[1] + i * rows.step[1];
      const PraxiTensor *pick = x;
      if (low != NULL && is_less (x, from, low, 0))
        pick = low;
      if (high != NULL && is_less (high, 0, pick, pick == x ? from : 0))
        pick = high;
      copy_element (pick, pick == x ? from : 0, y, rows.at[0] + i * rows.step[0]);
    }
}

PraxiStatus
praxi_ref_clip (const PraxiRefCall *call)
{
  const PraxiOp *op = call->op;
  const PraxiTensor *x = call->in[0], *low = praxi_ref_input (call, 1),
                    *high = praxi_ref_input (call, 2);
  uint64_t room[2];
  const PraxiTensor own_low = {.dtype = x->dtype, .data = &room[0]};
  const PraxiTensor own_high = {.dtype = x->dtype, .data = &room[1]};
  if (low == NULL && op->has_min) {
    low = &own_low;
    praxi_store (room, x->dtype, 0, (double) op->alpha);
  }
  if (high == NULL && op->has_max) {
    high = &own_high;
    praxi_store (&room[1], x->dtype, 0, (double) op->beta);
  }
  clip_between (x, low, high, call->out[0]);
  return PRAXI_OK;
}
