/* Element by element, sums, products, norms: known values, and sums written out. */
#include <math.h>

#include "tests/kernels/ref-support.h"

static void
test_functions (void)
{
  static const double x[] = {-4, -1, -0.5, 0, 0.5, 1, 4, NAN};
  static const struct {
    PraxiOpKind kind;
    bool gelu_tanh;
    double y[8];
  } cases[] = {
      {PRAXI_OP_RELU, false, {0, 0, 0, 0, 0.5, 1, 4, NAN}},
      {PRAXI_OP_LEAKY_RELU, false, {-1, -0.25, -0.125, 0, 0.5, 1, 4, NAN}},
      {PRAXI_OP_SIGMOID,
       false,
       {0.01798621, 0.26894142, 0.37754067, 0.5, 0.62245933, 0.73105858, 0.98201379, NAN}},
      {PRAXI_OP_HARD_SIGMOID, false, {0, 0.25, 0.375, 0.5, 0.625, 0.75, 1, NAN}},
      {PRAXI_OP_HARD_SWISH, false, {0, -1. / 3, -0.20833333, 0, 0.29166667, 2. / 3, 4, NAN}},
      {PRAXI_OP_TANH,
       false,
       {-0.99932930, -0.76159416, -0.46211716, 0, 0.46211716, 0.76159416, 0.99932930, NAN}},
      {PRAXI_OP_GELU,
       false,
       {-0.00012669, -0.15865525, -0.15426877, 0, 0.34573123, 0.84134475, 3.99987331, NAN}},
      {PRAXI_OP_GELU,
       true,
       {-0.00007022, -0.15880801, -0.15428599, 0, 0.34571401, 0.84119199, 3.99992978, NAN}},
      {PRAXI_OP_ERF,
       false,
       {-0.99999998, -0.84270079, -0.52049988, 0, 0.52049988, 0.84270079, 0.99999998, NAN}},
      {PRAXI_OP_ABS, false, {4, 1, 0.5, 0, 0.5, 1, 4, NAN}},
      {PRAXI_OP_SQRT, false, {NAN, NAN, NAN, 0, 0.70710678, 1, 2, NAN}},
      {PRAXI_OP_EXP,
       false,
       {0.01831564, 0.36787944, 0.60653066, 1, 1.64872127, 2.71828183, 54.59815003, NAN}},
      {PRAXI_OP_LOG, false, {NAN, NAN, NAN, -INFINITY, -0.69314718, 0, 1.38629436, NAN}},
      {PRAXI_OP_NEG, false, {4, 1, 0.5, 0, -0.5, -1, -4, NAN}},
      {PRAXI_OP_RECIPROCAL, false, {-0.25, -1, -2, INFINITY, 2, 1, 0.25, NAN}},
      {PRAXI_OP_FLOOR, false, {-4, -1, -1, 0, 0, 1, 4, NAN}},
      {PRAXI_OP_IDENTITY, false, {-4, -1, -0.5, 0, 0.5, 1, 4, NAN}},
  };
  static const PraxiDType types[] = {PRAXI_F32, PRAXI_F64, PRAXI_F16, PRAXI_BF16};
  for (gsize i = 0; i < G_N_ELEMENTS (cases) * G_N_ELEMENTS (types); i++) {
    const gsize k = i / G_N_ELEMENTS (types);
    const PraxiDType type = types[i % G_N_ELEMENTS (types)];
    g_autoptr (Case) c = case_new (cases[k].kind, (guint32) i, (Lie) (i % 3));
    c->op.alpha = 0.25F;
    c->op.beta = 0.5F;
    c->op.gelu_tanh = cases[k].gelu_tanh;
    case_add_values (c, type, 3, (int64_t[]){2, 2, 2}, x);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    case_expect (c, 0, cases[k].y, type == PRAXI_BF16 ? 4e-3 : type == PRAXI_F16 ? 5e-4 : 1e-6);
  }
}

static double
combined (PraxiOpKind kind, double a, double b)
{
  switch (kind) {
  case PRAXI_OP_ADD:
    return a + b;
  case PRAXI_OP_SUB:
    return a - b;
  case PRAXI_OP_MUL:
    return a * b;
  case PRAXI_OP_DIV:
    return a / b;
  case PRAXI_OP_MIN:
    return MIN (a, b);
  case PRAXI_OP_MAX:
    return MAX (a, b);
  case PRAXI_OP_POW:
    return pow (a, b);
  case PRAXI_OP_PRELU:
    return a < 0 ? a * b : a;
  case PRAXI_OP_EQUAL:
    return a == b;
  case PRAXI_OP_LESS:
    return a < b;
  default:
    return a > b;
  }
}

static void
test_broadcast (void)
{
  static const PraxiOpKind kinds[] = {
      PRAXI_OP_ADD, PRAXI_OP_SUB,   PRAXI_OP_MUL,   PRAXI_OP_DIV,  PRAXI_OP_MIN,    PRAXI_OP_MAX,
      PRAXI_OP_POW, PRAXI_OP_PRELU, PRAXI_OP_EQUAL, PRAXI_OP_LESS, PRAXI_OP_GREATER};
  for (guint round = 0; round < 40 * G_N_ELEMENTS (kinds); round++) {
    g_autoptr (Case) c = case_new (kinds[round % G_N_ELEMENTS (kinds)], round, (Lie) (round % 3));
    int64_t dims[4], other[4];
    const int lead = c->op.kind == PRAXI_OP_PRELU ? 1 : (int) (round % 2);
    for (int d = 0; d < 4; d++) {
      dims[d] = g_rand_int_range (c->rand, 1, 4);
      other[d] = g_rand_boolean (c->rand) ? 1 : dims[d];
      if (c->op.kind != PRAXI_OP_PRELU && g_rand_int_range (c->rand, 0, 4) == 0)
        dims[d] = 1;
    }
    case_add (c, PRAXI_F32, 4, dims, 2);
    case_add (c, PRAXI_F32, 4 - lead, other + lead, 2);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    int64_t index[PRAXI_MAX_RANK] = {0}, k = 0;
    do {
      int64_t a[4], b[4];
      for (int d = 0; d < 4; d++)
        a[d] = dims[d] == 1 ? 0 : index[d];
      for (int d = lead; d < 4; d++)
        b[d - lead] = other[d] == 1 ? 0 : index[d];
      const double v = combined (c->op.kind, case_at (&c->in[0], a), case_at (&c->in[1], b));
      const double got = praxi_tensor_get (&c->out[0], k++);
      g_assert_true (got == (double) (float) v || (isnan (v) && isnan (got)));
    } while (case_step (&c->out[0], index));
  }
}

static void
test_integers_wrap_and_never_trap (void)
{
  static const struct {
    PraxiOpKind kind;
    PraxiDType type;
    double a, b, y;
  } cases[] = {
      {PRAXI_OP_ADD, PRAXI_U8, 200, 100, 44},
      {PRAXI_OP_SUB, PRAXI_U8, 1, 2, 255},
      {PRAXI_OP_MUL, PRAXI_S8, 100, 2, -56},
      {PRAXI_OP_DIV, PRAXI_S32, -7, 2, -3},
      {PRAXI_OP_DIV, PRAXI_S32, 7, 0, 0},
      {PRAXI_OP_DIV, PRAXI_S32, -2147483648., -1, -2147483648.},
      {PRAXI_OP_DIV, PRAXI_S64, -0x1p63, -1, -0x1p63},
      {PRAXI_OP_DIV, PRAXI_U64, 0x1p63, 2, 0x1p62},
      {PRAXI_OP_MAX, PRAXI_U64, 0x1p63, 2, 0x1p63},
      {PRAXI_OP_MIN, PRAXI_S16, -3, 2, -3},
      {PRAXI_OP_POW, PRAXI_S32, -3, 3, -27},
      {PRAXI_OP_POW, PRAXI_S64, 2, -1, 0},
      {PRAXI_OP_POW, PRAXI_S64, -1, -3, -1},
      {PRAXI_OP_MUL, PRAXI_S64, 0x1p62, 4, 0},
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (Case) c = case_new (cases[i].kind, 0, LIE_DENSE);
    case_add_values (c, cases[i].type, 0, NULL, &cases[i].a);
    case_add_values (c, cases[i].type, 0, NULL, &cases[i].b);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    case_expect (c, 0, &cases[i].y, 0);
  }
}

static void
test_clip (void)
{
  static const double x[] = {-9, -1, 0, 1, 9, NAN}, at_most_one[] = {-1, -1, 0, 1, 1, NAN};
  static const double crossed[] = {-2, -2, -2, -2, -2, NAN};
  for (int i = 0; i < 3; i++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_CLIP, 0, (Lie) i);
    case_add_values (c, PRAXI_F32, 2, (int64_t[]){2, 3}, x);
    c->op.alpha = -1;
    c->op.beta = 1;
    c->op.has_min = c->op.has_max = true;
    if (i == 2) { /* inputs go before parameters; where min > max, max wins */
      case_add_values (c, PRAXI_F32, 0, NULL, (double[]){3});
      case_add_values (c, PRAXI_F32, 0, NULL, (double[]){-2});
    }
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    case_expect (c, 0, i == 2 ? crossed : at_most_one, 0);
  }
}

static void
test_cast (void)
{
  static const double x[] = {-129.5, -1.5, 0, 0.999, 127.5, 300};
  static const struct {
    PraxiDType from, to;
    double y[6];
  } cases[] = {
      {PRAXI_F32, PRAXI_U8, {0, 0, 0, 0, 127, 255}},
      {PRAXI_F32, PRAXI_S8, {-128, -1, 0, 0, 127, 127}},
      {PRAXI_F64, PRAXI_S64, {-129, -1, 0, 0, 127, 300}},
      {PRAXI_F16, PRAXI_BOOL, {1, 1, 0, 1, 1, 1}},
      {PRAXI_S32, PRAXI_S8, {127, -1, 0, 0, 127, 44}},
      {PRAXI_S32, PRAXI_F64, {-129, -1, 0, 0, 127, 300}},
      {PRAXI_S16, PRAXI_U32, {4294967167, 4294967295, 0, 0, 127, 300}},
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_CAST, 1, (Lie) (i % 3));
    c->op.to = cases[i].to;
    case_add_values (c, cases[i].from, 2, (int64_t[]){2, 3}, x);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    g_assert_cmpint (c->out[0].dtype, ==, cases[i].to);
    case_expect (c, 0, cases[i].y, 0);
  }
}

/* The fewest digits that give the number back, and any number that C can read. */
static void
test_cast_text (void)
{
  static const struct {
    PraxiDType type;
    double x;
    const char *text;
  } cases[] = {
      {PRAXI_F32, 0.039187793, "0.039187793"},
      {PRAXI_F32, 0.1, "0.1"},
      {PRAXI_F64, 0.1, "0.1"},
      {PRAXI_F64, 1.0 / 3, "0.3333333333333333"},
      {PRAXI_F16, 0.1, "0.1"},
      {PRAXI_F32, -1e-20, "-1e-20"},
      {PRAXI_F32, -INFINITY, "-inf"},
      {PRAXI_F32, NAN, "nan"},
      {PRAXI_S64, -129, "-129"},
      {PRAXI_U8, 200, "200"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_CAST, 1, (Lie) (i % 3));
    c->op.to = PRAXI_STRING;
    case_add_values (c, cases[i].type, 0, NULL, &cases[i].x);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    g_assert_cmpstr (c->out[0].data, ==, cases[i].text);
  }
}

static void
test_cast_from_text (void)
{
  static const struct {
    const char *text;
    PraxiDType type;
    double x;
    PraxiStatus status;
  } cases[] = {
      {"0.5", PRAXI_F32, 0.5, PRAXI_OK},
      {"+INF", PRAXI_F64, INFINITY, PRAXI_OK},
      {"NaN", PRAXI_F16, NAN, PRAXI_OK},
      {"-7", PRAXI_S8, -7, PRAXI_OK},
      {"2.75", PRAXI_S32, 2, PRAXI_OK},
      {"0,5", PRAXI_F32, 0, PRAXI_STATUS_VALUE},
      {"fight", PRAXI_F32, 0, PRAXI_STATUS_VALUE},
      {"", PRAXI_F32, 0, PRAXI_STATUS_VALUE},
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    char text[PRAXI_STRING_BYTES] = {0};
    g_strlcpy (text, cases[i].text, sizeof text);
    g_autoptr (Case) c = case_new (PRAXI_OP_CAST, 1, LIE_DENSE);
    c->op.to = cases[i].type;
    memcpy (case_add (c, PRAXI_STRING, 0, NULL, 0)->data, text, sizeof text);
    g_assert_cmpint (case_run (c), ==, cases[i].status);
    if (cases[i].status == PRAXI_OK)
      case_expect (c, 0, &cases[i].x, 0);
  }
}

static void
test_reduce (void)
{
  static const PraxiOpKind kinds[] = {PRAXI_OP_REDUCE_MEAN, PRAXI_OP_REDUCE_MAX,
                                      PRAXI_OP_REDUCE_MIN, PRAXI_OP_REDUCE_SUM};
  for (guint round = 0; round < 160; round++) {
    const PraxiOpKind kind = kinds[round % 4];
    g_autoptr (Case) c = case_new (kind, round, (Lie) (round % 3));
    const int64_t dims[] = {g_rand_int_range (c->rand, 1, 5), 3, 2, 4};
    gboolean gone[4];
    c->op.keepdims = round % 8 < 4;
    for (int d = 0; d < 4; d++)
      if ((gone[d] = g_rand_boolean (c->rand)))
        c->op.axes[c->op.n_axes++] = d - (round % 16 < 8 ? 4 : 0);
    if (c->op.n_axes == 0)
      gone[0] = gone[1] = gone[2] = gone[3] = TRUE;
    case_add (c, round % 5 == 0 ? PRAXI_F64 : PRAXI_F32, 4, dims, 3);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    double y[5 * 24], n = 0;
    const int64_t count = case_count (&c->out[0]);
    for (int64_t k = 0; k < count; k++)
      y[k] = kind == PRAXI_OP_REDUCE_MAX ? -INFINITY : kind == PRAXI_OP_REDUCE_MIN ? INFINITY : 0;
    int64_t index[PRAXI_MAX_RANK] = {0};
    do {
      int64_t k = 0;
      for (int d = 0; d < 4; d++)
        k = gone[d] ? k : k * dims[d] + index[d];
      const double v = case_at (&c->in[0], index);
      y[k] = kind == PRAXI_OP_REDUCE_MAX   ? MAX (y[k], v)
             : kind == PRAXI_OP_REDUCE_MIN ? MIN (y[k], v)
                                           : y[k] + v;
      n++;
    } while (case_step (&c->in[0], index));
    for (int64_t k = 0; k < count && kind == PRAXI_OP_REDUCE_MEAN; k++)
      y[k] /= n / (double) count;
    case_expect (c, 0, y, 1e-6);
  }
}

static void
test_reduce_nothing (void)
{
  static const PraxiOpKind kinds[] = {PRAXI_OP_REDUCE_MEAN, PRAXI_OP_REDUCE_MAX,
                                      PRAXI_OP_REDUCE_MIN, PRAXI_OP_REDUCE_SUM};
  static const double y[] = {NAN, -INFINITY, INFINITY, 0};
  for (int i = 0; i < 4; i++) {
    g_autoptr (Case) c = case_new (kinds[i], 0, LIE_DENSE);
    c->op.n_axes = 1;
    case_add (c, PRAXI_F32, 2, (int64_t[]){0, 1}, 1);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    case_expect (c, 0, &y[i], 0);
  }
}

static void
test_matmul (void)
{
  for (guint round = 0; round < 60; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_MATMUL, round, (Lie) (round % 3));
    const int64_t m = g_rand_int_range (c->rand, 1, 5), n = g_rand_int_range (c->rand, 1, 5);
    const int64_t k = g_rand_int_range (c->rand, 0, 5);
    const int a_lead = round % 2 == 0 ? 2 : 1, b_lead = round % 3 == 0 ? 2 : 0;
    const int64_t a[] = {3, round % 5 == 0 ? 1 : 2, m, k}, b[] = {1, 2, k, n};
    case_add (c, round % 4 == 3 ? PRAXI_F64 : PRAXI_F32, 2 + a_lead, a + 2 - a_lead, 1);
    case_add (c, c->in[0].dtype, 2 + b_lead, b + 2 - b_lead, 1);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    const int rank = c->out[0].rank;
    int64_t index[PRAXI_MAX_RANK] = {0}, at = 0;
    do {
      double sum = 0;
      for (int64_t i = 0; i < k; i++) {
        int64_t left[4], right[4];
        for (int d = 0; d < 2 + a_lead; d++)
          left[d] = index[rank - 2 - a_lead + d] % c->in[0].dims[d];
        for (int d = 0; d < 2 + b_lead; d++)
          right[d] = index[rank - 2 - b_lead + d] % c->in[1].dims[d];
        left[1 + a_lead] = i;
        right[b_lead] = i;
        sum += case_at (&c->in[0], left) * case_at (&c->in[1], right);
      }
      const double got = praxi_tensor_get (&c->out[0], at++);
      g_assert_cmpfloat (fabs (got - sum), <, 1e-6);
    } while (case_step (&c->out[0], index));
  }
}

static void
test_matmul_of_vectors (void)
{
  g_autoptr (Case) dot = case_new (PRAXI_OP_MATMUL, 0, LIE_DENSE);
  case_add_values (dot, PRAXI_S32, 1, (int64_t[]){3}, (double[]){1, 2, 3});
  case_add_values (dot, PRAXI_S32, 1, (int64_t[]){3}, (double[]){4, 5, -6});
  g_assert_cmpint (case_run (dot), ==, PRAXI_OK);
  g_assert_cmpint (dot->out[0].rank, ==, 0);
  case_expect (dot, 0, (double[]){-4}, 0);
}

static void
test_gemm (void)
{
  for (guint round = 0; round < 40; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_GEMM, round, (Lie) (round % 3));
    const bool ta = round % 2, tb = round / 2 % 2;
    const int64_t m = 1 + round % 3, n = 1 + round % 4, k = round % 5;
    const int64_t biases[][2] = {{m, n}, {1, n}, {m, 1}, {1, 1}};
    c->op.alpha = 0.5F;
    c->op.beta = 2;
    c->op.transpose_a = ta;
    c->op.transpose_b = tb;
    case_add (c, PRAXI_F32, 2, ta ? (int64_t[]){k, m} : (int64_t[]){m, k}, 1);
    case_add (c, PRAXI_F32, 2, tb ? (int64_t[]){n, k} : (int64_t[]){k, n}, 1);
    const PraxiTensor *bias = case_add (c, PRAXI_F32, 2, biases[round % 4], 1);
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (int64_t l = 0; l < k; l++)
          sum += case_at (&c->in[0], ta ? (int64_t[]){l, i} : (int64_t[]){i, l}) *
                 case_at (&c->in[1], tb ? (int64_t[]){j, l} : (int64_t[]){l, j});
        const double y =
            0.5 * sum + 2 * case_at (bias, (int64_t[]){i % bias->dims[0], j % bias->dims[1]});
        g_assert_cmpfloat (fabs (case_at (&c->out[0], (int64_t[]){i, j}) - y), <, 1e-6);
      }
  }
}

static void
test_norms_have_their_moments (void)
{
  for (guint round = 0; round < 30; round++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_LAYER_NORM, round, (Lie) (round % 3));
    c->op.axis = round % 2 == 0 ? -1 : 1;
    c->op.epsilon = 1e-12F;
    c->n_out = 3;
    case_add (c, PRAXI_F32, 3, (int64_t[]){3, 4, 5}, 2);
    case_add_values (c, PRAXI_F32, 1, (int64_t[]){5}, (double[]){1, 1, 1, 1, 1});
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    const int64_t n_lines = round % 2 == 0 ? 12 : 3, length = 60 / n_lines;
    g_assert_cmpint (case_count (&c->out[1]), ==, n_lines);
    for (int64_t line = 0; line < n_lines; line++) {
      double sum = 0, squares = 0, x_sum = 0;
      for (int64_t i = line * length; i < (line + 1) * length; i++) {
        const double y = praxi_tensor_get (&c->out[0], i);
        sum += y;
        squares += y * y;
        x_sum += praxi_tensor_get (&c->in[0], i);
      }
      g_assert_cmpfloat (fabs (sum / (double) length), <, 1e-6);
      g_assert_cmpfloat (fabs (squares / (double) length - 1), <, 1e-5);
      g_assert_cmpfloat (fabs (praxi_tensor_get (&c->out[1], line) - x_sum / (double) length), <,
                         1e-6);
    }
  }
}

/* In training mode the output has mean bias and deviation scale, and the kept moments move. */
static void
test_batch_norm (void)
{
  for (int i = 0; i < 6; i++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_BATCH_NORM, (guint32) i, (Lie) (i % 3));
    c->op.training_mode = i >= 3;
    c->op.alpha = 0.75F;
    c->op.epsilon = 1e-9F;
    c->n_out = i >= 3 ? 3 : 1;
    case_add (c, PRAXI_F32, 4, (int64_t[]){2, 2, 3, 4}, 2);
    case_add_values (c, PRAXI_F32, 1, (int64_t[]){2}, (double[]){2, 3});
    case_add_values (c, PRAXI_F32, 1, (int64_t[]){2}, (double[]){-1, 1});
    case_add_values (c, PRAXI_F32, 1, (int64_t[]){2}, (double[]){0.5, -0.5});
    case_add_values (c, PRAXI_F32, 1, (int64_t[]){2}, (double[]){4, 0.25});
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    double y[48], sum[2] = {0}, squares[2] = {0}, mean[2], variance[2];
    for (int64_t k = 0; k < 48; k++) {
      const double x = praxi_tensor_get (&c->in[0], k);
      sum[k / 12 % 2] += x;
      squares[k / 12 % 2] += x * x;
    }
    for (int ch = 0; ch < 2; ch++) {
      mean[ch] = i >= 3 ? sum[ch] / 24 : praxi_tensor_get (&c->in[3], ch);
      variance[ch] =
          i >= 3 ? squares[ch] / 24 - mean[ch] * mean[ch] : praxi_tensor_get (&c->in[4], ch);
    }
    for (int64_t k = 0; k < 48; k++) {
      const int64_t ch = k / 12 % 2;
      y[k] =
          (praxi_tensor_get (&c->in[0], k) - mean[ch]) / sqrt (variance[ch]) * (ch == 0 ? 2 : 3) +
          (ch == 0 ? -1 : 1);
    }
    case_expect (c, 0, y, 1e-5);
    if (i < 3)
      continue;
    case_expect (c, 1, (double[]){0.375 + mean[0] / 4, -0.375 + mean[1] / 4}, 1e-6);
    case_expect (c, 2, (double[]){3 + variance[0] / 4, 0.1875 + variance[1] / 4}, 1e-6);
  }
}

static void
test_resize (void)
{
  static const double x[] = {1, 2, 4, 8};
  static const struct {
    PraxiResizeMode mode;
    PraxiResizeCoord coord;
    PraxiNearestMode nearest;
    int64_t size;
    double y[8];
  } cases[] = {
      {PRAXI_RESIZE_NEAREST,
       PRAXI_COORD_HALF_PIXEL,
       PRAXI_NEAREST_ROUND_PREFER_FLOOR,
       8,
       {1, 1, 2, 2, 4, 4, 8, 8}},
      {PRAXI_RESIZE_NEAREST, PRAXI_COORD_ASYMMETRIC, PRAXI_NEAREST_FLOOR, 2, {1, 4}},
      {PRAXI_RESIZE_NEAREST,
       PRAXI_COORD_ASYMMETRIC,
       PRAXI_NEAREST_CEIL,
       8,
       {1, 2, 2, 4, 4, 8, 8, 8}},
      {PRAXI_RESIZE_NEAREST, PRAXI_COORD_HALF_PIXEL, PRAXI_NEAREST_ROUND_PREFER_CEIL, 2, {2, 8}},
      {PRAXI_RESIZE_LINEAR, PRAXI_COORD_HALF_PIXEL, 0, 8, {1, 1.25, 1.75, 2.5, 3.5, 5, 7, 8}},
      {PRAXI_RESIZE_LINEAR, PRAXI_COORD_ALIGN_CORNERS, 0, 7, {1, 1.5, 2, 3, 4, 6, 8}},
      {PRAXI_RESIZE_LINEAR, PRAXI_COORD_PYTORCH_HALF_PIXEL, 0, 1, {1}},
      {PRAXI_RESIZE_CUBIC, PRAXI_COORD_HALF_PIXEL, 0, 2, {1.3125, 6.1875}},
      {PRAXI_RESIZE_CUBIC, PRAXI_COORD_ASYMMETRIC, 0, 4, {1, 2, 4, 8}},
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_RESIZE, 0, (Lie) (i % 3));
    c->op.resize_mode = cases[i].mode;
    c->op.resize_coord = cases[i].coord;
    c->op.nearest_mode = cases[i].nearest;
    c->op.cubic_a = -0.75F;
    case_add_values (c, PRAXI_F32, 3, (int64_t[]){1, 1, 4}, x);
    case_add_nothing (c);
    case_add_nothing (c);
    case_add_ints (c, 3, (int64_t[]){1, 1, cases[i].size});
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    case_expect (c, 0, cases[i].y, 1e-6);
  }
}

static void
test_softmax (void)
{
  const double y[] = {0.09003057, 0.5, 0.24472847, 0.5, 0.66524096, 0};
  g_autoptr (Case) c = case_new (PRAXI_OP_SOFTMAX, 0, LIE_ANYHOW);
  c->op.axis = -2;
  case_add_values (c, PRAXI_F32, 3, (int64_t[]){1, 3, 2},
                   (double[]){1000, 7, 1001, 7, 1002, -INFINITY});
  g_assert_cmpint (case_run (c), ==, PRAXI_OK);
  case_expect (c, 0, y, 1e-6);
}

/* Ties go to even, ends saturate, NaN counts as zero; and back. */
static void
test_quantize (void)
{
  const double x[] = {0.25, 0.75, 1.25, -0.25, 1e9, -1e9, NAN, INFINITY};
  const double q[] = {10, 12, 12, 10, 255, 0, 10, 255}, back[] = {0, 1, 1, 0, 122.5, -5, 0, 122.5};
  for (int i = 0; i < 3; i++) {
    g_autoptr (Case) c = case_new (PRAXI_OP_QUANTIZE_LINEAR, 0, (Lie) i);
    g_autoptr (Case) d = case_new (PRAXI_OP_DEQUANTIZE_LINEAR, 0, (Lie) i);
    case_add_values (c, PRAXI_F32, 3, (int64_t[]){2, 2, 2}, x);
    d->in[d->n_in++] = (PraxiTensor){0};
    for (int k = 0; k < 2; k++) {
      Case *const to = k == 0 ? c : d;
      case_add_values (to, PRAXI_F32, 0, NULL, (double[]){0.5});
      case_add_values (to, PRAXI_U8, 0, NULL, (double[]){10});
    }
    g_assert_cmpint (case_run (c), ==, PRAXI_OK);
    case_expect (c, 0, q, 0);
    d->in[0] = c->out[0];
    g_assert_cmpint (case_run (d), ==, PRAXI_OK);
    case_expect (d, 0, back, 0);
  }
}

static void
test_qadd_and_qtable (void)
{
  const float multiplier = 0.5F;
  uint8_t table[256];
  g_autoptr (Case) add = case_new (PRAXI_OP_QADD, 0, LIE_ANYHOW);
  g_autoptr (Case) look = case_new (PRAXI_OP_QTABLE, 0, LIE_ANYHOW);
  add->op.requantize = (PraxiRequantize){.multiplier = &multiplier,
                                         .input_zero = 10,
                                         .output_zero = 5,
                                         .residual_zero = -3,
                                         .residual_multiplier = 0.25F,
                                         .low = 5,
                                         .high = 100};
  case_add_values (add, PRAXI_U8, 1, (int64_t[]){4}, (double[]){10, 20, 255, 0});
  case_add_values (add, PRAXI_S8, 1, (int64_t[]){4}, (double[]){-1, -1, 127, -128});
  g_assert_cmpint (case_run (add), ==, PRAXI_OK);
  case_expect (add, 0, (double[]){5, 11, 100, 5}, 0); /* 0.5 → 0, 5.5 → 6, too much, too little */
  for (int i = 0; i < 256; i++)
    table[i] = (uint8_t) (255 - i);
  look->op.table = table;
  look->op.to = PRAXI_U8;
  case_add_values (look, PRAXI_S8, 1, (int64_t[]){3}, (double[]){0, -1, -128});
  g_assert_cmpint (case_run (look), ==, PRAXI_OK);
  case_expect (look, 0, (double[]){255, 0, 127}, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ref/functions", test_functions);
  g_test_add_func ("/ref/broadcast", test_broadcast);
  g_test_add_func ("/ref/integers", test_integers_wrap_and_never_trap);
  g_test_add_func ("/ref/clip", test_clip);
  g_test_add_func ("/ref/cast", test_cast);
  g_test_add_func ("/ref/cast-text", test_cast_text);
  g_test_add_func ("/ref/cast-from-text", test_cast_from_text);
  g_test_add_func ("/ref/reduce", test_reduce);
  g_test_add_func ("/ref/reduce-nothing", test_reduce_nothing);
  g_test_add_func ("/ref/matmul", test_matmul);
  g_test_add_func ("/ref/matmul-of-vectors", test_matmul_of_vectors);
  g_test_add_func ("/ref/gemm", test_gemm);
  g_test_add_func ("/ref/norms", test_norms_have_their_moments);
  g_test_add_func ("/ref/batch-norm", test_batch_norm);
  g_test_add_func ("/ref/resize", test_resize);
  g_test_add_func ("/ref/softmax", test_softmax);
  g_test_add_func ("/ref/quantize", test_quantize);
  g_test_add_func ("/ref/qadd-and-qtable", test_qadd_and_qtable);
  return g_test_run ();
}
