/* Depthwise convolution of bytes along rows, for levels with VNNI: four rows of taps at once,
 * interleaved so that a lane holds the four bytes of its channel.
 */
#include "kernels/cpu/depthwise-columns.h"
#include "kernels/cpu/loops-level.h"

#if defined(__AVX512VNNI__)
#define DOT(prefix) prefix##dpbusd_epi32
#else
#define DOT(prefix) prefix##dpbusd_avx_epi32
#endif

#if defined(__AVX512VNNI__)
enum { PLANES_TAPS = 3 };

/* Where a row of each of the four planes begins, and how far its pixels are apart: nothing where it
 * is padding.
 */
typedef struct {
  const uint8_t *at[4];
  int64_t step[4];
} PlanesRow;

static void
find_planes_row (const DepthwisePlanes *call, int y, PlanesRow *row)
{
  const bool inside = y >= 0 && y < call->in_height;
  for (int k = 0; k < 4; k++) {
    const bool here = inside && call->planes[k];
    row->step[k] = here ? call->n_channels : 0;
    row->at[k] =
        here ? (const uint8_t *) call->planes[k] + (int64_t) y * call->in_width * call->n_channels
             : call->padding;
  }
}
#endif

#define QUADS 16
#define QUADS_VEC __m128i
#define QUADS_OP(name) _mm_##name
#define QUADS_DOT DOT (_mm_)
#include "kernels/cpu/depthwise-quads.h"

#define QUADS 32
#define QUADS_VEC __m256i
#define QUADS_OP(name) _mm256_##name
#define QUADS_DOT DOT (_mm256_)
#include "kernels/cpu/depthwise-quads.h"

#if SIMD_QUADS == 64
#define QUADS 64
#define QUADS_VEC __m512i
#define QUADS_OP(name) _mm512_##name
#define QUADS_DOT DOT (_mm512_)
#include "kernels/cpu/depthwise-quads.h"
#endif

/* run_16, run_32 or run_64 (…), by the width of a group */
#if SIMD_QUADS == 64
#define BY_WIDTH(width, run, ...)                                                                  \
  ((width) == 64   ? run##_64 (__VA_ARGS__)                                                        \
   : (width) == 32 ? run##_32 (__VA_ARGS__)                                                        \
                   : run##_16 (__VA_ARGS__))
#else
#define BY_WIDTH(width, run, ...) ((width) == 32 ? run##_32 (__VA_ARGS__) : run##_16 (__VA_ARGS__))
#endif

SIMD_INLINE void
row_s8 (const DepthwiseRow *row, int stride, int taps, bool is_signed)
{
  Columns columns;
  for (int pixel = 0; pixel < row->n_pixels; pixel += PIXELS) {
    find_columns (row, pixel, stride, taps, &columns);
    for (int first = 0, width; first < row->n_channels; first += width) {
      int begin;
      width = praxi_cpu_depthwise_group (row->n_channels, first, SIMD_QUADS, &begin);
      BY_WIDTH (width, tile, row, pixel, first, begin, stride, taps, is_signed, &columns);
    }
  }
}

void
LEVEL_NAME (depthwise_row_s8) (const DepthwiseRow *row)
{
  if (row->in_signed)
    EACH_SHAPE (row_s8, , true);
  else
    EACH_SHAPE (row_s8, , false);
}

#if defined(__AVX512VNNI__)
/* All rows of output of a group of channels, from begin on; first: of it in weights and arrays. The
 * three interleaved rows under them stay in the first cache.
 */
SIMD_INLINE void
planes_group_s8 (const DepthwisePlanes *call, int first, int begin, int width, int stride)
{
  const int columns = (call->out_width - 1) * stride + PLANES_TAPS;
  const int64_t row_bytes = (int64_t) columns * width * 4;
  uint8_t *room = call->room;
  int ready = call->first * call->stride[0] - call->pad[0]; /* rows before it are interleaved */
  for (int y = call->first; y < call->first + call->n_rows; y++) {
    const int top = y * call->stride[0] - call->pad[0];
    const uint8_t *rows[PLANES_TAPS];
    for (; ready < top + PLANES_TAPS; ready++) {
      PlanesRow row;
      find_planes_row (call, ready, &row);
      BY_WIDTH (width, interleave_columns, call, &row, columns, begin,
                room + (ready + PLANES_TAPS) % PLANES_TAPS * row_bytes);
    }
    for (int i = 0; i < PLANES_TAPS; i++)
      rows[i] = room + (top + i + PLANES_TAPS) % PLANES_TAPS * row_bytes;
    BY_WIDTH (width, planes_row, call, y, rows, first, begin, stride);
  }
}

void
LEVEL_NAME (depthwise_planes_s8) (const DepthwisePlanes *call)
{
  for (int first = 0, width; first < call->n_channels; first += width) {
    int begin;
    width = praxi_cpu_depthwise_planes_group (call->n_channels, first, SIMD_QUADS, &begin);
    if (call->stride[1] == 1)
      planes_group_s8 (call, first, begin, width, 1);
    else
      planes_group_s8 (call, first, begin, width, 2);
  }
}
#endif
