/* A convolution in numbers: channels-last, spatial axes beyond those there are have length 1. */
#pragma once

#include "kernels/cpu/cpu.h"

typedef struct {
  int64_t batch, groups, in_channels, out_channels; /* channels over all groups */
  int64_t in[3], out[3];                            /* T, H, W */
  int64_t kernel[3], stride[3], dilation[3], pad[3];
  int64_t taps;     /* of one H, W plane */
  int64_t out_step; /* elements from pixel to pixel of output */
} ConvShape;

/* Where weight (o, c, tap) lies: at o out + c in + tap tap; o over all groups. */
typedef struct {
  int64_t out, in, tap;
} WeightSteps;

/* What a kernel keeps of its weights, by channels of output. */
typedef struct {
  void *weights;
  float *bias, *multiplier;
  int32_t *start;
  void *padding; /* a pixel */
  size_t weights_bytes;
  bool shares; /* the weights are other arrays' */
} ConvArrays;

/* All of it zeros. n: entries of the arrays. False without memory; what there is is freed by clear
 */
bool praxi_cpu_arrays_new (ConvArrays *arrays, size_t weights_bytes, size_t n, size_t pixel_bytes);
void praxi_cpu_arrays_clear (ConvArrays *arrays);

/* As praxi_cpu_pack_share. */
bool praxi_cpu_arrays_share (ConvArrays *arrays, const ConvArrays *with);

/* False where x and y are not channels-last, w neither row-major nor channels-last, or they do not
 * fit together.
 */
bool praxi_cpu_conv_shape (const PraxiWindow *window,
                           const PraxiTensor *x,
                           const PraxiTensor *w,
                           const PraxiTensor *y,
                           ConvShape *shape);
/* The same where pixels of y may lie apart, as out_step says. */
bool praxi_cpu_conv_shape_apart (const PraxiWindow *window,
                                 const PraxiTensor *x,
                                 const PraxiTensor *w,
                                 const PraxiTensor *y,
                                 ConvShape *shape);
WeightSteps praxi_cpu_weight_steps (const ConvShape *shape, const PraxiTensor *w);

/* For every tap and output pixel of a plane the byte offset of the input pixel, −1 for padding;
 * [taps][out H out W] with 16 entries behind the last. NULL when memory is short or a plane is too
 * large; free with free.
 */
int32_t *praxi_cpu_conv_offsets (const ConvShape *shape, int64_t pixel_bytes);

/* The input plane under temporal tap k of output plane (n, t), −1 for padding. */
int64_t praxi_cpu_conv_plane (const ConvShape *shape, int64_t out_plane, int64_t k);

/* The output position whose tap k falls on an input position, along one axis; −1 for none. */
int64_t praxi_cpu_conv_source (const ConvShape *shape, int axis, int64_t position, int64_t k);

/* The other way, for what reads y to make x: of every tap and input pixel the offset of the output
 * pixel whose tap it is, and of every input plane the output plane.
 * taps, pixels: their numbers; behind the last pixel of a tap follow 16 entries
 */
int32_t *praxi_cpu_conv_sources (const ConvShape *shape,
                                 int64_t pixel_bytes,
                                 const int64_t *taps,
                                 int64_t n_taps,
                                 const int64_t *pixels,
                                 int64_t n_pixels);
int64_t praxi_cpu_conv_source_plane (const ConvShape *shape, int64_t in_plane, int64_t k);

/* Fills the epilogue but for its arrays of channels; in: the residual's place is the last input.
 * False where an activation or a residual is not one that kernels can do.
 */
bool praxi_cpu_conv_epilogue (const CpuPlace *place, CpuEpilogue *epilogue);

/* The bias of a Conv; NULL without one. */
const PraxiTensor *praxi_cpu_conv_bias (const CpuPlace *place);
/* Whether types are those of the int8 or f32 loops; int8 weights have to be constant. */
bool praxi_cpu_conv_types_fit (const CpuPlace *place);
/* Whether weights and bias are known beforehand. */
bool praxi_cpu_conv_is_constant (const CpuPlace *place);
