/* The motion stem, step by step as its ONNX nodes say it.
 *
 *   x[t]   = luma · RGB                                       grey [H,W], 0 … 255
 *   for scale i with weight c:     a, b = x[p], x[p + 1] of pair p, each [h,w]
 *     gx, gy = Sobel/8 of (a + b)/2, reflected by 1;  gt = b − a
 *     xx, yy, xy, xt, yt = box means of gx gx, gy gy, gx gy, gx gt, gy gt, reflected by box/2
 *     det    = (xx + ε)(yy + ε) − xy²
 *     u_i    = c (xy yt − (yy + ε) xt) / det,   v_i = c (xy xt − (xx + ε) yt) / det
 *     x      = means of 2×2 cells of x
 *   half     = means of 2×2 cells of Σ u_i, v_i enlarged to [H,W] (linear, half pixel)
 *   flow     = half − its (n/2 + 1)-th largest mean over n cells of 6×6
 *   maps     = means of 2×2 cells of u, v, |flow|, |a|, 8 (u_x + v_y), 8 (v_x − u_y)
 *   a[p]     = flow[p] − flow[p − 1], a[0] = 0;  |z| = √(z_u² + z_v² + 1e−12)
 *   f_x      = (f[x + 1] − f[x − 1]) / 4, borders repeated
 *
 * Source: B. Lucas, T. Kanade, "An iterative image registration technique", IJCAI 1981
 */
#include "kernels/motion-stem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int h, w;
  float *a, *b;      /* grey pictures of a pair at the present scale */
  float *raw, *box;  /* [5][h w] products, and room for their means */
  float *flow;       /* [2][h w] of the present scale */
  float *total;      /* [2][H W] */
  float *half[2];    /* [2][H/2 W/2] of this and of the previous pair */
  float *cells;      /* means of 6×6 */
  int height, width; /* H, W */
} Stem;

PraxiStatus
praxi_motion_stem_check (const PraxiMotionStem *motion, const PraxiTensor *frames)
{
  if (motion->n_scales < 1 || motion->n_scales > 4 || motion->n_maps != PRAXI_MOTION_MAPS)
    return PRAXI_STATUS_VALUE;
  if (motion->box < 1 || motion->box > PRAXI_MOTION_BOX_MAX || motion->box % 2 == 0)
    return PRAXI_STATUS_VALUE;
  if (!(motion->epsilon > 0))
    return PRAXI_STATUS_VALUE;
  if (frames->rank != 5 || frames->dtype != PRAXI_U8 || frames->dims[0] != 1 ||
      frames->dims[4] != 3)
    return PRAXI_STATUS_SHAPE;
  const int64_t h = frames->dims[2], w = frames->dims[3];
  const int coarsest = 1 << (motion->n_scales - 1), step = coarsest > 4 ? coarsest : 4;
  if (frames->dims[1] < 2 || h > 8192 || w > 8192 || h % step != 0 || w % step != 0)
    return PRAXI_STATUS_SHAPE;
  const int least = motion->box > 2 ? motion->box : 2;
  if (h / coarsest < least || w / coarsest < least)
    return PRAXI_STATUS_SHAPE;
  if (h / 2 < PRAXI_MOTION_CELL || w / 2 < PRAXI_MOTION_CELL)
    return PRAXI_STATUS_SHAPE;
  return PRAXI_OK;
}

static int
reflect (int i, int n)
{
  return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
}

static int
clamp_index (int i, int n)
{
  return i < 0 ? 0 : i >= n ? n - 1 : i;
}

static void
load_grey (const Stem *stem,
           const PraxiMotionStem *motion,
           const PraxiTensor *frames,
           int64_t t,
           float *x)
{
  const int64_t *s = frames->strides;
  const uint8_t *picture = (const uint8_t *) frames->data + t * s[1];
  for (int y = 0; y < stem->height; y++) {
    for (int i = 0; i < stem->width; i++) {
      const uint8_t *p = picture + y * s[2] + i * s[3];
      x[y * stem->width + i] =
          motion->luma[0] * p[0] + motion->luma[1] * p[s[4]] + motion->luma[2] * p[2 * s[4]];
    }
  }
}

static void
halve (float *x, int h, int w)
{
  for (int y = 0; y < h / 2; y++) {
    for (int i = 0; i < w / 2; i++) {
      const float *p = x + 2 * y * w + 2 * i;
      x[y * (w / 2) + i] = (p[0] + p[1] + p[w] + p[w + 1]) / 4;
    }
  }
}

static float
sobel (const Stem *stem, int y, int x, bool along_x)
{
  float sum = 0;
  for (int j = -1; j <= 1; j++) {
    for (int i = -1; i <= 1; i++) {
      const int at = reflect (y + j, stem->h) * stem->w + reflect (x + i, stem->w);
      const int weight = along_x ? i * (2 - abs (j)) : j * (2 - abs (i));
      sum += (float) weight / 8 * ((stem->a[at] + stem->b[at]) * 0.5f);
    }
  }
  return sum;
}

static void
multiply_gradients (const Stem *stem)
{
  const int n = stem->h * stem->w;
  for (int y = 0; y < stem->h; y++) {
    for (int x = 0; x < stem->w; x++) {
      const int i = y * stem->w + x;
      const float gx = sobel (stem, y, x, true), gy = sobel (stem, y, x, false);
      const float gt = stem->b[i] - stem->a[i];
      const float q[5] = {gx * gx, gy * gy, gx * gy, gx * gt, gy * gt};
      for (int c = 0; c < 5; c++)
        stem->raw[c * n + i] = q[c];
    }
  }
}

/* Means over box×box, columns first. */
static void
average (const Stem *stem, int box)
{
  const int n = stem->h * stem->w, p = box / 2;
  for (int i = 0; i < 5 * n; i++) {
    const int y = i % n / stem->w, x = i % stem->w;
    float sum = 0;
    for (int j = -p; j <= p; j++)
      sum += stem->raw[i / n * n + reflect (y + j, stem->h) * stem->w + x];
    stem->box[i] = sum / (float) box;
  }
  for (int i = 0; i < 5 * n; i++) {
    const int x = i % stem->w;
    float sum = 0;
    for (int j = -p; j <= p; j++)
      sum += stem->box[i - x + reflect (x + j, stem->w)];
    stem->raw[i] = sum / (float) box;
  }
}

static void
solve (const Stem *stem, float epsilon, float weight)
{
  const int n = stem->h * stem->w;
  for (int i = 0; i < n; i++) {
    const float *q = stem->raw + i;
    const float xx = q[0] + epsilon, yy = q[n] + epsilon, xy = q[2 * n], xt = q[3 * n],
                yt = q[4 * n];
    const float det = xx * yy - xy * xy;
    stem->flow[i] = (xy * yt - yy * xt) / det * weight;
    stem->flow[n + i] = (xy * xt - xx * yt) / det * weight;
  }
}

/* total += flow, enlarged by 2^scale. */
static void
add_enlarged (const Stem *stem, int scale)
{
  const int n = stem->h * stem->w, factor = 1 << scale;
  for (int i = 0; i < 2 * stem->height * stem->width; i++) {
    const int x = i % stem->width, y = i / stem->width % stem->height;
    const float *f = stem->flow + i / (stem->height * stem->width) * n;
    const float at_y = ((float) y + 0.5f) / (float) factor - 0.5f;
    const float at_x = ((float) x + 0.5f) / (float) factor - 0.5f;
    const int y0 = (int) floorf (at_y), x0 = (int) floorf (at_x);
    const float wy = at_y - (float) y0, wx = at_x - (float) x0;
    const float *top = f + clamp_index (y0, stem->h) * stem->w;
    const float *low = f + clamp_index (y0 + 1, stem->h) * stem->w;
    const int left = clamp_index (x0, stem->w), right = clamp_index (x0 + 1, stem->w);
    stem->total[i] += (1 - wy) * ((1 - wx) * top[left] + wx * top[right]) +
                      wy * ((1 - wx) * low[left] + wx * low[right]);
  }
}

static int
compare_falling (const void *a, const void *b)
{
  const float x = *(const float *) a, y = *(const float *) b;
  return (x < y) - (x > y);
}

static void
subtract_median (const Stem *stem, float *half)
{
  const int h = stem->height / 2, w = stem->width / 2, cell = PRAXI_MOTION_CELL;
  const int rows = h / cell, columns = w / cell, n = rows * columns;
  for (int c = 0; c < n; c++) {
    float sum = 0;
    for (int i = 0; i < cell * cell; i++)
      sum += half[(c / columns * cell + i / cell) * w + c % columns * cell + i % cell];
    stem->cells[c] = sum / (float) (cell * cell);
  }
  qsort (stem->cells, (size_t) n, sizeof *stem->cells, compare_falling);
  for (int i = 0; i < h * w; i++)
    half[i] -= stem->cells[n / 2];
}

static void
compute_flow (Stem *stem,
              const PraxiMotionStem *motion,
              const PraxiTensor *frames,
              int64_t pair,
              float *half)
{
  const int n = stem->height * stem->width;
  stem->h = stem->height;
  stem->w = stem->width;
  load_grey (stem, motion, frames, pair, stem->a);
  load_grey (stem, motion, frames, pair + 1, stem->b);
  memset (stem->total, 0, sizeof (float) * 2 * (size_t) n);
  for (int scale = 0; scale < motion->n_scales; scale++) {
    multiply_gradients (stem);
    average (stem, motion->box);
    solve (stem, motion->epsilon, motion->scale_weight[scale]);
    add_enlarged (stem, scale);
    halve (stem->a, stem->h, stem->w);
    halve (stem->b, stem->h, stem->w);
    stem->h /= 2;
    stem->w /= 2;
  }
  for (int c = 0; c < 2; c++) {
    halve (stem->total + c * n, stem->height, stem->width);
    memcpy (half + c * (n / 4), stem->total + c * n, sizeof (float) * (size_t) (n / 4));
    subtract_median (stem, half + c * (n / 4));
  }
}

/* The six maps at one point of the half-size flow. before: the previous pair's flow or NULL */
static void
map_point (const float *flow, const float *before, int h, int w, int y, int x, float map[6])
{
  const float *u = flow, *v = flow + h * w;
  const int i = y * w + x;
  const int left = y * w + clamp_index (x - 1, w), right = y * w + clamp_index (x + 1, w);
  const int up = clamp_index (y - 1, h) * w + x, down = clamp_index (y + 1, h) * w + x;
  const float au = before ? u[i] - before[i] : 0, av = before ? v[i] - before[h * w + i] : 0;
  map[0] = u[i];
  map[1] = v[i];
  map[2] = sqrtf (u[i] * u[i] + v[i] * v[i] + 1e-12f);
  map[3] = sqrtf (au * au + av * av + 1e-12f);
  map[4] = 8 * ((u[right] - u[left]) * 0.25f + (v[down] - v[up]) * 0.25f);
  map[5] = 8 * ((v[right] - v[left]) * 0.25f - (u[down] - u[up]) * 0.25f);
}

static void
store_maps (const Stem *stem,
            const float *flow,
            const float *before,
            const PraxiTensor *out,
            int64_t pair)
{
  const int h = stem->height / 2, w = stem->width / 2;
  const int64_t *s = out->strides;
  for (int y = 0; y < h / 2; y++) {
    for (int x = 0; x < w / 2; x++) {
      float sum[6] = {0};
      for (int i = 0; i < 4; i++) {
        float map[6];
        map_point (flow, before, h, w, 2 * y + i / 2, 2 * x + i % 2, map);
        for (int c = 0; c < 6; c++)
          sum[c] += map[c];
      }
      for (int c = 0; c < 6; c++)
        ((float *) out->data)[pair * s[0] + c * s[1] + y * s[2] + x * s[3]] = sum[c] / 4;
    }
  }
}

static void
store_flow (const Stem *stem, const float *flow, const PraxiTensor *out, int64_t pair)
{
  const int h = stem->height / 2, w = stem->width / 2;
  const int64_t *s = out->strides;
  for (int i = 0; i < 2 * h * w; i++)
    ((float *) out->data)[pair * s[0] + i / (h * w) * s[1] + i / w % h * s[2] + i % w * s[3]] =
        flow[i];
}

size_t
praxi_ref_motion_stem_scratch_bytes (const PraxiTensor *frames)
{
  /* a, b: 2; raw, box: 10; flow, total: 4; two halves: 1; cells: less than 1 */
  return sizeof (float) * 18 * (size_t) (frames->dims[2] * frames->dims[3]);
}

PraxiStatus
praxi_ref_motion_stem (const PraxiOp *op,
                       const PraxiTensor *const *in,
                       const PraxiTensor *const *out,
                       int n_out,
                       void *scratch)
{
  const PraxiStatus status = praxi_motion_stem_check (&op->motion, in[0]);
  if (status != PRAXI_OK)
    return status;
  const int64_t n = in[0]->dims[2] * in[0]->dims[3];
  float *f = scratch;
  Stem stem = {.height = (int) in[0]->dims[2], .width = (int) in[0]->dims[3]};
  stem.a = f;
  stem.b = f + n;
  stem.raw = f + 2 * n;
  stem.box = f + 7 * n;
  stem.flow = f + 12 * n;
  stem.total = f + 14 * n;
  stem.half[0] = f + 16 * n;
  stem.half[1] = stem.half[0] + n / 2;
  stem.cells = f + 17 * n;
  for (int64_t pair = 0; pair + 1 < in[0]->dims[1]; pair++) {
    float *flow = stem.half[pair % 2];
    compute_flow (&stem, &op->motion, in[0], pair, flow);
    store_maps (&stem, flow, pair ? stem.half[1 - pair % 2] : NULL, out[0], pair);
    if (n_out > 1 && out[1])
      store_flow (&stem, flow, out[1], pair);
  }
  return PRAXI_OK;
}
