/* Conv and QConv by indirect matrix products.
 *
 *   y[n, p, o] = epilogue (Σ_k Σ_c x[n, p · stride − pad + k · dilation, c] w[o, c, k])
 *   x [N,(T,)H,W,C] in memory, f32 or u8/s8; y the same; w [O,C/group,k…], packed when prepared
 *   or, where it is not known then, in every run
 *
 * The offsets of one output plane's taps are computed once; a temporal tap only chooses another
 * input plane. Threads share planes × chunks of pixels evenly and in order.
 */
#include "kernels/cpu/conv-shape.h"
#include "kernels/cpu/dense.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_PIXELS = 96, MAX_PLANES = 64, TAIL_BYTES = 16 };

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvShape shape;
  DensePack pack;
  CpuEpilogue epilogue;
  int32_t *offsets; /* NULL: the pixels of a plane are read in a row */
  uint8_t *padding; /* one pixel of zeros */
  int64_t n_planes; /* of output */
  int64_t n_pixels; /* of an output plane */
  int64_t pixel_bytes, plane_bytes;
  bool in_signed, has_residual;
  bool packs_at_run; /* weights and bias, into scratch */
  WeightSteps steps;
  bool copies_last; /* groups of 4 channels would be read beyond the input's end */
  size_t element;
} ConvKernel;

typedef struct {
  const ConvKernel *kernel;
  const DensePack *pack;
  const uint8_t *in;
  const uint8_t *residual;
  uint8_t *out;
  const uint8_t *last_plane; /* a copy with room behind, or NULL */
} Job;

static const void *
input_plane (const Job *job, int64_t plane)
{
  const ConvKernel *kernel = job->kernel;
  if (plane < 0)
    return NULL;
  if (job->last_plane && plane == kernel->shape.batch * kernel->shape.in[0] - 1)
    return job->last_plane;
  return job->in + plane * kernel->plane_bytes;
}

/* One chunk of pixels of one output plane, all channels. */
static void
run_chunk (const Job *job, int64_t plane, int64_t pixel, int64_t n_pixels)
{
  const ConvKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const void *planes[MAX_PLANES], *shifted[MAX_PLANES];
  for (int64_t k = 0; k < s->kernel[0]; k++)
    planes[k] = input_plane (job, praxi_cpu_conv_plane (s, plane, k));
  DenseCall call = {.planes = shifted,
                    .padding = kernel->padding,
                    .offsets = kernel->offsets ? kernel->offsets + pixel : NULL,
                    .offset_step = kernel->n_pixels,
                    .pixel_bytes = kernel->pixel_bytes,
                    .n_planes = (int) s->kernel[0],
                    .n_taps = (int) s->taps,
                    .n_pixels = (int) n_pixels,
                    .in_signed = kernel->in_signed,
                    .out_step = s->out_channels,
                    .epilogue = kernel->epilogue};
  const int64_t first = (plane * kernel->n_pixels + pixel) * s->out_channels;
  const int64_t skipped = kernel->offsets ? 0 : pixel * kernel->pixel_bytes;
  for (int i = 0; i < job->pack->n_chunks; i++) {
    const DenseChunk *chunk = &job->pack->chunks[i];
    const size_t in_at = (size_t) (chunk->group * kernel->pack.group_in) * kernel->element;
    const size_t out_at = (size_t) (first + chunk->channel) * kernel->element;
    for (int64_t k = 0; k < s->kernel[0]; k++)
      shifted[k] = planes[k] ? (const uint8_t *) planes[k] + skipped + in_at : NULL;
    praxi_cpu_pack_call (job->pack, chunk, &call);
    call.out = job->out + out_at;
    call.epilogue.residual = job->residual ? job->residual + out_at : NULL;
    if (kernel->pack.is_s8)
      kernel->loops->dense_s8 (&call);
    else
      kernel->loops->dense_f32 (&call);
  }
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const int64_t n_pixels = job->kernel->n_pixels;
  int64_t begin, end;
  praxi_cpu_share (job->kernel->n_planes * n_pixels, i, n, &begin, &end);
  while (begin < end) {
    const int64_t plane = begin / n_pixels, pixel = begin % n_pixels;
    int64_t chunk = n_pixels - pixel < end - begin ? n_pixels - pixel : end - begin;
    if (chunk > CHUNK_PIXELS)
      chunk = CHUNK_PIXELS;
    run_chunk (job, plane, pixel, chunk);
    begin += chunk;
  }
}

static DenseSource
weights_of (const ConvKernel *kernel, const PraxiTensor *w)
{
  const WeightSteps *steps = &kernel->steps;
  return (DenseSource){.data = w->data,
                       .group_step = kernel->pack.group_out * steps->out,
                       .out_step = steps->out,
                       .in_step = steps->in,
                       .tap_step = steps->tap,
                       .scale = 1};
}

static void
set_bias (DensePack *pack, const PraxiTensor *bias, int64_t n)
{
  for (int64_t o = 0; o < n; o++)
    praxi_cpu_pack_set (pack, pack->bias, o, ((const float *) bias->data)[o]);
}

/* The pack with weights and bias of this run, which lie in scratch. */
static DensePack
pack_now (const ConvKernel *kernel, const PraxiTensor *const *in, void *scratch)
{
  DensePack pack = kernel->pack;
  const DenseSource source = weights_of (kernel, in[1]);
  const bool has_bias = kernel->base.n_in - kernel->has_residual > 2 && in[2];
  pack.weights = scratch;
  pack.bias = (float *) (void *) ((char *) scratch + pack.weights_bytes);
  memset (pack.bias, 0, pack.n_arrays * sizeof *pack.bias);
  praxi_cpu_pack_fill (&pack, &source, pack.weights);
  if (has_bias)
    set_bias (&pack, in[2], kernel->shape.out_channels);
  return pack;
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const ConvKernel *kernel = (ConvKernel *) base;
  const DensePack pack = kernel->packs_at_run ? pack_now (kernel, in, scratch) : kernel->pack;
  Job job = {.kernel = kernel, .pack = &pack, .in = in[0]->data, .out = out[0]->data};
  if (kernel->has_residual)
    job.residual = in[base->n_in - 1]->data;
  if (kernel->copies_last) {
    const int64_t last = kernel->shape.batch * kernel->shape.in[0] - 1;
    memcpy (scratch, job.in + last * kernel->plane_bytes, (size_t) kernel->plane_bytes);
    memset ((char *) scratch + kernel->plane_bytes, 0, TAIL_BYTES);
    job.last_plane = scratch;
  }
  praxi_pool_run (pool, run_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  ConvKernel *kernel = (ConvKernel *) base;
  praxi_cpu_pack_clear (&kernel->pack);
  free (kernel->offsets);
  free (kernel->padding);
}

static bool
reads_in_a_row (const ConvShape *s)
{
  return s->taps == 1 && s->stride[1] == 1 && s->stride[2] == 1 && s->pad[1] == 0 &&
         s->pad[2] == 0 && s->in[1] == s->out[1] && s->in[2] == s->out[2];
}

/* One pixel after the other through all planes: one plane of everything. */
static void
merge_planes (ConvShape *s)
{
  s->in[2] = s->out[2] = s->batch * s->in[0] * s->in[1] * s->in[2];
  s->batch = s->in[0] = s->out[0] = s->in[1] = s->out[1] = 1;
}

static PraxiStatus
plan_pixels (ConvKernel *kernel)
{
  ConvShape *s = &kernel->shape;
  const bool in_a_row = reads_in_a_row (s);
  if (in_a_row && s->kernel[0] == 1 && s->stride[0] == 1 && s->pad[0] == 0 &&
      s->in[0] == s->out[0] && !kernel->copies_last)
    merge_planes (s);
  kernel->n_planes = s->batch * s->out[0];
  kernel->n_pixels = s->out[1] * s->out[2];
  kernel->pixel_bytes = s->in_channels * (int64_t) kernel->element;
  kernel->plane_bytes = s->in[1] * s->in[2] * kernel->pixel_bytes;
  if (!in_a_row) {
    kernel->offsets = praxi_cpu_conv_offsets (s, kernel->pixel_bytes);
    if (!kernel->offsets)
      return PRAXI_STATUS_MEMORY;
  }
  if (kernel->copies_last)
    kernel->base.scratch_bytes = (size_t) kernel->plane_bytes + TAIL_BYTES;
  return PRAXI_OK;
}

static PraxiStatus
pack_weights (ConvKernel *kernel, const CpuPlace *place)
{
  const ConvShape *s = &kernel->shape;
  const PraxiRequantize *r = &place->op->requantize;
  DensePack *pack = &kernel->pack;
  const PraxiTensor *bias = praxi_cpu_conv_bias (place);
  pack->loops = place->loops;
  pack->groups = s->groups;
  pack->group_in = s->in_channels / s->groups;
  pack->group_out = s->out_channels / s->groups;
  pack->taps = s->kernel[0] * s->taps;
  kernel->steps = praxi_cpu_weight_steps (s, place->in[1]);
  kernel->packs_at_run = !praxi_cpu_conv_is_constant (place);
  if (kernel->packs_at_run) {
    const PraxiStatus status = praxi_cpu_pack_plan (pack);
    kernel->base.scratch_bytes = pack->weights_bytes + pack->n_arrays * sizeof *pack->bias;
    return status;
  }
  const DenseSource source = weights_of (kernel, place->in[1]);
  const int32_t zero = r->input_zero + (kernel->in_signed ? 128 : 0);
  const PraxiStatus status = praxi_cpu_pack (pack, &source, zero);
  for (int64_t o = 0; status == PRAXI_OK && pack->is_s8 && o < s->out_channels; o++) {
    praxi_cpu_pack_set (pack, pack->multiplier, o, r->multiplier[o]);
    praxi_cpu_pack_set (pack, pack->bias, o, r->offset ? r->offset[o] : 0);
  }
  if (status == PRAXI_OK && !pack->is_s8 && bias)
    set_bias (pack, bias, s->out_channels);
  kernel->base.weight_bytes = pack->bytes;
  return status;
}

PraxiStatus
praxi_cpu_conv (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiStatus depthwise = praxi_cpu_conv_depthwise (place, out);
  if (depthwise != PRAXI_STATUS_UNSUPPORTED)
    return depthwise;
  ConvShape shape;
  CpuEpilogue epilogue = {0};
  const bool is_s8 = place->op->kind == PRAXI_OP_QCONV;
  if (!praxi_cpu_conv_shape (&place->op->window, place->in[0], praxi_cpu_input (place, 1),
                             place->out[0], &shape) ||
      !praxi_cpu_conv_types_fit (place) || shape.kernel[0] > MAX_PLANES ||
      !praxi_cpu_conv_epilogue (place, &epilogue))
    return PRAXI_STATUS_UNSUPPORTED;
  ConvKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base =
      (PraxiKernel){.name = is_s8 ? "conv-dense-s8" : "conv-dense-f32", .run = run, .clear = clear};
  kernel->loops = place->loops;
  kernel->shape = shape;
  kernel->epilogue = epilogue;
  kernel->element = is_s8 ? 1 : 4;
  kernel->pack.is_s8 = is_s8;
  kernel->in_signed = place->in[0]->dtype == PRAXI_S8;
  kernel->has_residual = place->op->has_residual;
  kernel->copies_last = is_s8 && shape.in_channels / shape.groups % 4 != 0;
  const size_t padding_bytes = ((size_t) (shape.in_channels / shape.groups) + 3) * kernel->element;
  kernel->padding = praxi_cpu_alloc (padding_bytes);
  if (!kernel->padding)
    return PRAXI_STATUS_MEMORY;
  if (is_s8)
    memset (kernel->padding, (uint8_t) place->op->requantize.input_zero, padding_bytes);
  const PraxiStatus status = pack_weights (kernel, place);
  return status == PRAXI_OK ? plan_pixels (kernel) : status;
}
