/* What the kernels of the device are told: one struct by value a kernel, the same bytes for the
 * host's C, for nvcc and for the emulation. Pointers are the device's. Offsets are in elements and
 * fit in 31 bits: the host refuses what is larger.
 */
#pragma once

#include <stdint.h>

enum { CUDA_RANK = 8, CUDA_OPERANDS = 4 };

/* Tensors of one shape side by side; operand 0 is the output. Index i of count is split by dims,
 * the last fastest.
 */
typedef struct {
  int32_t rank, count;
  int32_t dims[CUDA_RANK];
  int32_t strides[CUDA_OPERANDS][CUDA_RANK];
} CudaWalk;

/* Position and channel geometry of a convolution or pool over T, H, W; x and y are dense
 * channels-last or, for pools, of any strides.
 */
typedef struct {
  int32_t batch, channels, outputs, groups; /* channels and outputs of all groups together */
  int32_t in[3], out[3], kernel[3], stride[3], dilation[3], pad[3];
} CudaWindow;

/* PraxiRequantize, with its limits in units of v. */
typedef struct {
  const float *multiplier, *offset;
  int32_t zero, residual_zero;
  float residual_multiplier, low, high;
} CudaRequantize;

typedef struct {
  CudaWindow w;
  CudaRequantize r;
  const uint8_t *x, *residual; /* residual: NULL for none */
  const int8_t *weight;        /* packed as the kernel says */
  const int32_t *base;         /* [O]: −(zero of the flipped x) · Σ w */
  uint8_t *y;
  uint32_t flip;          /* 0x80808080 makes s8 of u8 */
  uint32_t fill;          /* what padding reads as: the zero point in each byte */
  int32_t residual_is_u8; /* else s8 */
  int32_t x_zero;         /* of x as it lies; the direct kernel's */
  int32_t x_is_u8;
} CudaConvBytes;

typedef struct {
  CudaWindow w;
  const float *x, *weight, *bias, *residual; /* bias, residual: NULL for none */
  float *y;
  int32_t activation; /* PraxiActivation */
  float alpha, beta;
} CudaConvFloats;

/* Element by element. */
typedef struct {
  CudaWalk walk;
  const void *in[3];
  void *out;
  int32_t kind;     /* PraxiOpKind */
  int32_t in_type;  /* PraxiDType of in[0] */
  int32_t out_type; /* and of out */
  float alpha, beta;
  int32_t has_min, has_max;
  CudaRequantize r; /* QAdd: multiplier and offset point at one float each */
  int32_t input_zero, second_is_u8;
} CudaElement;

/* A copy between views. */
typedef struct {
  CudaWalk walk;
  const void *in;
  void *out;
  int32_t size;                            /* bytes of an element: 1, 2, 4 or 8 */
  int32_t fills;                           /* Pad: elements outside inner are value */
  int32_t low[CUDA_RANK], high[CUDA_RANK]; /* Pad: the part of the output that copies */
  uint64_t value;
} CudaCopy;

typedef struct {
  CudaWalk walk; /* out, and in with the gathered axis of stride 0, and the indices */
  const void *in, *indices;
  void *out;
  int32_t size, axis_dim, axis_stride, index_is_s64;
} CudaGather;

/* y[outer] = reduction of x over inner. */
typedef struct {
  CudaWalk outer, inner; /* outer: y, x; inner: x */
  const float *x;
  float *y;
  int32_t kind; /* PraxiOpKind of a Reduce */
} CudaReduce;

typedef struct {
  CudaWindow w; /* groups = channels */
  const void *x;
  void *y;
  int32_t x_step[5], y_step[5]; /* strides of N, C, T, H, W */
  int32_t type, is_max, counts_pad;
  int32_t end[3]; /* in + pad_end: where counted padding ends */
} CudaPool;

/* Lines of n elements, step apart; the walk goes over lines: y, x. */
typedef struct {
  CudaWalk walk;
  const float *x, *scale, *bias; /* LayerNorm: [n], bias may be NULL */
  float *y;
  int32_t n, x_step, y_step;
  float epsilon;
} CudaLines;

/* Y[b] = α A[b] B[b] + β C, of any strides. */
typedef struct {
  CudaWalk batch; /* y, a, b */
  const float *a, *b, *c;
  float *y;
  int32_t m, n, k, a_m, a_k, b_k, b_n, y_m, y_n, c_m, c_n;
  float alpha, beta;
} CudaMatmul;

/* Pictures of one motion stem: images are [n][h][w] floats, one after the other. */
typedef struct {
  const uint8_t *frames; /* u8 [T,H,W,3] */
  float *grey, *raw, *box, *flow, *total, *half, *cells, *median;
  float *maps, *flow_out; /* flow_out may be NULL */
  int32_t height, width, h, w, scale, box_side;
  int32_t first_pair, pairs; /* of this chunk */
  int32_t maps_step[4];      /* strides of [T−1, 6, H/4, W/4] */
  int32_t flow_step[4];
  int32_t first_written; /* pairs of the chunk before it only give the flow before */
  float epsilon, weight, luma[3];
} CudaMotion;

/* NV12 or P010 → crop → area or bilinear resize → RGB, u8 [H,W,3]; or normalised and quantised. */
typedef struct {
  const uint8_t *luma, *chroma;
  int32_t luma_pitch, chroma_pitch; /* bytes */
  int32_t width, height, is_p010;
  float x, y, step_x, step_y; /* crop's corner and source pixels per output pixel */
  float luma_zero, luma_gain, r_v, g_u, g_v, b_u;
  float multiplier[3], offset[3]; /* q = rint (rgb · multiplier + offset), cut to [0, 255] */
  uint8_t *out;
  int32_t out_width, out_height;
} CudaPreprocess;
