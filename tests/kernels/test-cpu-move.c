/* Matrix products, pools and data movement of the cpu backend against ref. */
#include <stdio.h>
#include <string.h>

#include "tests/kernels/cpu-support.h"

static PraxiPool *pool;

static void
check_matmul (PraxiOpKind kind, int64_t m, int64_t k, int64_t n, unsigned seed)
{
  const bool transposed = kind == PRAXI_OP_GEMM && seed % 2;
  const bool turned = kind == PRAXI_OP_GEMM && seed / 2 % 2;
  const int64_t b_dims[] = {transposed ? n : k, transposed ? k : n}, c_dims[] = {n};
  const int64_t batch = kind == PRAXI_OP_MATMUL ? 3 : 1;
  const int64_t a_dims[] = {batch, turned ? k : m, turned ? m : k}, y_dims[] = {batch, m, n};
  const int skip = kind == PRAXI_OP_GEMM;
  PraxiTensor a = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 3 - skip, a_dims + skip);
  PraxiTensor b = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 2, b_dims);
  PraxiTensor c = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, seed % 3 ? 1 : 0, c_dims);
  PraxiTensor y = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 3 - skip, y_dims + skip);
  test_fill (&a, seed, 1);
  test_fill (&b, seed + 1, 1);
  test_fill (&c, seed + 2, 1);
  const PraxiOp op = {
      .kind = kind, .alpha = 0.7f, .beta = 1.5f, .transpose_a = turned, .transpose_b = transposed};
  const PraxiTensor *in[] = {&a, &b, &c};
  const int n_in = kind == PRAXI_OP_MATMUL ? 2 : 2 + (seed % 4 != 3);
  test_check (&op, in, n_in, &y, pool, 1e-4f);
  test_check_unknown (&op, in, n_in, &y, pool, 1e-4f);
  test_tensor_clear (&a);
  test_tensor_clear (&b);
  test_tensor_clear (&c);
  test_tensor_clear (&y);
}

static void
check_stack (int rank, const int64_t *size, unsigned seed)
{
  const int64_t a_dims[] = {2, 3, size[0], size[1]}, b_dims[] = {2, 3, size[1], size[2]};
  const int64_t y_dims[] = {2, 3, size[0], size[2]};
  const int skip = 4 - rank;
  PraxiTensor a = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, rank, a_dims + skip);
  PraxiTensor b = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, rank, b_dims + skip);
  PraxiTensor y = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, rank, y_dims + skip);
  test_fill (&a, seed, 1);
  test_fill (&b, seed + 1, 1);
  const PraxiOp op = {.kind = PRAXI_OP_MATMUL};
  const PraxiTensor *in[] = {&a, &b};
  test_check_unknown (&op, in, 2, &y, pool, 1e-4f);
  test_tensor_clear (&a);
  test_tensor_clear (&b);
  test_tensor_clear (&y);
}

static void
test_matmul (void)
{
  static const int64_t sizes[][3] = {
      {1, 256, 3}, {1, 1, 1}, {7, 33, 65}, {100, 64, 200}, {13, 5, 16}};
  for (unsigned i = 0; i < 4 * G_N_ELEMENTS (sizes); i++) {
    const int64_t *s = sizes[i / 4];
    check_matmul (PRAXI_OP_GEMM, s[0], s[1], s[2], i);
    check_matmul (PRAXI_OP_MATMUL, s[0], s[1], s[2], i);
    check_stack (3 + i % 2, s, i);
  }
}

static void
check_pool (PraxiOpKind kind, PraxiDType type, int rank, unsigned seed)
{
  const int64_t sizes[] = {2, 19, 6, 11, 9};
  int64_t in_dims[5] = {2, 19}, out_dims[5] = {2, 19};
  PraxiOp op = {.kind = kind};
  op.window.n_spatial = rank - 2;
  op.window.count_include_pad = seed % 2;
  for (int i = 0; i < rank - 2; i++) {
    const int64_t kernel = 2 + (seed + (unsigned) i) % 2,
                  stride = 1 + (seed / 2 + (unsigned) i) % 3;
    const int64_t pad = (seed / 3) % 2;
    in_dims[2 + i] = sizes[5 - rank + 2 + i];
    op.window.kernel[i] = kernel;
    op.window.stride[i] = stride;
    op.window.dilation[i] = 1;
    op.window.pad_begin[i] = op.window.pad_end[i] = pad;
    out_dims[2 + i] = (in_dims[2 + i] + 2 * pad - kernel) / stride + 1;
  }
  PraxiTensor x = test_tensor (type, LAYOUT_CHANNELS_LAST, rank, in_dims);
  PraxiTensor y = test_tensor (type, LAYOUT_CHANNELS_LAST, rank, out_dims);
  test_fill (&x, seed, 1);
  const PraxiTensor *in[] = {&x};
  test_check (&op, in, 1, &y, pool, kind == PRAXI_OP_MAX_POOL ? 0 : 1e-6f);
  test_tensor_clear (&x);
  test_tensor_clear (&y);
}

static void
test_pools (void)
{
  for (unsigned seed = 0; seed < 18; seed++) {
    const int rank = 3 + (int) seed % 3;
    check_pool (PRAXI_OP_AVERAGE_POOL, PRAXI_F32, rank, seed);
    check_pool (PRAXI_OP_MAX_POOL, PRAXI_F32, rank, seed);
    check_pool (PRAXI_OP_MAX_POOL, PRAXI_U8, rank, seed);
    check_pool (PRAXI_OP_MAX_POOL, PRAXI_S8, rank, seed);
  }
}

static void
check_move (const PraxiOp *op,
            PraxiDType type,
            int from_layout,
            int to_layout,
            int rank,
            const int64_t *from,
            const int64_t *to)
{
  PraxiTensor x = test_tensor (type, from_layout, rank, from);
  PraxiTensor y = test_tensor (type, to_layout, rank, to);
  test_fill (&x, 5, 1);
  const PraxiTensor *in[] = {&x};
  test_check (op, in, 1, &y, pool, 0);
  test_tensor_clear (&x);
  test_tensor_clear (&y);
}

static void
test_copies (void)
{
  const int64_t a[] = {2, 19, 33, 27}, turned[] = {27, 2, 33, 19}, cut[] = {2, 7, 33, 9};
  const PraxiOp identity = {.kind = PRAXI_OP_IDENTITY};
  const PraxiOp transpose = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 4, .perm = {3, 0, 2, 1}};
  const PraxiOp slice = {.kind = PRAXI_OP_SLICE,
                         .n_axes = 2,
                         .axes = {1, 3},
                         .starts = {15, 2},
                         .ends = {2, 27},
                         .steps = {-2, 3}};
  for (int i = 0; i < 8; i++) {
    const PraxiDType type = i & 4 ? PRAXI_U8 : PRAXI_F32;
    check_move (&identity, type, i & 1, i >> 1 & 1, 4, a, a);
    check_move (&transpose, type, i & 1, i >> 1 & 1, 4, a, turned);
    check_move (&slice, type, i & 1, i >> 1 & 1, 4, a, cut);
  }
}

static void
test_concat (void)
{
  for (int i = 0; i < 8; i++) {
    const int axis = i % 4;
    int64_t dims[4] = {3, 4, 5, 6};
    PraxiTensor parts[3];
    const PraxiTensor *in[3];
    int64_t total = 0;
    for (int k = 0; k < 3; k++) {
      dims[axis] = 2 + 3 * k;
      total += dims[axis];
      parts[k] = test_tensor (PRAXI_F32, (i + k) % 2, 4, dims);
      test_fill (&parts[k], (unsigned) (i + k), 1);
      in[k] = &parts[k];
    }
    dims[axis] = total;
    PraxiTensor y = test_tensor (PRAXI_F32, i / 4, 4, dims);
    test_check (&(PraxiOp){.kind = PRAXI_OP_CONCAT, .axis = axis}, in, 3, &y, pool, 0);
    for (int k = 0; k < 3; k++)
      test_tensor_clear (&parts[k]);
    test_tensor_clear (&y);
  }
}

/* Pads by inputs, as ONNX has them; negative ones crop. */
static void
test_pad (void)
{
  static const int64_t pads[][8] = {
      {0, 0, 1, 2, 0, 0, 3, 1}, {0, 2, 0, 1, 1, 1, 0, 0}, {0, 0, -2, 3, 0, 0, 1, -4}};
  const int64_t dims[] = {2, 5, 9, 40};
  for (unsigned i = 0; i < 3 * 3 * 4; i++) {
    const int64_t *amounts = pads[i % 3];
    const PraxiPadMode mode = (PraxiPadMode) (i / 3 % 3);
    int64_t out[4], axes_pads[8];
    memcpy (axes_pads, amounts, sizeof axes_pads);
    for (int d = 0; d < 4; d++)
      out[d] = dims[d] + amounts[d] + amounts[4 + d];
    const PraxiDType type = i & 1 ? PRAXI_U8 : PRAXI_F32;
    PraxiTensor x = test_tensor (type, i / 9 & 1, 4, dims);
    PraxiTensor y = test_tensor (type, i / 18 & 1, 4, out);
    PraxiTensor amount = {
        .dtype = PRAXI_S64, .rank = 1, .dims = {8}, .strides = {1}, .data = axes_pads};
    test_fill (&x, i, 1);
    const PraxiTensor *in[] = {&x, &amount};
    test_check (&(PraxiOp){.kind = PRAXI_OP_PAD, .pad_mode = mode}, in, 2, &y, pool, 0);
    test_tensor_clear (&x);
    test_tensor_clear (&y);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (praxi_pool_new (2, &pool), ==, PRAXI_OK);
  g_test_add_func ("/cpu/move/matmul", test_matmul);
  g_test_add_func ("/cpu/move/pools", test_pools);
  g_test_add_func ("/cpu/move/copies", test_copies);
  g_test_add_func ("/cpu/move/concat", test_concat);
  g_test_add_func ("/cpu/move/pad", test_pad);
  const int result = g_test_run ();
  praxi_pool_free (pool);
  return result;
}
