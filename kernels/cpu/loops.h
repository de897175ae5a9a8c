/* The inner loops of the cpu backend, one table a level. Everything that packs, plans and splits
 * work between threads is compiled once and calls these.
 */
#pragma once

#include "kernels/motion-stem.h"

/* Where the loops of one source have their level's name: praxi_loop_dense_s8_avx2 … */
#define LEVEL_PASTE(name, level) praxi_loop_##name##_##level
#define LEVEL_EXPAND(name, level) LEVEL_PASTE (name, level)
#define LEVEL_NAME(name) LEVEL_EXPAND (name, PRAXI_LEVEL)

/* Sizes of the motion stem for one kernel. work: strip_floats of one scale, then MOTION_ROWS rows
 * of row_floats, with MOTION_MARGIN before each, then a coarse flow
 */
enum { MOTION_MARGIN = 16, MOTION_SCALES = 4, MOTION_ROWS = 2 * MOTION_SCALES };

typedef struct {
  PraxiMotionStem motion;
  int n_frames, height, width;
  int h[MOTION_SCALES], w[MOTION_SCALES];
  size_t grey_at[MOTION_SCALES]; /* floats from the start of a pyramid */
  size_t grey_floats, row_floats, strip_floats, work_floats, half_floats;
} MotionPlan;

/* Where the rows of a scale's flow go, one after the other. */
typedef struct MotionSink MotionSink;
struct MotionSink {
  /* uv: u and v, striped; they stay until the row after the next is done */
  void (*row_done) (MotionSink *sink, int y, const float *const uv[2]);
};

/* What numbers bytes are: (byte − zero) · scale. */
typedef struct {
  float scale;
  int zero;
  bool is_signed;
} ByteScale;

/* What happens to a sum before it is stored. */
typedef struct {
  const float *bias; /* f32: what a sum starts with; int8: the offset */
  const float *multiplier;
  const int32_t *start; /* int8: what a sum starts with, −zero Σ w */
  PraxiActivation activation;
  float alpha, beta;
  const void *residual; /* NULL for none; at the same place as out */
  bool residual_signed;
  int32_t residual_zero, zero;
  float residual_multiplier, low, high; /* low, high: less zero */
  bool fits; /* int8: whatever the sums, what is rounded fits into 32 bits and is a number */
} CpuEpilogue;

/* What dense_tiles has to know besides: it takes TILE_ROWS pixels side by side at once, and
 * TILE_UNITS units of depth, of which there are fewer or a multiple, and at most TILE_BLOCKS
 * blocks, whose weights lie [n_planes][n_taps][depth / units][blocks][units][LANES]. Bytes with a
 * sign are multiplied as such.
 *
 * Short rows run on: offsets and n_pixels count places then, those of a row and of the gap between
 * it and the next one, whose sums are made and not stored.
 */
enum { TILE_ROWS = 16, TILE_UNITS = 16, TILE_LANES = 16, TILE_BLOCKS = 2, TILE_CALLS = 16 };

typedef struct {
  int row_pixels;     /* of output, stored */
  int row_step;       /* places of a row, more with a gap; a divisor of n_pixels */
  int64_t pixel_step; /* bytes between what neighbours in a row read */
  const void
      *in_end; /* the first byte that must not be read; NULL: depth units of any pixel may be */
  void *room;  /* [2][TILE_ROWS][depth] units, where there is in_end */
} DenseTiles;

/* Rows of pixels times packed weights: out[i][o] = epilogue (Σ_taps Σ_c in[pixel i, tap][c]
 * w[o][c]). A pixel's place in its plane (a frame) is an offset per tap, so that nothing is copied.
 * int8 takes channels four at a time, two where bytes are widened to 16 bits.
 */
enum { DENSE_ROWS_MAX = 12 }; /* pixels of a tile */

typedef struct {
  const void *const *planes; /* [n_planes] the frame that each temporal tap reads; NULL: padding */
  const void *padding;       /* depth units of the input's zero */
  bool skips_padding;        /* int8: which adds nothing to sums */
  const int32_t *offsets; /* [n_taps][offset_step] bytes from the plane to the pixel, −1: padding.
                             NULL: pixels in a row */
  int64_t offset_step, pixel_bytes;
  int64_t tap_step; /* bytes from what a tap reads to what the next one reads; 0: offsets say it */
  int n_planes, n_taps;
  int depth; /* units of channels: floats, groups of 4 bytes or of 2 16-bit numbers */
  int n_pixels;
  const void *weights; /* [n_planes][n_taps][depth][blocks][LANES], 64-byte aligned */
  int blocks;          /* 1 … dense_blocks_max */
  int n_channels;      /* stored, at most blocks LANES */
  bool in_signed;
  void *out;
  int64_t out_step;        /* elements from pixel to pixel */
  const int32_t *out_at;   /* f32: where each pixel goes instead, in elements from out; or NULL */
  CpuEpilogue epilogue;    /* its arrays readable for blocks LANES channels */
  const DenseTiles *tiles; /* of dense_tiles */
  float *sums; /* f32: what a call leaves to the next, which has other taps or channels of the
                  same outputs: [n_pixels + DENSE_ROWS_MAX][blocks][LANES]; NULL: it is all */
  bool goes_on, ends; /* with sums: not the first, the last */
} DenseCall;

/* The dense loop of tiles, of a level that has one. n calls, at most TILE_CALLS, of the same
 * pixels.
 */
typedef void CpuDenseTiles (const DenseCall *calls, int n);

/* dense_s8_pairs: at most LANES / 2 channels, whose sums are each two lanes. A unit of depth is 8
 * channels of input, weights [n_planes][n_taps][depth][LANES / 2][2][4]; start holds 0 in every
 * second lane, the other arrays of the epilogue the channels twice. No residual; the epilogue fits.
 * dense_f32_pairs: the same of floats, weights [n_planes][n_taps][(depth + 1) / 2][LANES / 2][2],
 * 0 behind the last channel.
 * dense_s8_stem: one plane, three taps of nine bytes, pixels of a row six bytes apart, none of them
 * padding; up to 2 blocks. Fields and weights as for dense_s8.
 */

/* Depthwise: one filter a channel. Fields as in DenseCall. */
enum { DEPTHWISE_MAX_TAPS = 512 };

typedef struct {
  const void *const *planes;
  const void *padding;    /* channels elements of the input's zero */
  const int32_t *offsets; /* readable to 16 entries beyond n_pixels, each in the plane or −1 */
  int64_t offset_step, pixel_bytes;
  int n_planes, n_taps; /* n_planes n_taps ≤ DEPTHWISE_MAX_TAPS */
  int n_pixels, n_channels;
  const void *weights; /* f32: [taps][channels up to LANES]; int8: [channels / LANES][taps / 4]
                          [LANES][4], 16 bits: [channels / LANES][taps / 2][LANES][2]; all rounded
                          up with zeros. The last LANES channels that are not whole in blocks are
                          the last LANES of all */
  bool in_signed;
  void *out; /* n_channels elements from pixel to pixel */
  CpuEpilogue epilogue;
} DepthwiseCall;

/* Depthwise, neighbours of one row of output whose taps lie side by side: 1, 3 or 5 in a row,
 * 1 or, of several, 2 columns from pixel to pixel. f32 has at least 1 vector of channels; int8 has
 * at least 16 channels, no residual and an epilogue that fits.
 *
 * int8 takes channels in groups, and several rows of taps at once: 2 rows of 16 channels in 16-bit
 * products, or 4 rows of as many channels as depthwise_row_bytes in groups that get smaller.
 */
enum { DEPTHWISE_ROW_TAPS = 5, DEPTHWISE_GROUP = 16 };

/* How many channels the group at first takes, at most most. The last groups may begin before it, so
 * that all are whole. begin: where it begins
 */
static inline int
praxi_cpu_depthwise_group (int channels, int first, int most, int *begin)
{
  int width = most;
  while (width > DEPTHWISE_GROUP && (width > channels || width / 2 >= channels - first))
    width /= 2;
  *begin = first + width <= channels ? first : channels - width;
  return width;
}

/* Channels of all groups. */
static inline int
praxi_cpu_depthwise_width (int channels, int most)
{
  int width = 0;
  for (int begin; width < channels;)
    width += praxi_cpu_depthwise_group (channels, width, most, &begin);
  return width;
}

/* The channel of entry k in the order of interleaved lanes, from the group's first; vectors: R */
static inline int
praxi_cpu_depthwise_channel (int width, int vectors, int k)
{
  const int lane = k % (width / vectors), vector = k / (width / vectors);
  return lane / 4 * 4 * vectors + 4 * vector + lane % 4;
}

typedef struct {
  const void *const *rows; /* [n_rows] of input, one under each row of taps; NULL: padding */
  const void *padding;     /* a pixel */
  int64_t pixel_bytes;
  int n_rows, width;       /* rows of taps, over all planes; pixels of a row of input */
  int taps, stride, first; /* first: the column under the first tap of the first pixel */
  int n_pixels, n_channels;
  const void *weights; /* f32: as in DepthwiseCall; int8: of each group [n_rows / R][taps][R]
                          [channels / R][R] rounded up with zeros, of 16 bits with R = 2 rows at
                          once, of 8 with R = 4. The channels are in the order of interleaved
                          lanes: lane l of vector v is channel l / 4 · 4 R + 4 v + l % 4; so are
                          the epilogue's arrays */
  bool in_signed;
  void *out;
  CpuEpilogue epilogue;
} DepthwiseRow;

/* Depthwise convolution with outputs that are next to each other along an axis made at once: a
 * band. Four inputs next to each other along it are interleaved to a line, whose lanes hold the
 * four bytes of a channel and serve all outputs.
 */
typedef enum {
  BAND_PLANES, /* 3 × 3 × 3 taps, step in time 1: rows of 2 planes; a line is rows of four planes */
  BAND_TIMES,  /* 3 × 1 × 1 taps, all steps 1, no padding in space: the same */
  BAND_ROWS_3, /* 1 × 3 × 3 taps, steps in space 1: 2 rows; a line is four rows */
  BAND_ROWS_5 /* 1 × 5 × 5 taps, steps in space 1: 4 rows of two lines, the second of which is the
                 first of the next band */
} DepthwiseBandKind;
enum { BAND_INPUTS = 4, BAND_OUTPUTS = 4, BAND_LINES = 3 }; /* the most there are */

typedef struct {
  int lines, taps, outputs; /* taps: along a row */
} DepthwiseBandShape;

static inline DepthwiseBandShape
praxi_cpu_depthwise_band (DepthwiseBandKind kind)
{
  return kind == BAND_PLANES   ? (DepthwiseBandShape){3, 3, 2}
         : kind == BAND_TIMES  ? (DepthwiseBandShape){1, 1, 2}
         : kind == BAND_ROWS_3 ? (DepthwiseBandShape){1, 3, 2}
                               : (DepthwiseBandShape){2, 5, 4};
}

/* At least 16 channels but with BAND_TIMES, no residual and an epilogue that fits. */
typedef struct {
  DepthwiseBandKind kind;
  const void *planes[BAND_INPUTS]; /* of input, in time; NULL: padding. Of rows the first */
  const void *padding;             /* a pixel, and at least the largest group */
  int in_height, in_width, out_height, out_width;
  int stride[2], pad[2]; /* H, W; strides 1 or 2, pads at most 2 */
  int first, n;          /* bands; those of rows begin with row first outputs, those of BAND_TIMES
                            with pixel first together */
  int n_channels;
  int together; /* BAND_TIMES, BAND_ROWS_3: the fewest pixels whose channels fill whole groups,
                   which are as one pixel of more channels; else 0 */
  const void *weights; /* of each group [lines][taps][outputs][channels][4]; channels and the
                          epilogue's arrays as in DepthwiseRow with R = 4, of several pixels
                          together with 3 taps in their own order */
  bool in_signed;
  void *room;   /* praxi_cpu_depthwise_band_room bytes, 64-byte aligned */
  void *out[2]; /* planes; out[1] may be NULL. Of rows the first */
  CpuEpilogue epilogue;
} DepthwiseBand;

/* The groups of DepthwiseBand: as of rows, but where most channels fill half a group they are one
 * that is not full.
 */
static inline int
praxi_cpu_depthwise_band_group (int channels, int first, int most, int *begin)
{
  if (channels > most / 2 && channels < most) {
    *begin = 0;
    return most;
  }
  return praxi_cpu_depthwise_group (channels, first, most, begin);
}

/* Pixels of a row of output at once, divided by the stride. */
enum { DEPTHWISE_BAND_PIXELS = 28 };

/* n: channels of the largest group */
static inline size_t
praxi_cpu_depthwise_band_room (int n)
{
  return (size_t) BAND_LINES * (DEPTHWISE_BAND_PIXELS + 4) * (size_t) n * BAND_INPUTS;
}

/* Winograd's convolution. A tile of 4 inputs along an axis, or of 4 × 4 or 6 × 6 of a plane, gives
 * 2 or 2 × 2 or 4 × 4 outputs of 3 taps an axis by 4, 16 or 36 products, each at its own position
 * of the tile. Values, weights and sums are floats; of bytes they are 16-bit numbers in pairs and
 * sums of 32 bits, which wrap around.
 */
enum { WINOGRAD_POSITIONS = 36, WINOGRAD_OUTPUTS = 16, WINOGRAD_CHANNELS = 16 };

typedef struct {
  int positions;             /* 4, 16 or 36; floats: 16 */
  const void *const *pixels; /* [positions] of input */
  int n_channels;            /* at least WINOGRAD_CHANNELS; bytes: at least 2 LANES */
  bool in_signed;
  int zero;     /* of the input */
  void *values; /* at a position; step elements on at the next */
  int64_t step;
} WinogradIn;

/* sums[row][o] = Σ_k values[row][k] w[o][k]; sums and values have room for rows up to a multiple of
 * 12
 */
typedef struct {
  const void *values;  /* [rows][depth] floats or pairs */
  const void *weights; /* [depth][blocks][LANES] floats or pairs */
  int rows, depth, blocks;
  void *sums; /* [rows][blocks LANES] */
} WinogradProduct;

typedef struct {
  int positions, n_tiles, blocks, n_channels;
  const void *sums; /* [n_tiles][blocks LANES] at a position; step elements on at the next */
  int64_t step;
  const int64_t (*out_at)[WINOGRAD_OUTPUTS]; /* in elements from out and the residual; −1: none */
  void *out;
  CpuEpilogue epilogue; /* as in DenseCall; start: added to outputs of 36 positions */
} WinogradOut;

typedef struct {
  void (*in) (const WinogradIn *in); /* NULL where a level has a better way */
  void (*product) (const WinogradProduct *product);
  void (*out) (const WinogradOut *out);
} WinogradLoops;

/* Sums of outer products, for one tap: sum[c][o] += Σ_pixels in[pixel][c] dy[pixel][o]. Pixels on
 * the padding are left out.
 */
typedef struct {
  const void *plane;      /* the frame that the tap reads, from the first channel on */
  const int32_t *offsets; /* [n_pixels] bytes from the plane to the pixel, −1: padding */
  const float *dy;        /* of the first pixel, from the first channel on */
  int64_t dy_step;        /* elements from pixel to pixel */
  int n_pixels, rows;     /* rows: channels of in */
  int blocks, n_channels; /* of dy, as in DenseCall */
  float *sum;             /* [rows][blocks LANES]; lanes without a channel get sums of zeros */
} OuterCall;

/* The same channel by channel: sum[c] += Σ_pixels in[pixel][c] dy[pixel][c]. */
typedef struct {
  const void *plane;
  const int32_t *offsets;
  const float *dy;
  int64_t dy_step;
  int n_pixels, n_channels;
  float *sum;
} InnerCall;

/* Rows of channels, f32 [rows, channels]. */
typedef struct {
  const float *x, *dy;    /* dy: NULL where there is none */
  const float *a, *b, *c; /* [channels] */
  float *y;               /* as x */
  float *sums;            /* [2][channels] */
  int64_t rows, channels;
} NormCall;

/* A unary operator on floats; alpha, beta as in PraxiOp, for Clip the limits. */
typedef struct {
  PraxiOpKind kind;
  float alpha, beta;
} UnaryOp;

typedef struct {
  int lanes, dense_blocks_max;
  bool is_wide;            /* dense_s16 is faster than dense_s8 */
  int depthwise_row_bytes; /* channels at once in depthwise_row_s8; 0: there is none */

  void (*dense_s8) (const DenseCall *call);
  void (*dense_s8_pairs) (const DenseCall *call);  /* NULL where there is none */
  void (*dense_s8_stem) (const DenseCall *call);   /* NULL where there is none */
  void (*dense_f32_pairs) (const DenseCall *call); /* NULL where there is none */
  void (*dense_s16) (const DenseCall *call);       /* of bytes made 16-bit by widen */
  void (*dense_f32) (const DenseCall *call);
  void (*depthwise_s8) (const DepthwiseCall *call);
  void (*depthwise_s16) (const DepthwiseCall *call);
  void (*depthwise_f32) (const DepthwiseCall *call);
  void (*depthwise_row_f32) (const DepthwiseRow *row);
  void (*depthwise_row_s16) (const DepthwiseRow *row); /* where is_wide */
  void (*depthwise_row_s8) (const DepthwiseRow *row);
  void (*depthwise_band_s8) (const DepthwiseBand *call); /* NULL where there is none */
  WinogradLoops winograd_s16, winograd_f32;
  void (*outer_f32) (const OuterCall *call);
  void (*inner_f32) (const InnerCall *call);

  /* y[i] = f (x[i]); false where there is no such loop */
  bool (*unary) (const UnaryOp *op, const float *x, float *y, int64_t n);
  /* y[i] = f (a[i a_step], b[i b_step]), steps 0 or 1; false where there is no such loop */
  bool (*binary) (PraxiOpKind kind,
                  const float *a,
                  int a_step,
                  const float *b,
                  int b_step,
                  float *y,
                  int64_t n);
  /* y[i] = a[i a_step] = < > b[i b_step], 0 or 1 (kind: EQUAL, LESS, GREATER), steps 0 or 1 */
  void (*compare) (PraxiOpKind kind,
                   const float *a,
                   int a_step,
                   const float *b,
                   int b_step,
                   uint8_t *y,
                   int64_t n);
  /* y[i] = pick[i] ? a[i a_step] : b[i b_step], steps 0 or 1 */
  void (*where) (const uint8_t *pick,
                 const float *a,
                 int a_step,
                 const float *b,
                 int b_step,
                 float *y,
                 int64_t n);
  /* bytes from floats and back; low … high is the range of the byte type */
  void (
      *quantize) (const float *x, float scale, int zero, int low, int high, uint8_t *q, int64_t n);
  void (*dequantize) (const uint8_t *q, bool is_signed, float scale, int zero, float *x, int64_t n);
  /* y[i] = x[i], or x[i] + 128 where that is signed */
  void (*widen) (const uint8_t *x, bool is_signed, uint16_t *y, int64_t n);
  /* q = requantize (a − a_zero, b) of PRAXI_OP_QADD; steps 0 or 1. epilogue: its residual_signed is
   * b's; bias and multiplier have LANES equal entries
   */
  void (*add_bytes) (const CpuEpilogue *epilogue,
                     const uint8_t *a,
                     bool a_signed,
                     int a_zero,
                     const uint8_t *b,
                     uint8_t *q,
                     int64_t n);
  void (*look_up) (const uint8_t table[256], const uint8_t *x, uint8_t *y, int64_t n);
  /* y[r, c] = tables[c][x[r, c]], rows one after the other */
  void (*look_up_columns) (const uint8_t *tables,
                           int n_columns,
                           const uint8_t *x,
                           uint8_t *y,
                           int64_t n_rows);

  /* Reductions of f32: sum, maximum and minimum (by kind REDUCE_…) of n numbers in a row, and of
   * each of n columns over a number of rows.
   */
  float (*reduce_row) (PraxiOpKind kind, const float *x, int64_t n);
  void (*reduce_columns) (PraxiOpKind kind,
                          const float *x,
                          int64_t row_step,
                          int64_t rows,
                          float *y,
                          int64_t n);
  /* sums[i] += Σ_r x[r n + i], of fewer than 2²³ rows; s8 with its highest bit turned over */
  void (*sum_bytes) (const uint8_t *x, bool is_signed, int64_t rows, int32_t *sums, int64_t n);
  /* sums[i] += Σ_r HardSwish (x[r n + i] as floats) */
  void (*sum_hard_swish) (const ByteScale *scale,
                          const uint8_t *x,
                          int64_t rows,
                          float *sums,
                          int64_t n);
  /* y[i] = the maximum of rows[r][i], of at least one row of floats or bytes */
  void (*max_rows) (PraxiDType dtype, const void *const *rows, int n_rows, void *y, int64_t n);

  /* Adds to sums Σ (x − a) and Σ (x − a)², or with dy Σ dy and Σ dy (x − a). */
  void (*norm_sums) (const NormCall *call);
  /* y = a x + c, or with dy a dy + b x + c */
  void (*norm_map) (const NormCall *call);

  /* u8 [H,W,3] → the grey pyramid of a frame */
  void (*motion_grey) (const MotionPlan *plan, const uint8_t *rgb, float *work, float *grey);
  /* two pyramids → flow [2,H/2,W/2]; work: work_floats */
  void (*motion_flow) (const MotionPlan *plan,
                       const float *a,
                       const float *b,
                       float *work,
                       float *flow);
  /* flow and the one before (or NULL) → row y of the six maps, [6,W/4] */
  void (*motion_maps) (const MotionPlan *plan,
                       const float *flow,
                       const float *before,
                       int y,
                       float *maps);
} CpuLoops;
