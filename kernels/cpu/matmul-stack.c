/* MatMul of two stacks of matrices, both known only when it runs, as in attention.
 *
 *   Y [..,M,N] = A [..,M,K] B [..,K,N]      f32, row-major; the same leading dims
 *
 * Threads share the matrices of the stack; each packs B into scratch of its own.
 */
#include "kernels/cpu/dense.h"

#include <stdlib.h>

enum { CHUNK_ROWS = 96, SPLIT_MACS = 200000 };

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  DensePack pack;
  int64_t n_matrices, rows, depth, columns;
  size_t thread_bytes; /* of scratch */
  bool splits;
} StackKernel;

typedef struct {
  const StackKernel *kernel;
  const float *a, *b;
  float *y;
  char *scratch;
} Job;

static void
multiply (const Job *job, const DensePack *pack, int64_t matrix)
{
  const StackKernel *kernel = job->kernel;
  const DenseSource source = {.data = job->b + matrix * kernel->depth * kernel->columns,
                              .out_step = 1,
                              .in_step = kernel->columns,
                              .scale = 1};
  praxi_cpu_pack_fill (pack, &source, pack->weights);
  for (int64_t row = 0; row < kernel->rows; row += CHUNK_ROWS) {
    const int64_t left = kernel->rows - row, first = matrix * kernel->rows + row;
    const void *plane[1] = {job->a + first * kernel->depth};
    DenseCall call = {.planes = plane,
                      .pixel_bytes = kernel->depth * (int64_t) sizeof (float),
                      .n_planes = 1,
                      .n_taps = 1,
                      .n_pixels = (int) (left < CHUNK_ROWS ? left : CHUNK_ROWS),
                      .out_step = kernel->columns};
    for (int i = 0; i < pack->n_chunks; i++) {
      praxi_cpu_pack_call (pack, &pack->chunks[i], &call);
      call.out = job->y + first * kernel->columns + pack->chunks[i].channel;
      kernel->loops->dense_f32 (&call);
    }
  }
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  DensePack pack = job->kernel->pack;
  int64_t matrix, end;
  pack.weights = job->scratch + (size_t) i * job->kernel->thread_bytes;
  for (praxi_cpu_share (job->kernel->n_matrices, i, n, &matrix, &end); matrix < end; matrix++)
    multiply (job, &pack, matrix);
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const StackKernel *kernel = (StackKernel *) base;
  Job job = {kernel, in[0]->data, in[1]->data, out[0]->data, scratch};
  praxi_pool_run (kernel->splits ? pool : NULL, run_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  praxi_cpu_pack_clear (&((StackKernel *) base)->pack);
}

static bool
fits (const CpuPlace *place)
{
  const PraxiTensor *const all[] = {place->in[0], place->in[1], place->out[0]};
  for (int i = 0; i < 3; i++) {
    if (all[i]->rank != all[0]->rank || all[i]->dtype != PRAXI_F32 ||
        !praxi_cpu_is_row_major (all[i]))
      return false;
    for (int d = 0; d < all[i]->rank - 2; d++)
      if (all[i]->dims[d] != all[0]->dims[d])
        return false;
  }
  return true;
}

PraxiStatus
praxi_cpu_matmul_stack (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiTensor *y = place->out[0];
  if (!fits (place))
    return PRAXI_STATUS_UNSUPPORTED;
  StackKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "matmul-stack-f32", .run = run, .clear = clear};
  kernel->loops = place->loops;
  kernel->rows = y->dims[y->rank - 2];
  kernel->columns = y->dims[y->rank - 1];
  kernel->depth = place->in[0]->dims[y->rank - 1];
  kernel->n_matrices = 1;
  for (int d = 0; d < y->rank - 2; d++)
    kernel->n_matrices *= y->dims[d];
  kernel->pack = (DensePack){.loops = place->loops,
                             .groups = 1,
                             .group_in = kernel->depth,
                             .group_out = kernel->columns,
                             .taps = 1};
  const PraxiStatus status = praxi_cpu_pack_plan (&kernel->pack);
  kernel->thread_bytes = praxi_cpu_round_up (kernel->pack.weights_bytes, 64);
  kernel->splits =
      kernel->n_matrices * kernel->rows * kernel->depth * kernel->columns >= SPLIT_MACS;
  kernel->base.scratch_bytes =
      kernel->thread_bytes * (size_t) (kernel->splits ? place->n_threads : 1);
  return status;
}
