/* BatchNormalization and its gradient on dense channels-last f32, or on rows of channels:
 *
 *   y  = a x + c                   a = scale / √(var + ε), c = bias − mean a
 *   dx = a dy + b x + c            b = −a dscale / (n √(var + ε)), c = −a dbias / n − b mean
 *
 * Sums are taken in floats over CHUNK rows about a first value near the mean, and of those in
 * doubles. Threads share rows.
 */
#include "kernels/cpu/cpu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256 };

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  int64_t rows, channels;
  int n_threads;
  bool is_training, is_gradient;
  float epsilon, momentum;
} NormKernel;

/* One run. */
typedef struct {
  const NormKernel *kernel;
  NormCall call; /* of all rows */
  double *sums;  /* [n_threads][2][channels] */
  float *parts;  /* [n_threads][2][channels] */
} Job;

static NormCall
rows_of (const NormCall *call, int64_t begin, int64_t end)
{
  NormCall part = *call;
  const int64_t at = begin * call->channels;
  part.rows = end - begin;
  part.x += at;
  part.y = call->y != NULL ? call->y + at : NULL;
  part.dy = call->dy != NULL ? call->dy + at : NULL;
  return part;
}

static void
sum_part (void *data, int i, int n)
{
  const Job *job = data;
  const int64_t C = job->call.channels;
  double *sums = job->sums + 2 * C * i;
  float *part = job->parts + 2 * C * i;
  int64_t begin, end;
  memset (sums, 0, sizeof *sums * (size_t) (2 * C));
  praxi_cpu_share (job->call.rows, i, n, &begin, &end);
  for (int64_t r = begin; r < end; r += CHUNK) {
    NormCall call = rows_of (&job->call, r, r + CHUNK < end ? r + CHUNK : end);
    memset (part, 0, sizeof *part * (size_t) (2 * C));
    call.sums = part;
    job->kernel->loops->norm_sums (&call);
    for (int64_t c = 0; c < 2 * C; c++)
      sums[c] += (double) part[c];
  }
}

static void
map_part (void *data, int i, int n)
{
  const Job *job = data;
  int64_t begin, end;
  praxi_cpu_share (job->call.rows, i, n, &begin, &end);
  const NormCall call = rows_of (&job->call, begin, end);
  job->kernel->loops->norm_map (&call);
}

/* The sums of all threads, in the first one's place. */
static void
add_up (Job *job, PraxiPool *pool)
{
  const int64_t C = job->call.channels;
  praxi_pool_run (pool, sum_part, job);
  for (int i = 1; i < job->kernel->n_threads; i++)
    for (int64_t c = 0; c < 2 * C; c++)
      job->sums[c] += job->sums[2 * C * i + c];
}

/* scratch: sums, parts, and three rows of floats */
static float *
begin_job (Job *job, const NormKernel *kernel, void *scratch)
{
  const size_t n = (size_t) (2 * kernel->channels * kernel->n_threads);
  job->kernel = kernel;
  job->call.rows = kernel->rows;
  job->call.channels = kernel->channels;
  job->sums = scratch;
  job->parts = (float *) (job->sums + n);
  return job->parts + n;
}

static void
keep (const NormKernel *kernel,
      const PraxiTensor *const *out,
      int i,
      const PraxiTensor *before,
      int64_t c,
      double value)
{
  if (i >= kernel->base.n_out || out[i] == NULL)
    return;
  const double momentum = (double) kernel->momentum;
  const double old = momentum != 0 ? momentum * (double) ((const float *) before->data)[c] : 0;
  ((float *) out[i]->data)[c] = (float) (old + (1 - momentum) * value);
}

static PraxiStatus
run_forward (PraxiKernel *base,
             const PraxiTensor *const *in,
             const PraxiTensor *const *out,
             void *scratch,
             PraxiPool *pool)
{
  const NormKernel *kernel = (const NormKernel *) base;
  const int64_t C = kernel->channels;
  const float *scale = in[1]->data, *bias = in[2]->data;
  Job job = {.call = {.x = in[0]->data}};
  float *a = begin_job (&job, kernel, scratch), *shift = a + C;
  if (kernel->is_training) {
    job.call.a = in[0]->data; /* the first row stands near the mean */
    add_up (&job, pool);
  }
  for (int64_t c = 0; c < C; c++) {
    double mean = (double) ((const float *) in[3]->data)[c];
    double variance = (double) ((const float *) in[4]->data)[c];
    if (kernel->is_training) {
      const double off = job.sums[c] / (double) kernel->rows;
      /* As what is kept of them, so that these give the same y once more. */
      mean = (double) (float) ((double) ((const float *) in[0]->data)[c] + off);
      variance = (double) (float) fmax (job.sums[C + c] / (double) kernel->rows - off * off, 0);
      keep (kernel, out, 1, in[3], c, mean);
      keep (kernel, out, 2, in[4], c, variance);
    }
    const double factor = (double) scale[c] / sqrt (variance + (double) kernel->epsilon);
    a[c] = (float) factor;
    shift[c] = (float) ((double) bias[c] - mean * factor);
  }
  job.call.a = a;
  job.call.c = shift;
  job.call.y = out[0]->data;
  praxi_pool_run (pool, map_part, &job);
  return PRAXI_OK;
}

static PraxiStatus
run_gradient (PraxiKernel *base,
              const PraxiTensor *const *in,
              const PraxiTensor *const *out,
              void *scratch,
              PraxiPool *pool)
{
  const NormKernel *kernel = (const NormKernel *) base;
  const int64_t C = kernel->channels;
  const float *scale = in[1]->data, *mean = in[3]->data, *variance = in[4]->data;
  Job job = {.call = {.x = in[0]->data, .dy = in[2]->data, .a = mean}};
  float *a = begin_job (&job, kernel, scratch), *b = a + C, *shift = b + C;
  add_up (&job, pool);
  for (int64_t c = 0; c < C; c++) {
    const double slope = 1 / sqrt ((double) variance[c] + (double) kernel->epsilon);
    const double factor = (double) scale[c] * slope, n = (double) kernel->rows;
    const double dbias = job.sums[c], dscale = job.sums[C + c] * slope;
    if (base->n_out > 1 && out[1] != NULL)
      ((float *) out[1]->data)[c] = (float) dscale;
    if (base->n_out > 2 && out[2] != NULL)
      ((float *) out[2]->data)[c] = (float) dbias;
    const double along = kernel->is_training ? -factor * dscale * slope / n : 0;
    a[c] = (float) factor;
    b[c] = (float) along;
    shift[c] = (float) (kernel->is_training ? -factor * dbias / n - along * (double) mean[c] : 0);
  }
  job.call.a = a;
  job.call.b = b;
  job.call.c = shift;
  job.call.y = out[0]->data;
  praxi_pool_run (pool, map_part, &job);
  return PRAXI_OK;
}

static bool
are_rows (const PraxiTensor *tensor)
{
  return tensor->dtype == PRAXI_F32 && (tensor->rank == 2 ? praxi_cpu_is_row_major (tensor)
                                                          : praxi_cpu_is_channels_last (tensor));
}

PraxiStatus
praxi_cpu_batch_norm (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiTensor *x = place->in[0];
  const bool is_gradient = place->op->kind == PRAXI_OP_BATCH_NORM_GRADIENT;
  if (!are_rows (x) || !are_rows (place->out[0]) || (is_gradient && !are_rows (place->in[2])))
    return PRAXI_STATUS_UNSUPPORTED;
  for (int i = 1; i < 5; i++)
    if (place->in[i]->dtype != PRAXI_F32 ||
        (place->in[i]->rank == 1 && !praxi_cpu_is_row_major (place->in[i])))
      return PRAXI_STATUS_UNSUPPORTED;
  NormKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = is_gradient ? "batch-norm-gradient" : "batch-norm",
                               .run = is_gradient ? run_gradient : run_forward};
  int64_t count = 0;
  praxi_tensor_count (x, &count);
  kernel->loops = place->loops;
  kernel->channels = x->dims[1];
  kernel->rows = count / x->dims[1];
  kernel->n_threads = place->n_threads;
  kernel->is_training = place->op->training_mode;
  kernel->is_gradient = is_gradient;
  kernel->epsilon = place->op->epsilon;
  kernel->momentum = place->op->alpha;
  const size_t C = (size_t) kernel->channels, n = 2 * C * (size_t) kernel->n_threads;
  kernel->base.scratch_bytes = n * (sizeof (double) + sizeof (float)) + 3 * C * sizeof (float);
  return PRAXI_OK;
}
