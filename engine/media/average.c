#include "engine/media/average.h"

#include <math.h>
#include <string.h>

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
__attribute__ ((target ("avx2"))) static void
average_avx2 (const PraxiPlane *plane,
              const Taps *rows,
              const Taps *columns,
              int width,
              int height,
              guint16 *out)
{
  average_body (plane, rows, columns, width, height, out);
}
#endif

void
praxi_average_plane (const PraxiPlane *plane, int width, int height, guint16 *out)
{
  Taps rows = make_taps (plane->height, height, ROW_UNIT);
  Taps columns = make_taps (plane->width, width, COLUMN_UNIT);
#if defined(__x86_64__)
  if (__builtin_cpu_supports ("avx2"))
    average_avx2 (plane, &rows, &columns, width, height, out);
  else
#endif
    average_plain (plane, &rows, &columns, width, height, out);
  free_taps (&rows);
  free_taps (&columns);
}
