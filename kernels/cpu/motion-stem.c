/* The motion stem, split by frame pairs: first every thread computes the flow of its pairs, then,
 * when all flows stand, the maps of the same pairs (a map needs the flow of the pair before).
 */
#include "kernels/cpu/cpu.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  MotionPlan plan;
  int n_pairs, n_threads;
  size_t thread_floats; /* of scratch */
  float *last_flow;     /* of the last pair of the last run */
  bool has_run;
} MotionKernel;

typedef struct {
  const MotionKernel *kernel;
  const uint8_t *frames;
  const PraxiTensor *maps;
  float *flows;   /* [n_pairs][half_floats]; those before first_pair are not set */
  float *scratch; /* [n_threads][thread_floats] */
  int first_pair;
} Job;

static void
plan_sizes (MotionPlan *plan, const PraxiMotionStem *motion, const PraxiTensor *frames)
{
  plan->motion = *motion;
  plan->n_frames = (int) frames->dims[1];
  plan->height = (int) frames->dims[2];
  plan->width = (int) frames->dims[3];
  for (int s = 0; s < motion->n_scales; s++) {
    plan->h[s] = plan->height >> s;
    plan->w[s] = plan->width >> s;
    plan->grey_at[s] = plan->grey_floats;
    plan->grey_floats += (size_t) plan->h[s] * praxi_cpu_round_up ((size_t) plan->w[s], 16);
  }
  plan->half_floats = (size_t) plan->height * (size_t) plan->width / 2;
  const size_t row = praxi_cpu_round_up ((size_t) plan->width, 16);
  plan->row_floats = row + 2 * MOTION_MARGIN;
  /* 9 rows, the ring of gradients, the products' columns, and margins of 1 and of box/2 vectors,
   * which are of 8 floats at most
   */
  const size_t box = (size_t) motion->box;
  plan->strip_floats = row * (9 + 3 * box + 5) + 8 * (4 + 5 * box);
  plan->strip_floats = praxi_cpu_round_up (plan->strip_floats, 16);
  plan->work_floats = plan->strip_floats + MOTION_ROWS * plan->row_floats;
  plan->work_floats += praxi_cpu_round_up (plan->half_floats, 16);
}

static float *
thread_scratch (const Job *job, int i)
{
  return job->scratch + (size_t) i * job->kernel->thread_floats;
}

static void
compute_flows (void *data, int i, int n)
{
  const Job *job = data;
  const MotionKernel *kernel = job->kernel;
  const MotionPlan *plan = &kernel->plan;
  const size_t frame_bytes = (size_t) plan->height * (size_t) plan->width * 3;
  int64_t begin, end;
  praxi_cpu_share (kernel->n_pairs - job->first_pair, i, n, &begin, &end);
  if (begin == end)
    return;
  float *grey[2] = {thread_scratch (job, i), thread_scratch (job, i) + plan->grey_floats};
  float *work = grey[1] + plan->grey_floats;
  for (int64_t t = job->first_pair + begin; t <= job->first_pair + end; t++) {
    kernel->loops->motion_grey (plan, job->frames + (size_t) t * frame_bytes,
                                work + plan->strip_floats, grey[t % 2]);
    if (t > job->first_pair + begin)
      kernel->loops->motion_flow (plan, grey[(t - 1) % 2], grey[t % 2], work,
                                  job->flows + (size_t) (t - 1) * plan->half_floats);
  }
}

static void
store_row (const PraxiTensor *maps, int64_t pair, int64_t y, const float *row)
{
  const int64_t *s = maps->strides, w = maps->dims[3];
  float *out = (float *) maps->data + pair * s[0] + y * s[2];
  if (s[1] == 1 && s[3] == PRAXI_MOTION_MAPS) {
    for (int64_t x = 0; x < w; x++, out += PRAXI_MOTION_MAPS)
      for (int64_t c = 0; c < PRAXI_MOTION_MAPS; c++)
        out[c] = row[c * w + x];
    return;
  }
  for (int64_t c = 0; c < PRAXI_MOTION_MAPS; c++)
    for (int64_t x = 0; x < w; x++)
      out[c * s[1] + x * s[3]] = row[c * w + x];
}

static void
compute_maps (void *data, int i, int n)
{
  const Job *job = data;
  const MotionKernel *kernel = job->kernel;
  const size_t half = kernel->plan.half_floats;
  int64_t begin, end;
  praxi_cpu_share (kernel->n_pairs - job->first_pair, i, n, &begin, &end);
  for (int64_t pair = job->first_pair + begin; pair < job->first_pair + end; pair++) {
    const float *flow = job->flows + (size_t) pair * half;
    const float *before = pair == 0                 ? NULL
                          : pair == job->first_pair ? kernel->last_flow
                                                    : flow - half;
    for (int y = 0; y < kernel->plan.height / 4; y++) {
      kernel->loops->motion_maps (&kernel->plan, flow, before, y, thread_scratch (job, i));
      store_row (job->maps, pair, y, thread_scratch (job, i));
    }
  }
}

/* The pair that moved to the front has no pair before it. */
static void
forget_acceleration (const PraxiTensor *maps)
{
  const int64_t *s = maps->strides;
  for (int64_t y = 0; y < maps->dims[2]; y++)
    for (int64_t x = 0; x < maps->dims[3]; x++)
      ((float *) maps->data)[3 * s[1] + y * s[2] + x * s[3]] = 1e-6f; /* √1e−12 */
}

static int
clip_first_pair (const MotionKernel *kernel, const PraxiTensor *input)
{
  if (!input || !input->data || !kernel->has_run)
    return 0;
  const int64_t first = *(const int64_t *) input->data;
  return first < 0 || first > kernel->n_pairs ? 0 : (int) first;
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  MotionKernel *kernel = (MotionKernel *) base;
  const size_t half = kernel->plan.half_floats;
  Job job = {.kernel = kernel, .frames = in[0]->data, .maps = out[0]};
  job.first_pair = clip_first_pair (kernel, kernel->base.n_in > 1 ? in[1] : NULL);
  job.scratch = scratch;
  job.flows = job.scratch + (size_t) kernel->n_threads * kernel->thread_floats;
  if (kernel->base.n_out > 1 && out[1])
    job.flows = out[1]->data;
  if (job.first_pair == kernel->n_pairs)
    return PRAXI_OK;
  praxi_pool_run (pool, compute_flows, &job);
  praxi_pool_run (pool, compute_maps, &job);
  if (job.first_pair > 0)
    forget_acceleration (out[0]);
  memcpy (kernel->last_flow, job.flows + (size_t) (kernel->n_pairs - 1) * half,
          sizeof (float) * half);
  kernel->has_run = true;
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  free (((MotionKernel *) base)->last_flow);
}

static bool
fits (const CpuPlace *place)
{
  const PraxiTensor *first = praxi_cpu_input (place, 1), *maps = place->out[0];
  if (first && (first->dtype != PRAXI_S64 || first->rank > 1))
    return false;
  if (place->n_out > 1 && place->out[1] && !praxi_cpu_is_row_major (place->out[1]))
    return false;
  return maps && maps->dtype == PRAXI_F32 && praxi_cpu_is_row_major (place->in[0]);
}

PraxiStatus
praxi_cpu_motion_stem (const CpuPlace *place, PraxiKernel **out)
{
  if (praxi_motion_stem_check (&place->op->motion, place->in[0]) != PRAXI_OK || !fits (place))
    return PRAXI_STATUS_UNSUPPORTED;
  MotionKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "motion-stem", .run = run, .clear = clear};
  kernel->loops = place->loops;
  kernel->n_threads = place->n_threads;
  plan_sizes (&kernel->plan, &place->op->motion, place->in[0]);
  const MotionPlan *plan = &kernel->plan;
  kernel->n_pairs = plan->n_frames - 1;
  kernel->thread_floats = 2 * plan->grey_floats + plan->work_floats;
  kernel->base.scratch_bytes =
      sizeof (float) * ((size_t) kernel->n_threads * kernel->thread_floats +
                        (size_t) kernel->n_pairs * plan->half_floats);
  kernel->last_flow = praxi_cpu_alloc (sizeof (float) * plan->half_floats);
  return kernel->last_flow ? PRAXI_OK : PRAXI_STATUS_MEMORY;
}
