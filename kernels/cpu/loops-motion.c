/* The motion stem around its scales (loops-motion-scale.c): grey pictures before them, and the flow
 * and its maps after them. The formula is that of kernels/ref/motion-stem.c, up to the order of
 * sums: a pixel of the enlarged scale 1, averaged over 2×2, is (1 6 1)/8 in both directions; scale
 * i > 1 is linear between the two pixels averaged, hence plain enlargement by 2^(i − 1).
 */
#include "kernels/cpu/loops-level.h"
#include "kernels/cpu/stripes.h"

/* Neighbours are read at odd places: a vector of 64 bytes would cross a cache line each time. */
#if defined(__AVX2__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("prefer-vector-width=256")
#endif

static void
accumulate (const float *restrict a, float *restrict sum, int w)
{
  for (int x = 0; x < w; x++)
    sum[x] += a[x];
}

/* Means of 2×2 from the sums of two rows. */
static void
halve_sums (const float *restrict sum, float *restrict out, int n)
{
  int x = 0;
  for (; x + LANES <= n; x += LANES)
    simd_store (out + x, simd_add_pairs (simd_load (sum + 2 * x), simd_load (sum + 2 * x + LANES)) *
                             simd_set1 (0.25f));
  for (; x < n; x++)
    out[x] = (sum[2 * x] + sum[2 * x + 1]) * 0.25f;
}

#if defined(__AVX2__)
/* In each half of a vector, byte first + 3 i + c of 16 goes to the low byte of lane i. */
#define PICK(first, c, i) ((char) ((first) + 3 * (i) + (c))), -1, -1, -1
#define PICKS(c)                                                                                   \
  _mm256_setr_epi8 (PICK (0, c, 0), PICK (0, c, 1), PICK (0, c, 2), PICK (0, c, 3),                \
                    PICK (4, c, 0), PICK (4, c, 1), PICK (4, c, 2), PICK (4, c, 3))

static int
grey_vectors (const float luma[3], const uint8_t *rgb, float *out, int w)
{
  const __m256i red = PICKS (0), green = PICKS (1), blue = PICKS (2);
  int x = 0;
  for (; x + LANES <= w; x += 8, rgb += 24) {
    const __m128i low = _mm_loadu_si128 ((const __m128i *) rgb);
    const __m128i high = _mm_loadu_si128 ((const __m128i *) (rgb + 8));
    const __m256i p = _mm256_inserti128_si256 (_mm256_castsi128_si256 (low), high, 1);
    const __m256 r = _mm256_cvtepi32_ps (_mm256_shuffle_epi8 (p, red));
    const __m256 g = _mm256_cvtepi32_ps (_mm256_shuffle_epi8 (p, green));
    const __m256 b = _mm256_cvtepi32_ps (_mm256_shuffle_epi8 (p, blue));
    const __m256 rg =
        _mm256_fmadd_ps (g, _mm256_set1_ps (luma[1]), _mm256_mul_ps (r, _mm256_set1_ps (luma[0])));
    _mm256_storeu_ps (out + x, _mm256_fmadd_ps (b, _mm256_set1_ps (luma[2]), rg));
  }
  return x;
}
#else
static int
grey_vectors (const float luma[3], const uint8_t *rgb, float *out, int w)
{
  return 0;
}
#endif

static void
grey_row (const MotionPlan *plan, const uint8_t *rgb, float *out)
{
  const float *luma = plan->motion.luma;
  for (int x = grey_vectors (luma, rgb, out, plan->width); x < plan->width; x++)
    out[x] = luma[0] * rgb[3 * x] + luma[1] * rgb[3 * x + 1] + luma[2] * rgb[3 * x + 2];
}

/* Every second row of a scale ends one row of the next. work: two rows a scale */
void
LEVEL_NAME (motion_grey) (const MotionPlan *plan, const uint8_t *rgb, float *work, float *grey)
{
  const size_t n = plan->row_floats;
  for (int y = 0; y < plan->height; y++) {
    grey_row (plan, rgb + (size_t) y * (size_t) plan->width * 3, work + (size_t) (y & 1) * n);
    for (int s = 0;; s++) {
      const int row = y >> s, length = stripes_length (plan->w[s]);
      float *rows = work + (size_t) (2 * s) * n;
      stripe_row (rows + (size_t) (row & 1) * n, length,
                  grey + plan->grey_at[s] + row * STRIPES * length);
      if (s + 1 == plan->motion.n_scales || (row & 1) == 0)
        break;
      accumulate (rows, rows + n, plan->w[s]);
      halve_sums (rows + n, rows + (size_t) (2 + (row >> 1 & 1)) * n, plan->w[s + 1]);
    }
  }
}

static void
weigh_rows (const float *restrict a,
            const float *restrict b,
            float wa,
            float wb,
            float *restrict out,
            int w)
{
  for (int x = 0; x < w; x++)
    out[x] = wa * a[x] + wb * b[x];
}

/* flow += (1 6 1)/8 of coarse both ways, borders repeated. row: w + margins */
static void
add_smoothed (const float *coarse, int h, int w, float *restrict flow, float *restrict row)
{
  for (int y = 0; y < h; y++) {
    const float *restrict up = coarse + (y ? y - 1 : 0) * w, *restrict here = coarse + y * w;
    const float *restrict down = coarse + (y + 1 < h ? y + 1 : y) * w;
    float *restrict out = flow + y * w;
    for (int x = 0; x < w; x++)
      row[x] = (up[x] + 6 * here[x] + down[x]) * (1.f / 64);
    row[-1] = row[0];
    row[w] = row[w - 1];
    for (int x = 0; x < w; x++)
      out[x] += row[x - 1] + 6 * row[x] + row[x + 1];
  }
}

/* Two to one: the common case of enlarging a row. in has a margin of one. */
static void
double_row (const float *restrict in, float *restrict out, int w)
{
  for (int x = 0; x < w; x++) {
    out[2 * x] = 0.25f * in[x - 1] + 0.75f * in[x];
    out[2 * x + 1] = 0.75f * in[x] + 0.25f * in[x + 1];
  }
}

static void
enlarge_row (const float *in, float *out, int w, int factor)
{
  for (int x = 0; x < w * factor; x++) {
    const int twice =
        2 * (x % factor) + 1 - factor; /* 2 factor times the distance to in[x/factor] */
    const int at = x / factor, other = twice < 0 ? at - 1 : at + 1;
    const float part = (float) (twice < 0 ? -twice : twice) / (float) (2 * factor);
    out[x] = (1 - part) * in[at] + part * in[other];
  }
}

/* flow += coarse [h,w] enlarged by factor, linear, half pixel. rows: two of w + margins, wide: two
 * of w factor
 */
static void
add_enlarged (const float *coarse, int h, int w, int factor, float *flow, float *row, float *wide)
{
  const int wide_w = w * factor;
  for (int y = 0; y < h * factor; y++) {
    const int twice = 2 * (y % factor) + 1 - factor, at = y / factor;
    int other = twice < 0 ? at - 1 : at + 1;
    other = other < 0 ? 0 : other >= h ? h - 1 : other;
    const float part = (float) (twice < 0 ? -twice : twice) / (float) (2 * factor);
    weigh_rows (coarse + at * w, coarse + other * w, 1 - part, part, row, w);
    row[-1] = row[0];
    row[w] = row[w - 1];
    if (factor == 2)
      double_row (row, wide, w);
    else
      enlarge_row (row, wide, w, factor);
    accumulate (wide, flow + (size_t) y * (size_t) wide_w, wide_w);
  }
}

/* The k-th largest of n numbers, found bit by bit: a float that is not NaN sorts like the integer
 * of its bits once those of negative ones are turned around.
 */
static float
select_largest (float *values, int n, int k)
{
  int32_t *keys = (int32_t *) values;
  for (int i = 0; i < n; i++)
    keys[i] ^= keys[i] >> 31 & INT32_MAX;
  int64_t found = INT32_MIN;
  for (int bit = 31; bit >= 0; bit--) {
    const int32_t candidate = (int32_t) (found + (INT64_C (1) << bit));
    int not_below = 0;
    for (int i = 0; i < n; i++)
      not_below += keys[i] >= candidate;
    if (not_below > k)
      found = candidate;
  }
  const int32_t bits = (int32_t) found ^ ((int32_t) found >> 31 & INT32_MAX);
  float value;
  memcpy (&value, &bits, sizeof value);
  return value;
}

static void
subtract_median (float *flow, int h, int w, float *row, float *cells)
{
  const int cell = PRAXI_MOTION_CELL, rows = h / cell, columns = w / cell;
  for (int y = 0; y < rows; y++) {
    const float *top = flow + y * cell * w;
    memcpy (row, top, sizeof (float) * (size_t) w);
    for (int i = 1; i < cell; i++)
      accumulate (top + i * w, row, w);
    for (int x = 0; x < columns; x++) {
      const float *r = row + x * cell;
      cells[y * columns + x] = (r[0] + r[1] + r[2] + r[3] + r[4] + r[5]) / (float) (cell * cell);
    }
  }
  const float median = select_largest (cells, rows * columns, rows * columns / 2);
  for (int i = 0; i < h * w; i++)
    flow[i] -= median;
}

typedef struct {
  MotionSink base;
  float *flow;                /* [2,h,w] */
  float *row;                 /* room for two */
  int h, w, wide, row_floats; /* wide: the width of the scale */
  const float *before[2];     /* u and v of the row before */
} FlowSink;

/* A row that ends with its last piece goes to its place at once. */
static void
unstripe_into (const FlowSink *sink, const float *striped, int w, float *out)
{
  const int length = stripes_length (w);
  const bool is_full = w == STRIPES * length;
  unstripe_row (striped, length, is_full ? out : sink->row);
  if (!is_full)
    memcpy (out, sink->row, sizeof (float) * (size_t) w);
}

/* Means of 2×2 of two striped rows. */
static void
halve_stripes (const FlowSink *sink, const float *before, const float *here, float *out)
{
  const int length = stripes_length (sink->wide);
  float *sum = sink->row + sink->row_floats;
  if (sink->wide == STRIPES * length && length % 2 == 0) {
    for (int k = 0; k < length / 2; k++)
      for (int i = 0; i < STRIPES; i++) {
        const int at = 2 * k * STRIPES + i;
        sum[k * STRIPES + i] =
            (before[at] + here[at] + before[at + STRIPES] + here[at + STRIPES]) * 0.25f;
      }
    unstripe_row (sum, length / 2, out);
    return;
  }
  for (int i = 0; i < STRIPES * length; i++)
    sum[i] = before[i] + here[i];
  unstripe_row (sum, length, sink->row);
  halve_sums (sink->row, out, sink->w);
}

/* Scale 0: means of 2×2. */
static void
halve_cb (MotionSink *base, int y, const float *const uv[2])
{
  FlowSink *sink = (FlowSink *) base;
  for (int c = 0; c < 2; c++) {
    if (y % 2 == 1)
      halve_stripes (sink, sink->before[c], uv[c], sink->flow + (c * sink->h + y / 2) * sink->w);
    sink->before[c] = uv[c];
  }
}

/* Other scales: kept. */
static void
keep_cb (MotionSink *base, int y, const float *const uv[2])
{
  const FlowSink *sink = (const FlowSink *) base;
  for (int c = 0; c < 2; c++)
    unstripe_into (sink, uv[c], sink->w, sink->flow + (c * sink->h + y) * sink->w);
}

void
LEVEL_NAME (
    motion_flow) (const MotionPlan *plan, const float *a, const float *b, float *work, float *flow)
{
  const int h = plan->height / 2, w = plan->width / 2;
  float *row = work + plan->strip_floats + MOTION_MARGIN, *wide = row + plan->row_floats;
  float *coarse = work + plan->strip_floats + MOTION_ROWS * plan->row_floats;
  for (int s = 0; s < plan->motion.n_scales; s++) {
    FlowSink sink = {.base.row_done = s ? keep_cb : halve_cb, .flow = s ? coarse : flow};
    sink.h = s ? plan->h[s] : h;
    sink.w = s ? plan->w[s] : w;
    sink.wide = plan->w[s];
    sink.row = row;
    sink.row_floats = (int) plan->row_floats;
    LEVEL_NAME (motion_scale) (plan, s, a, b, work, &sink.base);
    for (int c = 0; s && c < 2; c++) {
      const float *from = coarse + c * sink.h * sink.w;
      if (s == 1)
        add_smoothed (from, h, w, flow + c * h * w, row);
      else
        add_enlarged (from, sink.h, sink.w, 1 << (s - 1), flow + c * h * w, row, wide);
    }
  }
  for (int c = 0; c < 2; c++)
    subtract_median (flow + c * h * w, h, w, row, coarse);
}

typedef struct {
  const float *flow, *before;
  int h, w;
} MapSource;

/* Copies a row of flow between one number on each side that repeats its ends. */
static const float *
with_ends (const float *row, float *room, int w)
{
  float *copy = room + MOTION_MARGIN;
  memcpy (copy, row, sizeof (float) * (size_t) w);
  copy[-1] = row[0];
  copy[w] = row[w - 1];
  return copy;
}

/* Adds one half-size row y to the sums of the six maps, [6][w]. room: for two rows */
static void
add_map_row (const MapSource *source, int y, float *restrict sum, float *room)
{
  const int w = source->w, n = source->h * w;
  const float *restrict u = with_ends (source->flow + y * w, room, w);
  const float *restrict v = with_ends (source->flow + n + y * w, room + w + 2 * MOTION_MARGIN, w);
  const float *restrict up = source->flow + (y > 0 ? y - 1 : 0) * w;
  const float *restrict down = source->flow + (y + 1 < source->h ? y + 1 : y) * w;
  for (int x = 0; x < w; x++) {
    sum[x] += u[x];
    sum[w + x] += v[x];
    sum[2 * w + x] += sqrtf (u[x] * u[x] + v[x] * v[x] + 1e-12f);
    sum[4 * w + x] += 2 * (u[x + 1] - u[x - 1] + down[n + x] - up[n + x]);
    sum[5 * w + x] += 2 * (v[x + 1] - v[x - 1] - down[x] + up[x]);
  }
  if (!source->before)
    return;
  const float *restrict pu = source->before + y * w, *restrict pv = pu + n;
  for (int x = 0; x < w; x++) {
    const float au = u[x] - pu[x], av = v[x] - pv[x];
    sum[3 * w + x] += sqrtf (au * au + av * av + 1e-12f);
  }
}

void
LEVEL_NAME (motion_maps) (const MotionPlan *plan,
                          const float *flow,
                          const float *before,
                          int y,
                          float *maps)
{
  const MapSource source = {flow, before, plan->height / 2, plan->width / 2};
  const int w = source.w, quarter = w / 2;
  float *sum = maps + PRAXI_MOTION_MAPS * quarter; /* room behind the maps */
  for (int i = 0; i < PRAXI_MOTION_MAPS * w; i++)
    sum[i] = 0;
  if (!before)
    for (int x = 0; x < w; x++)
      sum[3 * w + x] = 2 * sqrtf (1e-12f);
  float *room = sum + PRAXI_MOTION_MAPS * w;
  add_map_row (&source, 2 * y, sum, room);
  add_map_row (&source, 2 * y + 1, sum, room);
  halve_sums (sum, maps, PRAXI_MOTION_MAPS * quarter); /* one row after the other */
}
