/* Element-wise operators and reductions of the cpu backend against ref, over layouts, broadcasts
 * and views; what deals with bytes is equal to the bit.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/chain.h"
#include "tests/kernels/cpu-support.h"

static PraxiPool *pool;

static void
test_unary (void)
{
  static const PraxiOpKind kinds[] = {
      PRAXI_OP_RELU,         PRAXI_OP_LEAKY_RELU, PRAXI_OP_CLIP, PRAXI_OP_SIGMOID,
      PRAXI_OP_HARD_SIGMOID, PRAXI_OP_HARD_SWISH, PRAXI_OP_ABS,  PRAXI_OP_SQRT,
      PRAXI_OP_NEG,          PRAXI_OP_RECIPROCAL,
  };
  static const int64_t shapes[][4] = {{1, 3, 5, 7}, {2, 20, 33, 31}, {1, 1, 1, 1}, {3, 64, 40, 30}};
  for (size_t k = 0; k < G_N_ELEMENTS (kinds); k++) {
    for (unsigned s = 0; s < G_N_ELEMENTS (shapes); s++) {
      PraxiTensor x = test_tensor (PRAXI_F32, s % 2, 4, shapes[s]);
      PraxiTensor y = test_tensor (PRAXI_F32, s / 2, 4, shapes[s]);
      test_fill (&x, s, 30);
      for (int64_t i = 0; i < test_count (&x) && kinds[k] == PRAXI_OP_SQRT; i++)
        ((float *) x.data)[i] = fabsf (((float *) x.data)[i]);
      const PraxiOp op = {.kind = kinds[k],
                          .alpha = kinds[k] == PRAXI_OP_CLIP ? -2.f : 0.2f,
                          .beta = kinds[k] == PRAXI_OP_CLIP ? 5.f : 0.4f,
                          .has_min = true,
                          .has_max = s % 2};
      const PraxiTensor *in[] = {&x};
      test_check (&op, in, 1, &y, pool, kinds[k] == PRAXI_OP_RECIPROCAL ? 1e-1f : 1e-5f);
      test_tensor_clear (&x);
      test_tensor_clear (&y);
    }
  }
}

/* Shapes of the operands and of the result; 0 ends one. */
static const int64_t broadcasts[][3][5] = {
    {{2, 6, 9, 11}, {2, 6, 9, 11}, {2, 6, 9, 11}},
    {{2, 17, 9, 11}, {1, 17, 1, 1}, {2, 17, 9, 11}},
    {{1}, {2, 5, 3}, {2, 5, 3}},
    {{4, 1, 6, 1}, {7, 1, 5}, {4, 7, 6, 5}},
    {{1, 64, 20, 12, 10}, {1, 64, 1, 1, 1}, {1, 64, 20, 12, 10}},
    {{3, 8, 30, 31}, {30, 31}, {3, 8, 30, 31}},
};

static int
rank_of (const int64_t dims[5])
{
  int rank = 0;
  while (rank < 5 && dims[rank] > 0)
    rank++;
  return rank;
}

static void
test_binary (void)
{
  for (PraxiOpKind kind = PRAXI_OP_ADD; kind <= PRAXI_OP_MAX; kind++) {
    if (kind == PRAXI_OP_POW)
      continue;
    for (unsigned s = 0; s < 4 * G_N_ELEMENTS (broadcasts); s++) {
      const int64_t (*dims)[5] = broadcasts[s / 4];
      PraxiTensor t[3];
      for (unsigned i = 0; i < 3; i++) {
        const int rank = rank_of (dims[i]);
        t[i] = test_tensor (PRAXI_F32, rank >= 3 && (s >> (i % 2) & 1), rank, dims[i]);
        test_fill (&t[i], s * 3 + i, 3);
      }
      for (int64_t i = 0; i < test_count (&t[1]); i++)
        ((float *) t[1].data)[i] += ((float *) t[1].data)[i] < 0 ? -1 : 1;
      const PraxiOp op = {.kind = kind};
      const PraxiTensor *in[] = {&t[0], &t[1]};
      test_check (&op, in, 2, &t[2], pool, 1e-6f);
      for (int i = 0; i < 3; i++)
        test_tensor_clear (&t[i]);
    }
  }
}

/* Whole numbers of either sign, so that some are equal. */
static void
fill_whole (PraxiTensor *t, unsigned seed)
{
  test_fill (t, seed, 3);
  for (int64_t i = 0; i < test_count (t); i++)
    ((float *) t->data)[i] = roundf (((float *) t->data)[i]);
}

/* y = pick ? a : b for every shape of broadcasting, pick one of the operands' too. */
static void
check_where (PraxiTensor *pick, const PraxiTensor *a, const PraxiTensor *b, const PraxiTensor *like)
{
  PraxiTensor y = *like;
  y.dtype = PRAXI_F32;
  y.data = g_malloc (sizeof (float) * (size_t) test_count (like));
  for (int64_t i = 0; i < test_count (pick); i++)
    ((uint8_t *) pick->data)[i] &= 1;
  const PraxiTensor *in[] = {pick, a, b}, *swapped[] = {pick, b, a};
  test_check (&(PraxiOp){.kind = PRAXI_OP_WHERE}, in, 3, &y, pool, 0);
  test_check (&(PraxiOp){.kind = PRAXI_OP_WHERE}, swapped, 3, &y, pool, 0);
  g_free (y.data);
}

static void
test_masks (void)
{
  static const PraxiOpKind kinds[] = {PRAXI_OP_EQUAL, PRAXI_OP_LESS, PRAXI_OP_GREATER};
  for (unsigned s = 0; s < 4 * G_N_ELEMENTS (broadcasts); s++) {
    const int64_t (*dims)[5] = broadcasts[s / 4];
    PraxiTensor t[3], pick;
    for (unsigned i = 0; i < 3; i++) {
      const int rank = rank_of (dims[i]);
      t[i] = test_tensor (i == 2 ? PRAXI_BOOL : PRAXI_F32, rank >= 3 && (s >> (i % 2) & 1), rank,
                          dims[i]);
      if (i < 2)
        fill_whole (&t[i], s * 3 + i);
    }
    ((float *) t[0].data)[0] = NAN;
    PraxiTensor numbers = t[2];
    numbers.dtype = PRAXI_F32;
    numbers.data = g_malloc (sizeof (float) * (size_t) test_count (&numbers));
    const PraxiTensor *in[] = {&t[0], &t[1]}, *masks[] = {&t[2]};
    for (unsigned k = 0; k < G_N_ELEMENTS (kinds); k++) {
      test_check (&(PraxiOp){.kind = kinds[k]}, in, 2, &t[2], pool, 0);
      test_check (&(PraxiOp){.kind = PRAXI_OP_CAST, .to = PRAXI_F32}, masks, 1, &numbers, pool, 0);
    }
    check_where (&t[2], &t[0], &t[1], &t[2]);
    pick = test_tensor (PRAXI_BOOL, LAYOUT_ROW_MAJOR, t[1].rank, t[1].dims);
    test_fill (&pick, s, 1);
    check_where (&pick, &t[0], &t[1], &t[2]);
    test_tensor_clear (&pick);
    g_free (numbers.data);
    for (int i = 0; i < 3; i++)
      test_tensor_clear (&t[i]);
  }
}

/* e^x and log x relative to their size, and where they end. */
static void
test_exponential (void)
{
  static const float ends[] = {NAN, INFINITY, -INFINITY, 0, -0.f, 1000, -1000, 88.7f, 88.8f, -103};
  for (int is_log = 0; is_log < 2; is_log++) {
    PraxiTensor x = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 1, (const int64_t[]){1000});
    PraxiTensor y = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 1, (const int64_t[]){1000});
    test_fill (&x, 1, 80);
    memcpy (x.data, ends, sizeof ends);
    const PraxiTensor *in[] = {&x}, *out[] = {&y};
    for (int i = 0; test_level (i); i++) {
      const PraxiOp op = {.kind = is_log ? PRAXI_OP_LOG : PRAXI_OP_EXP};
      g_assert_true (test_run (test_level (i), &op, in, 1, out, 1, pool, NULL));
      for (int k = 0; k < 1000; k++) {
        const float v = ((float *) x.data)[k], got = ((float *) y.data)[k];
        const double right = (double) (is_log ? logf (v) : expf (v));
        if (isnan (right))
          g_assert_true (isnan (got));
        else if (right != (double) got)
          g_assert_cmpfloat (fabs ((double) got - right), <=, 1e-6 * fabs (right) + 1e-38);
      }
    }
    test_tensor_clear (&x);
    test_tensor_clear (&y);
  }
}

static void
test_softmax (void)
{
  static const int64_t shapes[][3] = {{5, 7, 3}, {1, 1, 400}, {2, 33, 17}, {1, 2, 1}};
  for (unsigned s = 0; s < 2 * G_N_ELEMENTS (shapes); s++) {
    const Layout layout = s % 2 ? LAYOUT_CHANNELS_LAST : LAYOUT_ROW_MAJOR;
    PraxiTensor x = test_tensor (PRAXI_F32, layout, 3, shapes[s / 2]);
    PraxiTensor y = test_tensor (PRAXI_F32, layout, 3, shapes[s / 2]);
    test_fill (&x, s, 20);
    ((float *) x.data)[0] = 90;
    const PraxiTensor *in[] = {&x};
    test_check (&(PraxiOp){.kind = PRAXI_OP_SOFTMAX, .axis = s % 2 ? 1 : -1}, in, 1, &y, pool,
                1e-6f);
    test_tensor_clear (&x);
    test_tensor_clear (&y);
  }
}

/* A transposed and a cut view of dense memory. */
static void
test_views (void)
{
  PraxiTensor x = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 3, (const int64_t[]){7, 40, 30});
  PraxiTensor y = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 3, (const int64_t[]){30, 7, 20});
  test_fill (&x, 3, 2);
  const PraxiTensor view = {.dtype = PRAXI_F32,
                            .rank = 3,
                            .dims = {30, 7, 20},
                            .strides = {1, 1200, 60},
                            .data = (float *) x.data + 30};
  const PraxiTensor *in[] = {&view, &y};
  test_check (&(PraxiOp){.kind = PRAXI_OP_RELU}, in, 1, &y, pool, 0);
  const PraxiTensor *both[] = {&view, &view};
  test_check (&(PraxiOp){.kind = PRAXI_OP_MUL}, both, 2, &y, pool, 1e-6f);
  test_tensor_clear (&x);
  test_tensor_clear (&y);
}

static void
check_quantize (PraxiDType type, unsigned seed)
{
  const int64_t dims[] = {2, 13, 9, 21};
  PraxiTensor x = test_tensor (PRAXI_F32, seed % 2, 4, dims);
  PraxiTensor q = test_tensor (type, seed % 2, 4, dims), back = test_tensor (PRAXI_F32, 0, 4, dims);
  float scale = 0.037f;
  int8_t zero = (int8_t) (seed * 37);
  const PraxiTensor s = {.dtype = PRAXI_F32, .data = &scale}, z = {.dtype = type, .data = &zero};
  const PraxiTensor *in[] = {&x, &s, &z}, *in_back[] = {&q, &s, &z};
  test_fill (&x, seed, 8);
  float *data = x.data;
  data[0] = NAN, data[1] = INFINITY, data[2] = -INFINITY, data[3] = 1e30f, data[4] = 0.5f * scale;
  test_check (&(PraxiOp){.kind = PRAXI_OP_QUANTIZE_LINEAR, .to = type, .axis = 1}, in, 3, &q, pool,
              0);
  test_fill (&q, seed + 1, 0);
  test_check (&(PraxiOp){.kind = PRAXI_OP_DEQUANTIZE_LINEAR, .axis = 1}, in_back, 3, &back, pool,
              0);
  test_tensor_clear (&x);
  test_tensor_clear (&q);
  test_tensor_clear (&back);
}

/* A scale and, at times, a zero point for each slice along an axis. */
static void
check_quantize_channels (PraxiDType type, int axis, unsigned seed)
{
  const int64_t dims[] = {14, 3, 5, 7};
  PraxiTensor x = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 4, dims);
  PraxiTensor q = test_tensor (type, LAYOUT_ROW_MAJOR, 4, dims);
  PraxiTensor back = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 4, dims);
  PraxiTensor s = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 1, &dims[axis]);
  PraxiTensor z = test_tensor (type, LAYOUT_ROW_MAJOR, 1, &dims[axis]);
  const PraxiTensor *in[] = {&x, &s, &z}, *in_back[] = {&q, &s, &z};
  const PraxiOp op = {.kind = PRAXI_OP_QUANTIZE_LINEAR, .to = type, .axis = axis};
  const PraxiOp op_back = {.kind = PRAXI_OP_DEQUANTIZE_LINEAR, .axis = axis - 4};
  const int n_in = type == PRAXI_S8 && seed % 2 ? 3 : 2;
  test_fill (&x, seed, 8);
  test_fill (&z, seed + 1, 0);
  for (int64_t i = 0; i < dims[axis]; i++)
    ((float *) s.data)[i] = 0.03f * (float) (i + 1);
  test_check (&op, in, type == PRAXI_S8 ? n_in : 3, &q, pool, 0);
  test_check_unknown (&op, in, 3, &q, pool, 0);
  test_fill (&q, seed + 2, 0);
  test_check (&op_back, in_back, n_in, &back, pool, 0);
  PraxiTensor *all[] = {&x, &q, &back, &s, &z};
  for (size_t i = 0; i < G_N_ELEMENTS (all); i++)
    test_tensor_clear (all[i]);
}

static void
check_bytes (unsigned seed)
{
  const int64_t dims[] = {1, 19, 6, 7, 5};
  const PraxiDType types[] = {PRAXI_U8, PRAXI_S8};
  PraxiTensor a = test_tensor (types[seed & 1], LAYOUT_CHANNELS_LAST, 5, dims);
  PraxiTensor b = test_tensor (types[seed >> 1 & 1], seed % 3 == 0, 5, dims);
  PraxiTensor q = test_tensor (types[seed >> 2 & 1], LAYOUT_CHANNELS_LAST, 5, dims);
  test_fill (&a, seed, 0);
  test_fill (&b, seed + 9, 0);
  const float multiplier = 0.31f, offset = 3.5f;
  uint8_t table[256];
  for (int i = 0; i < 256; i++)
    table[i] = (uint8_t) (i * 7 + 3);
  const int least = q.dtype == PRAXI_S8 ? -128 : 0;
  PraxiOp op = {.kind = PRAXI_OP_QADD, .to = q.dtype, .table = table};
  op.requantize = (PraxiRequantize){.multiplier = &multiplier,
                                    .offset = seed % 2 ? &offset : NULL,
                                    .input_zero = 11,
                                    .output_zero = least + 90,
                                    .residual_zero = -4,
                                    .residual_multiplier = 0.77f,
                                    .low = least + (seed % 2 ? 90 : 0),
                                    .high = least + 255};
  const PraxiTensor *in[] = {&a, &b};
  test_check (&op, in, 2, &q, pool, 0);
  op.kind = PRAXI_OP_QTABLE;
  test_check (&op, in, 1, &q, pool, 0);
  test_tensor_clear (&a);
  test_tensor_clear (&b);
  test_tensor_clear (&q);
}

static void
test_bytes_exact (void)
{
  for (unsigned seed = 0; seed < 8; seed++) {
    check_quantize (seed % 2 ? PRAXI_S8 : PRAXI_U8, seed);
    check_quantize_channels (seed % 2 ? PRAXI_S8 : PRAXI_U8, (int) seed % 4, seed / 2);
    check_bytes (seed);
  }
}

/* x / (|x| + 2.5) to bytes; x sigmoid (gate), a gate a channel; relu (bytes + x) cut to [−1, 1] */
static const PraxiChainStep squash[] = {
    {.kind = PRAXI_OP_ABS, .a = 0},
    {.kind = PRAXI_OP_ADD, .a = -1, .b = PRAXI_CHAIN_CONSTANT, .constant = 2.5f},
    {.kind = PRAXI_OP_DIV, .a = 0, .b = -2},
    {.kind = PRAXI_OP_QUANTIZE_LINEAR, .a = -3, .alpha = 1.f / 127, .zero = 3},
};
static const PraxiChainStep gated[] = {
    {.kind = PRAXI_OP_MUL, .a = 1, .b = PRAXI_CHAIN_CONSTANT, .constant = -0.7f},
    {.kind = PRAXI_OP_MUL, .a = 0, .b = -1},
    {.kind = PRAXI_OP_SIGMOID, .a = -2},
    {.kind = PRAXI_OP_SUB, .a = -3, .b = 2},
};
static const PraxiChainStep from_bytes[] = {
    {.kind = PRAXI_OP_DEQUANTIZE_LINEAR, .a = 1, .alpha = 0.01f, .zero = 7},
    {.kind = PRAXI_OP_ADD, .a = -1, .b = 0},
    {.kind = PRAXI_OP_RELU, .a = -2},
    {.kind = PRAXI_OP_CLIP, .a = -3, .alpha = -1, .beta = 1},
};

static void
check_chain (const PraxiChainStep *steps, int n_steps, int n_in, PraxiDType second, PraxiDType to)
{
  static const int64_t shapes[][5] = {{2, 19, 5, 6, 7}, {1, 1, 1, 1, 700}, {1, 7, 1, 3, 1}};
  for (unsigned i = 0; i < G_N_ELEMENTS (shapes); i++) {
    const int64_t *dims = shapes[i], gate_dims[] = {dims[0], dims[1], 1, 1, 1};
    PraxiTensor x = test_tensor (PRAXI_F32, i % 2, 5, dims);
    PraxiTensor gate =
        test_tensor (second, LAYOUT_ROW_MAJOR, 5, second == PRAXI_F32 ? gate_dims : dims);
    PraxiTensor last = test_tensor (PRAXI_F32, LAYOUT_CHANNELS_LAST, 5, dims);
    PraxiTensor y = test_tensor (to, i % 3 == 0, 5, dims);
    test_fill (&x, i, 9);
    test_fill (&gate, i + 4, 1);
    test_fill (&last, i + 8, 1);
    const PraxiOp op = {.kind = PRAXI_OP_CHAIN, .to = to, .chain = steps, .n_chain = n_steps};
    const PraxiTensor *in[] = {&x, &gate, &last};
    test_check (&op, in, n_in, &y, pool, steps == gated ? 1e-5f : 0);
    PraxiTensor *all[] = {&x, &gate, &last, &y};
    for (size_t k = 0; k < G_N_ELEMENTS (all); k++)
      test_tensor_clear (all[k]);
  }
}

/* Bytes behind squeeze-and-excitation: swish (x gate), a gate a channel. */
static const PraxiChainStep excited[] = {
    {.kind = PRAXI_OP_DEQUANTIZE_LINEAR, .a = 1, .alpha = 0.05f, .zero = 11},
    {.kind = PRAXI_OP_MUL, .a = -1, .b = 0},
    {.kind = PRAXI_OP_SIGMOID, .a = -2},
    {.kind = PRAXI_OP_MUL, .a = -2, .b = -3},
    {.kind = PRAXI_OP_QUANTIZE_LINEAR, .a = -4, .alpha = 0.02f, .zero = 5},
};

/* Many pixels go by a table for each channel; a gate that is not one a channel, and few, do not. */
static void
check_excited (const int64_t dims[5], int64_t gate_width, PraxiDType from, PraxiDType to)
{
  const int64_t gate_dims[] = {dims[0], dims[1], 1, 1, gate_width};
  PraxiTensor gate = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 5, gate_dims);
  PraxiTensor x = test_tensor (from, LAYOUT_CHANNELS_LAST, 5, dims);
  PraxiTensor y = test_tensor (to, LAYOUT_CHANNELS_LAST, 5, dims);
  test_fill (&gate, (unsigned) dims[1], 1);
  test_fill (&x, (unsigned) dims[4], 100);
  const PraxiOp op = {
      .kind = PRAXI_OP_CHAIN, .to = to, .chain = excited, .n_chain = G_N_ELEMENTS (excited)};
  const PraxiTensor *in[] = {&gate, &x};
  test_check (&op, in, 2, &y, pool, 0);
  test_tensor_clear (&gate);
  test_tensor_clear (&x);
  test_tensor_clear (&y);
}

static void
test_chain_channels (void)
{
  static const int64_t shapes[][5] = {
      {2, 54, 3, 10, 9}, {1, 70, 1, 16, 8}, {1, 3, 5, 7, 11}, {1, 128, 2, 9, 9}, {1, 20, 1, 5, 5}};
  for (size_t i = 0; i < G_N_ELEMENTS (shapes); i++) {
    check_excited (shapes[i], 1, PRAXI_U8, PRAXI_U8);
    check_excited (shapes[i], 1, PRAXI_S8, PRAXI_S8);
    check_excited (shapes[i], 1, PRAXI_U8, PRAXI_S8);
    check_excited (shapes[i], shapes[i][4], PRAXI_U8, PRAXI_U8);
  }
}

/* More rows than 16 bits hold sums of, blocks of columns and what is left of them. */
static void
test_mean_bytes (void)
{
  static const int64_t shapes[][5] = {
      {2, 54, 3, 10, 9}, {1, 130, 4, 16, 8}, {1, 3, 5, 70, 60}, {3, 64, 1, 1, 1}};
  for (unsigned i = 0; i < G_N_ELEMENTS (shapes) * 2; i++) {
    const int64_t *dims = shapes[i / 2], out[] = {dims[0], dims[1], 1, 1, 1};
    PraxiTensor x = test_tensor (i % 2 ? PRAXI_S8 : PRAXI_U8, LAYOUT_CHANNELS_LAST, 5, dims);
    PraxiTensor y = test_tensor (PRAXI_F32, LAYOUT_CHANNELS_LAST, 5, out);
    test_fill (&x, i, 255);
    const PraxiOp op = {.kind = PRAXI_OP_GLOBAL_AVERAGE_POOL,
                        .to = PRAXI_F32,
                        .alpha = 0.013f,
                        .value = i % 2 ? -5 : 131};
    const PraxiTensor *in[] = {&x};
    test_check (&op, in, 1, &y, pool, 0);
    test_tensor_clear (&x);
    test_tensor_clear (&y);
  }
}

static const PraxiChainStep swish[] = {
    {.kind = PRAXI_OP_DEQUANTIZE_LINEAR, .a = 0, .alpha = 0.037f, .zero = 4},
    {.kind = PRAXI_OP_HARD_SWISH, .a = -1},
    {.kind = PRAXI_OP_RELU, .a = -2}};

/* Sums of floats differ a little from the plain ones, not from thread to thread. */
static void
check_mean_chain (const PraxiTensor *x, int n_steps)
{
  const int64_t out[] = {x->dims[0], x->dims[1], 1, 1, 1};
  PraxiTensor y = test_tensor (PRAXI_F32, LAYOUT_CHANNELS_LAST, 5, out);
  PraxiTensor alone = test_tensor (PRAXI_F32, LAYOUT_CHANNELS_LAST, 5, out);
  const PraxiOp op = {
      .kind = PRAXI_OP_GLOBAL_AVERAGE_POOL, .to = PRAXI_F32, .chain = swish, .n_chain = n_steps};
  const PraxiTensor *in[] = {x}, *several[] = {&y}, *one[] = {&alone};
  PraxiPool *thread;
  g_assert_cmpint (praxi_pool_new (1, &thread), ==, PRAXI_OK);
  test_check (&op, in, 1, &y, pool, 1e-5f);
  for (int i = 0; test_level (i) && !test_may_lack (test_level (i)); i++) {
    test_run (test_level (i), &op, in, 1, several, 1, pool, NULL);
    test_run (test_level (i), &op, in, 1, one, 1, thread, NULL);
    g_assert_cmpfloat (test_max_difference (&y, &alone), ==, 0);
  }
  test_tensor_clear (&y);
  test_tensor_clear (&alone);
  praxi_pool_free (thread);
}

static void
test_mean_chain (void)
{
  static const int64_t shapes[][5] = {{2, 54, 3, 10, 9},
                                      {1, 130, 4, 16, 8},
                                      {1, 3, 5, 70, 60},
                                      {3, 64, 1, 1, 1},
                                      {1, 1200, 2, 9, 8}};
  for (unsigned i = 0; i < G_N_ELEMENTS (shapes) * 2; i++) {
    PraxiTensor x =
        test_tensor (i % 2 ? PRAXI_S8 : PRAXI_U8, LAYOUT_CHANNELS_LAST, 5, shapes[i / 2]);
    test_fill (&x, i, 255);
    check_mean_chain (&x, 2);
    check_mean_chain (&x, 3);
    test_tensor_clear (&x);
  }
}

static void
test_chain (void)
{
  check_chain (squash, G_N_ELEMENTS (squash), 1, PRAXI_F32, PRAXI_U8);
  check_chain (squash, G_N_ELEMENTS (squash), 1, PRAXI_F32, PRAXI_S8);
  check_chain (squash, G_N_ELEMENTS (squash) - 1, 1, PRAXI_F32, PRAXI_F32);
  check_chain (gated, G_N_ELEMENTS (gated), 3, PRAXI_F32, PRAXI_F32);
  check_chain (from_bytes, G_N_ELEMENTS (from_bytes), 2, PRAXI_S8, PRAXI_F32);
  check_chain (from_bytes, G_N_ELEMENTS (from_bytes), 2, PRAXI_U8, PRAXI_F32);
}

static void
check_reduce (PraxiOpKind kind,
              Layout layout,
              int rank,
              const int64_t *dims,
              unsigned mask,
              bool keep)
{
  PraxiOp op = {.kind = kind, .keepdims = keep};
  int64_t out[5];
  int n = 0;
  for (int axis = 0; axis < rank; axis++) {
    if (mask >> axis & 1)
      op.axes[op.n_axes++] = axis;
    if (!(mask >> axis & 1) || keep)
      out[n++] = mask >> axis & 1 ? 1 : dims[axis];
  }
  PraxiTensor x = test_tensor (PRAXI_F32, layout, rank, dims);
  PraxiTensor y = test_tensor (PRAXI_F32, layout && n >= 3, n, out);
  test_fill (&x, mask, 1);
  const PraxiTensor *in[] = {&x};
  test_check (&op, in, 1, &y, pool, kind == PRAXI_OP_REDUCE_SUM ? 1e-3f : 1e-5f);
  test_tensor_clear (&x);
  test_tensor_clear (&y);
}

static void
test_reduce (void)
{
  static const PraxiOpKind kinds[] = {PRAXI_OP_REDUCE_MEAN, PRAXI_OP_REDUCE_MAX,
                                      PRAXI_OP_REDUCE_MIN, PRAXI_OP_REDUCE_SUM};
  static const int64_t shapes[][5] = {{2, 19, 5, 6, 7}, {1, 64, 20, 5, 6}, {3, 1, 4, 1, 9}};
  for (unsigned k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (unsigned mask = 1; mask < 32; mask++)
      for (unsigned s = 0; s < G_N_ELEMENTS (shapes); s++)
        check_reduce (kinds[k], mask * s % 2 ? LAYOUT_CHANNELS_LAST : LAYOUT_ROW_MAJOR, 5,
                      shapes[s], mask, (mask + k) % 2);
  check_reduce (PRAXI_OP_REDUCE_MEAN, LAYOUT_CHANNELS_LAST, 5, (const int64_t[]){1, 96, 16, 40, 40},
                28, true);
  check_reduce (PRAXI_OP_REDUCE_MAX, LAYOUT_ROW_MAJOR, 2, (const int64_t[]){100, 1000}, 2, false);
}

static void
test_global_pools (void)
{
  for (int i = 0; i < 4; i++) {
    PraxiTensor x = test_tensor (PRAXI_F32, i % 2, 4, (const int64_t[]){2, 37, 12, 9});
    PraxiTensor y = test_tensor (PRAXI_F32, i % 2, 4, (const int64_t[]){2, 37, 1, 1});
    test_fill (&x, (unsigned) i, 1);
    const PraxiTensor *in[] = {&x};
    const PraxiOp op = {.kind = i / 2 ? PRAXI_OP_GLOBAL_MAX_POOL : PRAXI_OP_GLOBAL_AVERAGE_POOL};
    test_check (&op, in, 1, &y, pool, 1e-6f);
    test_tensor_clear (&x);
    test_tensor_clear (&y);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (praxi_pool_new (2, &pool), ==, PRAXI_OK);
  g_test_add_func ("/cpu/element/unary", test_unary);
  g_test_add_func ("/cpu/element/binary", test_binary);
  g_test_add_func ("/cpu/element/masks", test_masks);
  g_test_add_func ("/cpu/element/exponential", test_exponential);
  g_test_add_func ("/cpu/element/softmax", test_softmax);
  g_test_add_func ("/cpu/element/views", test_views);
  g_test_add_func ("/cpu/element/bytes-exact", test_bytes_exact);
  g_test_add_func ("/cpu/element/reduce", test_reduce);
  g_test_add_func ("/cpu/element/global-pools", test_global_pools);
  g_test_add_func ("/cpu/element/mean-bytes", test_mean_bytes);
  g_test_add_func ("/cpu/element/mean-chain", test_mean_chain);
  g_test_add_func ("/cpu/element/chain", test_chain);
  g_test_add_func ("/cpu/element/chain-channels", test_chain_channels);
  const int result = g_test_run ();
  praxi_pool_free (pool);
  return result;
}
