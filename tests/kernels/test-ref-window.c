/* Convolutions and pools against sums written out over logical indices, on random shapes. */
#include <math.h>

#include "tests/kernels/ref-support.h"

enum { ROUNDS = 150 };

static int64_t
draw (Case *c, int low, int high)
{
  return g_rand_int_range (c->rand, low, high + 1);
}

/* Extents from 1 to 7, kernels larger than the input only with enough padding, strides beyond the
 * kernel, dilations.
 */
static void
draw_window (Case *c, int n_spatial, int64_t *dims)
{
  PraxiWindow *w = &c->op.window;
  w->n_spatial = n_spatial;
  for (int i = 0; i < n_spatial; i++) {
    dims[2 + i] = draw (c, 1, 7);
    w->kernel[i] = draw (c, 1, 4);
    w->stride[i] = draw (c, 1, 5);
    w->dilation[i] = draw (c, 1, 2);
    w->pad_begin[i] = draw (c, 0, 2);
    w->pad_end[i] = draw (c, 0, 2);
    const int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
    if (dims[2 + i] + w->pad_begin[i] + w->pad_end[i] < extent)
      w->pad_end[i] = extent - dims[2 + i] - w->pad_begin[i];
  }
}

/* x at output place and tap; pad where that is outside. */
static double
tap_of (const Case *c, const int64_t *place, int64_t channel, const int64_t *tap, double pad)
{
  const PraxiWindow *w = &c->op.window;
  int64_t index[PRAXI_MAX_RANK] = {place[0], channel};
  for (int i = 0; i < w->n_spatial; i++) {
    index[2 + i] = place[2 + i] * w->stride[i] - w->pad_begin[i] + tap[2 + i] * w->dilation[i];
    if (index[2 + i] < 0 || index[2 + i] >= c->in[0].dims[2 + i])
      return pad;
  }
  return case_at (&c->in[0], index);
}

static double
conv_at (const Case *c, const int64_t *place, double x_zero)
{
  const PraxiTensor *weight = &c->in[1];
  const int64_t per_group = weight->dims[0] / c->op.window.group;
  int64_t tap[PRAXI_MAX_RANK] = {place[1]};
  double sum = 0;
  do {
    if (tap[0] != place[1])
      break;
    const int64_t channel = place[1] / per_group * weight->dims[1] + tap[1];
    sum += (tap_of (c, place, channel, tap, x_zero) - x_zero) * case_at (weight, tap);
  } while (case_step (weight, tap));
  return sum;
}

static void
draw_conv (Case *c, int round, PraxiDType x, PraxiDType weight)
{
  int64_t dims[PRAXI_MAX_RANK], w_dims[PRAXI_MAX_RANK];
  const int n_spatial = round % 3 + 1;
  draw_window (c, n_spatial, dims);
  c->op.window.group = draw (c, 1, 3);
  w_dims[1] = draw (c, 1, 4);
  w_dims[0] = c->op.window.group * draw (c, 1, 3);
  dims[0] = draw (c, round % 10 == 0 ? 0 : 1, 2);
  dims[1] = c->op.window.group * w_dims[1];
  for (int i = 0; i < n_spatial; i++)
    w_dims[2 + i] = c->op.window.kernel[i];
  case_add (c, x, 2 + n_spatial, dims, 1);
  case_add (c, weight, 2 + n_spatial, w_dims, 1);
}

static double
activated (const PraxiOp *op, double v)
{
  const double hard = CLAMP (v / 6 + 0.5, 0, 1), sigmoid = 1 / (1 + exp (-v));
  switch (op->activation) {
  case PRAXI_ACTIVATION_RELU:
    return MAX (v, 0);
  case PRAXI_ACTIVATION_CLIP:
    return CLAMP (v, (double) op->alpha, (double) op->beta);
  case PRAXI_ACTIVATION_SIGMOID:
    return sigmoid;
  case PRAXI_ACTIVATION_HARD_SIGMOID:
    return CLAMP ((double) op->alpha * v + (double) op->beta, 0, 1);
  case PRAXI_ACTIVATION_HARD_SWISH:
    return v * hard;
  case PRAXI_ACTIVATION_SWISH:
    return v * sigmoid;
  default:
    return v;
  }
}

/* Adds an input like the output; the outcome of a first run tells its shape. */
static void
add_residual (Case *c, PraxiDType dtype)
{
  Case *first = case_new (c->op.kind, 0, LIE_DENSE);
  const PraxiTensor *const in[] = {&c->in[0], &c->in[1]};
  PraxiTensor out;
  first->op = c->op;
  g_assert_cmpint (praxi_op_infer (&first->op, in, 2, &out, 1, NULL), ==, PRAXI_OK);
  case_add (c, dtype, out.rank, out.dims, 1);
  c->op.has_residual = true;
  case_free (first);
}

static void
test_conv (void)
{
  for (int round = 0; round < ROUNDS; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_CONV, (guint32) round, (Lie) (round % 3));
    draw_conv (c, round, round % 8 == 7 ? PRAXI_F64 : PRAXI_F32,
               round % 8 == 7 ? PRAXI_F64 : PRAXI_F32);
    c->op.activation = (PraxiActivation) (round % 7);
    c->op.alpha = 0.25F;
    c->op.beta = 0.5F;
    const gboolean has_residual = round % 4 == 1, has_bias = round % 2 == 0;
    if (has_bias)
      case_add (c, c->in[0].dtype, 1, &c->in[1].dims[0], 1);
    else
      case_add_nothing (c);
    if (has_residual)
      add_residual (c, c->in[0].dtype);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    g_autofree double *expected = g_new0 (double, case_count (&c->out[0]) + 1);
    int64_t place[PRAXI_MAX_RANK] = {0}, k = 0;
    if (case_count (&c->out[0]) > 0)
      do
        expected[k++] = activated (&c->op, conv_at (c, place, 0) +
                                               (has_bias ? case_at (&c->in[2], &place[1]) : 0) +
                                               (has_residual ? case_at (&c->in[3], place) : 0));
      while (case_step (&c->out[0], place));
    case_expect (c, 0, expected, 1e-6);
  }
}

static void
test_qconv (void)
{
  float multiplier[16], offset[16];
  for (int round = 0; round < ROUNDS; round++) {
    const PraxiDType type = round % 2 == 0 ? PRAXI_U8 : PRAXI_S8;
    g_autoptr (Case) c = case_new (PRAXI_OP_QCONV, (guint32) round, (Lie) (round % 3));
    PraxiRequantize *r = &c->op.requantize;
    draw_conv (c, round, type, PRAXI_S8);
    for (int o = 0; o < 16; o++) {
      multiplier[o] = (float) g_rand_double_range (c->rand, 1e-4, 5e-3);
      offset[o] = (float) g_rand_double_range (c->rand, -30, 30);
    }
    *r = (PraxiRequantize){
        multiplier, offset, (int32_t) draw (c, 0, 100),  (int32_t) draw (c, 0, 9),
        3,          0.37F,  type == PRAXI_U8 ? 0 : -128, type == PRAXI_U8 ? 200 : 127};
    if (round % 3 == 1)
      add_residual (c, PRAXI_U8);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    int64_t place[PRAXI_MAX_RANK] = {0}, k = 0;
    if (case_count (&c->out[0]) > 0)
      do {
        const int sum = (int) conv_at (c, place, r->input_zero);
        float v = fmaf ((float) sum, multiplier[place[1]], offset[place[1]]);
        if (c->op.has_residual)
          v = fmaf ((float) (case_at (&c->in[2], place) - 3), 0.37F, v);
        const double q = CLAMP (nearbyint ((double) v) + r->output_zero, r->low, r->high);
        g_assert_cmpfloat (praxi_tensor_get (&c->out[0], k++), ==, q);
      } while (case_step (&c->out[0], place));
  }
}

/* QLinearConv is QConv with other words for the same numbers, plus zero points of the weights. */
static void
test_qlinear_conv (void)
{
  for (int round = 0; round < ROUNDS / 3; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_QLINEAR_CONV, (guint32) round, (Lie) (round % 3));
    g_autoptr (Case) geometry = case_new (PRAXI_OP_CONV, (guint32) round, LIE_DENSE);
    draw_conv (geometry, round, PRAXI_U8, PRAXI_S16);
    const PraxiTensor *x = &geometry->in[0], *weight = &geometry->in[1];
    c->op.window = geometry->op.window;
    case_add (c, PRAXI_U8, x->rank, x->dims, 1);
    case_add_values (c, PRAXI_F32, 0, NULL, (double[]){0.02});
    case_add_values (c, PRAXI_U8, 0, NULL, (double[]){117});
    case_add (c, PRAXI_U8, weight->rank, weight->dims, 1);
    case_add_values (c, PRAXI_F32, 0, NULL, (double[]){0.03});
    case_add_values (c, PRAXI_U8, 0, NULL, (double[]){131});
    case_add_values (c, PRAXI_F32, 0, NULL, (double[]){0.4});
    case_add_values (c, PRAXI_U8, 0, NULL, (double[]){120});
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    for (int64_t i = 0; i < case_count (x); i++)
      praxi_tensor_set (&geometry->in[0], i, praxi_tensor_get (&c->in[0], i));
    for (int64_t i = 0; i < case_count (weight); i++)
      praxi_tensor_set (&geometry->in[1], i, praxi_tensor_get (&c->in[3], i) - 131);
    int64_t place[PRAXI_MAX_RANK] = {0}, k = 0;
    const float m = 0.02F * 0.03F / 0.4F;
    if (case_count (&c->out[0]) > 0)
      do {
        const double v = (double) ((float) conv_at (geometry, place, 117) * m);
        g_assert_cmpfloat (praxi_tensor_get (&c->out[0], k++), ==,
                           CLAMP (nearbyint (v) + 120, 0, 255));
      } while (case_step (&c->out[0], place));
  }
}

typedef struct {
  double max, sum;
  int64_t count, padded, arg;
} Window;

static Window
look (const Case *c, const int64_t *place)
{
  const PraxiWindow *w = &c->op.window;
  PraxiTensor taps = {.rank = 2 + w->n_spatial, .dims = {1, 1}};
  int64_t tap[PRAXI_MAX_RANK] = {0};
  Window seen = {.max = -INFINITY};
  for (int i = 0; i < w->n_spatial; i++)
    taps.dims[2 + i] = w->kernel[i];
  do {
    const double v = tap_of (c, place, place[1], tap, NAN);
    gboolean is_padding = TRUE;
    int64_t flat = place[0] * c->in[0].dims[1] + place[1];
    for (int i = 0; i < w->n_spatial; i++) {
      const int64_t at = place[2 + i] * w->stride[i] + tap[2 + i] * w->dilation[i];
      is_padding = is_padding && at < w->pad_begin[i] + c->in[0].dims[2 + i] + w->pad_end[i];
      const int a = w->storage_order == 1 ? w->n_spatial - 1 - i : i;
      flat = flat * c->in[0].dims[2 + a] + place[2 + a] * w->stride[a] +
             tap[2 + a] * w->dilation[a] - w->pad_begin[a];
    }
    seen.padded += is_padding;
    if (isnan (v))
      continue;
    if (v > seen.max)
      seen.arg = flat;
    seen.max = MAX (seen.max, v);
    seen.sum += v;
    seen.count++;
  } while (case_step (&taps, tap));
  return seen;
}

static void
test_pools (void)
{
  for (int round = 0; round < 2 * ROUNDS; round++) {
    const gboolean is_max = round % 2 == 0;
    g_autoptr (Case) c = case_new (is_max ? PRAXI_OP_MAX_POOL : PRAXI_OP_AVERAGE_POOL,
                                   (guint32) round, (Lie) (round % 3));
    int64_t dims[PRAXI_MAX_RANK] = {draw (c, 1, 2), draw (c, 1, 3)};
    draw_window (c, round % 3 + 1, dims);
    c->op.window.ceil_mode = round % 5 == 0;
    c->op.window.count_include_pad = round % 7 < 3;
    c->op.window.storage_order = round % 4 == 2;
    c->n_out = is_max ? 2 : 1;
    case_add (c, PRAXI_F32, 2 + c->op.window.n_spatial, dims, 1);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    int64_t place[PRAXI_MAX_RANK] = {0}, k = 0;
    do {
      const Window seen = look (c, place);
      const int64_t n = c->op.window.count_include_pad ? seen.padded : seen.count;
      const double expected = is_max ? seen.max : n > 0 ? seen.sum / (double) n : 0;
      const double got = praxi_tensor_get (&c->out[0], k);
      g_assert_true (got == expected || fabs (got - expected) < 1e-6);
      if (is_max && seen.count > 0)
        g_assert_cmpint (praxi_tensor_get_int (&c->out[1], k), ==, seen.arg);
      k++;
    } while (case_step (&c->out[0], place));
  }
}

static void
test_output_sizes (void)
{
  static const struct {
    int64_t in, kernel, stride, dilation, begin, end;
    PraxiAutoPad auto_pad;
    bool ceil_mode;
    int64_t out, resolved_begin, resolved_end;
  } cases[] = {
      {7, 3, 2, 1, 0, 0, PRAXI_AUTO_PAD_NOTSET, false, 3, 0, 0},
      {8, 3, 2, 1, 0, 0, PRAXI_AUTO_PAD_NOTSET, true, 4, 0, 0},
      {1, 3, 2, 1, 1, 0, PRAXI_AUTO_PAD_NOTSET, true, 1, 1, 0},
      {2, 2, 3, 1, 0, 1, PRAXI_AUTO_PAD_NOTSET, true, 1, 0, 1}, /* none begins behind the input */
      {5, 3, 2, 1, 9, 9, PRAXI_AUTO_PAD_SAME_UPPER, false, 3, 1, 1},
      {6, 3, 2, 1, 0, 0, PRAXI_AUTO_PAD_SAME_UPPER, false, 3, 0, 1},
      {6, 3, 2, 1, 0, 0, PRAXI_AUTO_PAD_SAME_LOWER, false, 3, 1, 0},
      {6, 2, 1, 3, 0, 0, PRAXI_AUTO_PAD_SAME_UPPER, false, 6, 1, 2},
      {6, 1, 4, 1, 0, 0, PRAXI_AUTO_PAD_SAME_UPPER, false, 2, 0, 0},
      {6, 3, 2, 1, 5, 5, PRAXI_AUTO_PAD_VALID, false, 2, 0, 0},
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    PraxiOp op = {.kind = PRAXI_OP_MAX_POOL,
                  .window = {.n_spatial = 1,
                             .kernel = {cases[i].kernel},
                             .stride = {cases[i].stride},
                             .dilation = {cases[i].dilation},
                             .pad_begin = {cases[i].begin},
                             .pad_end = {cases[i].end},
                             .auto_pad = cases[i].auto_pad,
                             .ceil_mode = cases[i].ceil_mode}};
    const PraxiTensor x = {.dtype = PRAXI_F32, .rank = 3, .dims = {1, 1, cases[i].in}};
    const PraxiTensor *const in[] = {&x};
    for (int again = 0; again < 2; again++) { /* a resolved operator resolves to itself */
      PraxiTensor out;
      g_assert_cmpint (praxi_op_infer (&op, in, 1, &out, 1, NULL), ==, PRAXI_OK);
      g_assert_cmpint (out.dims[2], ==, cases[i].out);
      g_assert_cmpint (op.window.pad_begin[0], ==, cases[i].resolved_begin);
      g_assert_cmpint (op.window.pad_end[0], ==, cases[i].resolved_end);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ref/conv", test_conv);
  g_test_add_func ("/ref/qconv", test_qconv);
  g_test_add_func ("/ref/qlinear-conv", test_qlinear_conv);
  g_test_add_func ("/ref/pools", test_pools);
  g_test_add_func ("/ref/output-sizes", test_output_sizes);
  return g_test_run ();
}
