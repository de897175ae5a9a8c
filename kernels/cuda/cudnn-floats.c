/* Conv by cuDNN in floats: with halves x is rounded into a copy and the own kernel's packed weights
 * are read; in f32 the weights are copied once into the order that cuDNN wants.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/cuda/tune.h"

struct CudnnFloats {
  CudnnFloatsOwn own;
  CudaConvFloats args; /* while it is tried */
  CudnnProblem problem;
  CudnnPlan plan;
  uint8_t *room; /* copy of x in halves, the plan's workspace */
  size_t x_bytes;
  float *weight; /* [O][taps][C], its own block; NULL with halves */
};

/* False where cuDNN has no such activation. */
static bool
take_activation (CudnnProblem *problem, const CudaConvFloats *args)
{
  problem->activation = CUDNN_NONE;
  switch (args->activation) {
  case PRAXI_ACTIVATION_NONE:
    return true;
  case PRAXI_ACTIVATION_RELU:
    problem->activation = DNN_POINTWISE_RELU_FWD;
    return true;
  case PRAXI_ACTIVATION_CLIP:
    problem->clips = true;
    problem->low = args->alpha;
    problem->high = args->beta;
    return true;
  case PRAXI_ACTIVATION_SIGMOID:
    problem->activation = DNN_POINTWISE_SIGMOID_FWD;
    return true;
  case PRAXI_ACTIVATION_SWISH:
    problem->activation = DNN_POINTWISE_SWISH_FWD;
    return true;
  default:
    return false;
  }
}

static bool
make_problem (CudnnFloats *conv)
{
  const CudaConvFloats *args = &conv->args;
  conv->problem = (CudnnProblem){
      .w = args->w,
      .w_channels = args->w.channels,
      .x_type = conv->own.is_half ? DNN_DATA_HALF : DNN_DATA_FLOAT,
      .y_type = DNN_DATA_FLOAT,
      .residual_type = args->residual ? DNN_DATA_FLOAT : CUDNN_NONE,
      .has_offset = args->bias != NULL,
  };
  conv->x_bytes =
      conv->own.is_half ? praxi_cudnn_aligned ((size_t) praxi_cudnn_inputs (&args->w) * 2) : 0;
  return take_activation (&conv->problem, args);
}

/* [taps][C][O] to [O][taps][C]. */
static PraxiStatus
copy_weight (CudnnFloats *conv)
{
  const CudaWindow *w = &conv->args.w;
  CudaBackend *backend = conv->own.backend;
  const int32_t taps = w->kernel[0] * w->kernel[1] * w->kernel[2];
  const int32_t count = taps * w->channels * w->outputs;
  const PraxiStatus status = backend->base.device->reserve (
      &backend->base, sizeof (float) * (size_t) count, (void **) &conv->weight);
  if (status != PRAXI_OK)
    return status;
  CudaCopy copy = {.walk = {.rank = 3, .count = count, .dims = {w->outputs, taps, w->channels}},
                   .in = conv->args.weight,
                   .out = conv->weight,
                   .size = sizeof (float)};
  const int32_t to[] = {taps * w->channels, w->channels, 1};
  const int32_t from[] = {1, w->channels * w->outputs, w->outputs};
  memcpy (copy.walk.strides[0], to, sizeof to);
  memcpy (copy.walk.strides[1], from, sizeof from);
  return praxi_cuda_launch (backend, CUDA_copy, count, 256, 1, &copy);
}

static PraxiStatus
round_to_halves (const CudnnFloats *conv, const float *x)
{
  const int32_t count = praxi_cudnn_inputs (&conv->args.w);
  CudaElement cast = {.walk = {.rank = 1, .count = count, .dims = {count}},
                      .in = {x},
                      .out = conv->room,
                      .in_type = PRAXI_F32,
                      .out_type = PRAXI_F16};
  cast.walk.strides[0][0] = cast.walk.strides[1][0] = 1;
  return praxi_cuda_launch (conv->own.backend, CUDA_cast, count, 256, 1, &cast);
}

PraxiStatus
praxi_cudnn_floats_run (CudnnFloats *conv, const CudaConvFloats *args)
{
  const PraxiStatus status = conv->own.is_half ? round_to_halves (conv, args->x) : PRAXI_OK;
  void *pointers[CUDNN_ROLES] = {
      [CUDNN_X] = conv->own.is_half ? conv->room : praxi_cudnn_pointer (args->x),
      [CUDNN_W] = conv->own.is_half ? praxi_cudnn_pointer (args->weight) : conv->weight,
      [CUDNN_Y] = args->y,
      [CUDNN_OFFSET] = praxi_cudnn_pointer (args->bias),
      [CUDNN_RESIDUAL] = praxi_cudnn_pointer (args->residual),
  };
  if (status != PRAXI_OK)
    return status;
  return praxi_cudnn_plan_run (&conv->own.backend->cudnn->target, &conv->plan, pointers,
                               conv->room + conv->x_bytes) == 0
             ? PRAXI_OK
             : PRAXI_STATUS_UNSUPPORTED;
}

static PraxiStatus
run_cb (void *conv, void *args)
{
  return praxi_cudnn_floats_run (conv, args);
}

/* Runs both into y[0] and y[1] of the device, and reads them to here, one behind the other. */
static PraxiStatus
run_both (CudnnFloats *conv, const CudaConvFloats *args, float *const *y, float *here)
{
  const PraxiBackend *base = &conv->own.backend->base;
  const size_t n = (size_t) praxi_cudnn_outputs (&args->w);
  CudaConvFloats given = *args;
  given.y = y[0];
  PraxiStatus status = conv->own.run (conv->own.conv, &given);
  given.y = y[1];
  if (status == PRAXI_OK)
    status = praxi_cudnn_floats_run (conv, &given);
  for (int i = 0; i < 2 && status == PRAXI_OK; i++)
    status = base->device->download (base, here + (size_t) i * n, y[i], n * sizeof (float));
  return status;
}

static bool
are_close (const CudnnFloats *conv, const float *here, char *verdict)
{
  const size_t n = (size_t) praxi_cudnn_outputs (&conv->args.w);
  const float limit = conv->own.is_half ? 1e-3f : 2e-5f;
  float off = 0, top = 0;
  bool are_numbers = true;
  for (size_t i = 0; i < n; i++) {
    off = fmaxf (off, fabsf (here[i] - here[n + i]));
    top = fmaxf (top, fabsf (here[i]));
    are_numbers = are_numbers && isfinite (here[i]) == isfinite (here[n + i]);
  }
  if (are_numbers && off <= limit * top)
    return true;
  snprintf (verdict, CUDNN_VERDICT_BYTES, "its results are up to %g off, %g would do", (double) off,
            (double) (limit * top));
  return false;
}

/* On the run's data, and with x drawn anew. */
static PraxiStatus
examine (void *data, bool *is_good, char *verdict)
{
  CudnnFloats *conv = data;
  const PraxiBackend *base = &conv->own.backend->base;
  const size_t n_x = (size_t) praxi_cudnn_inputs (&conv->args.w);
  const size_t n_y = (size_t) praxi_cudnn_outputs (&conv->args.w);
  const size_t x_room = (n_x + 63) / 64 * 64, y_room = (n_y + 63) / 64 * 64;
  float *there = NULL, *here = malloc ((n_x + 2 * n_y) * sizeof (float));
  PraxiStatus status =
      here ? base->device->reserve (base, (x_room + 2 * y_room) * sizeof (float), (void **) &there)
           : PRAXI_STATUS_MEMORY;
  float *const y[] = {there + x_room, there + x_room + y_room};
  CudaConvFloats args = conv->args;
  *is_good = status == PRAXI_OK;
  for (int set = 0; set < 2 && status == PRAXI_OK && *is_good; set++) {
    uint32_t random = 0x2545f491;
    for (size_t i = 0; set == 1 && i < n_x; i++) {
      random = random * 1664525 + 1013904223;
      here[2 * n_y + i] = (float) (random >> 8) * 0x1p-23f - 1;
    }
    if (set == 1) {
      args.x = there;
      status = base->device->upload (base, there, here + 2 * n_y, n_x * sizeof (float));
    }
    if (status == PRAXI_OK)
      status = run_both (conv, &args, y, here);
    *is_good = status == PRAXI_OK && are_close (conv, here, verdict);
  }
  if (status == PRAXI_STATUS_UNSUPPORTED)
    snprintf (verdict, CUDNN_VERDICT_BYTES, "it did not run a second time");
  base->device->release (base, there);
  free (here);
  return status == PRAXI_STATUS_UNSUPPORTED ? PRAXI_OK : status;
}

CudnnFloats *
praxi_cudnn_floats (const CudnnFloatsOwn *own, const CudaConvFloats *args, float own_ms)
{
  CudnnFloats *conv = praxi_cudnn_state (own->backend) ? calloc (1, sizeof *conv) : NULL;
  if (!conv)
    return NULL;
  conv->own = *own;
  conv->args = *args;
  const bool is_possible = make_problem (conv);
  const CudnnTrial trial = {.backend = own->backend,
                            .problem = &conv->problem,
                            .is_exact = !own->is_half,
                            .own_ms = own_ms,
                            .plan = &conv->plan,
                            .workspace = &conv->room,
                            .before = conv->x_bytes,
                            .run = run_cb,
                            .examine = examine,
                            .conv = conv,
                            .args = &conv->args};
  if (is_possible && (own->is_half || copy_weight (conv) == PRAXI_OK) &&
      praxi_cudnn_try (&trial) == CUDNN_CHOSEN)
    return conv;
  praxi_cudnn_floats_free (conv);
  return NULL;
}

void
praxi_cudnn_floats_free (CudnnFloats *conv)
{
  if (!conv)
    return;
  if (conv->plan.descriptor && !conv->own.backend->is_lost) /* it would wait for the device */
    praxi_cudnn_plan_clear (conv->own.backend->cudnn->target.library, &conv->plan);
  conv->own.backend->base.device->release (&conv->own.backend->base, conv->weight);
  free (conv);
}
