/* Tensors: counts, strides, conversions of elements. */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "kernels/element.h"
#include "kernels/tensor.h"

static void
test_count_refuses_lies (void)
{
  static const struct {
    int rank;
    int64_t dims[4];
    PraxiStatus status;
    int64_t count;
  } cases[] = {
      {0, {0}, PRAXI_OK, 1},
      {2, {3, 5}, PRAXI_OK, 15},
      {3, {3, 0, 5}, PRAXI_OK, 0},
      {1, {-1}, PRAXI_STATUS_SHAPE, 0},
      {2, {INT64_MAX, 2}, PRAXI_STATUS_SHAPE, 0},
      {3, {0, INT64_MAX, 2}, PRAXI_STATUS_SHAPE, 0}, /* its strides would overflow */
      {1, {INT64_MAX}, PRAXI_STATUS_SHAPE, 0},       /* its bytes would */
      {4, {1 << 20, 1 << 20, 1 << 20, 1 << 20}, PRAXI_STATUS_SHAPE, 0},
      {9, {1}, PRAXI_STATUS_SHAPE, 0},
      {-1, {1}, PRAXI_STATUS_SHAPE, 0},
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    PraxiTensor t = {.dtype = PRAXI_F32, .rank = cases[i].rank};
    int64_t count = 0;
    memcpy (t.dims, cases[i].dims, sizeof cases[i].dims);
    g_assert_cmpint (praxi_tensor_count (&t, &count), ==, cases[i].status);
    g_assert_cmpint (count, ==, cases[i].count);
  }
}

static void
test_strides (void)
{
  PraxiTensor t = {.dtype = PRAXI_F32, .rank = 4, .dims = {2, 3, 4, 5}};
  praxi_tensor_set_row_major (&t);
  g_assert_true (praxi_tensor_is_row_major (&t));
  g_assert_false (praxi_tensor_is_channels_last (&t));
  g_assert_cmpint (t.strides[0], ==, 60);
  g_assert_cmpint (t.strides[3], ==, 1);
  praxi_tensor_set_channels_last (&t);
  g_assert_false (praxi_tensor_is_row_major (&t));
  g_assert_true (praxi_tensor_is_channels_last (&t));
  g_assert_cmpint (t.strides[0], ==, 60);
  g_assert_cmpint (t.strides[1], ==, 1);
  g_assert_cmpint (t.strides[2], ==, 15);
  g_assert_cmpint (t.strides[3], ==, 3);
  t.dims[1] = 1; /* one channel: both at once, whatever its stride says */
  praxi_tensor_set_channels_last (&t);
  g_assert_true (praxi_tensor_is_row_major (&t));
}

static void
test_copy_between_layouts (void)
{
  int32_t rows[24], columns[24] = {0};
  PraxiTensor from = {.dtype = PRAXI_S32, .rank = 3, .dims = {2, 3, 4}, .data = rows}, to = from;
  for (int i = 0; i < 24; i++)
    rows[i] = i;
  praxi_tensor_set_row_major (&from);
  praxi_tensor_set_channels_last (&to);
  to.data = columns;
  praxi_tensor_copy (&from, &to);
  for (int n = 0; n < 2; n++)
    for (int c = 0; c < 3; c++)
      for (int w = 0; w < 4; w++)
        g_assert_cmpint (columns[(n * 4 + w) * 3 + c], ==, (n * 3 + c) * 4 + w);
}

static void
test_halves_survive (void)
{
  for (guint bits = 0; bits < 65536; bits++) {
    const float value = praxi_f16_to_f32 ((uint16_t) bits);
    if (!isnan (value))
      g_assert_cmpuint (praxi_f32_to_f16 (value), ==, bits);
    else
      g_assert_true (isnan (praxi_f16_to_f32 (praxi_f32_to_f16 (value))));
  }
  g_assert_cmpfloat (praxi_f16_to_f32 (0x3555), ==, 0.333251953125F);
  g_assert_cmpfloat (praxi_f16_to_f32 (0x0001), ==, 0x1p-24F);
}

/* Halfway between two halves goes to the even one, all else to the nearer. */
static void
test_halves_round_to_even (void)
{
  for (guint bits = 0; bits < 0x7bff; bits++) {
    const float low = praxi_f16_to_f32 ((uint16_t) bits);
    const float high = praxi_f16_to_f32 ((uint16_t) (bits + 1)), middle = (low + high) / 2;
    g_assert_cmpuint (praxi_f32_to_f16 (middle), ==, bits + (bits & 1));
    g_assert_cmpuint (praxi_f32_to_f16 (nextafterf (middle, 0)), ==, bits);
    g_assert_cmpuint (praxi_f32_to_f16 (nextafterf (middle, INFINITY)), ==, bits + 1);
  }
  g_assert_cmpuint (praxi_f32_to_f16 (65519.996F), ==, 0x7bff);
  g_assert_cmpuint (praxi_f32_to_f16 (65520), ==, 0x7c00);
  g_assert_cmpuint (praxi_f32_to_f16 (-INFINITY), ==, 0xfc00);
}

/* A double just above the middle of two halves, which a float would round onto the middle. */
static void
test_doubles_round_once (void)
{
  uint16_t half;
  praxi_store (&half, PRAXI_F16, 0, 1 + 0x1p-11 + 0x1p-40);
  g_assert_cmpuint (half, ==, 0x3c01);
  praxi_store (&half, PRAXI_F16, 0, 1 + 0x1p-11 - 0x1p-40);
  g_assert_cmpuint (half, ==, 0x3c00);
  praxi_store (&half, PRAXI_BF16, 0, 1 + 0x1p-8 + 0x1p-40);
  g_assert_cmpuint (half, ==, 0x3f81);
  praxi_store (&half, PRAXI_BF16, 0, 1 + 0x1p-8);
  g_assert_cmpuint (half, ==, 0x3f80);
}

static void
test_store_saturates (void)
{
  static const struct {
    PraxiDType dtype;
    double value;
    int64_t expected;
  } cases[] = {
      {PRAXI_U8, 300, 255},
      {PRAXI_U8, -1, 0},
      {PRAXI_U8, NAN, 0},
      {PRAXI_S8, -200.7, -128},
      {PRAXI_S8, 3.9, 3},
      {PRAXI_S8, -3.9, -3},
      {PRAXI_S16, 1e9, 32767},
      {PRAXI_U32, 1e300, 4294967295},
      {PRAXI_S32, -INFINITY, INT32_MIN},
      {PRAXI_S64, 1e300, INT64_MAX},
      {PRAXI_S64, -1e300, INT64_MIN},
      {PRAXI_U64, 1e300, -1 /* all bits */},
      {PRAXI_U64, NAN, 0},
      {PRAXI_BOOL, NAN, 1},
      {PRAXI_BOOL, 0.25, 1},
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    uint64_t room = 0;
    praxi_store (&room, cases[i].dtype, 0, cases[i].value);
    g_assert_cmpint (praxi_load_int (&room, cases[i].dtype, 0), ==, cases[i].expected);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tensor/count-refuses-lies", test_count_refuses_lies);
  g_test_add_func ("/tensor/strides", test_strides);
  g_test_add_func ("/tensor/copy-between-layouts", test_copy_between_layouts);
  g_test_add_func ("/tensor/halves-survive", test_halves_survive);
  g_test_add_func ("/tensor/halves-round-to-even", test_halves_round_to_even);
  g_test_add_func ("/tensor/doubles-round-once", test_doubles_round_once);
  g_test_add_func ("/tensor/store-saturates", test_store_saturates);
  return g_test_run ();
}
