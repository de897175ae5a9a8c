/* Gradients of convolutions on the cpu backend against ref, on every level this processor has, and
 * convolutions whose weights are known only when they run.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/kernels/cpu-support.h"

typedef struct {
  int rank, batch, in_channels, out_channels, groups;
  int size[3], kernel[3], stride[3], dilation[3], pad[3], pad_end[3]; /* the last rank − 2 count */
  bool rounds_up;                                                     /* pools: ceil_mode */
} Shape;

typedef struct {
  PraxiOp forward, for_x, for_w;
  PraxiTensor x, w, y, dx, dw; /* y: also dy */
  const PraxiTensor *in[2], *in_x[2], *in_w[2];
} Case;

static int64_t
out_size (const Shape *s, int axis)
{
  const int reach = s->dilation[axis] * (s->kernel[axis] - 1) + 1;
  const int room = s->size[axis] + s->pad[axis] + s->pad_end[axis] - reach;
  const int n = room / s->stride[axis] + 1;
  const bool is_one_more = s->rounds_up && room % s->stride[axis] != 0 &&
                           n * s->stride[axis] < s->size[axis] + s->pad[axis];
  return n + is_one_more;
}

static void
set_ops (Case *c, const Shape *s, const int64_t *x, const int64_t *w)
{
  PraxiWindow window = {.n_spatial = s->rank - 2, .group = s->groups, .ceil_mode = s->rounds_up};
  for (int i = 0; i < window.n_spatial; i++) {
    const int axis = i + 5 - s->rank;
    window.kernel[i] = s->kernel[axis];
    window.stride[i] = s->stride[axis];
    window.dilation[i] = s->dilation[axis];
    window.pad_begin[i] = s->pad[axis];
    window.pad_end[i] = s->pad_end[axis];
  }
  c->forward = (PraxiOp){.kind = PRAXI_OP_CONV, .window = window};
  c->for_x = (PraxiOp){.kind = PRAXI_OP_CONV_INPUT_GRADIENT, .window = window};
  c->for_w = (PraxiOp){.kind = PRAXI_OP_CONV_WEIGHT_GRADIENT, .window = window};
  memcpy (c->for_x.shape, x, sizeof *x * (size_t) s->rank);
  memcpy (c->for_w.shape, w, sizeof *w * (size_t) s->rank);
}

static void
case_init (Case *c, const Shape *s, unsigned seed)
{
  int64_t x[5] = {s->batch, s->in_channels}, y[5] = {s->batch, s->out_channels};
  int64_t w[5] = {s->out_channels, s->in_channels / s->groups};
  for (int i = 2; i < s->rank; i++) {
    const int axis = i - 2 + 5 - s->rank;
    x[i] = s->size[axis];
    y[i] = out_size (s, axis);
    w[i] = s->kernel[axis];
  }
  const Layout of_weights = seed % 3 == 2 ? LAYOUT_CHANNELS_LAST : LAYOUT_ROW_MAJOR;
  *c = (Case){.x = test_tensor (PRAXI_F32, LAYOUT_CHANNELS_LAST, s->rank, x),
              .dx = test_tensor (PRAXI_F32, LAYOUT_CHANNELS_LAST, s->rank, x),
              .w = test_tensor (PRAXI_F32, of_weights, s->rank, w),
              .dw = test_tensor (PRAXI_F32, of_weights, s->rank, w),
              .y = test_tensor (PRAXI_F32, LAYOUT_CHANNELS_LAST, s->rank, y)};
  set_ops (c, s, x, w);
  test_fill (&c->x, seed, 1);
  test_fill (&c->w, seed + 1, 1);
  test_fill (&c->y, seed + 2, 1);
  c->in[0] = c->in_w[0] = &c->x;
  c->in[1] = c->in_x[1] = &c->w;
  c->in_x[0] = c->in_w[1] = &c->y;
}

static void
case_clear (Case *c)
{
  PraxiTensor *all[] = {&c->x, &c->w, &c->y, &c->dx, &c->dw};
  for (size_t i = 0; i < G_N_ELEMENTS (all); i++)
    test_tensor_clear (all[i]);
}

/* Sums of n products of numbers up to 1. */
static float
limit_of (double n)
{
  return (float) (1e-6 * (4 + sqrt (n) * 4));
}

static void
check_case (const Shape *s, unsigned seed, PraxiPool *pool)
{
  Case c;
  case_init (&c, s, seed);
  const double taps = s->kernel[0] * s->kernel[1] * s->kernel[2];
  const double pixels = (double) test_count (&c.y) / s->out_channels;
  test_check (&c.for_x, c.in_x, 2, &c.dx, pool, limit_of (taps * s->out_channels / s->groups));
  test_check (&c.for_w, c.in_w, 2, &c.dw, pool, limit_of (pixels));
  test_check_unknown (&c.forward, c.in, 2, &c.y, pool,
                      limit_of (taps * s->in_channels / s->groups));
  case_clear (&c);
}

/* rank batch C O groups | size | kernel | stride | dilation | pad | pad_end */
static const Shape edges[] = {
    {4, 3, 6, 24, 1, {1, 12, 16}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {4, 2, 24, 48, 1, {1, 9, 12}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {4, 1, 3, 5, 1, {1, 9, 11}, {1, 5, 5}, {1, 3, 2}, {1, 1, 1}, {0, 2, 0}, {0, 1, 3}},
    {4, 2, 7, 40, 1, {1, 8, 8}, {1, 1, 1}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}},
    {4, 1, 33, 70, 1, {1, 5, 5}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}},
    {4, 2, 1, 1, 1, {1, 5, 5}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {5, 2, 10, 97, 1, {4, 6, 7}, {3, 1, 1}, {2, 1, 1}, {1, 1, 1}, {1, 0, 0}, {1, 0, 0}},
    {5, 1, 8, 20, 1, {6, 7, 7}, {3, 3, 3}, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    {5, 1, 12, 24, 1, {7, 9, 9}, {3, 3, 3}, {1, 1, 1}, {2, 2, 3}, {2, 2, 3}, {2, 1, 3}},
    {5, 1, 12, 40, 4, {3, 5, 6}, {1, 3, 3}, {1, 2, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {4, 1, 15, 20, 5, {1, 5, 6}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {3, 2, 7, 19, 1, {1, 1, 30}, {1, 1, 5}, {1, 1, 2}, {1, 1, 1}, {0, 0, 2}, {0, 0, 1}},
    {4, 1, 16, 32, 1, {1, 3, 200}, {1, 1, 3}, {1, 1, 1}, {1, 1, 1}, {0, 0, 1}, {0, 0, 1}},
    {4, 1, 4, 4, 1, {1, 7, 7}, {1, 2, 2}, {1, 3, 3}, {1, 2, 3}, {0, 1, 0}, {0, 0, 0}},
    /* depthwise */
    {5, 1, 96, 96, 96, {20, 3, 4}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}, {1, 0, 0}},
    {4, 1, 96, 96, 96, {1, 20, 30}, {1, 3, 1}, {1, 1, 1}, {1, 1, 1}, {0, 1, 0}, {0, 1, 0}},
    {5, 1, 54, 54, 54, {5, 7, 9}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    {5, 2, 33, 33, 33, {4, 9, 8}, {3, 3, 3}, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {4, 3, 72, 72, 72, {1, 11, 9}, {1, 5, 5}, {1, 1, 2}, {1, 1, 1}, {0, 2, 2}, {0, 2, 1}},
    {4, 1, 16, 16, 16, {1, 13, 13}, {1, 3, 3}, {1, 1, 1}, {1, 3, 2}, {0, 3, 2}, {0, 3, 2}},
    {4, 1, 5, 10, 5, {1, 6, 6}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
};

static void
test_edges (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (edges); i++) {
    PraxiPool *pool;
    g_assert_cmpint (praxi_pool_new (1 + (int) i % 3, &pool), ==, PRAXI_OK);
    for (unsigned seed = 0; seed < 3; seed++)
      check_case (&edges[i], i + seed, pool);
    praxi_pool_free (pool);
  }
}

static int
random_in (GRand *random, int low, int high)
{
  return g_rand_int_range (random, low, high + 1);
}

static Shape
random_shape (GRand *random)
{
  Shape s = {.rank = random_in (random, 3, 5), .batch = random_in (random, 1, 2)};
  s.groups = random_in (random, 0, 3) ? 1 : random_in (random, 2, 20);
  s.in_channels =
      s.groups * (s.groups > 1 && random_in (random, 0, 2) ? 1 : random_in (random, 1, 15));
  s.out_channels =
      s.groups * (s.groups > 1 && random_in (random, 0, 1) ? 1 : random_in (random, 1, 40));
  for (int axis = 0; axis < 3; axis++) {
    const bool here = axis >= 5 - s.rank;
    s.kernel[axis] = here ? random_in (random, 1, 4) : 1;
    s.dilation[axis] = here ? random_in (random, 1, 2) : 1;
    s.stride[axis] = here ? random_in (random, 1, 3) : 1;
    s.pad[axis] = here ? random_in (random, 0, s.kernel[axis]) : 0;
    s.pad_end[axis] = here ? random_in (random, 0, s.kernel[axis]) : 0;
    const int reach = s.dilation[axis] * (s.kernel[axis] - 1) + 1 - s.pad[axis] - s.pad_end[axis];
    s.size[axis] = here ? MAX (reach, 1) + random_in (random, 0, 6) : 1;
  }
  return s;
}

static void
test_random (void)
{
  GRand *random = g_rand_new_with_seed (12);
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (2, &pool), ==, PRAXI_OK);
  for (unsigned i = 0; i < 120; i++) {
    const Shape s = random_shape (random);
    check_case (&s, i, pool);
  }
  praxi_pool_free (pool);
  g_rand_free (random);
}

/* Pools of the same windows; whole numbers, so that maxima tie. */
static void
check_pool (Shape s, unsigned seed, PraxiPool *pool)
{
  Case c;
  for (int a = 0; a < 3; a++) /* no window without an element */
    s.pad[a] = s.pad_end[a] = MIN (s.pad[a], (s.kernel[a] - 1) / 2);
  for (int a = 0; a < 3; a++)
    s.size[a] = MAX (s.size[a], s.dilation[a] * (s.kernel[a] - 1) + 1);
  s.out_channels = s.groups = s.in_channels;
  s.rounds_up = seed % 3 == 1;
  case_init (&c, &s, seed);
  for (int64_t i = 0; i < test_count (&c.x); i++)
    ((float *) c.x.data)[i] = roundf (((float *) c.x.data)[i] * 3);
  for (int64_t i = 0; i < test_count (&c.x); i += 7)
    ((float *) c.x.data)[i] = NAN;
  PraxiOp mean = c.for_x, max = c.for_x;
  mean.kind = PRAXI_OP_AVERAGE_POOL_GRADIENT;
  mean.window.count_include_pad = seed % 2;
  max.kind = PRAXI_OP_MAX_POOL_GRADIENT;
  test_check (&mean, c.in_x, 1, &c.dx, pool, 1e-5f);
  test_check (&max, c.in_w, 2, &c.dx, pool, 1e-5f);
  case_clear (&c);
}

static void
test_pools (void)
{
  GRand *random = g_rand_new_with_seed (5);
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (3, &pool), ==, PRAXI_OK);
  for (unsigned i = 0; i < G_N_ELEMENTS (edges); i++)
    check_pool (edges[i], i, pool);
  for (unsigned i = 0; i < 60; i++)
    check_pool (random_shape (random), i, pool);
  praxi_pool_free (pool);
  g_rand_free (random);
}

/* The result is the same to the bit, whatever the number of threads. */
static void
test_threads (void)
{
  Case c;
  case_init (&c, &edges[1], 0);
  PraxiTensor again_w = c.dw, again_x = c.dx;
  again_w.data = g_malloc (test_bytes (&c.dw));
  again_x.data = g_malloc (test_bytes (&c.dx));
  const PraxiTensor *dw[] = {&c.dw}, *dx[] = {&c.dx}, *w2[] = {&again_w}, *x2[] = {&again_x};
  for (int n = 1; n <= 5; n++) {
    PraxiPool *pool;
    g_assert_cmpint (praxi_pool_new (n, &pool), ==, PRAXI_OK);
    const PraxiBackend *cpu = praxi_backend_cpu ();
    g_assert_true (test_run (cpu, &c.for_w, c.in_w, 2, n == 1 ? dw : w2, 1, pool, NULL));
    g_assert_true (test_run (cpu, &c.for_x, c.in_x, 2, n == 1 ? dx : x2, 1, pool, NULL));
    if (n > 1) {
      g_assert_cmpmem (c.dw.data, test_bytes (&c.dw), again_w.data, test_bytes (&c.dw));
      g_assert_cmpmem (c.dx.data, test_bytes (&c.dx), again_x.data, test_bytes (&c.dx));
    }
    praxi_pool_free (pool);
  }
  g_free (again_w.data);
  g_free (again_x.data);
  case_clear (&c);
}

static const Shape timed[] = {
    {4, 20, 6, 24, 1, {1, 36, 48}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {4, 20, 24, 48, 1, {1, 18, 24}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {4, 20, 48, 96, 1, {1, 9, 12}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {4, 1, 96, 96, 96, {1, 20, 30}, {1, 3, 1}, {1, 1, 1}, {1, 1, 1}, {0, 1, 0}, {0, 1, 0}},
    {4, 1, 96, 96, 1, {1, 20, 30}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}},
    /* of larger nets */
    {5, 1, 64, 144, 1, {8, 56, 56}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {5, 1, 64, 64, 1, {8, 56, 56}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    {5, 1, 54, 54, 54, {16, 56, 56}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
};
enum { N_SMALL = 5 };

/* forward's weights known beforehand, then in the run; both gradients: ms, GFLOP/s, and their ratio
 * to the first.
 */
static double
bench_level (const PraxiBackend *backend, const Shape *s, const Case *c, PraxiPool *pool)
{
  const PraxiTensor *y[] = {&c->y}, *dx[] = {&c->dx}, *dw[] = {&c->dw};
  const double gflop = 2e-9 * (double) test_count (&c->y) * s->in_channels / s->groups *
                       s->kernel[0] * s->kernel[1] * s->kernel[2];
  const double ms[] = {test_time_ms (backend, &c->forward, c->in, 2, y, 1, pool),
                       test_time_unknown_ms (backend, &c->forward, c->in, 2, y, 1, pool),
                       test_time_ms (backend, &c->for_x, c->in_x, 2, dx, 1, pool),
                       test_time_ms (backend, &c->for_w, c->in_w, 2, dw, 1, pool)};
  static const char *const names[] = {"forward", "packed", "dx", "dw"};
  printf ("  %-12s", backend->level);
  for (int i = 0; i < 4; i++)
    printf (" | %s %.3f ms %.0f GFLOP/s ×%.2f", names[i], ms[i], gflop / ms[i] * 1e3,
            ms[i] / ms[0]);
  printf ("\n");
  return ms[1] + ms[2] + ms[3];
}

static void
bench (void)
{
  PraxiPool *pool;
  double sum = 0;
  praxi_pool_new (1, &pool);
  for (size_t i = 0; i < G_N_ELEMENTS (timed); i++) {
    const Shape *s = &timed[i];
    Case c;
    case_init (&c, s, 0);
    printf ("%d>%d/%d k%dx%dx%d s%d @%dx%dx%dx%d\n", s->in_channels, s->out_channels, s->groups,
            s->kernel[0], s->kernel[1], s->kernel[2], s->stride[2], s->batch, s->size[0],
            s->size[1], s->size[2]);
    for (int level = 0; test_level (level); level++) {
      const PraxiBackend *backend = test_level (level);
      if (strcmp (backend->level, "scalar") == 0)
        continue;
      const double ms = bench_level (backend, s, &c, pool);
      if (level == 0 && i < N_SMALL)
        sum += ms;
    }
    if (i + 1 == N_SMALL)
      printf ("the first %d, forward and both gradients, best level: %.2f ms\n", N_SMALL, sum);
    fflush (stdout);
    case_clear (&c);
  }
  praxi_pool_free (pool);
}

int
main (int argc, char **argv)
{
  if (test_wants_bench (argc, argv)) {
    bench ();
    return 0;
  }
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cpu/gradient/edges", test_edges);
  g_test_add_func ("/cpu/gradient/random", test_random);
  g_test_add_func ("/cpu/gradient/pools", test_pools);
  g_test_add_func ("/cpu/gradient/threads", test_threads);
  return g_test_run ();
}
