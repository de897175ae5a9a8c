/* Data movement against index arithmetic, and shapes that need resolving. */
#include <math.h>

#include "tests/kernels/ref-support.h"

enum { ROUNDS = 120 };

static int
draw_dims (Case *c, int rank, int low, int64_t *dims)
{
  for (int d = 0; d < rank; d++)
    dims[d] = g_rand_int_range (c->rand, low, 6);
  return rank;
}

/* Every output element is that of in[0] at the index which map makes of its own. */
static void
expect_moved (const Case *c, void (*map) (const Case *c, int64_t *index))
{
  int64_t index[PRAXI_MAX_RANK] = {0}, k = 0;
  if (case_count (&c->out[0]) == 0)
    return;
  do {
    int64_t from[PRAXI_MAX_RANK];
    for (int d = 0; d < PRAXI_MAX_RANK; d++)
      from[d] = index[d];
    map (c, from);
    g_assert_cmpfloat (praxi_tensor_get (&c->out[0], k++), ==, case_at (&c->in[0], from));
  } while (case_step (&c->out[0], index));
}

static void
map_slice (const Case *c, int64_t *index)
{
  for (int i = 0; i < c->op.n_axes; i++) {
    const int64_t axis = c->op.axes[i];
    index[axis] = c->op.starts[i] + index[axis] * c->op.steps[i];
  }
}

/* The known part of Slice is how Python counts; length by trying every element. */
static int64_t
slice_length (int64_t dim, int64_t start, int64_t end, int64_t step)
{
  int64_t length = 0;
  if (start < 0)
    start += dim;
  if (end < 0)
    end += dim;
  start = step > 0 ? MAX (start, 0) : CLAMP (start, -1, dim - 1);
  for (int64_t i = start; step > 0 ? i < MIN (end, dim) : i > MAX (end, -1); i += step)
    length++;
  return length;
}

static void
test_slice (void)
{
  for (int round = 0; round < 4 * ROUNDS; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_SLICE, (guint32) round, (Lie) (round % 3));
    int64_t dims[PRAXI_MAX_RANK], starts[2], ends[2], steps[2];
    const int64_t axes[] = {1, -3};
    draw_dims (c, 3, 1, dims);
    case_add (c, PRAXI_S32, 3, dims, 1);
    for (int i = 0; i < 2; i++) {
      starts[i] = g_rand_int_range (c->rand, -(int) dims[1 - i], 9);
      ends[i] = g_rand_int_range (c->rand, -(int) dims[1 - i] - 1, 9);
      steps[i] = g_rand_int_range (c->rand, 1, 4) * (g_rand_boolean (c->rand) ? 1 : -1);
    }
    case_add_ints (c, 2, starts);
    case_add_ints (c, 2, ends);
    case_add_ints (c, 2, axes);
    case_add_ints (c, 2, steps);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    for (int i = 0; i < 2; i++)
      g_assert_cmpint (c->out[0].dims[1 - i], ==,
                       slice_length (dims[1 - i], starts[i], ends[i], steps[i]));
    expect_moved (c, map_slice);
    PraxiOp again = c->op; /* what was resolved means the same without its inputs */
    PraxiTensor out;
    const PraxiTensor *const in[] = {&c->in[0]};
    g_assert_cmpint (praxi_op_infer (&again, in, 1, &out, 1, NULL), ==, PRAXI_OK);
    for (int d = 0; d < 3; d++)
      g_assert_cmpint (out.dims[d], ==, c->out[0].dims[d]);
  }
}

static void
map_transpose (const Case *c, int64_t *index)
{
  int64_t to[PRAXI_MAX_RANK];
  for (int d = 0; d < c->in[0].rank; d++)
    to[c->op.perm[d]] = index[d];
  for (int d = 0; d < c->in[0].rank; d++)
    index[d] = to[d];
}

static void
test_transpose (void)
{
  for (int round = 0; round < ROUNDS; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_TRANSPOSE, (guint32) round, (Lie) (round % 3));
    int64_t dims[PRAXI_MAX_RANK];
    const int rank = draw_dims (c, round % 6, round % 7 == 0 ? 0 : 1, dims);
    case_add (c, round % 2 ? PRAXI_U8 : PRAXI_F64, rank, dims, 1);
    c->op.n_axes = round % 3 == 0 ? 0 : rank;
    for (int d = 0; d < rank; d++)
      c->op.perm[d] = (d + round) % rank;
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    expect_moved (c, map_transpose);
  }
}

static void
map_pad (const Case *c, int64_t *index)
{
  for (int d = 0; d < c->in[0].rank; d++) {
    const int64_t dim = c->in[0].dims[d];
    int64_t i = index[d] - c->op.pads_begin[d];
    if (c->op.pad_mode == PRAXI_PAD_EDGE)
      i = CLAMP (i, 0, dim - 1);
    else if (c->op.pad_mode == PRAXI_PAD_REFLECT)
      i = i < 0 ? -i : i >= dim ? 2 * dim - 2 - i : i;
    index[d] = i; /* outside is 0, as the padding value is */
  }
}

static void
test_pad (void)
{
  for (int round = 0; round < 2 * ROUNDS; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_PAD, (guint32) round, (Lie) (round % 3));
    int64_t dims[PRAXI_MAX_RANK], pads[2 * PRAXI_MAX_RANK];
    const int rank = draw_dims (c, 1 + round % 4, 3, dims);
    c->op.pad_mode = (PraxiPadMode) (round % 3);
    case_add (c, round % 2 ? PRAXI_F16 : PRAXI_S8, rank, dims, 1);
    for (int i = 0; i < 2 * rank; i++)
      pads[i] = g_rand_int_range (c->rand, -1, 3);
    case_add_ints (c, 2 * rank, pads);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    expect_moved (c, map_pad);
  }
}

static void
map_gather (const Case *c, int64_t *index)
{
  const int64_t axis = c->op.axis;
  const PraxiTensor *indices = &c->in[1];
  int64_t pick = (int64_t) case_at (indices, &index[axis]);
  pick += pick < 0 ? c->in[0].dims[axis] : 0;
  index[axis] = pick;
  for (int d = (int) axis + 1; d < c->in[0].rank; d++)
    index[d] = index[d + indices->rank - 1];
}

static void
test_gather (void)
{
  for (int round = 0; round < ROUNDS; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_GATHER, (guint32) round, (Lie) (round % 3));
    int64_t dims[PRAXI_MAX_RANK], at[PRAXI_MAX_RANK];
    double picks[36];
    const int rank = draw_dims (c, 1 + round % 4, 1, dims);
    c->op.axis = round % rank;
    const int64_t dim = dims[c->op.axis];
    const int n_at = draw_dims (c, 1 + round % 2, 1, at);
    for (gsize i = 0; i < G_N_ELEMENTS (picks); i++)
      picks[i] = (double) g_rand_int_range (c->rand, (gint32) -dim, (gint32) dim);
    case_add (c, PRAXI_F32, rank, dims, 1);
    case_add_values (c, PRAXI_S64, n_at, at, picks);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    expect_moved (c, map_gather);
  }
}

static void
test_gather_refuses_outside (void)
{
  g_autoptr (Case) c = case_new (PRAXI_OP_GATHER, 0, LIE_DENSE);
  case_add (c, PRAXI_F32, 1, (int64_t[]){4}, 1);
  case_add_ints (c, 2, (int64_t[]){3, 4});
  g_assert_cmpint (case_run (c), ==, PRAXI_STATUS_VALUE);
}

static void
map_expand (const Case *c, int64_t *index)
{
  const int lead = c->out[0].rank - c->in[0].rank;
  for (int d = 0; d < c->in[0].rank; d++)
    index[d] = c->in[0].dims[d] == 1 ? 0 : index[d + lead];
}

static void
test_expand (void)
{
  for (int round = 0; round < ROUNDS; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_EXPAND, (guint32) round, (Lie) (round % 3));
    int64_t dims[PRAXI_MAX_RANK], to[PRAXI_MAX_RANK];
    const int rank = draw_dims (c, 5, 1, to), own = round % 6;
    for (int d = 0; d < own; d++)
      dims[d] = g_rand_boolean (c->rand) ? 1 : to[rank - own + d];
    for (int d = rank - own; d < rank; d++)
      to[d] = g_rand_boolean (c->rand) ? 1 : to[d];
    case_add (c, PRAXI_S16, own, dims, 1);
    case_add_ints (c, rank, to);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    expect_moved (c, map_expand);
  }
}

/* Split after Concat gives the parts back. */
static void
test_concat_and_split (void)
{
  for (int round = 0; round < ROUNDS; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_CONCAT, (guint32) round, (Lie) (round % 3));
    g_autoptr (Case) s = case_new (PRAXI_OP_SPLIT, (guint32) round, (Lie) ((round + 1) % 3));
    int64_t dims[PRAXI_MAX_RANK], sizes[3];
    const int rank = draw_dims (c, 1 + round % 5, 1, dims);
    c->op.axis = s->op.axis = -1 - round % rank;
    for (int i = 0; i < 3; i++) {
      dims[rank - 1 - round % rank] = sizes[i] = g_rand_int_range (c->rand, 0, 4);
      case_add (c, PRAXI_F32, rank, dims, 1);
    }
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    s->in[s->n_in++] = c->out[0];
    case_add_ints (s, 3, sizes);
    s->n_out = 3;
    g_assert_cmpint (case_run (s), ==, PRAXI_OK);
    for (int i = 0; i < 3; i++)
      for (int64_t k = 0; k < case_count (&c->in[i]); k++)
        g_assert_cmpfloat (praxi_tensor_get (&c->in[i], k), ==, praxi_tensor_get (&s->out[i], k));
  }
}

static void
test_reshape (void)
{
  static const struct {
    int rank, n;
    int64_t dims[4], shape[4];
    bool allowzero;
    PraxiStatus status;
    int64_t out[4];
  } cases[] = {
      {3, 2, {2, 3, 4}, {6, 4}, false, PRAXI_OK, {6, 4}},
      {3, 3, {2, 3, 4}, {0, -1, 2}, false, PRAXI_OK, {2, 6, 2}},
      {3, 1, {2, 3, 4}, {-1}, false, PRAXI_OK, {24}},
      {1, 0, {1}, {0}, false, PRAXI_OK, {0}},
      {2, 2, {0, 3}, {3, 0}, true, PRAXI_OK, {3, 0}},
      {2, 2, {0, 3}, {0, -1}, false, PRAXI_STATUS_SHAPE, {0}},
      {2, 2, {2, 3}, {-1, -1}, false, PRAXI_STATUS_SHAPE, {0}},
      {2, 2, {2, 3}, {4, -1}, false, PRAXI_STATUS_SHAPE, {0}},
      {2, 1, {2, 3}, {7}, false, PRAXI_STATUS_SHAPE, {0}},
      {2, 2, {2, 3}, {-2, -3}, false, PRAXI_STATUS_SHAPE, {0}},
      {2, 2, {2, 3}, {INT64_MAX, INT64_MAX}, false, PRAXI_STATUS_SHAPE, {0}},
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_RESHAPE, (guint32) i, (Lie) (i % 3));
    c->op.allowzero = cases[i].allowzero;
    case_add (c, PRAXI_F32, cases[i].rank, cases[i].dims, 1);
    case_add_ints (c, cases[i].n, cases[i].shape);
    g_assert_cmpint (case_run (c), ==, cases[i].status);
    if (cases[i].status != PRAXI_OK) {
      g_assert_cmpstr (c->why, !=, "");
      continue;
    }
    g_assert_cmpint (c->out[0].rank, ==, cases[i].n);
    for (int d = 0; d < cases[i].n; d++)
      g_assert_cmpint (c->out[0].dims[d], ==, cases[i].out[d]);
    for (int64_t k = 0; k < case_count (&c->in[0]); k++)
      g_assert_cmpfloat (praxi_tensor_get (&c->out[0], k), ==, praxi_tensor_get (&c->in[0], k));
  }
}

static void
test_unknown_shape_is_a_value_error (void)
{
  g_autoptr (Case) c = case_new (PRAXI_OP_RESHAPE, 0, LIE_DENSE);
  case_add (c, PRAXI_F32, 1, (int64_t[]){4}, 1);
  case_add_ints (c, 2, (int64_t[]){2, 2})->data = NULL;
  g_assert_cmpint (case_run (c), ==, PRAXI_STATUS_VALUE);
}

static void
test_topk (void)
{
  for (int round = 0; round < ROUNDS; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_TOPK, (guint32) round, (Lie) (round % 3));
    int64_t dims[PRAXI_MAX_RANK] = {2, 1 + round % 40, 3};
    const int64_t k = g_rand_int_range (c->rand, 0, (gint32) dims[1] + 1);
    c->op.axis = 1;
    c->op.largest = round % 2 == 0;
    c->n_out = 2;
    case_add (c, PRAXI_U8, 3, dims, 1);
    for (int64_t i = 0; i < case_count (&c->in[0]); i++) /* few values: many ties */
      praxi_tensor_set (&c->in[0], i, floor (praxi_tensor_get (&c->in[0], i) / 32));
    case_add_ints (c, 1, &k);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    for (int64_t line = 0; line < 6 && k > 0; line++)
      for (int64_t j = 0; j < k; j++) {
        int64_t at[] = {line / 3, j, line % 3}, before = 0;
        const double v = case_at (&c->out[0], at);
        const int64_t place = (int64_t) case_at (&c->out[1], at);
        for (at[1] = 0; at[1] < dims[1]; at[1]++) {
          const double other = case_at (&c->in[0], at);
          before += (c->op.largest ? other > v : other < v) || (other == v && at[1] < place);
        }
        g_assert_cmpint (before, ==, j);
      }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ref/slice", test_slice);
  g_test_add_func ("/ref/transpose", test_transpose);
  g_test_add_func ("/ref/pad", test_pad);
  g_test_add_func ("/ref/gather", test_gather);
  g_test_add_func ("/ref/gather-refuses-outside", test_gather_refuses_outside);
  g_test_add_func ("/ref/expand", test_expand);
  g_test_add_func ("/ref/concat-and-split", test_concat_and_split);
  g_test_add_func ("/ref/reshape", test_reshape);
  g_test_add_func ("/ref/unknown-shape", test_unknown_shape_is_a_value_error);
  g_test_add_func ("/ref/topk", test_topk);
  return g_test_run ();
}
