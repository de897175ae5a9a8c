/* Operators as a hostile file would write them: inference refuses or answers, and what it lets
 * through runs inside its tensors (the sanitizers see to that).
 */
#include <math.h>
#include <string.h>

#include "tests/kernels/ref-support.h"

enum { ROUNDS = 100000, ELEMENTS_MAX = 4096, WORK_MAX = 200000 };

static int64_t
draw_number (GRand *rand)
{
  static const int64_t odd[] = {INT64_MAX, INT64_MIN, INT32_MAX, INT32_MIN, 1LL << 40, -1, 0, 1};
  if (g_rand_int_range (rand, 0, 12) == 0)
    return odd[g_rand_int_range (rand, 0, G_N_ELEMENTS (odd))];
  return g_rand_int_range (rand, -3, 6);
}

static void
draw_numbers (GRand *rand, int64_t *values, int n)
{
  for (int i = 0; i < n; i++)
    values[i] = draw_number (rand);
}

/* What a file would rather say. */
static void
draw_small_numbers (GRand *rand, int64_t *values, int n)
{
  for (int i = 0; i < n; i++)
    values[i] =
        g_rand_int_range (rand, 0, 40) > 0 ? g_rand_int_range (rand, 0, 4) : draw_number (rand);
}

static float
draw_float (GRand *rand)
{
  static const float odd[] = {NAN, INFINITY, -INFINITY, 0, 1e30F, -1e-30F};
  return g_rand_int_range (rand, 0, 8) == 0 ? odd[g_rand_int_range (rand, 0, G_N_ELEMENTS (odd))]
                                            : (float) g_rand_double_range (rand, -2, 2);
}

static void
draw_window (GRand *rand, PraxiWindow *w)
{
  int64_t *const lists[] = {w->kernel, w->stride, w->dilation, w->pad_begin, w->pad_end};
  w->n_spatial = g_rand_boolean (rand) ? 0 : g_rand_int_range (rand, 1, 4);
  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    if (g_rand_int_range (rand, 0, 3) > 0)
      draw_small_numbers (rand, lists[i], 3);
  w->auto_pad = (PraxiAutoPad) g_rand_int_range (rand, 0, 4);
  w->ceil_mode = g_rand_boolean (rand);
  w->count_include_pad = g_rand_boolean (rand);
  w->storage_order = g_rand_int_range (rand, 0, 2);
  draw_small_numbers (rand, &w->group, 1);
}

static void
draw_op (Case *c)
{
  GRand *rand = c->rand;
  PraxiOp *op = &c->op;
  op->kind = (PraxiOpKind) g_rand_int_range (rand, 0, PRAXI_OP_COUNT + 1);
  draw_window (rand, &op->window);
  op->axis = draw_number (rand);
  op->n_axes = g_rand_int_range (rand, 0, 4);
  int64_t *const lists[] = {op->axes, op->starts,     op->ends,    op->steps,
                            op->perm, op->pads_begin, op->pads_end};
  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    draw_numbers (rand, lists[i], PRAXI_MAX_RANK);
  draw_small_numbers (rand, op->shape, PRAXI_MAX_RANK);
  op->keepdims = g_rand_boolean (rand);
  op->noop_with_empty_axes = g_rand_boolean (rand);
  op->transpose_a = g_rand_boolean (rand);
  op->transpose_b = g_rand_boolean (rand);
  op->allowzero = g_rand_boolean (rand);
  op->to = (PraxiDType) g_rand_int_range (rand, 0, PRAXI_STRING + 2);
  op->pad_mode = (PraxiPadMode) g_rand_int_range (rand, 0, 3);
  op->value = (double) draw_float (rand);
  op->resize_mode = (PraxiResizeMode) g_rand_int_range (rand, 0, 3);
  op->resize_coord = (PraxiResizeCoord) g_rand_int_range (rand, 0, 6);
  op->nearest_mode = (PraxiNearestMode) g_rand_int_range (rand, 0, 4);
  op->exclude_outside = g_rand_boolean (rand);
  for (int i = 0; i < PRAXI_MAX_RANK; i++)
    op->scales[i] = (double) draw_float (rand);
  for (int i = 0; i < 2 * PRAXI_MAX_RANK; i++)
    op->roi[i] = (double) draw_float (rand);
  op->has_residual = g_rand_int_range (rand, 0, 4) == 0;
  op->activation = (PraxiActivation) g_rand_int_range (rand, 0, 8);
}

/* Now and then a shape that lies about memory nobody has. */
static void
draw_input (Case *c, PraxiDType usual)
{
  static const PraxiDType others[] = {PRAXI_S64, PRAXI_F32, PRAXI_U8, PRAXI_S8, PRAXI_BOOL};
  const PraxiTensor *first = &c->in[0];
  int64_t dims[PRAXI_MAX_RANK];
  const PraxiDType dtype = g_rand_int_range (c->rand, 0, 3) > 0
                               ? usual
                               : others[g_rand_int_range (c->rand, 0, G_N_ELEMENTS (others))];
  const gboolean is_alike = c->n_in > 0 && g_rand_boolean (c->rand);
  const int rank = is_alike ? first->rank : g_rand_int_range (c->rand, 0, 6);
  for (int d = 0; d < rank; d++)
    dims[d] = is_alike ? CLAMP (first->dims[d], 0, 5)
                       : g_rand_int_range (c->rand, g_rand_int_range (c->rand, 0, 5) > 0, 5);
  if (g_rand_int_range (c->rand, 0, 30) == 0) {
    PraxiTensor *t = &c->in[c->n_in++];
    *t = (PraxiTensor){.dtype = dtype, .rank = rank};
    draw_numbers (c->rand, t->dims, rank);
  } else if (dtype == PRAXI_S64 && rank <= 1) {
    int64_t values[PRAXI_MAX_RANK];
    draw_numbers (c->rand, values, PRAXI_MAX_RANK);
    case_add_ints (c, g_rand_int_range (c->rand, 0, PRAXI_MAX_RANK), values);
  } else {
    case_add (c, dtype, rank, dims, 2);
  }
}

/* Few enough outputs, each from few enough inputs, that running is worth the time. */
static gboolean
is_small (const Case *c)
{
  int64_t count = 0, work = 1;
  for (int i = 0; i < c->n_in; i++)
    if (c->in[i].dtype != 0 && (praxi_tensor_count (&c->in[i], &count) != PRAXI_OK ||
                                count > ELEMENTS_MAX || (count > 0 && c->in[i].data == NULL)))
      return FALSE;
  for (int i = 0; i < c->op.window.n_spatial && i < 3; i++)
    work *= CLAMP (c->op.window.kernel[i], 1, WORK_MAX);
  for (int i = 0; i < c->n_out; i++)
    if (praxi_tensor_count (&c->out[i], &count) != PRAXI_OK || count > ELEMENTS_MAX ||
        count * MIN (work, WORK_MAX) > WORK_MAX)
      return FALSE;
  return TRUE;
}

static gboolean
needs_tables (PraxiOpKind kind)
{
  return kind == PRAXI_OP_QCONV || kind == PRAXI_OP_QADD || kind == PRAXI_OP_QTABLE ||
         kind == PRAXI_OP_MOTION_STEM || kind == PRAXI_OP_CHAIN;
}

static void
test_hostile (void)
{
  int n_run = 0, n_refused = 0, n_kinds = 0;
  gboolean has_run[PRAXI_OP_COUNT] = {FALSE};
  for (guint round = 0; round < ROUNDS; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_NONE, round, (Lie) (round % 3));
    const PraxiTensor *in[CASE_MAX];
    const PraxiDType usual = (PraxiDType) g_rand_int_range (c->rand, PRAXI_F32, PRAXI_STRING + 1);
    draw_op (c);
    for (int n = g_rand_int_range (c->rand, 0, g_rand_boolean (c->rand) ? 3 : 10); n > 0; n--)
      if (g_rand_int_range (c->rand, 0, 12) == 0)
        case_add_nothing (c);
      else
        draw_input (c, round % 2 == 0 ? PRAXI_F32 : usual);
    for (int i = 0; i < c->n_in; i++)
      in[i] = c->in[i].dtype == 0 ? NULL : &c->in[i];
    c->n_out = g_rand_int_range (c->rand, 1, CASE_OUT_MAX + 1);
    memset (c->why, 'x', sizeof c->why);
    const PraxiOp fresh = c->op;
    const PraxiStatus status = praxi_op_infer (&c->op, in, c->n_in, c->out, c->n_out, c->why);
    g_assert_nonnull (memchr (c->why, '\0', sizeof c->why));
    g_assert_cmpint (status == PRAXI_OK, ==, c->why[0] == '\0');
    n_refused += status != PRAXI_OK;
    if (status != PRAXI_OK || !is_small (c) || needs_tables (c->op.kind))
      continue;
    c->op = fresh;
    const PraxiStatus run = case_run (c);
    const gboolean reads_values = c->op.kind == PRAXI_OP_GATHER ||
                                  (c->op.kind == PRAXI_OP_CAST && in[0]->dtype == PRAXI_STRING);
    g_assert_true (run == PRAXI_OK || (run == PRAXI_STATUS_VALUE && reads_values));
    has_run[c->op.kind] = TRUE;
    n_run++;
  }
  for (int kind = 0; kind < PRAXI_OP_COUNT; kind++) {
    n_kinds += has_run[kind];
    if (!has_run[kind])
      g_test_message ("never ran: %s", praxi_op_name ((PraxiOpKind) kind));
  }
  g_test_message ("%d run of %d kinds, %d refused", n_run, n_kinds, n_refused);
  g_assert_cmpint (n_run, >, ROUNDS / 100);
  g_assert_cmpint (n_refused, >, ROUNDS / 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ref/hostile", test_hostile);
  return g_test_run ();
}
