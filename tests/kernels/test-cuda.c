/* What only the CUDA backend has: normalization, gathering, splitting. */
#include <math.h>
#include <string.h>

#include "tests/kernels/cpu-support.h"

static void
check (const PraxiOp *op,
       const PraxiTensor *const *in,
       int n_in,
       PraxiTensor *const *out,
       int n_out,
       const char *kernel,
       float limit)
{
  enum { MAX_OUT = 3 };
  PraxiTensor truth[MAX_OUT];
  const PraxiTensor *truths[MAX_OUT], *outs[MAX_OUT];
  const char *name = NULL;
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (1, &pool), ==, PRAXI_OK);
  for (int i = 0; i < n_out; i++) {
    truth[i] = *out[i];
    truth[i].data = g_malloc0 (test_bytes (out[i]) + 1);
    truths[i] = &truth[i];
    outs[i] = out[i];
    memset (out[i]->data, 0x55, test_bytes (out[i]));
  }
  g_assert_true (test_run (praxi_backend_ref (), op, in, n_in, truths, n_out, pool, NULL));
  g_assert_true (test_run (test_level (0), op, in, n_in, outs, n_out, pool, &name));
  g_assert_cmpstr (name, ==, kernel);
  for (int i = 0; i < n_out; i++) {
    g_assert_cmpfloat (test_max_difference (out[i], &truth[i]), <=, limit);
    g_free (truth[i].data);
  }
  praxi_pool_free (pool);
}

static void
test_layer_norm (void)
{
  static const int64_t shapes[][3] = {{2, 5, 7}, {1, 3, 130}, {4, 1, 1}, {3, 2, 300}};
  for (unsigned i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (int has_bias = 0; has_bias < 2; has_bias++)
      for (int axis = 1; axis < 3; axis++) {
        const int rank = 3 - axis;
        PraxiTensor x = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 3, shapes[i]);
        PraxiTensor y = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 3, shapes[i]);
        PraxiTensor scale = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, rank, shapes[i] + axis);
        PraxiTensor bias = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, rank, shapes[i] + axis);
        test_fill (&x, i, 3);
        test_fill (&scale, i + 1, 1);
        test_fill (&bias, i + 2, 1);
        const PraxiOp op = {.kind = PRAXI_OP_LAYER_NORM, .axis = axis, .epsilon = 1e-5f};
        const PraxiTensor *in[] = {&x, &scale, &bias};
        PraxiTensor *out[] = {&y};
        check (&op, in, 2 + has_bias, out, 1, "layer-norm", 1e-5f);
        PraxiTensor *all[] = {&x, &y, &scale, &bias};
        for (unsigned k = 0; k < G_N_ELEMENTS (all); k++)
          test_tensor_clear (all[k]);
      }
}

static void
test_gather (void)
{
  const int64_t x_dims[] = {2, 5, 3}, pick_dims[] = {2, 2}, y_dims[] = {2, 2, 2, 3};
  int64_t picks[] = {4, -5, 0, 2};
  for (PraxiDType dtype = PRAXI_F32; dtype <= PRAXI_U8; dtype += PRAXI_U8 - PRAXI_F32) {
    PraxiTensor x = test_tensor (dtype, LAYOUT_ROW_MAJOR, 3, x_dims);
    PraxiTensor y = test_tensor (dtype, LAYOUT_ROW_MAJOR, 4, y_dims);
    PraxiTensor indices = {.dtype = PRAXI_S64, .rank = 2, .dims = {pick_dims[0], pick_dims[1]}};
    praxi_tensor_set_row_major (&indices);
    indices.data = picks;
    test_fill (&x, 7, 1);
    const PraxiOp op = {.kind = PRAXI_OP_GATHER, .axis = 1};
    const PraxiTensor *in[] = {&x, &indices};
    PraxiTensor *out[] = {&y};
    check (&op, in, 2, out, 1, "gather", 0);
    test_tensor_clear (&x);
    test_tensor_clear (&y);
  }
}

static void
test_split (void)
{
  const int64_t x_dims[] = {1, 9, 4, 5}, y_dims[] = {1, 3, 4, 5};
  PraxiTensor x = test_tensor (PRAXI_U8, LAYOUT_CHANNELS_LAST, 4, x_dims), y[3];
  PraxiTensor *out[3];
  test_fill (&x, 9, 1);
  for (int i = 0; i < 3; i++) {
    y[i] = test_tensor (PRAXI_U8, LAYOUT_CHANNELS_LAST, 4, y_dims);
    out[i] = &y[i];
  }
  const PraxiOp op = {.kind = PRAXI_OP_SPLIT, .axis = 1};
  const PraxiTensor *in[] = {&x};
  check (&op, in, 1, out, 3, "split", 0);
  test_tensor_clear (&x);
  for (int i = 0; i < 3; i++)
    test_tensor_clear (&y[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cuda/layer-norm", test_layer_norm);
  g_test_add_func ("/cuda/gather", test_gather);
  g_test_add_func ("/cuda/split", test_split);
  return g_test_run ();
}
