/* Conv in f32: which kernel, its weights packed, its launch. Formula in device/conv-floats.h. */
#include <stdlib.h>

#include "kernels/cuda/tune.h"

typedef struct {
  PraxiKernel base;
  CudaConvFloats args;
  int64_t weight_at;
  bool is_half, is_chosen;
  int residual, bias; /* numbers of inputs; −1 for none */
  CudnnFloats *cudnn; /* a plan that is faster, or NULL */
} ConvFloats;

/* [O, C/group, taps] to [taps, C/group, O]. */
static PraxiStatus
pack_weight (ConvFloats *conv, const PraxiTensor *weight)
{
  const int64_t taps = praxi_cuda_taps (&conv->args.w);
  const int64_t outputs = weight->dims[0], channels = weight->dims[1];
  conv->weight_at =
      praxi_cuda_pack (&conv->base, NULL, sizeof (float) * (size_t) (taps * channels * outputs));
  if (conv->weight_at < 0)
    return PRAXI_STATUS_MEMORY;
  const float *from = weight->data;
  float *packed = (float *) (void *) (conv->base.packed + conv->weight_at);
  for (int64_t o = 0; o < outputs; o++)
    for (int64_t c = 0; c < channels; c++)
      for (int64_t tap = 0; tap < taps; tap++)
        packed[(tap * channels + c) * outputs + o] = from[praxi_cuda_weight_at (weight, o, c, tap)];
  return PRAXI_OK;
}

/* [O, C/group, taps] to halves [O, taps, C rounded up to 8]. */
static PraxiStatus
pack_halves (ConvFloats *conv, const PraxiTensor *weight)
{
  const int64_t taps = praxi_cuda_taps (&conv->args.w);
  const int64_t outputs = weight->dims[0], channels = weight->dims[1];
  const int64_t padded = (channels + 7) / 8 * 8;
  conv->weight_at =
      praxi_cuda_pack (&conv->base, NULL, sizeof (uint16_t) * (size_t) (taps * padded * outputs));
  if (conv->weight_at < 0)
    return PRAXI_STATUS_MEMORY;
  const float *from = weight->data;
  uint16_t *packed = (uint16_t *) (void *) (conv->base.packed + conv->weight_at);
  for (int64_t o = 0; o < outputs; o++)
    for (int64_t c = 0; c < channels; c++)
      for (int64_t tap = 0; tap < taps; tap++)
        packed[(o * taps + tap) * padded + c] =
            praxi_f32_to_f16 (from[praxi_cuda_weight_at (weight, o, c, tap)]);
  return PRAXI_OK;
}

static PraxiStatus
launch (void *own, void *args)
{
  const ConvFloats *conv = own;
  const CudaWindow *w = &conv->args.w;
  CudaBackend *backend = conv->base.backend;
  const int64_t positions = praxi_cuda_positions (w);
  if (w->groups > 1)
    return praxi_cuda_launch (backend, CUDA_conv_f32_direct, positions * w->outputs, 128, 1, args);
  const unsigned grid[3] = {(unsigned) ((positions + 63) / 64), (unsigned) ((w->outputs + 63) / 64),
                            1};
  return praxi_cuda_launch_blocks (backend, conv->is_half ? CUDA_conv_f16_mma : CUDA_conv_f32_tiled,
                                   grid, 256, args);
}

/* The own kernel or cuDNN. */
static PraxiStatus
choose_by_time (ConvFloats *conv, CudaConvFloats *args)
{
  CudaBackend *backend = conv->base.backend;
  const CudnnFloatsOwn own = {backend, launch, conv, conv->is_half};
  float ms = 0;
  conv->is_chosen = true;
  if (!praxi_cudnn_state (backend))
    return PRAXI_OK;
  const PraxiStatus status = praxi_cuda_time (backend, launch, conv, args, &ms);
  if (status != PRAXI_OK) /* what cannot be recorded cannot be compared */
    return status == PRAXI_STATUS_UNSUPPORTED ? PRAXI_OK : status;
  conv->cudnn = praxi_cudnn_floats (&own, args, ms);
  if (conv->cudnn)
    conv->base.name = conv->is_half ? "conv-f16-cudnn" : "conv-f32-cudnn";
  return backend->is_lost ? PRAXI_STATUS_DEVICE : PRAXI_OK;
}

static PraxiStatus
run_cudnn (ConvFloats *conv, CudaConvFloats *args)
{
  const PraxiStatus status = praxi_cudnn_floats_run (conv->cudnn, args);
  if (status != PRAXI_STATUS_UNSUPPORTED)
    return status;
  praxi_cudnn_remark (conv->base.backend,
                      "a plan of cuDNN does not run any more; the own kernel does its work");
  praxi_cudnn_floats_free (conv->cudnn);
  conv->cudnn = NULL;
  conv->base.name = conv->is_half ? "conv-f16-mma" : "conv-f32-tiled";
  return launch (conv, args);
}

static void
clear (PraxiKernel *kernel)
{
  praxi_cudnn_floats_free (((ConvFloats *) kernel)->cudnn);
}

static PraxiStatus
run (PraxiKernel *kernel,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch)
{
  ConvFloats *conv = (ConvFloats *) kernel;
  CudaConvFloats args = conv->args;
  args.x = in[0]->data;
  args.y = out[0]->data;
  args.weight = (const float *) (const void *) (kernel->constants + conv->weight_at);
  args.bias = conv->bias >= 0 ? praxi_cuda_data (kernel, in, conv->bias) : NULL;
  args.residual = conv->residual >= 0 ? in[conv->residual]->data : NULL;
  if (!conv->is_chosen && !kernel->backend->is_recording) {
    const PraxiStatus status = choose_by_time (conv, &args);
    if (status != PRAXI_OK)
      return status;
  }
  return conv->cudnn ? run_cudnn (conv, &args) : launch (conv, &args);
}

static bool
can_take (const CudaPlace *place, const PraxiTensor *residual)
{
  const PraxiTensor *const *in = place->in;
  if (place->n_in < 2 || !in[1] || !in[1]->data || in[0]->data || in[1]->dtype != PRAXI_F32)
    return false;
  if (in[0]->dtype != PRAXI_F32 || !praxi_cuda_is_picture (in[0]) ||
      !praxi_cuda_is_picture (place->out[0]))
    return false;
  return !residual || (!residual->data && praxi_cuda_is_picture (residual));
}

PraxiStatus
praxi_cuda_conv_floats (const CudaPlace *place, PraxiKernel **kernel)
{
  const PraxiOp *op = place->op;
  const PraxiTensor *residual = op->has_residual ? place->in[place->n_in - 1] : NULL;
  const bool has_bias = place->n_in > 2 && place->in[2] && !(op->has_residual && place->n_in < 4);
  if (!can_take (place, residual))
    return PRAXI_STATUS_UNSUPPORTED;
  ConvFloats *conv = (ConvFloats *) praxi_cuda_kernel_new (place, "conv-f32", sizeof *conv);
  if (!conv)
    return PRAXI_STATUS_MEMORY;
  *kernel = &conv->base;
  if (!praxi_cuda_window (&conv->args.w, &op->window, place->in[0], place->out[0]))
    return PRAXI_STATUS_UNSUPPORTED;
  conv->base.run = run;
  conv->base.clear = clear;
  conv->is_half = place->backend->is_half && conv->args.w.groups == 1;
  conv->base.name = conv->is_half             ? "conv-f16-mma"
                    : conv->args.w.groups > 1 ? "conv-f32-direct"
                                              : "conv-f32-tiled";
  conv->is_chosen = getenv ("PRAXI_CUDA_CONV") != NULL ||
                    !praxi_cudnn_may_take (&conv->args.w, conv->is_half ? 8 : 4);
  conv->residual = residual ? place->n_in - 1 : -1;
  conv->bias = has_bias ? 2 : -1;
  conv->args.activation = (int32_t) op->activation;
  conv->args.alpha = op->alpha;
  conv->args.beta = op->beta;
  if (has_bias) {
    PraxiTensor bias = *place->in[2];
    const PraxiStatus status = praxi_cuda_pack_input (&conv->base, 2, &bias);
    if (status != PRAXI_OK)
      return status;
  }
  return conv->is_half ? pack_halves (conv, place->in[1]) : pack_weight (conv, place->in[1]);
}
