/* QConv: which kernel, its weights packed, its launch. Formula in device/conv-bytes.h. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/cuda/tune.h"

typedef struct {
  PraxiKernel base;
  CudaConvBytes args;
  CudaKernelId id;
  int64_t weight_at, multiplier_at, offset_at, base_at;
  int64_t float_base_at; /* base in f32, exact; −1 where it cannot be */
  int residual;          /* number of the input; −1 for none */
  PraxiDType y_type;
  bool is_chosen;
  CudnnBytes *cudnn; /* a plan that is faster, or NULL */
} ConvBytes;

typedef struct {
  const char *name;
  CudaKernelId id;
  int rows, columns;
} Tile;

/* All of one packing of weights, so that they can be tried on the same kernel. */
static const Tile tiles[] = {
    {"conv-s8-mma-large", CUDA_conv_s8_mma_large, 128, 64},
    {"conv-s8-mma-small", CUDA_conv_s8_mma_small, 64, 32},
    {"conv-s8-dp4a", CUDA_conv_s8_dp4a, 64, 64},
};

enum { TILES = sizeof tiles / sizeof *tiles };

/* Puts weight (o, c, tap) to o · steps[0] + c · steps[1] + tap · steps[2]. */
static PraxiStatus
pack_weight (ConvBytes *conv, const PraxiTensor *weight, size_t bytes, const int64_t steps[3])
{
  conv->weight_at = praxi_cuda_pack (&conv->base, NULL, bytes);
  if (conv->weight_at < 0)
    return PRAXI_STATUS_MEMORY;
  int8_t *packed = (int8_t *) conv->base.packed + conv->weight_at;
  const int8_t *from = weight->data;
  const int64_t taps = praxi_cuda_taps (&conv->args.w);
  for (int64_t o = 0; o < weight->dims[0]; o++)
    for (int64_t c = 0; c < weight->dims[1]; c++)
      for (int64_t tap = 0; tap < taps; tap++)
        packed[o * steps[0] + c * steps[1] + tap * steps[2]] =
            from[praxi_cuda_weight_at (weight, o, c, tap)];
  return PRAXI_OK;
}

/* What padding and zero points add to a sum, taken away: − zero · Σ w, of x as s8; and in f32,
 * where that and all sums of bytes are whole numbers that f32 holds.
 */
static PraxiStatus
pack_base (ConvBytes *conv, const PraxiTensor *weight, int32_t zero)
{
  const size_t outputs = (size_t) weight->dims[0];
  conv->base_at = praxi_cuda_pack (&conv->base, NULL, sizeof (int32_t) * outputs);
  conv->float_base_at = praxi_cuda_pack (&conv->base, NULL, sizeof (float) * outputs);
  if (conv->base_at < 0 || conv->float_base_at < 0)
    return PRAXI_STATUS_MEMORY;
  int32_t *base = (int32_t *) (void *) (conv->base.packed + conv->base_at);
  float *float_base = (float *) (void *) (conv->base.packed + conv->float_base_at);
  const int8_t *from = weight->data;
  int64_t most = 0;
  for (int64_t o = 0; o < weight->dims[0]; o++) {
    uint32_t sum = 0;
    int64_t reach = 0;
    for (int64_t c = 0; c < weight->dims[1]; c++)
      for (int64_t tap = 0; tap < praxi_cuda_taps (&conv->args.w); tap++) {
        const int8_t w = from[praxi_cuda_weight_at (weight, o, c, tap)];
        sum += (uint32_t) w;
        reach += abs (w) * 128;
      }
    base[o] = (int32_t) (0u - (uint32_t) zero * sum);
    float_base[o] = (float) base[o];
    most = reach > most ? reach : most;
  }
  if (most > 1 << 24)
    conv->float_base_at = -1;
  return PRAXI_OK;
}

static PraxiStatus
pack_requantize (ConvBytes *conv, const PraxiRequantize *r, int64_t outputs)
{
  const size_t bytes = sizeof (float) * (size_t) outputs;
  conv->multiplier_at = praxi_cuda_pack (&conv->base, r->multiplier, bytes);
  conv->offset_at = praxi_cuda_pack (&conv->base, r->offset, bytes);
  conv->args.r = (CudaRequantize){.zero = r->output_zero,
                                  .residual_zero = r->residual_zero,
                                  .residual_multiplier = r->residual_multiplier,
                                  .low = (float) (r->low - r->output_zero),
                                  .high = (float) (r->high - r->output_zero)};
  return conv->multiplier_at < 0 || conv->offset_at < 0 ? PRAXI_STATUS_MEMORY : PRAXI_OK;
}

/* The one to begin with; PRAXI_CUDA_CONV names another, or with "chosen" leaves it at that. */
static const Tile *
choose_tile (const CudaBackend *backend, const CudaWindow *w)
{
  const char *wanted = getenv ("PRAXI_CUDA_CONV");
  for (int i = 0; wanted && i < TILES; i++)
    if (strcmp (wanted, tiles[i].name) == 0)
      return &tiles[i];
  const int64_t large = (praxi_cuda_positions (w) + 127) / 128 * ((w->outputs + 63) / 64);
  return large >= backend->multiprocessors && w->outputs > 32 ? &tiles[0] : &tiles[1];
}

static PraxiStatus
choose (ConvBytes *conv, const PraxiTensor *weight)
{
  const CudaWindow *w = &conv->args.w;
  const int64_t taps = praxi_cuda_taps (w), outputs = w->outputs,
                padded = (w->channels + 15) / 16 * 16;
  if (w->groups == 1) {
    const Tile *tile = choose_tile (conv->base.backend, w);
    conv->is_chosen = getenv ("PRAXI_CUDA_CONV") != NULL;
    conv->base.name = tile->name;
    conv->id = tile->id;
    return pack_weight (conv, weight, (size_t) (outputs * taps * padded),
                        (const int64_t[]){taps * padded, 1, padded});
  }
  if (w->groups == w->channels && w->groups == w->outputs && w->channels % 4 == 0 &&
      (int64_t) w->batch * w->out[0] * w->out[1] <= 65535) {
    conv->is_chosen = true;
    conv->base.name = "conv-s8-depthwise";
    conv->id = CUDA_conv_s8_depthwise;
    return pack_weight (conv, weight, (size_t) (taps * outputs), (const int64_t[]){1, 0, outputs});
  }
  conv->is_chosen = true;
  conv->base.name = "conv-s8-direct";
  conv->id = CUDA_conv_s8_direct;
  return pack_weight (conv, weight, (size_t) (taps * weight->dims[1] * outputs),
                      (const int64_t[]){1, outputs, weight->dims[1] * outputs});
}

static PraxiStatus
launch (void *own, void *args)
{
  const ConvBytes *conv = own;
  const CudaWindow *w = &conv->args.w;
  const int64_t positions = praxi_cuda_positions (w);
  CudaBackend *backend = conv->base.backend;
  if (conv->id == CUDA_conv_s8_direct)
    return praxi_cuda_launch (backend, conv->id, positions * w->outputs, 128, 1, args);
  if (conv->id == CUDA_conv_s8_depthwise)
    return praxi_cuda_launch (backend, conv->id, (int64_t) w->channels / 4 * ((w->out[2] + 3) / 4),
                              128, (int64_t) w->batch * w->out[0] * w->out[1], args);
  for (int i = 0; i < TILES; i++)
    if (tiles[i].id == conv->id) {
      const unsigned grid[3] = {(unsigned) ((positions + tiles[i].rows - 1) / tiles[i].rows),
                                (unsigned) ((w->outputs + tiles[i].columns - 1) / tiles[i].columns),
                                1};
      return praxi_cuda_launch_blocks (backend, conv->id, grid, 256, args);
    }
  return PRAXI_STATUS_UNSUPPORTED;
}

/* All tiles give the same bytes, so that each may be tried on the first run's data. Tensor cores
 * that a Turing card lacks show here: its driver does their work slowly. cuDNN comes last.
 */
static PraxiStatus
choose_by_time (ConvBytes *conv, CudaConvBytes *args)
{
  CudaBackend *backend = conv->base.backend;
  const Tile *best = NULL;
  float best_ms = 0;
  PraxiStatus status = PRAXI_OK;
  for (int i = 0; i < TILES && status == PRAXI_OK; i++) {
    float ms = 0;
    if (tiles[i].id == CUDA_conv_s8_dp4a && backend->arch != 75)
      continue;
    conv->id = tiles[i].id;
    status = praxi_cuda_time (backend, launch, conv, args, &ms);
    if (status == PRAXI_OK && (!best || ms < best_ms)) {
      best = &tiles[i];
      best_ms = ms;
    }
  }
  conv->is_chosen = true;
  if (!best || status != PRAXI_OK) { /* what cannot be recorded cannot be compared */
    conv->id = best ? best->id : choose_tile (backend, &args->w)->id;
    return status == PRAXI_STATUS_UNSUPPORTED ? PRAXI_OK : status;
  }
  conv->id = best->id;
  conv->base.name = best->name;
  const CudnnBytesOwn own = {
      backend, launch, conv,
      conv->float_base_at < 0
          ? NULL
          : (const float *) (const void *) (conv->base.constants + conv->float_base_at),
      conv->y_type};
  conv->cudnn = praxi_cudnn_may_take (&args->w, 4) ? praxi_cudnn_bytes (&own, args, best_ms) : NULL;
  if (conv->cudnn)
    conv->base.name = "conv-s8-cudnn";
  return backend->is_lost ? PRAXI_STATUS_DEVICE : PRAXI_OK;
}

static PraxiStatus
run_cudnn (ConvBytes *conv, CudaConvBytes *args)
{
  PraxiStatus status = praxi_cudnn_bytes_run (conv->cudnn, args);
  if (status != PRAXI_STATUS_UNSUPPORTED)
    return status;
  praxi_cudnn_remark (conv->base.backend,
                      "a plan of cuDNN does not run any more; the own kernel does its work");
  praxi_cudnn_bytes_free (conv->cudnn);
  conv->cudnn = NULL;
  conv->base.name = "conv-s8";
  return launch (conv, args);
}

static void
clear (PraxiKernel *kernel)
{
  praxi_cudnn_bytes_free (((ConvBytes *) kernel)->cudnn);
}

static PraxiStatus
run (PraxiKernel *kernel,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch)
{
  ConvBytes *conv = (ConvBytes *) kernel;
  CudaConvBytes args = conv->args;
  args.x = in[0]->data;
  args.residual = conv->residual >= 0 ? in[conv->residual]->data : NULL;
  args.y = out[0]->data;
  args.weight = (const int8_t *) kernel->constants + conv->weight_at;
  args.base = (const int32_t *) (const void *) (kernel->constants + conv->base_at);
  args.r.multiplier = (const float *) (const void *) (kernel->constants + conv->multiplier_at);
  args.r.offset = (const float *) (const void *) (kernel->constants + conv->offset_at);
  if (!conv->is_chosen && !kernel->backend->is_recording) {
    const PraxiStatus status = choose_by_time (conv, &args);
    if (status != PRAXI_OK)
      return status;
  }
  return conv->cudnn ? run_cudnn (conv, &args) : launch (conv, &args);
}

static bool
can_take (const CudaPlace *place)
{
  const PraxiTensor *const *in = place->in,
                           *residual = place->op->has_residual ? in[place->n_in - 1] : NULL;
  if (place->n_in < 2 || !in[1] || !in[1]->data || in[0]->data || in[1]->dtype != PRAXI_S8)
    return false;
  if (!praxi_dtype_is_byte (in[0]->dtype) || !praxi_dtype_is_byte (place->out[0]->dtype) ||
      !praxi_cuda_is_picture (in[0]) || !praxi_cuda_is_picture (place->out[0]))
    return false;
  return !residual || (!residual->data && praxi_dtype_is_byte (residual->dtype) &&
                       praxi_cuda_is_picture (residual));
}

PraxiStatus
praxi_cuda_conv_bytes (const CudaPlace *place, PraxiKernel **kernel)
{
  const PraxiRequantize *r = &place->op->requantize;
  const PraxiTensor *x = place->in[0], *weight = place->in[1];
  if (!can_take (place))
    return PRAXI_STATUS_UNSUPPORTED;
  ConvBytes *conv = (ConvBytes *) praxi_cuda_kernel_new (place, "conv-s8", sizeof *conv);
  if (!conv)
    return PRAXI_STATUS_MEMORY;
  *kernel = &conv->base;
  if (!praxi_cuda_window (&conv->args.w, &place->op->window, x, place->out[0]))
    return PRAXI_STATUS_UNSUPPORTED;
  const bool is_u8 = x->dtype == PRAXI_U8;
  conv->base.run = run;
  conv->base.clear = clear;
  conv->y_type = place->out[0]->dtype;
  conv->residual = place->op->has_residual ? place->n_in - 1 : -1;
  conv->args.residual_is_u8 = conv->residual >= 0 && place->in[conv->residual]->dtype == PRAXI_U8;
  conv->args.x_is_u8 = is_u8;
  conv->args.x_zero = r->input_zero;
  conv->args.flip = is_u8 ? 0x80808080u : 0;
  conv->args.fill = (uint8_t) r->input_zero * 0x01010101u;
  PraxiStatus status = choose (conv, weight);
  if (status == PRAXI_OK)
    status = pack_base (conv, weight, is_u8 ? r->input_zero - 128 : r->input_zero);
  return status == PRAXI_OK ? pack_requantize (conv, r, conv->args.w.outputs) : status;
}
