/* The motion stem, one kernel a step of kernels/ref/motion-stem.c and with its very arithmetic;
 * blockIdx.y is the picture or the pair.
 */
#pragma once

#include "kernels/cuda/device/matmul.h"

INLINE int
reflect (int i, int n)
{
  return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
}

INLINE int
clamp_index (int i, int n)
{
  return i < 0 ? 0 : i >= n ? n - 1 : i;
}

INLINE int
plane_size (const CudaMotion &a)
{
  return a.height * a.width;
}

/* The grey picture `number` of the chunk at the present scale; scales lie one after the other. */
INLINE float *
grey_of (const CudaMotion &a, int scale, int number)
{
  int64_t at = 0;
  int n = plane_size (a);
  for (int i = 0; i < scale; i++, n /= 4)
    at += (int64_t) n * (a.pairs + 1);
  return a.grey + at + (int64_t) number * n;
}

KERNEL (256, motion_grey, CudaMotion)
{
  const int i = thread_number (), n = plane_size (a);
  if (i >= n)
    return;
  const int picture = blockIdx.y;
  const uint8_t *p = a.frames + ((int64_t) (a.first_pair + picture) * n + i) * 3;
  grey_of (a, 0, picture)[i] = a.luma[0] * p[0] + a.luma[1] * p[1] + a.luma[2] * p[2];
}

/* From the scale before to this one. */
KERNEL (256, motion_halve, CudaMotion)
{
  const int i = thread_number ();
  if (i >= a.h * a.w)
    return;
  const int w = 2 * a.w;
  const float *p = grey_of (a, a.scale - 1, blockIdx.y) + 2 * (i / a.w) * w + 2 * (i % a.w);
  grey_of (a, a.scale, blockIdx.y)[i] = (p[0] + p[1] + p[w] + p[w + 1]) / 4;
}

INLINE float
sobel (const CudaMotion &a, const float *p, const float *q, int y, int x, bool along_x)
{
  float sum = 0;
#pragma unroll
  for (int j = -1; j <= 1; j++)
#pragma unroll
    for (int i = -1; i <= 1; i++) {
      const int at = reflect (y + j, a.h) * a.w + reflect (x + i, a.w);
      const int weight = along_x ? i * (2 - abs (j)) : j * (2 - abs (i));
      sum += (float) weight / 8 * ((p[at] + q[at]) * 0.5f);
    }
  return sum;
}

KERNEL (256, motion_products, CudaMotion)
{
  const int i = thread_number (), n = a.h * a.w;
  if (i >= n)
    return;
  const int pair = blockIdx.y, y = i / a.w, x = i % a.w;
  const float *p = grey_of (a, a.scale, pair), *q = grey_of (a, a.scale, pair + 1);
  const float gx = sobel (a, p, q, y, x, true), gy = sobel (a, p, q, y, x, false);
  const float gt = q[i] - p[i];
  float *raw = a.raw + (int64_t) pair * 5 * n + i;
  raw[0] = gx * gx;
  raw[n] = gy * gy;
  raw[2 * n] = gx * gy;
  raw[3 * n] = gx * gt;
  raw[4 * n] = gy * gt;
}

/* Means along columns; blockIdx.y is the pair's product. */
KERNEL (256, motion_columns, CudaMotion)
{
  const int i = thread_number (), n = a.h * a.w, half = a.box_side / 2;
  if (i >= n)
    return;
  const float *raw = a.raw + (int64_t) blockIdx.y * n + i % a.w;
  float sum = 0;
  for (int j = -half; j <= half; j++)
    sum += raw[reflect (i / a.w + j, a.h) * a.w];
  a.box[(int64_t) blockIdx.y * n + i] = sum / (float) a.box_side;
}

/* Means along rows, then the flow of the scale. */
KERNEL (256, motion_solve, CudaMotion)
{
  const int i = thread_number (), n = a.h * a.w, half = a.box_side / 2;
  if (i >= n)
    return;
  const float *box = a.box + (int64_t) blockIdx.y * 5 * n + i / a.w * a.w;
  float q[5];
  for (int c = 0; c < 5; c++) {
    float sum = 0;
    for (int j = -half; j <= half; j++)
      sum += box[c * n + reflect (i % a.w + j, a.w)];
    q[c] = sum / (float) a.box_side;
  }
  const float xx = q[0] + a.epsilon, yy = q[1] + a.epsilon, xy = q[2], xt = q[3], yt = q[4];
  const float det = xx * yy - xy * xy;
  float *flow = a.flow + (int64_t) blockIdx.y * 2 * n + i;
  flow[0] = (xy * yt - yy * xt) / det * a.weight;
  flow[n] = (xy * xt - xx * yt) / det * a.weight;
}

/* total (+)= the flow of this scale; blockIdx.y is the pair's component. */
KERNEL (256, motion_enlarge, CudaMotion)
{
  const int i = thread_number (), plane = plane_size (a);
  if (i >= plane)
    return;
  const int factor = 1 << a.scale, x = i % a.width, y = i / a.width;
  const float *f = a.flow + (int64_t) blockIdx.y * a.h * a.w;
  const float at_y = ((float) y + 0.5f) / (float) factor - 0.5f;
  const float at_x = ((float) x + 0.5f) / (float) factor - 0.5f;
  const int y0 = (int) floorf (at_y), x0 = (int) floorf (at_x);
  const float wy = at_y - (float) y0, wx = at_x - (float) x0;
  const float *top = f + clamp_index (y0, a.h) * a.w, *low = f + clamp_index (y0 + 1, a.h) * a.w;
  const int left = clamp_index (x0, a.w), right = clamp_index (x0 + 1, a.w);
  const float v = (1 - wy) * ((1 - wx) * top[left] + wx * top[right]) +
                  wy * ((1 - wx) * low[left] + wx * low[right]);
  float *total = a.total + (int64_t) blockIdx.y * plane + i;
  *total = (a.scale > 0 ? *total : 0) + v;
}

/* The half-size flow of a pair's component. */
INLINE float *
half_of (const CudaMotion &a, int component)
{
  return a.half + (int64_t) component * (plane_size (a) / 4);
}

KERNEL (256, motion_half, CudaMotion)
{
  const int i = thread_number (), w = a.width / 2, plane = plane_size (a);
  if (i >= plane / 4)
    return;
  const float *p = a.total + (int64_t) blockIdx.y * plane + 2 * (i / w) * a.width + 2 * (i % w);
  half_of (a, blockIdx.y)[i] = (p[0] + p[1] + p[a.width] + p[a.width + 1]) / 4;
}

enum { CELL = 6 };

KERNEL (256, motion_cells, CudaMotion)
{
  const int w = a.width / 2, columns = w / CELL, n = a.height / 2 / CELL * columns;
  const int c = thread_number ();
  if (c >= n)
    return;
  const float *half = half_of (a, blockIdx.y);
  float sum = 0;
  for (int i = 0; i < CELL * CELL; i++)
    sum += half[(c / columns * CELL + i / CELL) * w + c % columns * CELL + i % CELL];
  a.cells[(int64_t) blockIdx.y * n + c] = sum / (float) (CELL * CELL);
}

/* The cell that has n / 2 before it in falling order. */
KERNEL (256, motion_median, CudaMotion)
{
  const int n = a.height / 2 / CELL * (a.width / 2 / CELL);
  const int c = thread_number ();
  if (c >= n)
    return;
  const float *cells = a.cells + (int64_t) blockIdx.y * n;
  const float mine = cells[c];
  int before = 0;
  for (int i = 0; i < n; i++)
    before += cells[i] > mine || (cells[i] == mine && i < c);
  if (before == n / 2)
    a.median[blockIdx.y] = mine;
}

/* Flow component c of a pair of the chunk less its median. */
INLINE float
flow_at (const CudaMotion &a, int pair, int c, int y, int x)
{
  const int w = a.width / 2;
  return half_of (a, 2 * pair + c)[y * w + x] - a.median[2 * pair + c];
}

INLINE void
add_point (const CudaMotion &a, int pair, bool has_before, int y, int x, float (&sum)[6])
{
  const int h = a.height / 2, w = a.width / 2;
  const int left = clamp_index (x - 1, w), right = clamp_index (x + 1, w);
  const int up = clamp_index (y - 1, h), down = clamp_index (y + 1, h);
  const float u = flow_at (a, pair, 0, y, x), v = flow_at (a, pair, 1, y, x);
  const float au = has_before ? u - flow_at (a, pair - 1, 0, y, x) : 0;
  const float av = has_before ? v - flow_at (a, pair - 1, 1, y, x) : 0;
  const float u_x = (flow_at (a, pair, 0, y, right) - flow_at (a, pair, 0, y, left)) * 0.25f;
  const float v_x = (flow_at (a, pair, 1, y, right) - flow_at (a, pair, 1, y, left)) * 0.25f;
  const float u_y = (flow_at (a, pair, 0, down, x) - flow_at (a, pair, 0, up, x)) * 0.25f;
  const float v_y = (flow_at (a, pair, 1, down, x) - flow_at (a, pair, 1, up, x)) * 0.25f;
  sum[0] += u;
  sum[1] += v;
  sum[2] += sqrtf (u * u + v * v + 1e-12f);
  sum[3] += sqrtf (au * au + av * av + 1e-12f);
  sum[4] += 8 * (u_x + v_y);
  sum[5] += 8 * (v_x - u_y);
}

KERNEL (128, motion_maps, CudaMotion)
{
  const int w = a.width / 4, n = a.height / 4 * w, i = thread_number ();
  if (i >= n)
    return;
  const int pair = a.first_written + blockIdx.y, number = a.first_pair + pair, y = i / w, x = i % w;
  float sum[6] = {};
  for (int k = 0; k < 4; k++)
    add_point (a, pair, pair > 0, 2 * y + k / 2, 2 * x + k % 2, sum);
  for (int c = 0; c < 6; c++)
    a.maps[(int64_t) number * a.maps_step[0] + c * a.maps_step[1] + y * a.maps_step[2] +
           x * a.maps_step[3]] = sum[c] / 4;
}

KERNEL (256, motion_flow, CudaMotion)
{
  const int i = thread_number (), w = a.width / 2, n = plane_size (a) / 4;
  if (i >= n)
    return;
  const int pair = a.first_written + blockIdx.y / 2, c = blockIdx.y % 2;
  a.flow_out[(int64_t) (a.first_pair + pair) * a.flow_step[0] + c * a.flow_step[1] +
             i / w * a.flow_step[2] + i % w * a.flow_step[3]] = flow_at (a, pair, c, i / w, i % w);
}
