/* Statistics of the flow of one window that do not ask where in the picture something moves.
 *
 * Rectified-cosine lobes in eight directions of the flow, of the gradients of u and v (motion
 * boundaries) and of the acceleration, less a noise floor, are averaged over cells of 12×12. Cells
 * are ranked by activity and never placed:
 *
 *   48  log (1 + 5 z) of the 1, 4 and 12 most active cells and of all, for mean, deviation and
 *       maximum over time of the four kinds of lobes
 *    3  entropy of directions, weighted by activity (flow, gradients of u and of v)
 *    1  change of the histogram of directions from pair to pair
 *    6  jerkiness, coherence and drift of cells, weighted by speed² and speed⁵
 */
#include <math.h>

#include "engine/model/flow-net.h"
#include "engine/model/flow-parts.h"

enum { CELL = 12, KINDS = 4, LOBES = 8 };
#define FLOOR 0.1f
#define GRADIENT_FLOOR 0.0075f

typedef struct {
  PraxiBuilder *b;
  gint64 pairs, cells;
  int lobes; /* the filter */
} Statistics;

/* [P,C,H,W] → [P,C,cells] */
static int
cell_means (const Statistics *s, int x, gint64 channels)
{
  const gint64 dims[3] = {s->pairs, channels, s->cells};
  return praxi_flow_reshape (s->b, praxi_flow_pool (s->b, x, CELL, CELL, TRUE), 3, dims);
}

static int
lobe_cells (const Statistics *s, int x, float floor)
{
  const PraxiWindow window = {
      .n_spatial = 2, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .group = 1};
  const int dot = praxi_flow_conv (s->b, x, s->lobes, &window);
  const int above = praxi_builder_binary (s->b, PRAXI_OP_SUB, dot, praxi_builder_f32 (s->b, floor));
  return cell_means (s, praxi_builder_unary (s->b, PRAXI_OP_RELU, above), LOBES);
}

/* (du/dx, du/dy) of channel 0 or 1 of the flow, from its two gradients */
static int
gradient_of (PraxiBuilder *b, const int gradients[2], int channel)
{
  int both[2];
  for (int i = 0; i < 2; i++)
    both[i] = praxi_flow_slice (b, gradients[i], channel, channel + 1, 1);
  return praxi_flow_concat (b, both, 2, 1);
}

/* flow[p] − flow[p − 1]; the first pair repeats the second. */
static int
acceleration (PraxiBuilder *b, int flow)
{
  const int after = praxi_flow_slice (b, flow, 1, PRAXI_FLOW_END, 0);
  const int before = praxi_flow_slice (b, flow, 0, -1, 0);
  const int change = praxi_builder_binary (b, PRAXI_OP_SUB, after, before);
  const int all[2] = {praxi_flow_slice (b, change, 0, 1, 0), change};
  return praxi_flow_concat (b, all, 2, 0);
}

/* 12 numbers of one kind of lobes; *mean: of its cells over time */
static int
activity (PraxiBuilder *b, int lobes, int *mean)
{
  const int total = praxi_flow_reduce (b, PRAXI_OP_REDUCE_SUM, lobes, 1, FALSE);
  *mean = praxi_flow_reduce (b, PRAXI_OP_REDUCE_MEAN, total, 0, TRUE);
  const int off = praxi_builder_binary (b, PRAXI_OP_SUB, total, *mean);
  const int square = praxi_builder_binary (b, PRAXI_OP_MUL, off, off);
  const int variance = praxi_flow_reduce (b, PRAXI_OP_REDUCE_MEAN, square, 0, TRUE);
  int part[4] = {*mean, praxi_builder_unary (b, PRAXI_OP_SQRT, variance),
                 praxi_flow_reduce (b, PRAXI_OP_REDUCE_MAX, total, 0, TRUE)};
  const int rows = praxi_flow_concat (b, part, 3, 0);
  const int top = praxi_flow_top (b, rows, 12, 1);
  part[0] = praxi_flow_slice (b, top, 0, 1, 1);
  part[1] =
      praxi_flow_reduce (b, PRAXI_OP_REDUCE_MEAN, praxi_flow_slice (b, top, 0, 4, 1), 1, TRUE);
  part[2] = praxi_flow_reduce (b, PRAXI_OP_REDUCE_MEAN, top, 1, TRUE);
  part[3] = praxi_flow_reduce (b, PRAXI_OP_REDUCE_MEAN, rows, 1, TRUE);
  const int ranked = praxi_flow_scaled (b, praxi_flow_concat (b, part, 4, 1), 5);
  const int log = praxi_builder_unary (b, PRAXI_OP_LOG, praxi_flow_plus (b, ranked, 1));
  return praxi_flow_reshape (b, log, 1, (gint64[1]){12});
}

/* x / (Σ x along the axis + tiny) */
static int
share_of (PraxiBuilder *b, int x, gint64 axis, float tiny)
{
  const int total = praxi_flow_reduce (b, PRAXI_OP_REDUCE_SUM, x, axis, TRUE);
  return praxi_builder_binary (b, PRAXI_OP_DIV, x, praxi_flow_plus (b, total, tiny));
}

static int
entropy (PraxiBuilder *b, int lobes, int mean)
{
  const int p =
      share_of (b, praxi_flow_reduce (b, PRAXI_OP_REDUCE_MEAN, lobes, 0, FALSE), 0, 1e-6f);
  const int log = praxi_builder_unary (b, PRAXI_OP_LOG, praxi_flow_plus (b, p, 1e-6f));
  const int parts = praxi_builder_binary (b, PRAXI_OP_MUL, p, log);
  const int cells = praxi_builder_unary (
      b, PRAXI_OP_NEG, praxi_flow_reduce (b, PRAXI_OP_REDUCE_SUM, parts, 0, TRUE));
  const int weight = share_of (b, praxi_builder_binary (b, PRAXI_OP_MUL, mean, mean), 1, 1e-9f);
  const int weighted = praxi_builder_binary (b, PRAXI_OP_MUL, cells, weight);
  const int sum = praxi_flow_reduce (b, PRAXI_OP_REDUCE_SUM, weighted, 1, TRUE);
  return praxi_flow_reshape (b, sum, 1, (gint64[1]){1});
}

static int
direction_change (PraxiBuilder *b, int lobes)
{
  const int p = share_of (b, praxi_flow_reduce (b, PRAXI_OP_REDUCE_SUM, lobes, 2, FALSE), 1, 1e-6f);
  const int after = praxi_flow_slice (b, p, 1, PRAXI_FLOW_END, 0);
  const int before = praxi_flow_slice (b, p, 0, -1, 0);
  const int change =
      praxi_builder_unary (b, PRAXI_OP_ABS, praxi_builder_binary (b, PRAXI_OP_SUB, after, before));
  const int total = praxi_flow_reduce (b, PRAXI_OP_REDUCE_SUM, change, 1, FALSE);
  return praxi_flow_reduce (b, PRAXI_OP_REDUCE_MEAN, total, 0, TRUE);
}

/* The mean over time of [P,C,cells], [C,cells] */
static int
over_time (PraxiBuilder *b, int x, gboolean keep)
{
  return praxi_flow_reduce (b, PRAXI_OP_REDUCE_MEAN, x, 0, keep);
}

static void
order (const Statistics *s, int flow, int change, int out[2])
{
  PraxiBuilder *b = s->b;
  const int cells = cell_means (s, flow, 2);
  const int speed = over_time (b, cell_means (s, praxi_flow_length (b, flow), 1), FALSE);
  int part[3];
  part[0] = over_time (b, cell_means (s, praxi_flow_length (b, change), 1), FALSE);
  part[1] = over_time (b, praxi_flow_length (b, cells), FALSE);
  part[2] = over_time (b, praxi_flow_length (b, over_time (b, cells, TRUE)), FALSE);
  const int rows = praxi_builder_binary (b, PRAXI_OP_DIV, praxi_flow_concat (b, part, 3, 0),
                                         praxi_flow_plus (b, speed, 0.05f));
  for (int i = 0; i < 2; i++) {
    const int power =
        praxi_builder_binary (b, PRAXI_OP_POW, speed, praxi_builder_f32 (b, i == 0 ? 2 : 5));
    const int weighted =
        praxi_builder_binary (b, PRAXI_OP_MUL, rows, share_of (b, power, 1, 1e-9f));
    out[i] = praxi_flow_reduce (b, PRAXI_OP_REDUCE_SUM, weighted, 1, FALSE);
  }
}

static int
make_lobes (PraxiBuilder *b)
{
  float filter[LOBES * 2];
  for (int i = 0; i < LOBES; i++) {
    filter[2 * i] = (float) cos (i * G_PI / 4);
    filter[2 * i + 1] = (float) sin (i * G_PI / 4);
  }
  return praxi_builder_constant (b, PRAXI_F32, 4, (gint64[4]){LOBES, 2, 1, 1}, filter);
}

int
praxi_flow_statistics (PraxiBuilder *b, const PraxiFlowShape *shape, int flow)
{
  const Statistics s = {b, shape->frames - 1, shape->height / 2 / CELL * (shape->width / 2 / CELL),
                        make_lobes (b)};
  const float floors[KINDS] = {FLOOR, GRADIENT_FLOOR, GRADIENT_FLOOR, FLOOR};
  const int gradients[2] = {praxi_flow_gradient (b, flow, 3), praxi_flow_gradient (b, flow, 2)};
  const int inputs[KINDS] = {flow, gradient_of (b, gradients, 0), gradient_of (b, gradients, 1),
                             acceleration (b, flow)};
  int lobes[KINDS], mean[KINDS], out[KINDS + 3 + 1 + 2];
  for (int i = 0; i < KINDS; i++)
    lobes[i] = lobe_cells (&s, inputs[i], floors[i]);
  for (int i = 0; i < KINDS; i++)
    out[i] = activity (b, lobes[i], &mean[i]);
  for (int i = 0; i < 3; i++)
    out[KINDS + i] = entropy (b, lobes[i], mean[i]);
  out[7] = direction_change (b, lobes[0]);
  order (&s, flow, inputs[3], &out[8]);
  const int all = praxi_flow_concat (b, out, 10, 0);
  const int in[2] = {all, praxi_builder_ints (b, (gint64[2]){1, PRAXI_FLOW_STATISTICS}, 2)};
  return praxi_builder_op (b, &(PraxiOp){.kind = PRAXI_OP_RESHAPE}, PRAXI_STATISTICS_VALUE, in, 2);
}
