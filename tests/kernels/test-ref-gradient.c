/* Gradients against differences of the forward operator, in double: with L = Σ dy · y (x, w), the
 * slope of L along every element of x or w is the gradient's.
 */
#include <math.h>
#include <stdlib.h>

#include "tests/kernels/ref-support.h"

enum { ROUNDS = 90 };

/* A forward operator prepared once, its own loss. */
typedef struct {
  PraxiKernel *kernel;
  PraxiTensor in[2], out;
  const PraxiTensor *inputs[2], *outputs[1];
  const PraxiTensor *dy;
} Forward;

static int64_t
draw (GRand *rand, int low, int high)
{
  return g_rand_int_range (rand, low, high + 1);
}

/* Strides 1 and 2, dilations 1 and 2, padding of its own on each side. */
static PraxiWindow
draw_window (GRand *rand, int n_spatial, int64_t *dims)
{
  PraxiWindow w = {.n_spatial = n_spatial};
  for (int i = 0; i < n_spatial; i++) {
    dims[2 + i] = draw (rand, 1, n_spatial == 3 ? 4 : 6);
    w.kernel[i] = draw (rand, 1, 3);
    w.stride[i] = draw (rand, 1, 2);
    w.dilation[i] = draw (rand, 1, 2);
    w.pad_begin[i] = draw (rand, 0, 2);
    w.pad_end[i] = draw (rand, 0, 2);
    const int64_t extent = (w.kernel[i] - 1) * w.dilation[i] + 1;
    if (dims[2 + i] + w.pad_begin[i] + w.pad_end[i] < extent)
      dims[2 + i] = extent;
  }
  return w;
}

static double
loss (Forward *f)
{
  double sum = 0;
  const PraxiBackend *ref = praxi_backend_ref ();
  g_assert_cmpint (ref->run (f->kernel, f->inputs, f->outputs, NULL, NULL), ==, PRAXI_OK);
  for (int64_t i = 0; i < case_count (&f->out); i++)
    if (isfinite (praxi_tensor_get (&f->out, i))) /* the maximum of nothing is not */
      sum += praxi_tensor_get (&f->out, i) * praxi_tensor_get (f->dy, i);
  return sum;
}

static Forward
forward_new (PraxiOpKind kind,
             const PraxiWindow *window,
             const PraxiTensor *x,
             const PraxiTensor *w)
{
  const PraxiBackend *ref = praxi_backend_ref ();
  PraxiOp op = {.kind = kind, .window = *window};
  Forward f = {.in = {*x}, .out = {0}};
  const PraxiTensor *in[] = {x, w};
  const int n_in = w != NULL ? 2 : 1;
  if (w != NULL)
    f.in[1] = *w;
  g_assert_cmpint (praxi_op_infer (&op, in, n_in, &f.out, 1, NULL), ==, PRAXI_OK);
  f.out.data = calloc ((size_t) case_count (&f.out) + 1, sizeof (double));
  const PraxiTensor *out[] = {&f.out};
  g_assert_cmpint (ref->prepare (ref, &op, in, n_in, out, 1, NULL, &f.kernel), ==, PRAXI_OK);
  return f;
}

static void
forward_clear (Forward *f)
{
  praxi_backend_ref ()->kernel_free (f->kernel);
  free (f->out.data);
}

/* along: one of the forward's inputs. A step of h is exact where the operator is linear in it. */
static void
check_slopes (Case *c, Forward *f, const PraxiTensor *along, double h)
{
  f->inputs[0] = &f->in[0];
  f->inputs[1] = &f->in[1];
  f->outputs[0] = &f->out;
  g_assert_cmpint (case_count (&c->out[0]), ==, case_count (along));
  for (int64_t i = 0; i < case_count (along); i++) {
    const double v = praxi_tensor_get (along, i), got = praxi_tensor_get (&c->out[0], i);
    praxi_tensor_set (along, i, v + h);
    const double above = loss (f);
    praxi_tensor_set (along, i, v - h);
    const double slope = (above - loss (f)) / (2 * h);
    praxi_tensor_set (along, i, v);
    if (!(fabs (got - slope) <= 1e-6 * (1 + fabs (slope))))
      g_error ("%s: element %" G_GINT64_FORMAT " is %.9g, the slope is %.9g",
               praxi_op_name (c->op.kind), i, got, slope);
  }
}

static void
set_shape (Case *c, const PraxiTensor *of)
{
  for (int d = 0; d < of->rank; d++)
    c->op.shape[d] = of->dims[d];
}

static void
copy_input (Case *c, const PraxiTensor *from)
{
  const PraxiTensor *to = case_add (c, from->dtype, from->rank, from->dims, 1);
  praxi_tensor_copy (from, to);
}

/* One, some or all channels a group. */
static void
draw_conv (Case *c, int round, PraxiWindow *window)
{
  int64_t dims[PRAXI_MAX_RANK] = {draw (c->rand, 1, 2)}, w_dims[PRAXI_MAX_RANK];
  const int n_spatial = round % 3 + 1;
  *window = draw_window (c->rand, n_spatial, dims);
  window->group = round % 4 < 2 ? 1 : draw (c->rand, 2, 3);
  w_dims[1] = round % 4 == 3 ? 1 : draw (c->rand, 1, 3);
  w_dims[0] = window->group * draw (c->rand, 1, 3);
  dims[1] = window->group * w_dims[1];
  for (int i = 0; i < n_spatial; i++)
    w_dims[2 + i] = window->kernel[i];
  case_add (c, PRAXI_F64, 2 + n_spatial, dims, 1);
  case_add (c, PRAXI_F64, 2 + n_spatial, w_dims, 1);
}

static void
test_conv (gconstpointer data)
{
  const gboolean of_weights = data != NULL;
  for (int round = 0; round < ROUNDS; round++) {
    PraxiWindow window;
    g_autoptr (Case) base = case_new (PRAXI_OP_CONV, (guint32) round, LIE_DENSE);
    draw_conv (base, round, &window);
    const PraxiTensor *x = &base->in[0], *w = &base->in[1];
    Forward f = forward_new (PRAXI_OP_CONV, &window, x, w);
    const PraxiTensor *dy = case_add (base, PRAXI_F64, f.out.rank, f.out.dims, 1);
    f.dy = dy;
    g_autoptr (Case) c =
        case_new (of_weights ? PRAXI_OP_CONV_WEIGHT_GRADIENT : PRAXI_OP_CONV_INPUT_GRADIENT,
                  (guint32) round, (Lie) (round % 3));
    c->op.window = window;
    set_shape (c, of_weights ? w : x);
    copy_input (c, of_weights ? x : dy);
    copy_input (c, of_weights ? dy : w);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    check_slopes (c, &f, of_weights ? w : x, 0.5);
    forward_clear (&f);
  }
}

static void
test_pool (gconstpointer data)
{
  const gboolean is_max = data != NULL;
  const PraxiOpKind kind = is_max ? PRAXI_OP_MAX_POOL : PRAXI_OP_AVERAGE_POOL;
  for (int round = 0; round < ROUNDS; round++) {
    int64_t dims[PRAXI_MAX_RANK] = {1, 2};
    g_autoptr (Case) base = case_new (kind, (guint32) round, LIE_DENSE);
    PraxiWindow window = draw_window (base->rand, round % 3 + 1, dims);
    window.ceil_mode = round % 5 < 2;
    window.count_include_pad = round % 2 == 1;
    const PraxiTensor *x = case_add (base, PRAXI_F64, 2 + window.n_spatial, dims, 1);
    Forward f = forward_new (kind, &window, x, NULL);
    const PraxiTensor *dy = case_add (base, PRAXI_F64, f.out.rank, f.out.dims, 1);
    f.dy = dy;
    g_autoptr (Case) c =
        case_new (is_max ? PRAXI_OP_MAX_POOL_GRADIENT : PRAXI_OP_AVERAGE_POOL_GRADIENT,
                  (guint32) round, (Lie) (round % 3));
    c->op.window = window;
    set_shape (c, x);
    if (is_max)
      copy_input (c, x);
    copy_input (c, dy);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    check_slopes (c, &f, x, is_max ? 1e-6 : 0.5);
    forward_clear (&f);
  }
}

/* Windows of three over 3 3 1 3 2 3: the first maxima are elements 0, 1, 3 and 3. */
static void
test_ties (void)
{
  static const double x[] = {3, 3, 1, 3, 2, 3}, dy[] = {10, 20, 40, 80};
  static const double expected[] = {10, 20, 0, 120, 0, 0};
  const int64_t x_dims[] = {1, 1, 6}, y_dims[] = {1, 1, 4};
  g_autoptr (Case) c = case_new (PRAXI_OP_MAX_POOL_GRADIENT, 0, LIE_DENSE);
  c->op.window = (PraxiWindow){.kernel = {3}};
  case_add_values (c, PRAXI_F32, 3, x_dims, x);
  case_add_values (c, PRAXI_F32, 3, y_dims, dy);
  g_assert_cmpint (case_run (c), ==, PRAXI_OK);
  case_expect (c, 0, expected, 0);
}

static void
test_refused (void)
{
  const int64_t dy_dims[] = {1, 4, 5, 5}, w_dims[] = {4, 3, 3, 3};
  static const int64_t shapes[][4] = {{1, 3, 5, 5}, {1, 3, 7, 8},  {1, 2, 7, 7},
                                      {2, 3, 7, 7}, {1, 3, -7, 7}, {INT64_MAX, 3, 7, 7}};
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_CONV_INPUT_GRADIENT, 0, LIE_DENSE);
    case_add (c, PRAXI_F32, 4, dy_dims, 1);
    case_add (c, PRAXI_F32, 4, w_dims, 1);
    for (int d = 0; d < 4; d++)
      c->op.shape[d] = shapes[i][d];
    g_assert_cmpint (case_run (c), ==, PRAXI_STATUS_SHAPE);
    g_assert_cmpstr (c->why, !=, "");
  }
}

/* Both gradients cost what the forward does. */
static void
test_macs (void)
{
  PraxiTensor x = {.dtype = PRAXI_F32, .rank = 4, .dims = {2, 6, 9, 9}}, dw, dx, y;
  PraxiTensor w = {.dtype = PRAXI_F32, .rank = 4, .dims = {8, 3, 3, 3}};
  PraxiOp op = {.kind = PRAXI_OP_CONV, .window = {.group = 2, .stride = {2, 2}}};
  const PraxiTensor *const forward[] = {&x, &w}, *const for_dx[] = {&y, &w},
                           *const for_dw[] = {&x, &y};
  g_assert_cmpint (praxi_op_infer (&op, forward, 2, &y, 1, NULL), ==, PRAXI_OK);
  const int64_t macs = 2 * 8 * 16 * 27;
  g_assert_cmpint (praxi_op_macs (&op, forward, &y), ==, macs);
  PraxiOp input = {
      .kind = PRAXI_OP_CONV_INPUT_GRADIENT, .window = op.window, .shape = {2, 6, 9, 9}};
  g_assert_cmpint (praxi_op_infer (&input, for_dx, 2, &dx, 1, NULL), ==, PRAXI_OK);
  g_assert_cmpint (praxi_op_macs (&input, for_dx, &dx), ==, macs);
  PraxiOp weight = {
      .kind = PRAXI_OP_CONV_WEIGHT_GRADIENT, .window = op.window, .shape = {8, 3, 3, 3}};
  g_assert_cmpint (praxi_op_infer (&weight, for_dw, 2, &dw, 1, NULL), ==, PRAXI_OK);
  g_assert_cmpint (praxi_op_macs (&weight, for_dw, &dw), ==, macs);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/ref/gradient/conv-input", NULL, test_conv);
  g_test_add_data_func ("/ref/gradient/conv-weight", GINT_TO_POINTER (1), test_conv);
  g_test_add_data_func ("/ref/gradient/average-pool", NULL, test_pool);
  g_test_add_data_func ("/ref/gradient/max-pool", GINT_TO_POINTER (1), test_pool);
  g_test_add_func ("/ref/gradient/ties", test_ties);
  g_test_add_func ("/ref/gradient/refused", test_refused);
  g_test_add_func ("/ref/gradient/macs", test_macs);
  return g_test_run ();
}
