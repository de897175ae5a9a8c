/* The motion stem in plain operators, in the order by which praxi_fuse_motion_stem knows it; the
 * formula stands in kernels/ref/motion-stem.c.
 */
#include "engine/model/flow-net.h"
#include "engine/model/flow-parts.h"

enum { SCALES = 3, BOX = 7, CELL = 6 };
#define EPSILON 20.0f

static const float weights[SCALES] = {0.2f, 0.3f, 0.5f};

static int
grey (PraxiBuilder *b, const PraxiFlowShape *s, int frames)
{
  const float luma[3] = {0.299f, 0.587f, 0.114f};
  const gint64 dims[4] = {s->frames, 1, s->height, s->width};
  const int floats =
      praxi_flow_op (b, (PraxiOp){.kind = PRAXI_OP_CAST, .to = PRAXI_F32}, frames, -1);
  const int row = praxi_builder_constant (b, PRAXI_F32, 2, (gint64[2]){3, 1}, luma);
  return praxi_flow_reshape (b, praxi_builder_binary (b, PRAXI_OP_MATMUL, floats, row), 4, dims);
}

/* Box means of the five products of gradients of neighbouring frames. */
static int
products (PraxiBuilder *b, int x)
{
  const float sobel[18] = {-1 / 8.f, 0, 1 / 8.f, -2 / 8.f, 0,        2 / 8.f,
                           -1 / 8.f, 0, 1 / 8.f, -1 / 8.f, -2 / 8.f, -1 / 8.f,
                           0,        0, 0,       1 / 8.f,  2 / 8.f,  1 / 8.f};
  const PraxiWindow window = {
      .n_spatial = 2, .kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}, .group = 1};
  const gint64 one[4] = {0, 0, 1, 1}, half[4] = {0, 0, BOX / 2, BOX / 2};
  const int before = praxi_flow_slice (b, x, 0, -1, 0);
  const int after = praxi_flow_slice (b, x, 1, PRAXI_FLOW_END, 0);
  int mean = praxi_builder_binary (b, PRAXI_OP_ADD, before, after);
  mean = praxi_flow_pad (b, praxi_flow_scaled (b, mean, 0.5f), PRAXI_PAD_REFLECT, one, TRUE);
  const int filter = praxi_builder_constant (b, PRAXI_F32, 4, (gint64[4]){2, 1, 3, 3}, sobel);
  const int both = praxi_flow_conv (b, mean, filter, &window);
  const int gx = praxi_flow_slice (b, both, 0, 1, 1), gy = praxi_flow_slice (b, both, 1, 2, 1);
  const int gt = praxi_builder_binary (b, PRAXI_OP_SUB, after, before);
  const int pairs[5][2] = {{gx, gx}, {gy, gy}, {gx, gy}, {gx, gt}, {gy, gt}};
  int q[5];
  for (int i = 0; i < 5; i++)
    q[i] = praxi_builder_binary (b, PRAXI_OP_MUL, pairs[i][0], pairs[i][1]);
  const int all = praxi_flow_pad (b, praxi_flow_concat (b, q, 5, 1), PRAXI_PAD_REFLECT, half, TRUE);
  return praxi_flow_pool (b, praxi_flow_pool (b, all, BOX, 1, FALSE), 1, BOX, FALSE);
}

/* l0 l1 − r0 r1 */
static int
difference (PraxiBuilder *b, int l0, int l1, int r0, int r1)
{
  const int left = praxi_builder_binary (b, PRAXI_OP_MUL, l0, l1);
  const int right = praxi_builder_binary (b, PRAXI_OP_MUL, r0, r1);
  return praxi_builder_binary (b, PRAXI_OP_SUB, left, right);
}

/* Lucas–Kanade flow of a scale, weighted. */
static int
solve (PraxiBuilder *b, int q, float weight)
{
  int part[5];
  for (int i = 0; i < 5; i++)
    part[i] = praxi_flow_slice (b, q, i, i + 1, 1);
  const int xx = praxi_flow_plus (b, part[0], EPSILON), yy = praxi_flow_plus (b, part[1], EPSILON);
  const int xy = part[2], xt = part[3], yt = part[4];
  int uv[2];
  uv[0] = difference (b, xy, yt, yy, xt);
  uv[1] = difference (b, xy, xt, xx, yt);
  const int det = difference (b, xx, yy, xy, xy);
  const int flow = praxi_builder_binary (b, PRAXI_OP_DIV, praxi_flow_concat (b, uv, 2, 1), det);
  return praxi_flow_scaled (b, flow, weight);
}

static int
enlarged (PraxiBuilder *b, int flow, int scale)
{
  const float by = (float) (1 << scale), factors[4] = {1, 1, by, by};
  const PraxiOp op = {.kind = PRAXI_OP_RESIZE,
                      .resize_mode = PRAXI_RESIZE_LINEAR,
                      .resize_coord = PRAXI_COORD_HALF_PIXEL,
                      .cubic_a = -0.75f};
  const int in[3] = {flow, -1, praxi_flow_floats (b, factors, 4)};
  return praxi_builder_op (b, &op, NULL, in, 3);
}

/* The lower median of the means of CELL² cells: the rank-th largest. */
static int
median (PraxiBuilder *b, const PraxiFlowShape *s, int half)
{
  const gint64 cells = s->height / 2 / CELL * (s->width / 2 / CELL), rank = cells / 2 + 1;
  const gint64 flat[3] = {s->frames - 1, 2, cells}, dims[4] = {s->frames - 1, 2, 1, 1};
  const int means = praxi_flow_reshape (b, praxi_flow_pool (b, half, CELL, CELL, TRUE), 3, flat);
  const int top = praxi_flow_top (b, means, rank, 2);
  return praxi_flow_reshape (b, praxi_flow_slice (b, top, rank - 1, rank, 2), 4, dims);
}

static int
flow_of (PraxiBuilder *b, const PraxiFlowShape *s, int frames)
{
  const float gain = (float) (s->rate_hz / 15);
  int x = grey (b, s, frames), total = -1;
  for (int i = 0; i < SCALES; i++) {
    if (i > 0)
      x = praxi_flow_pool (b, x, 2, 2, TRUE);
    const int part = solve (b, products (b, x), weights[i] * (float) (1 << i) * gain);
    total = i == 0 ? part : praxi_builder_binary (b, PRAXI_OP_ADD, total, enlarged (b, part, i));
  }
  const int half = praxi_flow_pool (b, total, 2, 2, TRUE);
  const int in[2] = {half, median (b, s, half)};
  return praxi_builder_op (b, &(PraxiOp){.kind = PRAXI_OP_SUB}, PRAXI_FLOW_VALUE, in, 2);
}

/* [P,C,…] → one channel */
static int
channel (PraxiBuilder *b, int x, int c)
{
  return praxi_flow_slice (b, x, c, c + 1, 1);
}

static int
maps_of (PraxiBuilder *b, int flow)
{
  const gint64 time[4] = {1, 0, 0, 0};
  const int dx = praxi_flow_gradient (b, flow, 3), dy = praxi_flow_gradient (b, flow, 2);
  int part[5] = {flow};
  part[1] = praxi_flow_length (b, flow);
  const int after = praxi_flow_slice (b, flow, 1, PRAXI_FLOW_END, 0);
  const int before = praxi_flow_slice (b, flow, 0, -1, 0);
  const int change = praxi_builder_binary (b, PRAXI_OP_SUB, after, before);
  part[2] = praxi_flow_length (b, praxi_flow_pad (b, change, PRAXI_PAD_CONSTANT, time, FALSE));
  const int ux = channel (b, dx, 0), vy = channel (b, dy, 1);
  const int vx = channel (b, dx, 1), uy = channel (b, dy, 0);
  part[3] = praxi_flow_scaled (b, praxi_builder_binary (b, PRAXI_OP_ADD, ux, vy), 8);
  part[4] = praxi_flow_scaled (b, praxi_builder_binary (b, PRAXI_OP_SUB, vx, uy), 8);
  const PraxiOp pool = {
      .kind = PRAXI_OP_AVERAGE_POOL,
      .window = {
          .n_spatial = 2, .kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}, .group = 1}};
  const int all = praxi_flow_concat (b, part, 5, 1);
  return praxi_builder_op (b, &pool, PRAXI_MAPS_VALUE, &all, 1);
}

int
praxi_flow_stem (PraxiBuilder *b, const PraxiFlowShape *shape, int *flow)
{
  const gint64 dims[5] = {1, shape->frames, shape->height, shape->width, 3};
  *flow = flow_of (b, shape, praxi_builder_input (b, "frames", PRAXI_U8, 5, dims));
  return maps_of (b, *flow);
}
