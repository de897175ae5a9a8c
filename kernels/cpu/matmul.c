/* Gemm and MatMul of floats, as a dense product of rows.
 *
 *   Gemm    Y [M,N] = α A [M,K] B + β C      A or, transposed, [K,M]; B [K,N] or, transposed,
 * [N,K]; C a scalar or one row MatMul  Y [..,M,N] = A [..,M,K] B [K,N]
 *
 * B and C are packed when prepared or, where they are not known then, in every run. A transposed A
 * is turned into scratch first.
 */
#include "kernels/cpu/dense.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_ROWS = 96, SPLIT_MACS = 200000 };

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  DensePack pack;
  int64_t rows, depth, columns;
  bool splits;
  bool packs_at_run, turns; /* turns: A is transposed */
  DenseSource source;       /* of B, without data */
  float beta;
} MatmulKernel;

typedef struct {
  const MatmulKernel *kernel;
  const DensePack *pack;
  const float *in;
  float *out;
} Job;

static void
run_rows (const Job *job, int64_t begin, int64_t end)
{
  const MatmulKernel *kernel = job->kernel;
  const void *plane[1] = {job->in + begin * kernel->depth};
  DenseCall call = {.planes = plane,
                    .pixel_bytes = kernel->depth * (int64_t) sizeof (float),
                    .n_planes = 1,
                    .n_taps = 1,
                    .n_pixels = (int) (end - begin),
                    .out_step = kernel->columns};
  for (int i = 0; i < job->pack->n_chunks; i++) {
    const DenseChunk *chunk = &job->pack->chunks[i];
    praxi_cpu_pack_call (job->pack, chunk, &call);
    call.out = job->out + begin * kernel->columns + chunk->channel;
    kernel->loops->dense_f32 (&call);
  }
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  int64_t begin, end;
  praxi_cpu_share (job->kernel->rows, i, n, &begin, &end);
  for (; begin < end; begin += CHUNK_ROWS)
    run_rows (job, begin, end - begin < CHUNK_ROWS ? end : begin + CHUNK_ROWS);
}

static void
set_bias (DensePack *pack, const PraxiTensor *bias, float beta, int64_t columns)
{
  const float *from = bias->data;
  const bool is_one = bias->rank == 0 || bias->dims[bias->rank - 1] == 1;
  for (int64_t o = 0; o < columns; o++)
    praxi_cpu_pack_set (pack, pack->bias, o, beta * from[is_one ? 0 : o]);
}

static size_t
turned_bytes (const MatmulKernel *kernel)
{
  return kernel->turns
             ? praxi_cpu_round_up (sizeof (float) * (size_t) (kernel->rows * kernel->depth), 64)
             : 0;
}

/* The pack with B and C of this run, in scratch behind the turned A. */
static DensePack
pack_now (const MatmulKernel *kernel, const PraxiTensor *const *in, char *scratch)
{
  DensePack pack = kernel->pack;
  DenseSource source = kernel->source;
  source.data = in[1]->data;
  pack.weights = scratch;
  pack.bias = (float *) (void *) (scratch + pack.weights_bytes);
  memset (pack.bias, 0, pack.n_arrays * sizeof *pack.bias);
  praxi_cpu_pack_fill (&pack, &source, pack.weights);
  if (kernel->base.n_in > 2 && in[2])
    set_bias (&pack, in[2], kernel->beta, kernel->columns);
  return pack;
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const MatmulKernel *kernel = (MatmulKernel *) base;
  float *turned = scratch;
  const DensePack pack = kernel->packs_at_run
                             ? pack_now (kernel, in, (char *) scratch + turned_bytes (kernel))
                             : kernel->pack;
  Job job = {kernel, &pack, in[0]->data, out[0]->data};
  if (kernel->turns) {
    for (int64_t k = 0; k < kernel->depth; k++)
      for (int64_t row = 0; row < kernel->rows; row++)
        turned[row * kernel->depth + k] = job.in[k * kernel->rows + row];
    job.in = turned;
  }
  praxi_pool_run (kernel->splits ? pool : NULL, run_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  praxi_cpu_pack_clear (&((MatmulKernel *) base)->pack);
}

static bool
is_dense_f32 (const PraxiTensor *tensor)
{
  return tensor->dtype == PRAXI_F32 && praxi_cpu_is_row_major (tensor);
}

/* One number for each column, or one for all. */
static bool
is_row (const PraxiTensor *bias, int64_t columns)
{
  if (!is_dense_f32 (bias))
    return false;
  int64_t n = 1;
  for (int i = 0; i < bias->rank; i++)
    n *= bias->dims[i];
  return n == 1 || (n == columns && bias->dims[bias->rank - 1] == columns);
}

static bool
fits (const CpuPlace *place)
{
  const PraxiTensor *a = place->in[0], *b = praxi_cpu_input (place, 1), *y = place->out[0];
  const PraxiTensor *bias = praxi_cpu_input (place, 2);
  const bool is_gemm = place->op->kind == PRAXI_OP_GEMM;
  if (!b || b->rank != 2 || a->rank < 2 || !is_dense_f32 (a) || !is_dense_f32 (b) ||
      !is_dense_f32 (y))
    return false;
  return !is_gemm || !bias || is_row (bias, y->dims[1]);
}

static PraxiStatus
pack_right (MatmulKernel *kernel, const PraxiTensor *b, const PraxiTensor *bias)
{
  DensePack *pack = &kernel->pack;
  DenseSource source = kernel->source;
  kernel->packs_at_run = !b->data || (bias && !bias->data);
  kernel->base.scratch_bytes = turned_bytes (kernel);
  if (kernel->packs_at_run) {
    const PraxiStatus status = praxi_cpu_pack_plan (pack);
    kernel->base.scratch_bytes += pack->weights_bytes + pack->n_arrays * sizeof *pack->bias;
    return status;
  }
  source.data = b->data;
  const PraxiStatus status = praxi_cpu_pack (pack, &source, 0);
  if (status == PRAXI_OK && bias)
    set_bias (pack, bias, kernel->beta, kernel->columns);
  kernel->base.weight_bytes = pack->bytes;
  return status;
}

PraxiStatus
praxi_cpu_matmul (const CpuPlace *place, PraxiKernel **out)
{
  if (place->op->kind == PRAXI_OP_MATMUL && place->in[1]->rank > 2)
    return praxi_cpu_matmul_stack (place, out);
  if (!fits (place))
    return PRAXI_STATUS_UNSUPPORTED;
  MatmulKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  const PraxiTensor *a = place->in[0], *b = place->in[1], *y = place->out[0];
  const bool is_gemm = place->op->kind == PRAXI_OP_GEMM;
  const bool transposed = is_gemm && place->op->transpose_b;
  kernel->base = (PraxiKernel){.name = "matmul-f32", .run = run, .clear = clear};
  kernel->loops = place->loops;
  kernel->turns = is_gemm && place->op->transpose_a;
  kernel->depth = a->dims[kernel->turns ? 0 : a->rank - 1];
  kernel->columns = y->dims[y->rank - 1];
  kernel->rows = 1;
  for (int i = 0; i < a->rank - 1; i++)
    kernel->rows *= a->dims[i];
  if (kernel->turns)
    kernel->rows = a->dims[1];
  kernel->splits = kernel->rows * kernel->depth * kernel->columns >= SPLIT_MACS;
  kernel->pack = (DensePack){.loops = place->loops,
                             .groups = 1,
                             .group_in = kernel->depth,
                             .group_out = kernel->columns,
                             .taps = 1};
  kernel->source = (DenseSource){.out_step = transposed ? kernel->depth : 1,
                                 .in_step = transposed ? 1 : kernel->columns,
                                 .scale = is_gemm ? place->op->alpha : 1};
  kernel->beta = place->op->beta;
  return pack_right (kernel, b, is_gemm ? praxi_cpu_input (place, 2) : NULL);
}
