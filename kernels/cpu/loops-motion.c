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

/* Neighbours are read at odd places: a vector of 64 bytes would cross a cache line each time. */
#if defined(__AVX2__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("prefer-vector-width=256")
#endif

/* USUAL_STRIDE: of work rows for pictures of 192 columns */
/* The five products lie a stride apart, which is at least a row: vectors of them never overlap. */
#if defined(__GNUC__) && !defined(__clang__)
#define ROWS_APART _Pragma ("GCC ivdep")
#else
#define ROWS_APART
#endif

enum { N_GRADIENTS = 3, N_PRODUCTS = 5, RENEW_ROWS = 24, USUAL_STRIDE = 272 };

typedef struct {
  int h, w, stride, box; /* stride: floats from one work row to the next */
  const float *a, *b;
  float *sums[3];        /* a + b of rows y − 1, y, y + 1 */
  float *smooth, *slope; /* (1 2 1) and (−1 0 1) down the column */
  float *ring;           /* [box][3][stride] gradients gx, gy, gt */
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
  int x = 0;
  for (; x + LANES <= w; x += LANES) {
    const VecF left = simd_load (top + 2 * x) + simd_load (low + 2 * x);
    const VecF right = simd_load (top + 2 * x + LANES) + simd_load (low + 2 * x + LANES);
    simd_store (out + x, simd_add_pairs (left, right) * simd_set1 (0.25f));
  }
  for (; x < w; x++)
    out[x] = (top[2 * x] + top[2 * x + 1] + low[2 * x] + low[2 * x + 1]) * 0.25f;
}

#if defined(__AVX2__)
/* Where byte 3 i + c of the 48 lies in its vector of 16, for each i; −1 where it is in another. */
#define PICK(v, c, i) ((char) ((3 * (i) + (c)) / 16 == (v) ? (3 * (i) + (c)) % 16 : -1))
#define PICKS(v, c)                                                                                \
  _mm_setr_epi8 (PICK (v, c, 0), PICK (v, c, 1), PICK (v, c, 2), PICK (v, c, 3), PICK (v, c, 4),   \
                 PICK (v, c, 5), PICK (v, c, 6), PICK (v, c, 7), PICK (v, c, 8), PICK (v, c, 9),   \
                 PICK (v, c, 10), PICK (v, c, 11), PICK (v, c, 12), PICK (v, c, 13),               \
                 PICK (v, c, 14), PICK (v, c, 15))
#define PICK_CHANNEL(p0, p1, p2, c)                                                                \
  _mm_or_si128 (                                                                                   \
      _mm_shuffle_epi8 (p0, PICKS (0, c)),                                                         \
      _mm_or_si128 (_mm_shuffle_epi8 (p1, PICKS (1, c)), _mm_shuffle_epi8 (p2, PICKS (2, c))))

static inline __m256
widen (__m128i bytes)
{
  return _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (bytes));
}

static inline __m256
weigh_colours (const float luma[3], __m128i r, __m128i g, __m128i b)
{
  const __m256 y = _mm256_mul_ps (widen (r), _mm256_set1_ps (luma[0]));
  return _mm256_fmadd_ps (widen (b), _mm256_set1_ps (luma[2]),
                          _mm256_fmadd_ps (widen (g), _mm256_set1_ps (luma[1]), y));
}

static int
grey_vectors (const float luma[3], const uint8_t *rgb, float *out, int w)
{
  int x = 0;
  for (; x + 16 <= w; x += 16) {
    const __m128i *p = (const __m128i *) (rgb + 3 * x);
    const __m128i p0 = _mm_loadu_si128 (p), p1 = _mm_loadu_si128 (p + 1);
    const __m128i p2 = _mm_loadu_si128 (p + 2);
    const __m128i r = PICK_CHANNEL (p0, p1, p2, 0), g = PICK_CHANNEL (p0, p1, p2, 1);
    const __m128i b = PICK_CHANNEL (p0, p1, p2, 2);
    _mm256_storeu_ps (out + x, weigh_colours (luma, r, g, b));
    _mm256_storeu_ps (out + x + 8, weigh_colours (luma, _mm_srli_si128 (r, 8),
                                                  _mm_srli_si128 (g, 8), _mm_srli_si128 (b, 8)));
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

/* n: strip->stride, spelled out where it is the usual one so that addresses need no registers.
 * slides: the row that leaves the box is still in q; the columns' sums move down by one
 */
static inline void
differentiate (const Strip *strip, int y, float *restrict q, int n, bool slides)
{
  const float *restrict s = strip->smooth, *restrict d = strip->slope;
  const float *restrict a = strip->a + y * strip->w, *restrict b = strip->b + y * strip->w;
  float *restrict column = strip->column;
  const int w = strip->w;
  ROWS_APART
  for (int x = 0; x < w; x++) {
    const float gx = (s[x + 1] - s[x - 1]) * 0.5f;
    const float gy = (d[x - 1] + 2 * d[x] + d[x + 1]) * 0.25f;
    const float gt = b[x] - a[x];
    if (slides) {
      const float ox = q[x], oy = q[n + x], ot = q[2 * n + x];
      column[x] = column[x] + gx * gx - ox * ox;
      column[n + x] = column[n + x] + gy * gy - oy * oy;
      column[2 * n + x] = column[2 * n + x] + gx * gy - ox * oy;
      column[3 * n + x] = column[3 * n + x] + gx * gt - ox * ot;
      column[4 * n + x] = column[4 * n + x] + gy * gt - oy * ot;
    }
    q[x] = gx;
    q[n + x] = gy;
    q[2 * n + x] = gt;
  }
}

static float *
ring_row (const Strip *strip, int y)
{
  return strip->ring + (size_t) (y % strip->box) * N_GRADIENTS * (size_t) strip->stride;
}

/* Row y of the gradients goes into the ring. Rows come in order. */
static void
push_gradients (Strip *strip, int y, bool slides)
{
  const int w = strip->w, h = strip->h, n = strip->stride;
  if (y == 0)
    add_rows (strip->a, strip->b, strip->sums[0], w);
  if (y + 1 < h)
    add_rows (strip->a + (y + 1) * w, strip->b + (y + 1) * w, strip->sums[(y + 1) % 3], w);
  const float *before = strip->sums[reflect (y - 1, h) % 3],
              *after = strip->sums[reflect (y + 1, h) % 3];
  filter_columns (strip, before, strip->sums[y % 3], after);
  float *q = ring_row (strip, y);
  if (n == USUAL_STRIDE && slides)
    differentiate (strip, y, q, USUAL_STRIDE, true);
  else if (n == USUAL_STRIDE)
    differentiate (strip, y, q, USUAL_STRIDE, false);
  else
    differentiate (strip, y, q, n, slides);
}

/* Σ of the box rows around y, for all five products. */
static void
sum_columns (const Strip *strip, int y)
{
  const int box = strip->box, n = strip->stride, w = strip->w;
  float *restrict column = strip->column;
  memset (column, 0, sizeof (float) * (size_t) (N_PRODUCTS * n));
  for (int j = 0; j < box; j++) {
    const float *restrict q = ring_row (strip, reflect (y + j - box / 2, strip->h));
    ROWS_APART
    for (int x = 0; x < w; x++) {
      const float gx = q[x], gy = q[n + x], gt = q[2 * n + x];
      column[x] += gx * gx;
      column[n + x] += gy * gy;
      column[2 * n + x] += gx * gy;
      column[3 * n + x] += gx * gt;
      column[4 * n + x] += gy * gt;
    }
  }
}

/* The columns' sums one row down: the row that enters the box less the one that leaves it, where
 * these are not the same place of the ring.
 */
static void
slide_columns (const Strip *strip, int enters, int leaves)
{
  const int n = strip->stride, w = strip->w;
  const float *restrict in = ring_row (strip, enters), *restrict out = ring_row (strip, leaves);
  float *restrict column = strip->column;
  for (int c = 0; c < N_PRODUCTS; c++) {
    static const int left[N_PRODUCTS] = {0, 1, 0, 0, 1}, right[N_PRODUCTS] = {0, 1, 1, 2, 2};
    const int l = left[c] * n, r = right[c] * n;
    for (int x = 0; x < w; x++)
      column[c * n + x] += in[l + x] * in[r + x] - out[l + x] * out[r + x];
  }
}

/* Sums of two neighbours in each column row, reflected beyond its ends. The reflected ones are
 * written behind the row, so that no vector is read right after a single number was written into
 * it.
 */
static inline void
pair_columns (const Strip *strip, int p, int n)
{
  const int w = strip->w;
  float *restrict column = strip->column, *restrict pairs = strip->pairs;
  ROWS_APART
  for (int x = 0; x < w; x++) { /* the last is set below; whole vectors are faster */
    pairs[x] = column[x] + column[x + 1];
    pairs[n + x] = column[n + x] + column[n + x + 1];
    pairs[2 * n + x] = column[2 * n + x] + column[2 * n + x + 1];
    pairs[3 * n + x] = column[3 * n + x] + column[3 * n + x + 1];
    pairs[4 * n + x] = column[4 * n + x] + column[4 * n + x + 1];
  }
  for (int c = 0; c < N_PRODUCTS; c++, column += n, pairs += n)
    for (int i = 1; i <= p; i++) {
      pairs[-i] = pairs[i - 1];
      pairs[w - 2 + i] = pairs[w - 1 - i];
      column[w - 1 + i] = column[w - 1 - i];
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
solve_columns (const Strip *strip, float epsilon, float weight, int p, int n, float *u, float *v)
{
  const int w = strip->w;
  const float *restrict column = strip->column, *restrict pairs = strip->pairs;
  float *restrict out_u = u, *restrict out_v = v;
  for (int x = 0; x < w; x++) {
    const float xx = sum_box (pairs, column, x, p) + epsilon;
    const float yy = sum_box (pairs + n, column + n, x, p) + epsilon;
    const float xy = sum_box (pairs + 2 * n, column + 2 * n, x, p);
    const float xt = sum_box (pairs + 3 * n, column + 3 * n, x, p);
    const float yt = sum_box (pairs + 4 * n, column + 4 * n, x, p);
    const float scale = weight / (xx * yy - xy * xy);
    out_u[x] = (xy * yt - yy * xt) * scale;
    out_v[x] = (xy * xt - xx * yt) * scale;
  }
}

static void
solve_row (const Strip *strip, float epsilon, float weight, float *u, float *v)
{
  const int n = strip->stride, p = strip->box / 2;
  const float n_epsilon = epsilon * (float) (strip->box * strip->box);
  pair_columns (strip, p, n);
  if (p == 3 && n == USUAL_STRIDE)
    solve_columns (strip, n_epsilon, weight, 3, USUAL_STRIDE, u, v);
  else
    solve_columns (strip, n_epsilon, weight, p, n, u, v);
}

/* Runs down one scale and calls for every solved row. The columns' sums slide, and are summed anew
 * every RENEW_ROWS, so that rounding errors do not pile up. Away from the borders the row that
 * enters the box takes the place in the ring of the one that leaves, and both happen at once.
 */
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
    const bool anew = y % RENEW_ROWS == 0, inside = y > p && y < h - p;
    for (; pushed < h && pushed <= y + p; pushed++)
      push_gradients (strip, pushed, inside && !anew);
    if (anew)
      sum_columns (strip, y);
    else if (!inside)
      slide_columns (strip, reflect (y + p, h), reflect (y - p - 1, h));
    float *u = strip->u[y % 2], *v = strip->v[y % 2];
    solve_row (strip, plan->motion.epsilon, plan->motion.scale_weight[s], u, v);
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
  float *coarse =
      work + (size_t) n * (size_t) (9 + 2 * N_PRODUCTS + plan->motion.box * N_GRADIENTS);
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
  const int n = PRAXI_MOTION_MAPS * quarter; /* one row after the other */
  int i = 0;
  for (; i + LANES <= n; i += LANES)
    simd_store (maps + i,
                simd_add_pairs (simd_load (sum + 2 * i), simd_load (sum + 2 * i + LANES)) *
                    simd_set1 (0.25f));
  for (; i < n; i++)
    maps[i] = (sum[2 * i] + sum[2 * i + 1]) * 0.25f;
}
