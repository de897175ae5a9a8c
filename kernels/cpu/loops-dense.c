/* Tiles of pixels × channels kept in registers: every unit of depth loads one vector of weights per
 * block of channels and one broadcast per pixel.
 */
#include "kernels/cpu/dense-store.h"
#include "kernels/cpu/loops-level.h"
#ifdef SIMD_STEM
#include "kernels/cpu/dense-stem.h"
#endif

/* ROWS: of a tile; REST: of the tiles that the last pixels take where a whole one is too much. */
#if defined(__AVX512VNNI__) && !defined(PRAXI_LEVEL_YMM)
enum { ROWS_1 = 12, ROWS_1_S8 = 12, ROWS_2 = 12, ROWS_3 = 8, ROWS_4 = 6 };
enum { REST_1 = 4, REST_1_S8 = 4, REST_2 = 4, REST_3 = 4, REST_4 = 3 };
#elif defined(__AVX2__)
/* The pointers to 12 rows would not stay in registers; sums of bytes take long enough to want 12.
 */
enum { ROWS_1 = 8, ROWS_1_S8 = 12, ROWS_2 = 6 };
enum { REST_1 = 4, REST_1_S8 = 4, REST_2 = 2 };
#else
enum { ROWS_1 = 4, ROWS_1_S8 = 4, ROWS_2 = 4 };
enum { REST_1 = 2, REST_1_S8 = 2, REST_2 = 2 };
#endif
enum { MAX_ROWS = DENSE_ROWS_MAX };

/* Where the pixels of a tile lie for one tap; behind the last one it again. */
SIMD_INLINE void
find_rows (const DenseCall *call, int plane, int tap, int pixel, int rows, const uint8_t **p)
{
  const uint8_t *base = call->planes[plane];
  const int32_t *offsets = call->offsets ? call->offsets + tap * call->offset_step : NULL;
  const int last = call->n_pixels - 1;
  if (call->tap_step > 0 && base && pixel + rows - 1 <= last) { /* nothing is outside */
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
      p[i] = base + offsets[pixel + i];
    return;
  }
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++) {
    const int at = pixel + i < last ? pixel + i : last;
    const int64_t offset = offsets ? offsets[at] : at * call->pixel_bytes;
    p[i] = base && offset >= 0 ? base + offset : call->padding;
  }
}

/* The same, found for the first tap only where the others lie as far from each other. Returns the
 * bytes to add.
 */
SIMD_INLINE int64_t
find_tap (const DenseCall *call, int plane, int tap, int pixel, int rows, const uint8_t **p)
{
  if (tap > 0 && call->tap_step > 0)
    return call->planes[plane] ? tap * call->tap_step : 0;
  find_rows (call, plane, tap, pixel, rows, p);
  return 0;
}

/* Whether a tap changes no sum: all it reads is padding, of zeros. */
SIMD_INLINE bool
adds_nothing (const DenseCall *call, int rows, const uint8_t *const *p)
{
  bool is_padding = call->skips_padding;
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
    is_padding = is_padding && p[i] == call->padding;
  return is_padding;
}

/* Whether the weights of a call do not stay in the first cache from tile to tile. */
SIMD_INLINE bool
weights_are_far (const DenseCall *call)
{
  enum { NEAR_BYTES = 30 << 10 };
  return (int64_t) call->n_planes * call->n_taps * call->depth * call->blocks * LANES * 4 >
         NEAR_BYTES;
}

/* prefetches: weights, some units ahead */
SIMD_INLINE void
tile_bytes (const DenseCall *call, int pixel, int rows, int blocks, bool is_signed, bool prefetches)
{
  enum { UNITS_AHEAD = 8 };
  VecI sum[MAX_ROWS][MAX_BLOCKS];
  const CpuEpilogue *e = &call->epilogue;
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < blocks; j++)
      sum[i][j] = simd_load_s32 (e->start + j * LANES);
  const int32_t *w = call->weights;
  const VecI flip = simd_set1_s32 ((int32_t) 0x80808080);
  for (int plane = 0; plane < call->n_planes; plane++) {
    const uint8_t *p[MAX_ROWS] = {NULL};
    for (int tap = 0; tap < call->n_taps; tap++) {
      const int64_t at = find_tap (call, plane, tap, pixel, rows, p);
      if (adds_nothing (call, rows, p)) {
        w += call->depth * blocks * LANES;
        continue;
      }
      for (int k = 0; k < call->depth; k++, w += blocks * LANES) {
        VecI weights[MAX_BLOCKS];
#pragma GCC unroll 4
        for (int j = 0; j < blocks; j++)
          weights[j] = simd_load_s32 (w + j * LANES);
#pragma GCC unroll 4
        for (int j = 0; prefetches && j < blocks; j++)
          __builtin_prefetch (w + (UNITS_AHEAD * blocks + j) * LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
          VecI x = simd_broadcast4 (p[i] + at + 4 * k);
          if (is_signed)
            x = simd_xor (x, flip);
#pragma GCC unroll 4
          for (int j = 0; j < blocks; j++)
            sum[i][j] = simd_dot (sum[i][j], x, weights[j]);
        }
      }
    }
  }
  store_s8 (call, pixel, rows, call->n_pixels - pixel, blocks, sum);
}

SIMD_INLINE void
tile_s8 (const DenseCall *call, int pixel, int rows, int blocks)
{
  const bool prefetches = blocks == MAX_BLOCKS && weights_are_far (call);
  if (call->in_signed && prefetches)
    tile_bytes (call, pixel, rows, blocks, true, true);
  else if (call->in_signed)
    tile_bytes (call, pixel, rows, blocks, true, false);
  else if (prefetches)
    tile_bytes (call, pixel, rows, blocks, false, true);
  else
    tile_bytes (call, pixel, rows, blocks, false, false);
}

/* For levels that multiply 16-bit numbers only: bytes come widened, two channels a unit. */
SIMD_INLINE void
tile_s16 (const DenseCall *call, int pixel, int rows, int blocks)
{
  VecI sum[MAX_ROWS][MAX_BLOCKS];
  const CpuEpilogue *e = &call->epilogue;
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < blocks; j++)
      sum[i][j] = simd_load_s32 (e->start + j * LANES);
  const int32_t *w = call->weights;
  for (int plane = 0; plane < call->n_planes; plane++) {
    const uint8_t *p[MAX_ROWS] = {NULL};
    for (int tap = 0; tap < call->n_taps; tap++) {
      const int64_t at = find_tap (call, plane, tap, pixel, rows, p);
      if (adds_nothing (call, rows, p)) {
        w += call->depth * blocks * LANES;
        continue;
      }
      for (int k = 0; k < call->depth; k++, w += blocks * LANES) {
        VecI weights[MAX_BLOCKS];
#pragma GCC unroll 4
        for (int j = 0; j < blocks; j++)
          weights[j] = simd_load_s32 (w + j * LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
          const VecI x = simd_broadcast4 (p[i] + at + 4 * k);
#pragma GCC unroll 4
          for (int j = 0; j < blocks; j++)
            sum[i][j] = simd_dot_s16 (sum[i][j], x, weights[j]);
        }
      }
    }
  }
  store_s8 (call, pixel, rows, call->n_pixels - pixel, blocks, sum);
}

SIMD_INLINE void
store_f32 (const DenseCall *call, int pixel, int rows, int blocks, VecF (*sum)[MAX_BLOCKS])
{
  const int n_rows = call->n_pixels - pixel;
  const CpuEpilogue e = call->epilogue;
  float *out = call->out;
#pragma GCC unroll 4
  for (int j = 0; j < blocks; j++) {
    const int left = call->n_channels - j * LANES, n = left < LANES ? left : LANES;
    VecF v[MAX_ROWS];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      const int64_t row =
          call->out_at && i < n_rows ? call->out_at[pixel + i] : (pixel + i) * call->out_step;
      v[i] = sum[i][j];
      if (e.residual && i < n_rows && n > 0)
        v[i] = v[i] + simd_load_n ((const float *) e.residual + row + j * LANES, n);
    }
    epilogue_activate (&e, v, rows);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      if (i >= n_rows || n <= 0)
        continue;
      const int64_t row = call->out_at ? call->out_at[pixel + i] : (pixel + i) * call->out_step;
      simd_store_n (out + row + j * LANES, v[i], n);
    }
  }
}

SIMD_INLINE void
tile_f32 (const DenseCall *call, int pixel, int rows, int blocks)
{
  VecF sum[MAX_ROWS][MAX_BLOCKS];
  float *kept = call->sums ? call->sums + pixel * blocks * LANES : NULL;
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < blocks; j++)
      sum[i][j] = call->goes_on ? simd_load (kept + (i * blocks + j) * LANES)
                                : simd_load (call->epilogue.bias + j * LANES);
  const float *w = call->weights;
  for (int plane = 0; plane < call->n_planes; plane++) {
    const uint8_t *p[MAX_ROWS] = {NULL};
    for (int tap = 0; tap < call->n_taps; tap++) {
      const int64_t at = find_tap (call, plane, tap, pixel, rows, p);
      for (int k = 0; k < call->depth; k++, w += blocks * LANES) {
        VecF weights[MAX_BLOCKS];
#pragma GCC unroll 4
        for (int j = 0; j < blocks; j++)
          weights[j] = simd_load (w + j * LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
          const VecF x = simd_set1 (((const float *) (p[i] + at))[k]);
#pragma GCC unroll 4
          for (int j = 0; j < blocks; j++)
            sum[i][j] = simd_mac (x, weights[j], sum[i][j]);
        }
      }
    }
  }
  if (!kept || call->ends)
    store_f32 (call, pixel, rows, blocks, sum);
  else
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
      for (int j = 0; j < blocks; j++)
        simd_store (kept + (i * blocks + j) * LANES, sum[i][j]);
}

/* evens: the last tiles are a pixel shorter where that leaves none over */
#define RUN(kind, rows, rest, blocks, evens)                                                       \
  static void run_##kind##_##blocks (const DenseCall *call)                                        \
  {                                                                                                \
    const int n = call->n_pixels, n_tiles = (n + rows - 1) / rows, n_short = n_tiles * rows - n;   \
    const bool is_even = evens && n_short <= n_tiles;                                              \
    const int behind = is_even ? n_short * (rows - 1) : rows - rest;                               \
    int pixel = 0;                                                                                 \
    for (; n - pixel > behind; pixel += rows)                                                      \
      tile_##kind (call, pixel, rows, blocks);                                                     \
    for (; is_even && pixel < n; pixel += rows - 1)                                                \
      tile_##kind (call, pixel, rows - 1, blocks);                                                 \
    for (; pixel < n; pixel += rest)                                                               \
      tile_##kind (call, pixel, rest, blocks);                                                     \
  }
#define CASE(kind, blocks)                                                                         \
  case blocks:                                                                                     \
    run_##kind##_##blocks (call);                                                                  \
    return;
#if defined(__AVX512VNNI__) && !defined(PRAXI_LEVEL_YMM)
#define WIDE_RUNS(kind) RUN (kind, ROWS_3, REST_3, 3, true) RUN (kind, ROWS_4, REST_4, 4, true)
#define WIDE_CASES(kind) CASE (kind, 3) CASE (kind, 4)
#else
#define WIDE_RUNS(kind)
#define WIDE_CASES(kind)
#endif
/* The loop of a kind of numbers, for as many blocks as its level has registers for. */
#define DENSE(kind, rows_1, rest_1)                                                                \
  RUN (kind, rows_1, rest_1, 1, false)                                                             \
  RUN (kind, ROWS_2, REST_2, 2, false)                                                             \
  WIDE_RUNS (kind)                                                                                 \
  void LEVEL_NAME (dense_##kind) (const DenseCall *call)                                           \
  {                                                                                                \
    switch (call->blocks) {                                                                        \
      CASE (kind, 1)                                                                               \
      CASE (kind, 2)                                                                               \
      WIDE_CASES (kind)                                                                            \
    }                                                                                              \
  }
DENSE (s8, ROWS_1_S8, REST_1_S8)
DENSE (s16, ROWS_1, REST_1)
DENSE (f32, ROWS_1, REST_1)

#ifdef SIMD_STEM
void
LEVEL_NAME (dense_s8_stem) (const DenseCall *call)
{
  if (!call->planes[0])
    LEVEL_NAME (dense_s8) (call);
  else if (call->blocks == 1 && call->in_signed)
    stem_pixels (call, STEM_ROWS_1, 1, true);
  else if (call->blocks == 1)
    stem_pixels (call, STEM_ROWS_1, 1, false);
  else if (call->in_signed)
    stem_pixels (call, STEM_ROWS_2, 2, true);
  else
    stem_pixels (call, STEM_ROWS_2, 2, false);
}
#endif

#ifdef SIMD_PAIRS
enum { ROWS_PAIRS = 8 };

/* The sums of two pixels are one vector. */
SIMD_INLINE void
store_pairs (const DenseCall *call, int pixel, const VecI *sum)
{
  const Packing packing = packing_begin (&call->epilogue, 0, 1);
  const int left = call->n_pixels - pixel, n = call->n_channels;
  const int n_rows = left < ROWS_PAIRS ? left : ROWS_PAIRS;
  uint8_t *out = (uint8_t *) call->out + pixel * call->out_step;
  uint8_t bytes[4 * LANES];
  VecF v[4];
#pragma GCC unroll 4
  for (int k = 0; k < 4; k++)
    v[k] = packing_scale (&packing, simd_add_pairs_s32 (sum[2 * k], sum[2 * k + 1]), 0);
  const VecB packed =
      simd_order_bytes (simd_pack_bytes (v, packing.shift, packing.most, packing.low));
  if (n == LANES / 2 && call->out_step == n && n_rows == ROWS_PAIRS) {
    simd_store_all (out, packed);
    return;
  }
  simd_store_all (bytes, packed);
  for (int i = 0; i < n_rows; i++)
    memcpy (out + i * call->out_step, bytes + i * LANES / 2, (size_t) n);
}

SIMD_INLINE void
tile_pairs (const DenseCall *call, int pixel, bool is_signed)
{
  VecI sum[ROWS_PAIRS];
  const VecI flip = simd_set1_s32 ((int32_t) 0x80808080);
#pragma GCC unroll 8
  for (int i = 0; i < ROWS_PAIRS; i++)
    sum[i] = simd_load_s32 (call->epilogue.start);
  const int32_t *w = call->weights;
  for (int plane = 0; plane < call->n_planes; plane++) {
    const uint8_t *p[ROWS_PAIRS] = {NULL};
    for (int tap = 0; tap < call->n_taps; tap++) {
      const int64_t at = find_tap (call, plane, tap, pixel, ROWS_PAIRS, p);
      for (int k = 0; k < call->depth; k++, w += LANES) {
        const VecI weights = simd_load_s32 (w);
#pragma GCC unroll 8
        for (int i = 0; i < ROWS_PAIRS; i++) {
          const VecI x = simd_broadcast8 (p[i] + at + 8 * k);
          sum[i] = simd_dot (sum[i], is_signed ? simd_xor (x, flip) : x, weights);
        }
      }
    }
  }
  store_pairs (call, pixel, sum);
}

enum { ROWS_PAIRS_F32 = 12 };

SIMD_INLINE void
store_pairs_f32 (const DenseCall *call, int pixel, const VecF *sum)
{
  const CpuEpilogue *e = &call->epilogue;
  const int left = call->n_pixels - pixel, n = call->n_channels;
  const bool together = call->out_step == n && n == LANES / 2;
  float *out = (float *) call->out + pixel * call->out_step;
  VecF v[ROWS_PAIRS_F32 / 2];
#pragma GCC unroll 6
  for (int k = 0; k < ROWS_PAIRS_F32 / 2; k++)
    v[k] = simd_add_pairs (sum[2 * k], sum[2 * k + 1]) + simd_load (e->bias);
  epilogue_activate (e, v, ROWS_PAIRS_F32 / 2);
#pragma GCC unroll 6
  for (int k = 0; k < ROWS_PAIRS_F32 / 2; k++) {
    float pair[LANES];
    if (together && 2 * k + 1 < left) {
      simd_store (out + 2 * k * n, v[k]);
      continue;
    }
    simd_store (pair, v[k]);
    for (int i = 0; i < 2 && 2 * k + i < left; i++)
      memcpy (out + (2 * k + i) * call->out_step, pair + i * LANES / 2, sizeof *out * (size_t) n);
  }
}

SIMD_INLINE void
tile_pairs_f32 (const DenseCall *call, int pixel)
{
  const int pairs = call->depth / 2;
  VecF sum[ROWS_PAIRS_F32];
#pragma GCC unroll 12
  for (int i = 0; i < ROWS_PAIRS_F32; i++)
    sum[i] = simd_set1 (0);
  const float *w = call->weights;
  for (int plane = 0; plane < call->n_planes; plane++) {
    const uint8_t *p[ROWS_PAIRS_F32] = {NULL};
    for (int tap = 0; tap < call->n_taps; tap++) {
      const int64_t at = find_tap (call, plane, tap, pixel, ROWS_PAIRS_F32, p);
      for (int k = 0; k < pairs; k++, w += LANES) {
        const VecF weights = simd_load (w);
#pragma GCC unroll 12
        for (int i = 0; i < ROWS_PAIRS_F32; i++)
          sum[i] =
              simd_fma (simd_broadcast_pair ((const float *) (p[i] + at) + 2 * k), weights, sum[i]);
      }
      if (call->depth % 2 == 0)
        continue;
      const VecF weights = simd_load (w);
#pragma GCC unroll 12
      for (int i = 0; i < ROWS_PAIRS_F32; i++)
        sum[i] =
            simd_fma (simd_set1_even (((const float *) (p[i] + at))[2 * pairs]), weights, sum[i]);
      w += LANES;
    }
  }
  store_pairs_f32 (call, pixel, sum);
}

void
LEVEL_NAME (dense_f32_pairs) (const DenseCall *call)
{
  for (int pixel = 0; pixel < call->n_pixels; pixel += ROWS_PAIRS_F32)
    tile_pairs_f32 (call, pixel);
}

void
LEVEL_NAME (dense_s8_pairs) (const DenseCall *call)
{
  for (int pixel = 0; pixel < call->n_pixels; pixel += ROWS_PAIRS) {
    if (call->in_signed)
      tile_pairs (call, pixel, true);
    else
      tile_pairs (call, pixel, false);
  }
}
#endif
