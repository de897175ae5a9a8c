/* The motion stem: a chunk of frame pairs at a time, as many as the scratch holds. */
#include "kernels/motion-stem.h"

#include "kernels/cuda/cuda.h"

enum { SCRATCH_BYTES = 24 << 20, THREADS = 256 };

typedef struct {
  PraxiKernel base;
  PraxiMotionStem motion;
  CudaMotion args;
  int pairs, chunk; /* of the clip; at most in one go */
} Stem;

/* Floats of scratch for a chunk: grey at all scales, raw, box, flow, total, half, cells, medians.
 */
static size_t
scratch_floats (const CudaMotion *args, int pairs)
{
  const size_t plane = (size_t) args->height * (size_t) args->width, n = (size_t) pairs;
  return (n + 1) * plane * 3 / 2 + n * plane * (5 + 5 + 2 + 2) + n * plane / 2 + n * plane / 8 +
         64 * n + 1024;
}

static void
lay_out (CudaMotion *args, float *scratch, int pairs)
{
  const size_t plane = (size_t) args->height * (size_t) args->width, n = (size_t) pairs;
  args->grey = scratch;
  args->raw = args->grey + (n + 1) * plane * 3 / 2;
  args->box = args->raw + 5 * n * plane;
  args->flow = args->box + 5 * n * plane;
  args->total = args->flow + 2 * n * plane;
  args->half = args->total + 2 * n * plane;
  args->cells = args->half + n * plane / 2;
  args->median = args->cells + n * plane / 8 + 16;
}

/* One scale: its flow is added to the total. */
static PraxiStatus
run_scale (const Stem *stem, CudaMotion *args)
{
  CudaBackend *backend = stem->base.backend;
  const int64_t n = (int64_t) args->h * args->w, plane = (int64_t) args->height * args->width;
  PraxiStatus status = PRAXI_OK;
  args->weight = stem->motion.scale_weight[args->scale];
  if (args->scale > 0)
    status = praxi_cuda_launch (backend, CUDA_motion_halve, n, THREADS, args->pairs + 1, args);
  if (status == PRAXI_OK)
    status = praxi_cuda_launch (backend, CUDA_motion_products, n, THREADS, args->pairs, args);
  if (status == PRAXI_OK)
    status = praxi_cuda_launch (backend, CUDA_motion_columns, n, THREADS, 5 * args->pairs, args);
  if (status == PRAXI_OK)
    status = praxi_cuda_launch (backend, CUDA_motion_solve, n, THREADS, args->pairs, args);
  if (status == PRAXI_OK)
    status =
        praxi_cuda_launch (backend, CUDA_motion_enlarge, plane, THREADS, 2 * args->pairs, args);
  return status;
}

/* From the total to what goes out. */
static PraxiStatus
run_maps (const Stem *stem, CudaMotion *args)
{
  CudaBackend *backend = stem->base.backend;
  const int64_t half = (int64_t) args->height / 2 * (args->width / 2);
  const int64_t cells =
      (int64_t) (args->height / 2 / PRAXI_MOTION_CELL) * (args->width / 2 / PRAXI_MOTION_CELL);
  const int rows = 2 * args->pairs, written = args->pairs - args->first_written;
  PraxiStatus status = praxi_cuda_launch (backend, CUDA_motion_half, half, THREADS, rows, args);
  if (status == PRAXI_OK)
    status = praxi_cuda_launch (backend, CUDA_motion_cells, cells, THREADS, rows, args);
  if (status == PRAXI_OK)
    status = praxi_cuda_launch (backend, CUDA_motion_median, cells, THREADS, rows, args);
  if (status == PRAXI_OK)
    status = praxi_cuda_launch (backend, CUDA_motion_maps, half / 4, 128, written, args);
  if (status == PRAXI_OK && args->flow_out)
    status = praxi_cuda_launch (backend, CUDA_motion_flow, half, THREADS, 2 * written, args);
  return status;
}

static PraxiStatus
run_chunk (const Stem *stem, CudaMotion *args)
{
  const int64_t plane = (int64_t) args->height * args->width;
  PraxiStatus status = praxi_cuda_launch (stem->base.backend, CUDA_motion_grey, plane, THREADS,
                                          args->pairs + 1, args);
  args->h = args->height;
  args->w = args->width;
  for (args->scale = 0; status == PRAXI_OK && args->scale < stem->motion.n_scales; args->scale++) {
    status = run_scale (stem, args);
    args->h /= 2;
    args->w /= 2;
  }
  return status == PRAXI_OK ? run_maps (stem, args) : status;
}

/* A chunk but the first begins with the last pair of the one before, for its flow alone. */
static PraxiStatus
run (PraxiKernel *kernel,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch)
{
  const Stem *stem = (const Stem *) kernel;
  CudaMotion args = stem->args;
  PraxiStatus status = PRAXI_OK;
  args.frames = in[0]->data;
  args.maps = out[0]->data;
  args.flow_out = kernel->n_out > 1 && out[1] ? out[1]->data : NULL;
  for (int done = 0; status == PRAXI_OK && done < stem->pairs;) {
    args.first_written = done > 0 ? 1 : 0;
    args.first_pair = done - args.first_written;
    args.pairs =
        stem->pairs - args.first_pair < stem->chunk ? stem->pairs - args.first_pair : stem->chunk;
    lay_out (&args, scratch, args.pairs);
    status = run_chunk (stem, &args);
    done = args.first_pair + args.pairs;
  }
  return status;
}

static void
take_steps (int32_t steps[4], const PraxiTensor *tensor)
{
  for (int d = 0; d < 4; d++)
    steps[d] = (int32_t) tensor->strides[d];
}

PraxiStatus
praxi_cuda_motion_stem (const CudaPlace *place, PraxiKernel **kernel)
{
  const PraxiTensor *frames = place->in[0];
  const PraxiMotionStem *motion = &place->op->motion;
  int64_t count = 0;
  if (praxi_motion_stem_check (motion, frames) != PRAXI_OK || !praxi_tensor_is_row_major (frames) ||
      frames->data || praxi_tensor_count (frames, &count) != PRAXI_OK || count > INT32_MAX)
    return PRAXI_STATUS_UNSUPPORTED;
  Stem *stem = (Stem *) praxi_cuda_kernel_new (place, "motion-stem", sizeof *stem);
  if (!stem)
    return PRAXI_STATUS_MEMORY;
  *kernel = &stem->base;
  stem->base.run = run;
  stem->motion = *motion;
  stem->pairs = (int) frames->dims[1] - 1;
  stem->args = (CudaMotion){.height = (int32_t) frames->dims[2],
                            .width = (int32_t) frames->dims[3],
                            .box_side = motion->box,
                            .epsilon = motion->epsilon,
                            .luma = {motion->luma[0], motion->luma[1], motion->luma[2]}};
  take_steps (stem->args.maps_step, place->out[0]);
  if (place->n_out > 1 && place->out[1])
    take_steps (stem->args.flow_step, place->out[1]);
  stem->chunk = stem->pairs < 2048 ? stem->pairs : 2048; /* rows of a grid */
  while (stem->chunk > 2 &&
         sizeof (float) * scratch_floats (&stem->args, stem->chunk) > SCRATCH_BYTES)
    stem->chunk--;
  stem->base.scratch_bytes = sizeof (float) * scratch_floats (&stem->args, stem->chunk);
  return PRAXI_OK;
}
