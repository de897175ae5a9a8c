/* The motion stem of one frame pair, fused: a row of gradients is multiplied into a ring of box
 * rows, and every row of flow leaves it solved, so that only the ring and the half-size flow are
 * touched. The formula is that of kernels/ref/motion-stem.c, up to the order of sums:
 *
 * - With sums instead of means in the box, xx … yt are n = box² times larger; so is nε beside them,
 *   and the quotient stays.
 * - A pixel of the enlarged scale 1, averaged over 2×2, is (1 6 1)/8 in both directions; scale i >
 * 1 is linear between the two pixels averaged, hence plain enlargement by 2^(i − 1).
 */
#include "kernels/cpu/loops-level.h"

#include <float.h>

enum { N_PRODUCTS = 5, COLUMNS_MAX = 8192 };

typedef struct {
  int h, w, stride, box; /* stride: floats from one work row to the next */
  const float *a, *b;
  float *sums[3];        /* a + b of rows y − 1, y, y + 1 */
  float *smooth, *slope; /* (1 2 1) and (−1 0 1) down the column */
  float *ring;           /* [box][5][stride] products */
  float *column, *pairs; /* [5][stride] sums down the column; of neighbours in it */
  float *u[2], *v[2];    /* two rows of flow */
} Strip;

static int
reflect (int i, int n)
{
  return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
}

static void
halve_rows (const float *restrict top, const float *restrict low, float *restrict out, int w)
{
  for (int x = 0; x < w; x++)
    out[x] = (top[2 * x] + top[2 * x + 1] + low[2 * x] + low[2 * x + 1]) * 0.25f;
}

#if defined(__AVX2__)
/* 16 pixels: byte 3 i + c of three vectors to byte i of one. */
static __m128i
pick_channel (__m128i p0, __m128i p1, __m128i p2, int channel)
{
  int8_t at[3][16];
  for (int i = 0; i < 48; i++)
    at[i / 16][i % 16] = -1;
  for (int i = 0; i < 16; i++) {
    const int byte = 3 * i + channel;
    at[byte / 16][i] = (int8_t) (byte % 16);
  }
  const __m128i a = _mm_shuffle_epi8 (p0, _mm_loadu_si128 ((const __m128i *) at[0]));
  const __m128i b = _mm_shuffle_epi8 (p1, _mm_loadu_si128 ((const __m128i *) at[1]));
  const __m128i c = _mm_shuffle_epi8 (p2, _mm_loadu_si128 ((const __m128i *) at[2]));
  return _mm_or_si128 (_mm_or_si128 (a, b), c);
}

static int
grey_vectors (const float luma[3], const uint8_t *rgb, float *out, int w)
{
  int x = 0;
  for (; x + 16 <= w; x += 16) {
    const __m128i *p = (const __m128i *) (rgb + 3 * x);
    const __m128i p0 = _mm_loadu_si128 (p), p1 = _mm_loadu_si128 (p + 1);
    const __m128i p2 = _mm_loadu_si128 (p + 2);
    const __m128i r = pick_channel (p0, p1, p2, 0), g = pick_channel (p0, p1, p2, 1);
    const __m128i b = pick_channel (p0, p1, p2, 2);
    for (int half = 0; half < 2; half++) {
      const __m256 rf =
          _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (half ? _mm_srli_si128 (r, 8) : r));
      const __m256 gf =
          _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (half ? _mm_srli_si128 (g, 8) : g));
      const __m256 bf =
          _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (half ? _mm_srli_si128 (b, 8) : b));
      __m256 y = _mm256_mul_ps (rf, _mm256_set1_ps (luma[0]));
      y = _mm256_fmadd_ps (gf, _mm256_set1_ps (luma[1]), y);
      _mm256_storeu_ps (out + x + 8 * half, _mm256_fmadd_ps (bf, _mm256_set1_ps (luma[2]), y));
    }
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

void
LEVEL_NAME (motion_grey) (const MotionPlan *plan, const uint8_t *rgb, float *grey)
{
  const float *luma = plan->motion.luma;
  const int w = plan->width;
  for (int y = 0; y < plan->height; y++) {
    const uint8_t *row = rgb + (size_t) y * (size_t) w * 3;
    float *out = grey + (size_t) y * (size_t) w;
    for (int x = grey_vectors (luma, row, out, w); x < w; x++)
      out[x] = luma[0] * row[3 * x] + luma[1] * row[3 * x + 1] + luma[2] * row[3 * x + 2];
  }
  for (int s = 1; s < plan->motion.n_scales; s++) {
    const float *from = grey + plan->grey_at[s - 1];
    float *to = grey + plan->grey_at[s];
    const int fine = plan->w[s - 1], coarse = plan->w[s];
    for (int y = 0; y < plan->h[s]; y++)
      halve_rows (from + 2 * y * fine, from + (2 * y + 1) * fine, to + y * coarse, coarse);
  }
}

static void
add_rows (const float *restrict a, const float *restrict b, float *restrict sum, int w)
{
  for (int x = 0; x < w; x++)
    sum[x] = a[x] + b[x];
}

static void
accumulate (const float *restrict a, float *restrict sum, int w)
{
  for (int x = 0; x < w; x++)
    sum[x] += a[x];
}

static void
filter_columns (const Strip *strip,
                const float *restrict s0,
                const float *restrict s1,
                const float *restrict s2)
{
  float *restrict smooth = strip->smooth, *restrict slope = strip->slope;
  const int w = strip->w;
  for (int x = 0; x < w; x++) {
    smooth[x] = (s0[x] + 2 * s1[x] + s2[x]) * 0.125f;
    slope[x] = (s2[x] - s0[x]) * 0.25f;
  }
  smooth[-1] = smooth[1];
  smooth[w] = smooth[w - 2];
  slope[-1] = slope[1];
  slope[w] = slope[w - 2];
}

static void
multiply (const Strip *strip, int y, float *restrict q)
{
  const float *restrict s = strip->smooth, *restrict d = strip->slope;
  const float *restrict a = strip->a + y * strip->w, *restrict b = strip->b + y * strip->w;
  const int n = strip->stride, w = strip->w;
  for (int x = 0; x < w; x++) {
    const float gx = (s[x + 1] - s[x - 1]) * 0.5f;
    const float gy = (d[x - 1] + 2 * d[x] + d[x + 1]) * 0.25f;
    const float gt = b[x] - a[x];
    q[x] = gx * gx;
    q[n + x] = gy * gy;
    q[2 * n + x] = gx * gy;
    q[3 * n + x] = gx * gt;
    q[4 * n + x] = gy * gt;
  }
}

/* Row y of the products goes into the ring. Rows come in order. */
static void
push_products (Strip *strip, int y)
{
  const int w = strip->w, h = strip->h;
  if (y == 0)
    add_rows (strip->a, strip->b, strip->sums[0], w);
  if (y + 1 < h)
    add_rows (strip->a + (y + 1) * w, strip->b + (y + 1) * w, strip->sums[(y + 1) % 3], w);
  const float *before = strip->sums[reflect (y - 1, h) % 3],
              *after = strip->sums[reflect (y + 1, h) % 3];
  filter_columns (strip, before, strip->sums[y % 3], after);
  multiply (strip, y,
            strip->ring + (size_t) (y % strip->box) * N_PRODUCTS * (size_t) strip->stride);
}

/* Σ of the box rows around y, for all five products; the common box of 7 without a loop. */
static void
sum_columns (const Strip *strip, int y)
{
  const float *rows[PRAXI_MOTION_BOX_MAX];
  const int box = strip->box, p = box / 2, n = strip->stride, w = strip->w;
  for (int j = 0; j < box; j++)
    rows[j] =
        strip->ring + (size_t) (reflect (y + j - p, strip->h) % box) * N_PRODUCTS * (size_t) n;
  for (int c = 0; c < N_PRODUCTS; c++) {
    float *restrict out = strip->column + c * n;
    const int at = c * n;
    if (box == 7) {
      const float *r0 = rows[0] + at, *r1 = rows[1] + at, *r2 = rows[2] + at, *r3 = rows[3] + at;
      const float *r4 = rows[4] + at, *r5 = rows[5] + at, *r6 = rows[6] + at;
      for (int x = 0; x < w; x++)
        out[x] = ((r0[x] + r1[x]) + (r2[x] + r3[x])) + ((r4[x] + r5[x]) + r6[x]);
    } else {
      memcpy (out, rows[0] + at, sizeof (float) * (size_t) w);
      for (int j = 1; j < box; j++)
        accumulate (rows[j] + at, out, w);
    }
    for (int i = 1; i <= p; i++) {
      out[-i] = out[i];
      out[w - 1 + i] = out[w - 1 - i];
    }
  }
}

/* Σ of box neighbours from the sums of two: p of them and the last single one. */
static inline float
sum_box (const float *pairs, const float *single, int x, int p)
{
  float sum = single[x + p];
  for (int j = 0; j < p; j++)
    sum += pairs[x - p + 2 * j];
  return sum;
}

static inline void
solve_columns (const Strip *strip,
               float epsilon,
               float weight,
               int p,
               float *restrict u,
               float *restrict v)
{
  const int n = strip->stride, w = strip->w;
  const float *column = strip->column, *pairs = strip->pairs;
  for (int x = 0; x < w; x++) {
    const float xx = sum_box (pairs, column, x, p) + epsilon;
    const float yy = sum_box (pairs + n, column + n, x, p) + epsilon;
    const float xy = sum_box (pairs + 2 * n, column + 2 * n, x, p);
    const float xt = sum_box (pairs + 3 * n, column + 3 * n, x, p);
    const float yt = sum_box (pairs + 4 * n, column + 4 * n, x, p);
    const float scale = weight / (xx * yy - xy * xy);
    u[x] = (xy * yt - yy * xt) * scale;
    v[x] = (xy * xt - xx * yt) * scale;
  }
}

static void
solve_row (const Strip *strip, int y, float epsilon, float weight, float *u, float *v)
{
  const int n = strip->stride, p = strip->box / 2, w = strip->w;
  sum_columns (strip, y);
  for (int c = 0; c < N_PRODUCTS; c++) {
    const float *restrict column = strip->column + c * n;
    float *restrict pairs = strip->pairs + c * n;
    for (int x = -p; x < w + p - 1; x++)
      pairs[x] = column[x] + column[x + 1];
  }
  const float n_epsilon = epsilon * (float) (strip->box * strip->box);
  if (p == 3)
    solve_columns (strip, n_epsilon, weight, 3, u, v);
  else
    solve_columns (strip, n_epsilon, weight, p, u, v);
}

/* Runs down one scale and calls for every solved row. */
static void
run_scale (const MotionPlan *plan,
           int s,
           Strip *strip,
           void (*row_done) (void *, int, const float *, const float *),
           void *data)
{
  const int p = strip->box / 2, h = strip->h;
  int pushed = 0;
  for (int y = 0; y < h; y++) {
    for (; pushed < h && pushed <= y + p; pushed++)
      push_products (strip, pushed);
    float *u = strip->u[y % 2], *v = strip->v[y % 2];
    solve_row (strip, y, plan->motion.epsilon, plan->motion.scale_weight[s], u, v);
    row_done (data, y, u, v);
  }
}

typedef struct {
  const Strip *strip;
  float *flow; /* [2,H/2,W/2] */
  int h, w;
} Sink;

/* Scale 0: means of 2×2. */
static void
halve_cb (void *data, int y, const float *u, const float *v)
{
  const Sink *sink = data;
  const Strip *strip = sink->strip;
  if (y % 2 == 0)
    return;
  float *out = sink->flow + y / 2 * sink->w;
  halve_rows (strip->u[0], u, out, sink->w);
  halve_rows (strip->v[0], v, out + sink->h * sink->w, sink->w);
}

/* Other scales: kept, with a margin for the enlargement. */
static void
keep_cb (void *data, int y, const float *u, const float *v)
{
  const Sink *sink = data;
  const size_t bytes = sizeof (float) * (size_t) sink->w;
  memcpy (sink->flow + y * sink->w, u, bytes);
  memcpy (sink->flow + (sink->h + y) * sink->w, v, bytes);
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

/* Moves the k-th largest of values to place k, as in C. A. R. Hoare, "Find", 1961. */
static float
select_largest (float *values, int n, int k)
{
  int low = 0, high = n - 1;
  while (low < high) {
    const float pivot = values[k];
    int i = low, j = high;
    while (i <= j) {
      while (i < high && values[i] > pivot)
        i++;
      while (j > low && pivot > values[j])
        j--;
      if (i <= j) {
        const float swap = values[i];
        values[i++] = values[j];
        values[j--] = swap;
      }
    }
    if (j < k)
      low = i;
    if (k < i)
      high = j;
  }
  return values[k];
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

static Strip
make_strip (const MotionPlan *plan, int s, const float *a, const float *b, float *work)
{
  const int n = (int) plan->ring_row_floats;
  Strip strip = {.h = plan->h[s], .w = plan->w[s], .stride = n, .box = plan->motion.box};
  strip.a = a + plan->grey_at[s];
  strip.b = b + plan->grey_at[s];
  float *row = work + MOTION_MARGIN;
  for (int i = 0; i < 3; i++, row += n)
    strip.sums[i] = row;
  strip.smooth = row;
  strip.slope = row + n;
  row += 2 * n;
  for (int i = 0; i < 2; i++, row += 2 * n) {
    strip.u[i] = row;
    strip.v[i] = row + n;
  }
  strip.column = row;
  strip.pairs = row + N_PRODUCTS * n;
  strip.ring = row + 2 * N_PRODUCTS * n;
  return strip;
}

void
LEVEL_NAME (
    motion_flow) (const MotionPlan *plan, const float *a, const float *b, float *work, float *flow)
{
  const int h = plan->height / 2, w = plan->width / 2;
  const int n = (int) plan->ring_row_floats;
  float *row = work + MOTION_MARGIN, *wide = row + n;
  float *coarse = work + (size_t) n * (size_t) (9 + (2 + plan->motion.box) * N_PRODUCTS);
  for (int s = 0; s < plan->motion.n_scales; s++) {
    Strip strip = make_strip (plan, s, a, b, work);
    Sink sink = {&strip, s ? coarse : flow, s ? strip.h : h, s ? strip.w : w};
    run_scale (plan, s, &strip, s ? keep_cb : halve_cb, &sink);
    for (int c = 0; s && c < 2; c++) {
      const float *from = coarse + c * strip.h * strip.w;
      if (s == 1)
        add_smoothed (from, h, w, flow + c * h * w, row);
      else
        add_enlarged (from, strip.h, strip.w, 1 << (s - 1), flow + c * h * w, row, wide);
    }
  }
  for (int c = 0; c < 2; c++)
    subtract_median (flow + c * h * w, h, w, row, coarse);
}

typedef struct {
  const float *flow, *before;
  int h, w;
} MapSource;

/* Adds one half-size row y to the sums of the six maps, [6][stride]. */
static void
add_map_row (const MapSource *source, int y, float *restrict sum, int stride)
{
  const int w = source->w, n = source->h * w;
  const float *restrict u = source->flow + y * w, *restrict v = u + n;
  const int up = y > 0 ? -w : 0, down = y + 1 < source->h ? w : 0;
  for (int x = 0; x < w; x++) {
    sum[x] += u[x];
    sum[stride + x] += v[x];
    sum[2 * stride + x] += sqrtf (u[x] * u[x] + v[x] * v[x] + 1e-12f);
    sum[4 * stride + x] += 2 * (v[x + down] - v[x + up]);
    sum[5 * stride + x] -= 2 * (u[x + down] - u[x + up]);
  }
  for (int x = 1; x < w - 1; x++) {
    sum[4 * stride + x] += 2 * (u[x + 1] - u[x - 1]);
    sum[5 * stride + x] += 2 * (v[x + 1] - v[x - 1]);
  }
  sum[4 * stride] += 2 * (u[1] - u[0]);
  sum[5 * stride] += 2 * (v[1] - v[0]);
  sum[4 * stride + w - 1] += 2 * (u[w - 1] - u[w - 2]);
  sum[5 * stride + w - 1] += 2 * (v[w - 1] - v[w - 2]);
  if (!source->before)
    return;
  const float *restrict pu = source->before + y * w, *restrict pv = pu + n;
  for (int x = 0; x < w; x++) {
    const float au = u[x] - pu[x], av = v[x] - pv[x];
    sum[3 * stride + x] += sqrtf (au * au + av * av + 1e-12f);
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
  add_map_row (&source, 2 * y, sum, w);
  add_map_row (&source, 2 * y + 1, sum, w);
  for (int c = 0; c < PRAXI_MOTION_MAPS; c++)
    for (int x = 0; x < quarter; x++)
      maps[c * quarter + x] = (sum[c * w + 2 * x] + sum[c * w + 2 * x + 1]) * 0.25f;
}
