/* Batch normalization and its gradient on the cpu backend against ref, on every level this
 * processor has, with one thread and with three.
 */
#include <math.h>

#include "tests/kernels/cpu-support.h"

typedef struct {
  int rank;
  int64_t dims[5];
} Shape;

static const Shape shapes[] = {
    {2, {7, 5}}, {2, {24, 480}}, {4, {3, 16, 5, 7}}, {4, {2, 33, 9, 1}}, {5, {1, 8, 3, 4, 5}},
};

enum { MAX_OUT = 3 };

/* Runs op by ref and by all levels, and compares every output. */
static void
check (const PraxiOp *op,
       const PraxiTensor *const *in,
       const PraxiTensor shapes_out[MAX_OUT],
       int n_out,
       PraxiPool *pool)
{
  PraxiTensor truth[MAX_OUT], found[MAX_OUT];
  const PraxiTensor *truth_out[MAX_OUT], *found_out[MAX_OUT];
  for (int i = 0; i < n_out; i++) {
    const Layout layout = shapes_out[i].rank > 2 ? LAYOUT_CHANNELS_LAST : LAYOUT_ROW_MAJOR;
    truth[i] = test_tensor (PRAXI_F32, layout, shapes_out[i].rank, shapes_out[i].dims);
    found[i] = test_tensor (PRAXI_F32, layout, shapes_out[i].rank, shapes_out[i].dims);
    truth_out[i] = &truth[i];
    found_out[i] = &found[i];
  }
  g_assert_true (test_run (praxi_backend_ref (), op, in, 5, truth_out, n_out, pool, NULL));
  for (int level = 0; test_level (level) != NULL; level++) {
    const gboolean ran = test_run (test_level (level), op, in, 5, found_out, n_out, pool, NULL);
    g_assert_true (ran || test_may_lack (test_level (level)));
    for (int i = 0; i < n_out && ran; i++)
      g_assert_cmpfloat (test_max_difference (&truth[i], &found[i]), <, 2e-4);
  }
  for (int i = 0; i < n_out; i++) {
    test_tensor_clear (&truth[i]);
    test_tensor_clear (&found[i]);
  }
}

static void
check_shape (const Shape *shape, int threads)
{
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (threads, &pool), ==, PRAXI_OK);
  const Layout layout = shape->rank > 2 ? LAYOUT_CHANNELS_LAST : LAYOUT_ROW_MAJOR;
  PraxiTensor x = test_tensor (PRAXI_F32, layout, shape->rank, shape->dims);
  PraxiTensor dy = test_tensor (PRAXI_F32, layout, shape->rank, shape->dims);
  PraxiTensor rows[4];
  test_fill (&x, 1, 2);
  test_fill (&dy, 2, 0.1f);
  for (int i = 0; i < 4; i++) {
    rows[i] = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 1, &shape->dims[1]);
    test_fill (&rows[i], 3 + (unsigned) i, 1);
  }
  for (int64_t c = 0; c < shape->dims[1]; c++)
    ((float *) rows[3].data)[c] = fabsf (((float *) rows[3].data)[c]) + 0.5f;
  const PraxiTensor outs[MAX_OUT] = {x, rows[0], rows[0]};
  const PraxiTensor *const forward[5] = {&x, &rows[0], &rows[1], &rows[2], &rows[3]};
  const PraxiTensor *const backward[5] = {&x, &rows[0], &dy, &rows[2], &rows[3]};
  for (int training = 0; training < 2; training++) {
    const PraxiOp norm = {
        .kind = PRAXI_OP_BATCH_NORM, .epsilon = 1e-3f, .alpha = 0.25f, .training_mode = training};
    const PraxiOp gradient = {
        .kind = PRAXI_OP_BATCH_NORM_GRADIENT, .epsilon = 1e-3f, .training_mode = training};
    check (&norm, forward, outs, training ? 3 : 1, pool);
    check (&gradient, backward, outs, 3, pool);
  }
  for (int i = 0; i < 4; i++)
    test_tensor_clear (&rows[i]);
  test_tensor_clear (&x);
  test_tensor_clear (&dy);
  praxi_pool_free (pool);
}

static void
test_shapes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++) {
    check_shape (&shapes[i], 1);
    check_shape (&shapes[i], 3);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cpu/norm/shapes", test_shapes);
  return g_test_run ();
}
