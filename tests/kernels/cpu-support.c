#include "tests/kernels/cpu-support.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/kernels/device-support.h"

const PraxiBackend *
test_level (int n)
{
  if (getenv ("PRAXI_PLUGINS"))
    return n == 0 ? test_device_backend () : NULL;
  return praxi_backend_cpu_level (n);
}

bool
test_may_lack (const PraxiBackend *backend)
{
  return strcmp (backend->name, "cpu") != 0;
}

static size_t
dtype_bytes (PraxiDType dtype)
{
  switch (dtype) {
  case PRAXI_U8:
  case PRAXI_S8:
  case PRAXI_BOOL:
    return 1;
  case PRAXI_F64:
  case PRAXI_S64:
  case PRAXI_U64:
    return 8;
  default:
    return 4;
  }
}

int64_t
test_count (const PraxiTensor *tensor)
{
  int64_t n = 1;
  for (int i = 0; i < tensor->rank; i++)
    n *= tensor->dims[i];
  return n;
}

size_t
test_bytes (const PraxiTensor *tensor)
{
  return (size_t) test_count (tensor) * dtype_bytes (tensor->dtype);
}

/* Behind each tensor lies a page that nobody may touch: also what no sanitizer sees, instructions
 * written by hand, reads not one byte too many.
 */
static void *
map_before_guard (size_t bytes)
{
  const size_t page = (size_t) sysconf (_SC_PAGESIZE), used = (bytes + page - 1) / page * page;
  char *base = mmap (NULL, used + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true (base != MAP_FAILED);
  g_assert_cmpint (mprotect (base + used, page, PROT_NONE), ==, 0);
  return base + used - bytes;
}

static void
unmap_before_guard (void *data, size_t bytes)
{
  const uintptr_t page = (uintptr_t) sysconf (_SC_PAGESIZE), at = (uintptr_t) data;
  const uintptr_t base = at / page * page;
  munmap ((void *) base, (at + bytes - base) + page);
}

PraxiTensor
test_tensor (PraxiDType dtype, Layout layout, int rank, const int64_t *dims)
{
  PraxiTensor tensor = {.dtype = dtype, .rank = rank};
  int64_t step = layout == LAYOUT_CHANNELS_LAST ? dims[1] : 1;
  for (int i = rank - 1; i >= 0; i--) {
    tensor.dims[i] = dims[i];
    const bool is_channel = layout == LAYOUT_CHANNELS_LAST && i == 1;
    tensor.strides[i] = is_channel ? 1 : step;
    step *= is_channel ? 1 : dims[i];
  }
  tensor.data = map_before_guard (MAX (test_bytes (&tensor), 1));
  return tensor;
}

void
test_tensor_clear (PraxiTensor *tensor)
{
  if (tensor->data != NULL)
    unmap_before_guard (tensor->data, MAX (test_bytes (tensor), 1));
  tensor->data = NULL;
}

void
test_fill (PraxiTensor *tensor, unsigned seed, float scale)
{
  uint32_t state = seed * 2654435761u + 12345u;
  const int64_t n = test_count (tensor);
  for (int64_t i = 0; i < n; i++) {
    state = state * 1664525u + 1013904223u;
    if (tensor->dtype == PRAXI_F32)
      ((float *) tensor->data)[i] = ((float) (state >> 8) / 8388608.f - 1) * scale;
    else if (dtype_bytes (tensor->dtype) == 1)
      ((uint8_t *) tensor->data)[i] = (uint8_t) (state >> 24);
    else if (tensor->dtype == PRAXI_S32)
      ((int32_t *) tensor->data)[i] = (int32_t) (state >> 8) % 2000 - 1000;
    else
      g_assert_not_reached ();
  }
}

static double
element (const PraxiTensor *tensor, int64_t offset)
{
  switch (tensor->dtype) {
  case PRAXI_F32:
    return (double) ((const float *) tensor->data)[offset];
  case PRAXI_U8:
  case PRAXI_BOOL:
    return ((const uint8_t *) tensor->data)[offset];
  case PRAXI_S8:
    return ((const int8_t *) tensor->data)[offset];
  case PRAXI_S32:
    return ((const int32_t *) tensor->data)[offset];
  case PRAXI_S64:
    return (double) ((const int64_t *) tensor->data)[offset];
  default:
    g_assert_not_reached ();
  }
}

float
test_max_difference (const PraxiTensor *a, const PraxiTensor *b)
{
  double worst = 0;
  const int64_t n = test_count (a);
  for (int64_t i = 0; i < n; i++) {
    int64_t rest = i, at_a = 0, at_b = 0;
    for (int axis = a->rank - 1; axis >= 0; axis--) {
      const int64_t index = rest % a->dims[axis];
      rest /= a->dims[axis];
      at_a += index * a->strides[axis];
      at_b += index * b->strides[axis];
    }
    const double x = element (a, at_a), y = element (b, at_b);
    if (isnan (x) != isnan (y))
      return INFINITY;
    if (!isnan (x) && x != y)
      worst = MAX (worst, fabs (x - y));
  }
  return (float) worst;
}

static void *
take_scratch (size_t bytes)
{
  void *scratch = NULL;
  g_assert_cmpint (posix_memalign (&scratch, 64, MAX (bytes, 1)), ==, 0);
  memset (scratch, 0xAB, bytes);
  return scratch;
}

/* Prepares for inputs that carry no data but the first. */
static PraxiStatus
prepare_unknown (const PraxiBackend *backend,
                 const PraxiOp *op,
                 const PraxiTensor *const *in,
                 int n_in,
                 const PraxiTensor *const *out,
                 int n_out,
                 PraxiPool *pool,
                 PraxiKernel **kernel)
{
  enum { MAX_INPUTS = 4 };
  PraxiTensor shapes[MAX_INPUTS];
  const PraxiTensor *unknown[MAX_INPUTS];
  for (int i = 0; i < n_in; i++) {
    unknown[i] = in[i];
    if (i == 0 || !in[i])
      continue;
    shapes[i] = *in[i];
    shapes[i].data = NULL;
    unknown[i] = &shapes[i];
  }
  return backend->prepare (backend, op, unknown, n_in, out, n_out, pool, kernel);
}

static bool
run_prepared (const PraxiBackend *backend,
              PraxiStatus status,
              PraxiKernel *kernel,
              const PraxiTensor *const *in,
              const PraxiTensor *const *out,
              PraxiPool *pool,
              const char **name)
{
  if (status == PRAXI_STATUS_UNSUPPORTED)
    return false;
  g_assert_cmpint (status, ==, PRAXI_OK);
  if (name)
    *name = backend->kernel_name (kernel);
  void *scratch = take_scratch (backend->kernel_scratch_bytes (kernel));
  g_assert_cmpint (backend->run (kernel, in, out, scratch, pool), ==, PRAXI_OK);
  free (scratch);
  backend->kernel_free (kernel);
  return true;
}

bool
test_run (const PraxiBackend *backend,
          const PraxiOp *op,
          const PraxiTensor *const *in,
          int n_in,
          const PraxiTensor *const *out,
          int n_out,
          PraxiPool *pool,
          const char **name)
{
  PraxiKernel *kernel;
  const PraxiStatus status = backend->prepare (backend, op, in, n_in, out, n_out, pool, &kernel);
  return run_prepared (backend, status, kernel, in, out, pool, name);
}

static int
compare_doubles (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

/* With one thread its processor time: other programs on the machine do not count. */
static double
now_ms (bool one_thread)
{
  struct timespec t;
  clock_gettime (one_thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return (double) t.tv_sec * 1e3 + (double) t.tv_nsec * 1e-6;
}

static double
time_ms (const PraxiBackend *backend,
         PraxiKernel *kernel,
         const PraxiTensor *const *in,
         const PraxiTensor *const *out,
         PraxiPool *pool)
{
  enum { MAX_RUNS = 400 };
  void *scratch = take_scratch (backend->kernel_scratch_bytes (kernel));
  double times[MAX_RUNS], total = 0;
  int n = 0;
  backend->run (kernel, in, out, scratch, pool);
  while (n < MAX_RUNS && (n < 3 || total < 150)) {
    const double begin = now_ms (praxi_pool_threads (pool) == 1);
    backend->run (kernel, in, out, scratch, pool);
    times[n] = now_ms (praxi_pool_threads (pool) == 1) - begin;
    total += times[n++];
  }
  qsort (times, (size_t) n, sizeof *times, compare_doubles);
  free (scratch);
  backend->kernel_free (kernel);
  return times[n / 4];
}

double
test_time_ms (const PraxiBackend *backend,
              const PraxiOp *op,
              const PraxiTensor *const *in,
              int n_in,
              const PraxiTensor *const *out,
              int n_out,
              PraxiPool *pool)
{
  PraxiKernel *kernel;
  if (backend->prepare (backend, op, in, n_in, out, n_out, pool, &kernel) != PRAXI_OK)
    return -1;
  return time_ms (backend, kernel, in, out, pool);
}

double
test_time_unknown_ms (const PraxiBackend *backend,
                      const PraxiOp *op,
                      const PraxiTensor *const *in,
                      int n_in,
                      const PraxiTensor *const *out,
                      int n_out,
                      PraxiPool *pool)
{
  PraxiKernel *kernel;
  if (prepare_unknown (backend, op, in, n_in, out, n_out, pool, &kernel) != PRAXI_OK)
    return -1;
  return time_ms (backend, kernel, in, out, pool);
}

bool
test_wants_bench (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    if (strcmp (argv[i], "--bench") == 0)
      return true;
  return false;
}

static void
check (const PraxiOp *op,
       const PraxiTensor *const *in,
       int n_in,
       PraxiTensor *y,
       PraxiPool *pool,
       float limit,
       bool unknown)
{
  PraxiTensor truth = *y;
  truth.data = g_malloc (test_bytes (y) + 1);
  const PraxiTensor *truths[] = {&truth}, *outs[] = {y};
  g_assert_true (test_run (praxi_backend_ref (), op, in, n_in, truths, 1, pool, NULL));
  for (int i = 0; test_level (i); i++) {
    const PraxiBackend *backend = test_level (i);
    memset (y->data, 0x55, test_bytes (y));
    PraxiKernel *kernel;
    const PraxiStatus status =
        unknown ? prepare_unknown (backend, op, in, n_in, outs, 1, pool, &kernel)
                : backend->prepare (backend, op, in, n_in, outs, 1, pool, &kernel);
    if (status == PRAXI_STATUS_UNSUPPORTED && test_may_lack (backend))
      continue;
    if (!run_prepared (backend, status, kernel, in, outs, pool, NULL))
      g_error ("%s: no kernel for %s", backend->level, praxi_op_name (op->kind));
    const float worst = test_max_difference (y, &truth);
    if (!(worst <= limit))
      g_error ("%s: %s is %g off", backend->level, praxi_op_name (op->kind), (double) worst);
  }
  g_free (truth.data);
}

void
test_check (const PraxiOp *op,
            const PraxiTensor *const *in,
            int n_in,
            PraxiTensor *y,
            PraxiPool *pool,
            float limit)
{
  check (op, in, n_in, y, pool, limit, false);
}

void
test_check_unknown (const PraxiOp *op,
                    const PraxiTensor *const *in,
                    int n_in,
                    PraxiTensor *y,
                    PraxiPool *pool,
                    float limit)
{
  check (op, in, n_in, y, pool, limit, true);
}
