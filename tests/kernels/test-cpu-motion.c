/* The fused motion stem against the plain one, on every level this processor has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kernels/cpu-support.h"

typedef struct {
  int frames, height, width, box, n_scales;
} Shape;

typedef struct {
  PraxiOp op;
  PraxiTensor frames, first, maps, flow, true_maps, true_flow;
  int64_t first_pair;
} Case;

/* A textured picture that moves by a pixel or so a frame, with noise and a flat part. */
static void
paint (PraxiTensor *frames, int shift)
{
  uint8_t *p = frames->data;
  for (int64_t t = 0; t < frames->dims[1]; t++)
    for (int64_t y = 0; y < frames->dims[2]; y++)
      for (int64_t x = 0; x < frames->dims[3]; x++)
        for (int c = 0; c < 3; c++) {
          const int64_t u = x + t + shift, v = y - (t + shift) / 2;
          const uint32_t hash =
              (uint32_t) (((t + shift) * 1009 + y) * 769 + x * 3 + c) * 2654435761u;
          const bool flat = x < frames->dims[3] / 4;
          *p++ =
              flat ? 90
                   : (uint8_t) ((u * 13 + v * 7 + c * 20 + (u * v / 16)) % 200 + (hash >> 24) % 9);
        }
}

static Case
case_new (const Shape *shape, Layout layout)
{
  Case c = {.op = {.kind = PRAXI_OP_MOTION_STEM}};
  c.op.motion = (PraxiMotionStem){.n_scales = shape->n_scales,
                                  .scale_weight = {0.13f, 0.4f, 1.3f, 0.7f},
                                  .box = shape->box,
                                  .epsilon = 20,
                                  .luma = {0.299f, 0.587f, 0.114f},
                                  .n_maps = 6};
  const int64_t t = shape->frames, h = shape->height, w = shape->width;
  c.frames = test_tensor (PRAXI_U8, LAYOUT_ROW_MAJOR, 5, (const int64_t[]){1, t, h, w, 3});
  c.first = (PraxiTensor){.dtype = PRAXI_S64};
  const int64_t maps[] = {t - 1, 6, h / 4, w / 4}, flow[] = {t - 1, 2, h / 2, w / 2};
  c.maps = test_tensor (PRAXI_F32, layout, 4, maps);
  c.true_maps = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 4, maps);
  c.flow = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 4, flow);
  c.true_flow = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 4, flow);
  paint (&c.frames, 0);
  return c;
}

static void
case_clear (Case *c)
{
  PraxiTensor *all[] = {&c->frames, &c->maps, &c->flow, &c->true_maps, &c->true_flow};
  for (size_t i = 0; i < G_N_ELEMENTS (all); i++)
    test_tensor_clear (all[i]);
}

static void
run_truth (Case *c)
{
  void *scratch = malloc (praxi_ref_motion_stem_scratch_bytes (&c->frames));
  const PraxiTensor *in[] = {&c->frames}, *out[] = {&c->true_maps, &c->true_flow};
  g_assert_cmpint (praxi_ref_motion_stem (&c->op, in, out, 2, scratch), ==, PRAXI_OK);
  free (scratch);
}

static void
check_level (const PraxiBackend *backend, Case *c, PraxiPool *pool)
{
  const PraxiTensor *in[] = {&c->frames}, *out[] = {&c->maps, &c->flow};
  memset (c->maps.data, 0xFF, test_bytes (&c->maps));
  memset (c->flow.data, 0xFF, test_bytes (&c->flow));
  g_assert_true (test_run (backend, &c->op, in, 1, out, 2, pool, NULL));
  const float flow = test_max_difference (&c->flow, &c->true_flow);
  const float maps = test_max_difference (&c->maps, &c->true_maps);
  g_test_message ("%s: flow %g maps %g", backend->level, (double) flow, (double) maps);
  g_assert_cmpfloat (flow, <, 1e-4f);
  g_assert_cmpfloat (maps, <, 2e-4f);
  memset (c->maps.data, 0xFF, test_bytes (&c->maps));
  g_assert_true (test_run (backend, &c->op, in, 1, out, 1, pool, NULL));
  g_assert_cmpfloat (test_max_difference (&c->maps, &c->true_maps), <, 2e-4f);
}

static void
test_against_ref (void)
{
  static const Shape shapes[] = {
      {4, 144, 192, 7, 3}, {3, 32, 36, 7, 1},  {2, 24, 40, 5, 2}, {3, 80, 72, 9, 4},
      {5, 28, 28, 3, 3},   {3, 100, 52, 7, 2}, {2, 16, 16, 1, 1},
  };
  for (size_t s = 0; s < G_N_ELEMENTS (shapes); s++) {
    Case c = case_new (&shapes[s], s % 2 ? LAYOUT_ROW_MAJOR : LAYOUT_CHANNELS_LAST);
    run_truth (&c);
    PraxiPool *pool;
    g_assert_cmpint (praxi_pool_new (1 + (int) s % 3, &pool), ==, PRAXI_OK);
    for (int i = 0; test_level (i); i++)
      check_level (test_level (i), &c, pool);
    praxi_pool_free (pool);
    case_clear (&c);
  }
}

static void
shift_rows (PraxiTensor *maps, int64_t rows)
{
  const int64_t n = maps->dims[0], row = test_count (maps) / n;
  float *data = maps->data;
  memmove (data, data + rows * row, sizeof (float) * (size_t) ((n - rows) * row));
}

/* A window that moves by some frames: computing only the new pairs gives the very same numbers. */
static void
check_shift (const PraxiBackend *backend, Case *c, PraxiPool *pool, int new_frames)
{
  const PraxiTensor *in[] = {&c->frames, &c->first}, *out[] = {&c->maps, NULL};
  PraxiKernel *kernel;
  c->first.data = &c->first_pair;
  g_assert_cmpint (backend->prepare (backend, &c->op, in, 2, out, 2, pool, &kernel), ==, PRAXI_OK);
  void *scratch = praxi_cpu_alloc (backend->kernel_scratch_bytes (kernel));
  PraxiTensor all = test_tensor (PRAXI_F32, LAYOUT_CHANNELS_LAST, 4, c->maps.dims);
  c->first_pair = c->maps.dims[0] - new_frames; /* not believed: nothing ran before */
  for (int step = 0; step < 3; step++) {
    paint (&c->frames, step * new_frames);
    if (step > 0)
      shift_rows (&c->maps, new_frames);
    g_assert_cmpint (backend->run (kernel, in, out, scratch, pool), ==, PRAXI_OK);
    const PraxiTensor *whole[] = {&all};
    g_assert_true (test_run (backend, &c->op, in, 1, whole, 1, pool, NULL));
    g_assert_cmpfloat (test_max_difference (&c->maps, &all), ==, 0);
  }
  test_tensor_clear (&all);
  free (scratch);
  backend->kernel_free (kernel);
}

static void
test_new_pairs_only (void)
{
  const Shape shape = {7, 32, 48, 7, 3};
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (2, &pool), ==, PRAXI_OK);
  for (int i = 0; test_level (i); i++) {
    for (int new_frames = 1; new_frames < 6; new_frames += 2) {
      Case c = case_new (&shape, LAYOUT_CHANNELS_LAST);
      check_shift (test_level (i), &c, pool, new_frames);
      case_clear (&c);
    }
  }
  praxi_pool_free (pool);
}

static void
test_refuses (void)
{
  static const Shape shapes[] = {{1, 32, 32, 7, 1},
                                 {3, 30, 32, 7, 1},
                                 {3, 32, 32, 8, 1},
                                 {3, 32, 32, 7, 4},
                                 {3, 32, 32, 33, 1}};
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (1, &pool), ==, PRAXI_OK);
  for (size_t s = 0; s < G_N_ELEMENTS (shapes); s++) {
    Case c = case_new (&shapes[s], LAYOUT_ROW_MAJOR);
    const PraxiTensor *in[] = {&c.frames}, *out[] = {&c.maps};
    g_assert_false (test_run (praxi_backend_cpu (), &c.op, in, 1, out, 1, pool, NULL));
    case_clear (&c);
  }
  praxi_pool_free (pool);
}

static void
bench (void)
{
  const Shape shape = {21, 144, 192, 7, 3};
  Case c = case_new (&shape, LAYOUT_CHANNELS_LAST);
  const PraxiTensor *in[] = {&c.frames}, *out[] = {&c.maps};
  for (int threads = 1; threads <= 2; threads++) {
    PraxiPool *pool;
    praxi_pool_new (threads, &pool);
    for (int i = 0; test_level (i); i++) {
      const PraxiBackend *backend = test_level (i);
      const double ms = test_time_ms (backend, &c.op, in, 1, out, 1, pool);
      printf ("motion stem 192x144, %d thread(s) %-12s %7.1f us a pair\n", threads, backend->level,
              ms * 1000 / 20);
    }
    praxi_pool_free (pool);
  }
  case_clear (&c);
}

int
main (int argc, char **argv)
{
  if (test_wants_bench (argc, argv)) {
    bench ();
    return 0;
  }
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cpu/motion/against-ref", test_against_ref);
  g_test_add_func ("/cpu/motion/new-pairs-only", test_new_pairs_only);
  g_test_add_func ("/cpu/motion/refuses", test_refuses);
  return g_test_run ();
}
