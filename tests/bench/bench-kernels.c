/* Convolutions of the cpu backend on one thread, beside a ceiling measured in the same run: the
 * level's own matrix product over data that stay in the L1 cache; and, where it is installed,
 * beside oneDNN on the same data in turns. Prints, for every level this processor has, the
 * lower-quartile milliseconds, billions of operations a second, the share of that ceiling, and how
 * many times as fast as oneDNN's faster form it is. The shapes are those of I3D, R(2+1)D, SlowFast,
 * X3D and MobileNetV3.
 *
 * Usage: bench-kernels [int8|f32 [LEVEL [SHAPE]]]      pin it: taskset -c 1 nice -n -20 …
 *        SHAPE: its number, from 0
 *        ONEDNN_MAX_CPU_ISA=AVX512_CORE_VNNI and the like hold oneDNN to a level
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench-onednn.h"
#include "kernels/cpu/cpu.h"

static const BenchShape shapes[] = {
    {"I3D", 64, 64, 1, {8, 56, 56}, {3, 3, 3}, {1, 1, 1}},
    {"I3D", 64, 64, 1, {8, 56, 56}, {1, 1, 1}, {1, 1, 1}},
    {"I3D stem", 3, 64, 1, {16, 224, 224}, {7, 7, 7}, {2, 2, 2}},
    {"I3D", 192, 64, 1, {16, 28, 28}, {1, 1, 1}, {1, 1, 1}},
    {"I3D", 160, 320, 1, {8, 7, 7}, {3, 3, 3}, {1, 1, 1}},
    {"R2+1D stem", 3, 45, 1, {16, 112, 112}, {1, 7, 7}, {1, 2, 2}},
    {"R2+1D", 64, 144, 1, {8, 56, 56}, {1, 3, 3}, {1, 1, 1}},
    {"R2+1D", 144, 64, 1, {8, 56, 56}, {3, 1, 1}, {1, 1, 1}},
    {"SlowFast stem", 3, 8, 1, {16, 224, 224}, {5, 7, 7}, {1, 2, 2}},
    {"SlowFast", 8, 8, 1, {32, 56, 56}, {1, 3, 3}, {1, 1, 1}},
    {"SlowFast", 32, 8, 1, {32, 56, 56}, {3, 1, 1}, {1, 1, 1}},
    {"SlowFast", 512, 1024, 1, {8, 28, 28}, {1, 1, 1}, {1, 2, 2}},
    {"X3D", 24, 54, 1, {16, 56, 56}, {1, 1, 1}, {1, 1, 1}},
    {"X3D", 216, 96, 1, {16, 14, 14}, {1, 1, 1}, {1, 1, 1}},
    {"MBv3 stem", 3, 16, 1, {16, 224, 224}, {1, 3, 3}, {1, 2, 2}},
    {"X3D", 54, 54, 54, {16, 56, 56}, {3, 3, 3}, {1, 1, 1}},
    {"X3D", 216, 216, 216, {16, 14, 14}, {3, 3, 3}, {1, 1, 1}},
    {"X3D", 108, 108, 108, {16, 56, 56}, {3, 3, 3}, {1, 2, 2}},
    {"MBv3", 72, 72, 72, {16, 56, 56}, {1, 3, 3}, {1, 1, 1}},
    {"MBv3", 96, 96, 96, {16, 28, 28}, {1, 5, 5}, {1, 1, 1}},
    {"MBv3", 240, 240, 240, {16, 14, 14}, {3, 1, 1}, {1, 1, 1}},
};

static double
now_s (void)
{
  struct timespec now;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static int
compare_doubles (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return x < y ? -1 : x > y;
}

#define MIN(a, b) ((a) < (b) ? (a) : (b))

enum { ROUNDS = 5 };

static const float SCALE = 1e-4f; /* of int8 sums */

typedef struct {
  PraxiOp op;
  PraxiTensor x, w, y;
  float *multiplier;
  double operations;
} Case;

static uint8_t
random_byte (size_t i)
{
  return (uint8_t) ((uint32_t) i * 2654435761u >> 24);
}

static void *
random_bytes (size_t n)
{
  uint8_t *bytes = praxi_cpu_alloc (n);
  for (size_t i = 0; bytes && i < n; i++)
    bytes[i] = random_byte (i);
  return bytes;
}

/* −1 … 1: some processors take a hundred times as long over numbers near 0. */
static void *
random_floats (size_t n)
{
  float *floats = praxi_cpu_alloc (n * sizeof *floats);
  for (size_t i = 0; floats && i < n; i++)
    floats[i] = (float) random_byte (i) / 128.0f - 1;
  return floats;
}

static PraxiTensor
tensor (PraxiDType dtype, const int64_t dims[5], bool is_picture)
{
  PraxiTensor t = {.dtype = dtype, .rank = 5};
  int64_t count = 1;
  memcpy (t.dims, dims, 5 * sizeof *dims);
  if (is_picture)
    praxi_tensor_set_channels_last (&t);
  else
    praxi_tensor_set_row_major (&t);
  praxi_tensor_count (&t, &count);
  t.data = dtype == PRAXI_F32 ? random_floats ((size_t) count) : random_bytes ((size_t) count);
  return t;
}

static Case
case_new (const BenchShape *s, bool is_s8)
{
  Case c = {.op = {.kind = is_s8 ? PRAXI_OP_QCONV : PRAXI_OP_CONV, .to = PRAXI_U8}};
  PraxiWindow *window = &c.op.window;
  int64_t x[5] = {1, s->in_channels}, y[5] = {1, s->out_channels};
  int64_t w[5] = {s->out_channels, s->in_channels / s->groups};
  window->n_spatial = 3;
  window->group = s->groups;
  for (int i = 0; i < 3; i++) {
    window->kernel[i] = w[2 + i] = s->kernel[i];
    window->stride[i] = s->stride[i];
    window->dilation[i] = 1;
    window->pad_begin[i] = window->pad_end[i] = s->kernel[i] / 2;
    x[2 + i] = s->size[i];
    y[2 + i] = (s->size[i] - 1) / s->stride[i] + 1;
  }
  c.x = tensor (is_s8 ? PRAXI_U8 : PRAXI_F32, x, true);
  c.w = tensor (is_s8 ? PRAXI_S8 : PRAXI_F32, w, false);
  c.y = tensor (c.x.dtype, y, true);
  c.multiplier = praxi_cpu_alloc (sizeof (float) * (size_t) s->out_channels);
  for (int o = 0; c.multiplier && o < s->out_channels; o++)
    c.multiplier[o] = SCALE;
  c.op.requantize = (PraxiRequantize){.multiplier = c.multiplier, .low = 0, .high = 255};
  c.operations = 2;
  for (int i = 0; i < 5; i++)
    c.operations *= (double) y[i] * (i > 0 ? (double) w[i] : 1);
  return c;
}

static void
case_clear (Case *c)
{
  free (c->x.data);
  free (c->w.data);
  free (c->y.data);
  free (c->multiplier);
}

/* A kernel of ours, ready to run. */
typedef struct {
  const PraxiBackend *backend;
  const PraxiTensor *in[2], *out[1];
  PraxiTensor unknown; /* the input as it is while the kernel prepares */
  PraxiKernel *kernel;
  void *scratch;
  PraxiPool *pool;
} Ready;

static bool
ready_begin (Ready *r, const PraxiBackend *backend, const Case *c, PraxiPool *pool)
{
  *r = (Ready){.backend = backend, .unknown = c->x, .out = {&c->y}, .pool = pool};
  r->unknown.data = NULL;
  r->in[0] = &r->unknown;
  r->in[1] = &c->w;
  if (backend->prepare (backend, &c->op, r->in, 2, r->out, 1, pool, &r->kernel) != PRAXI_OK)
    return false;
  r->in[0] = &c->x;
  r->scratch = praxi_cpu_alloc (backend->kernel_scratch_bytes (r->kernel));
  return true;
}

static void
ready_end (Ready *r)
{
  if (r->kernel)
    r->backend->kernel_free (r->kernel);
  free (r->scratch);
}

static void
run_ready (void *ready)
{
  Ready *r = ready;
  r->backend->run (r->kernel, r->in, r->out, r->scratch, r->pool);
}

/* Seconds of one run. */
static double
time_runs (void (*run) (void *), void *data)
{
  enum { MAX_RUNS = 300 };
  double times[MAX_RUNS], total = 0;
  int n = 0;
  run (data);
  /* Asking the clock takes a microsecond: short runs are timed some at once. */
  const double first = now_s ();
  run (data);
  const int at_once = 1 + (int) (1e-3 / (now_s () - first + 1e-7));
  while (n < MAX_RUNS && (n < 5 || total < 0.1)) {
    const double begin = now_s ();
    for (int i = 0; i < at_once; i++)
      run (data);
    times[n] = (now_s () - begin) / at_once;
    total += times[n++] * at_once;
  }
  qsort (times, (size_t) n, sizeof *times, compare_doubles);
  return times[n / 4];
}

/* Operations a second of 24 pixels × 160 channels to 64: best of several. Weights of a chunk of
 * channels and pixels, even in 16 bits or floats, stay in 32 KB.
 */
static double
ceiling (const PraxiBackend *backend, bool is_s8, PraxiPool *pool)
{
  const BenchShape small = {"", 160, 64, 1, {1, 1, 24}, {1, 1, 1}, {1, 1, 1}};
  Case c = case_new (&small, is_s8);
  Ready ready;
  double best = 1;
  if (ready_begin (&ready, backend, &c, pool))
    for (int i = 0; i < ROUNDS; i++)
      best = MIN (best, time_runs (run_ready, &ready));
  ready_end (&ready);
  case_clear (&c);
  return c.operations / best;
}

static void
run_onednn (void *conv)
{
  onednn_conv_run (conv);
}

/* Both in turns; *peer: oneDNN's faster form, 0 without it. Returns how many bytes of int8 differ.
 */
static int64_t
time_both (Ready *ready, const BenchShape *s, const Case *c, double *own, double *peer)
{
  const bool is_s8 = c->x.dtype == PRAXI_U8;
  OnednnConv *forms[2];
  int64_t differ = 0, n = 1;
  *own = *peer = 1e9;
  praxi_tensor_count (&c->y, &n);
  uint8_t *y = random_bytes ((size_t) n * praxi_dtype_size (c->y.dtype));
  for (int i = 0; i < 2; i++)
    forms[i] = onednn_conv_new (s, (OnednnForm) i, is_s8, c->x.data, c->w.data, SCALE, y);
  for (int round = 0; round < ROUNDS; round++) {
    *own = MIN (*own, time_runs (run_ready, ready));
    for (int i = 0; i < 2; i++)
      if (forms[i])
        *peer = MIN (*peer, time_runs (run_onednn, forms[i]));
  }
  const bool has_peer = forms[0] || forms[1];
  for (int64_t i = 0; is_s8 && has_peer && i < n; i++)
    differ += y[i] != ((const uint8_t *) c->y.data)[i];
  for (int i = 0; i < 2; i++)
    onednn_conv_free (forms[i]);
  free (y);
  *peer = has_peer ? *peer : 0;
  return differ;
}

static void
bench_shape (const PraxiBackend *backend,
             const BenchShape *s,
             bool is_s8,
             double most,
             PraxiPool *pool)
{
  Case c = case_new (s, is_s8);
  Ready ready;
  double own, peer;
  printf ("  %-14s %4d>%4d/%-3d %dx%dx%d s%d %2dx%dx%d", s->net, s->in_channels, s->out_channels,
          s->groups, s->kernel[0], s->kernel[1], s->kernel[2], s->stride[2], s->size[0], s->size[1],
          s->size[2]);
  if (ready_begin (&ready, backend, &c, pool)) {
    const int64_t differ = time_both (&ready, s, &c, &own, &peer);
    printf ("  %9.3f ms  %7.1f Gop/s  %5.2f of the ceiling", own * 1e3, c.operations / own * 1e-9,
            c.operations / own / most);
    if (peer > 0)
      printf ("  oneDNN %7.1f: %5.2fx", c.operations / peer * 1e-9, peer / own);
    if (differ > 0)
      printf ("  %lld bytes differ", (long long) differ);
  }
  printf ("\n");
  fflush (stdout);
  ready_end (&ready);
  case_clear (&c);
}

static void
bench (const PraxiBackend *backend, bool is_s8, int shape, PraxiPool *pool)
{
  const double most = ceiling (backend, is_s8, pool);
  printf ("%s %s: ceiling %.0f Gop/s\n", backend->level, is_s8 ? "int8" : "f32", most * 1e-9);
  for (int i = 0; i < (int) (sizeof shapes / sizeof *shapes); i++)
    if (shape < 0 || i == shape)
      bench_shape (backend, &shapes[i], is_s8, most, pool);
}

int
main (int argc, char **argv)
{
  PraxiPool *pool;
  if (praxi_pool_new (1, &pool) != PRAXI_OK)
    return 1;
  for (int level = 0; praxi_backend_cpu_level (level); level++) {
    const PraxiBackend *backend = praxi_backend_cpu_level (level);
    if (argc > 2 ? strcmp (backend->level, argv[2]) != 0 : strcmp (backend->level, "scalar") == 0)
      continue;
    for (int is_s8 = 1; is_s8 >= 0; is_s8--)
      if (argc < 2 || strcmp (argv[1], is_s8 ? "int8" : "f32") == 0)
        bench (backend, is_s8, argc > 3 ? atoi (argv[3]) : -1, pool);
  }
  praxi_pool_free (pool);
  return 0;
}
