#include "engine/media/average.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Rows are summed with weights that add up to 256, so that 8-bit samples fit 16 bits; half of that
 * times weights that add up to 2^15 fits 32 bits, with both factors signed 16-bit words: the form
 * that multiply-and-add instructions take. */
#define ROW_UNIT 256
#define COLUMN_UNIT 32767
#define TAP_GRANULE 8

/* Which source elements an output element averages, and with which weights. */
typedef struct {
  int n_taps;      /* a multiple of TAP_GRANULE */
  int *first;      /* [n] */
  gint16 *weights; /* [n][n_taps] */
} Taps;

/* Weights of one output element; they add up to unit exactly, the largest takes the rest. */
static void
weigh (gint16 *weights, double begin, double end, int first, int last, int unit)
{
  int sum = 0, largest = 0;
  for (int i = first; i <= last; i++) {
    const double covered = MIN (end, i + 1) - MAX (begin, i);
    weights[i - first] = (gint16) lround (MAX (covered, 0) / (end - begin) * unit);
    sum += weights[i - first];
    if (weights[i - first] > weights[largest])
      largest = i - first;
  }
  weights[largest] = (gint16) (weights[largest] + unit - sum);
}

static Taps
make_taps (int source, int target, int unit)
{
  const int most = (int) ceil ((double) source / target) + 1;
  Taps taps = {.n_taps = (most + TAP_GRANULE - 1) / TAP_GRANULE * TAP_GRANULE};
  taps.first = g_new (int, target);
  taps.weights = g_new0 (gint16, (gsize) target * (gsize) taps.n_taps);
  for (int i = 0; i < target; i++) {
    const double begin = (double) i * source / target, end = (double) (i + 1) * source / target;
    const int first = CLAMP ((int) floor (begin + 1e-9), 0, source - 1);
    const int last = CLAMP ((int) ceil (end - 1e-9) - 1, first, source - 1);
    taps.first[i] = first;
    weigh (taps.weights + (gsize) i * (gsize) taps.n_taps, begin, end, first, last, unit);
  }
  return taps;
}

static void
free_taps (Taps *taps)
{
  g_free (taps->first);
  g_free (taps->weights);
}

static inline __attribute__ ((always_inline)) void
add_row_u8 (guint16 *restrict sums, const guint8 *restrict row, int n, guint16 weight)
{
  for (int i = 0; i < n; i++)
    sums[i] = (guint16) (sums[i] + row[i] * weight);
}

static inline __attribute__ ((always_inline)) void
add_row_u16 (guint32 *restrict sums, const guint16 *restrict row, int n, guint16 weight)
{
  for (int i = 0; i < n; i++)
    sums[i] += (guint32) row[i] * weight;
}

/* To signed words of 7 bits after the point. */
static inline __attribute__ ((always_inline)) void
halve (gint16 *restrict halves, const guint16 *restrict sums, int n)
{
  for (int i = 0; i < n; i++)
    halves[i] = (gint16) (sums[i] >> 1);
}

static inline __attribute__ ((always_inline)) void
narrow (gint16 *restrict halves, const guint32 *restrict sums, int n, int bits)
{
  for (int i = 0; i < n; i++)
    halves[i] = (gint16) (sums[i] >> (bits - 7));
}

static inline __attribute__ ((always_inline)) int
dot (const gint16 *restrict row, const gint16 *restrict weights, int n_granules)
{
  int sum = 0;
  for (int g = 0; g < n_granules; g++)
    for (int i = 0; i < TAP_GRANULE; i++)
      sum += row[g * TAP_GRANULE + i] * weights[g * TAP_GRANULE + i];
  return sum;
}

static inline __attribute__ ((always_inline)) void
average_columns (const gint16 *row, const Taps *taps, int n, guint16 *out)
{
  const int n_granules = taps->n_taps / TAP_GRANULE;
  for (int x = 0; x < n; x++) {
    const int sum =
        dot (row + taps->first[x], taps->weights + (gsize) x * (gsize) taps->n_taps, n_granules);
    out[x] = (guint16) ((sum + (1 << 15)) >> 16);
  }
}

/* halves: [plane->width + padding], the padding is 0; sums: of the same length, 32 bits each */
static inline __attribute__ ((always_inline)) void
average_row (const PraxiPlane *plane, const Taps *rows, int y, gint16 *halves, guint32 *sums)
{
  const gint16 *weights = rows->weights + (gsize) y * (gsize) rows->n_taps;
  const gboolean is_deep = plane->bits > 8;
  memset (sums, 0, (gsize) plane->width * (is_deep ? 4 : 2));
  for (int j = 0; j < rows->n_taps; j++) {
    if (weights[j] == 0)
      continue;
    const guint8 *row = plane->data + (gssize) (rows->first[y] + j) * plane->stride_bytes;
    if (is_deep)
      add_row_u16 (sums, (const guint16 *) (const void *) row, plane->width, (guint16) weights[j]);
    else
      add_row_u8 ((guint16 *) sums, row, plane->width, (guint16) weights[j]);
  }
  if (is_deep)
    narrow (halves, sums, plane->width, plane->bits);
  else
    halve (halves, (const guint16 *) sums, plane->width);
}

static inline __attribute__ ((always_inline)) void
average_body (const PraxiPlane *plane,
              const Taps *rows,
              const Taps *columns,
              int width,
              int height,
              guint16 *out)
{
  const gsize padded = (gsize) (plane->width + columns->n_taps);
  gint16 *halves = g_new0 (gint16, padded);
  guint32 *sums = g_new (guint32, padded);
  for (int y = 0; y < height; y++) {
    average_row (plane, rows, y, halves, sums);
    average_columns (halves, columns, width, out + (gsize) y * (gsize) width);
  }
  g_free (halves);
  g_free (sums);
}

static void
average_plain (const PraxiPlane *plane,
               const Taps *rows,
               const Taps *columns,
               int width,
               int height,
               guint16 *out)
{
  average_body (plane, rows, columns, width, height, out);
}

#if defined(__x86_64__)
/* Multiplying pairs of unsigned and signed bytes is exact as long as no pair of products passes
 * 2^15: weights of shrinking to less than half.
 */
static gboolean
fits_bytes (const gint16 *weights, int n_taps)
{
  for (int j = 0; j < n_taps; j += 2)
    if (weights[j] < 0 || weights[j + 1] < 0 || weights[j] > 127 || weights[j + 1] > 127 ||
        weights[j] + weights[j + 1] > 128)
      return FALSE;
  return TRUE;
}

/* What average_row does for bytes, two rows at a time and nothing but the result in memory. */
__attribute__ ((target ("avx2"))) static void
average_row_avx2 (const PraxiPlane *plane, const Taps *rows, int y, gint16 *halves)
{
  const gint16 *weights = rows->weights + (gsize) y * (gsize) rows->n_taps;
  const guint8 *first = plane->data + (gssize) rows->first[y] * plane->stride_bytes;
  int n_rows = rows->n_taps, x = 0;
  while (n_rows > 1 && weights[n_rows - 1] == 0)
    n_rows--;
  for (; x + 32 <= plane->width; x += 32) {
    __m256i low = _mm256_setzero_si256 (), high = low;
    for (int j = 0; j < n_rows; j += 2) {
      const guint8 *row = first + j * plane->stride_bytes + x;
      const guint8 *next = j + 1 < n_rows ? row + plane->stride_bytes : row;
      const __m256i a = _mm256_loadu_si256 ((const __m256i *) (const void *) row);
      const __m256i b = _mm256_loadu_si256 ((const __m256i *) (const void *) next);
      const __m256i w = _mm256_set1_epi16 ((gint16) (weights[j] | weights[j + 1] << 8));
      low = _mm256_add_epi16 (low, _mm256_maddubs_epi16 (_mm256_unpacklo_epi8 (a, b), w));
      high = _mm256_add_epi16 (high, _mm256_maddubs_epi16 (_mm256_unpackhi_epi8 (a, b), w));
    }
    low = _mm256_srli_epi16 (low, 1);
    high = _mm256_srli_epi16 (high, 1);
    __m256i *out = (__m256i *) (void *) (halves + x);
    _mm256_storeu_si256 (out, _mm256_permute2x128_si256 (low, high, 0x20));
    _mm256_storeu_si256 (out + 1, _mm256_permute2x128_si256 (low, high, 0x31));
  }
  for (; x < plane->width; x++) {
    guint sum = 0;
    for (int j = 0; j < n_rows; j++)
      sum += first[j * plane->stride_bytes + x] * (guint) weights[j];
    halves[x] = (gint16) (sum >> 1);
  }
}

__attribute__ ((target ("avx2"))) static inline __m128i
dot_avx2 (const gint16 *row, const gint16 *weights, int n_taps)
{
  __m128i sum = _mm_setzero_si128 ();
  for (int i = 0; i < n_taps; i += TAP_GRANULE)
    sum = _mm_add_epi32 (
        sum, _mm_madd_epi16 (_mm_loadu_si128 ((const __m128i *) (const void *) (row + i)),
                             _mm_loadu_si128 ((const __m128i *) (const void *) (weights + i))));
  return sum;
}

/* average_columns, four at a time. */
__attribute__ ((target ("avx2"))) static void
average_columns_avx2 (const gint16 *row, const Taps *taps, int n, guint16 *out)
{
  const int n_taps = taps->n_taps;
  int x = 0;
  for (; x + 4 <= n; x += 4) {
    __m128i sums[4];
    for (int i = 0; i < 4; i++)
      sums[i] = dot_avx2 (row + taps->first[x + i],
                          taps->weights + (gsize) (x + i) * (gsize) n_taps, n_taps);
    const __m128i four =
        _mm_hadd_epi32 (_mm_hadd_epi32 (sums[0], sums[1]), _mm_hadd_epi32 (sums[2], sums[3]));
    const __m128i rounded = _mm_srli_epi32 (_mm_add_epi32 (four, _mm_set1_epi32 (1 << 15)), 16);
    _mm_storel_epi64 ((__m128i *) (void *) (out + x), _mm_packus_epi32 (rounded, rounded));
  }
  for (; x < n; x++)
    out[x] = (guint16) ((dot (row + taps->first[x], taps->weights + (gsize) x * (gsize) n_taps,
                              n_taps / TAP_GRANULE) +
                         (1 << 15)) >>
                        16);
}

__attribute__ ((target ("avx2"))) static void
average_avx2 (const PraxiPlane *plane,
              const Taps *rows,
              const Taps *columns,
              int width,
              int height,
              guint16 *out)
{
  const gsize padded = (gsize) (plane->width + columns->n_taps);
  gint16 *halves = g_new0 (gint16, padded);
  guint32 *sums = g_new (guint32, padded);
  for (int y = 0; y < height; y++) {
    const gint16 *weights = rows->weights + (gsize) y * (gsize) rows->n_taps;
    if (plane->bits == 8 && fits_bytes (weights, rows->n_taps))
      average_row_avx2 (plane, rows, y, halves);
    else
      average_row (plane, rows, y, halves, sums);
    average_columns_avx2 (halves, columns, width, out + (gsize) y * (gsize) width);
  }
  g_free (halves);
  g_free (sums);
}
#endif

void
praxi_average_plane_by (const PraxiPlane *plane,
                        PraxiAverageLevel level,
                        int width,
                        int height,
                        guint16 *out)
{
  Taps rows = make_taps (plane->height, height, ROW_UNIT);
  Taps columns = make_taps (plane->width, width, COLUMN_UNIT);
#if defined(__x86_64__)
  if (level == PRAXI_AVERAGE_BEST && __builtin_cpu_supports ("avx2"))
    average_avx2 (plane, &rows, &columns, width, height, out);
  else
#endif
    average_plain (plane, &rows, &columns, width, height, out);
  free_taps (&rows);
  free_taps (&columns);
}

void
praxi_average_plane (const PraxiPlane *plane, int width, int height, guint16 *out)
{
  praxi_average_plane_by (plane, PRAXI_AVERAGE_BEST, width, height, out);
}
