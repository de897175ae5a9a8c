/* Recognises the motion stem: walks the nodes in their canonical order (data/models/recipe/stem.py
 * writes them) and expects each by operator, inputs and parameters. Anything else is no stem, and
 * the nodes run one by one.
 */
#include "engine/infer/fuse.h"

#include <string.h>

#include "kernels/motion-stem.h"

enum { NONE = -1, CONSTANT = -2 };

typedef struct {
  const PraxiGraph *graph;
  guint next; /* the node to come */
  gboolean failed;
  PraxiMotionStem motion;
  int frames, maps, flow; /* values */
} Walk;

static const PraxiTensor *
tensor_of (const Walk *walk, int value)
{
  return &praxi_graph_value (walk->graph, value)->tensor;
}

static int
fail (Walk *walk)
{
  walk->failed = TRUE;
  return 0;
}

static void
demand (Walk *walk, gboolean fact)
{
  walk->failed = walk->failed || !fact;
}

/* The next node, which has to be this operator on these values; a value of CONSTANT fits any
 * constant, and those behind n_in are constants too. Returns its first output.
 */
static int
expect (Walk *walk, PraxiOpKind kind, const PraxiNode **node, int a, int b)
{
  const int want[2] = {a, b};
  if (walk->failed || walk->next >= walk->graph->nodes->len)
    return fail (walk);
  *node = praxi_graph_node (walk->graph, (int) walk->next++);
  if ((*node)->op.kind != kind || (*node)->n_in < 1 || (*node)->out[0] < 0)
    return fail (walk);
  for (int i = 0; i < (*node)->n_in; i++) {
    const int got = (*node)->in[i], wanted = i < 2 ? want[i] : CONSTANT;
    if (wanted >= 0 ? got != wanted : got >= 0 && tensor_of (walk, got)->data == NULL)
      return fail (walk);
  }
  for (int i = (*node)->n_in; i < 2; i++)
    demand (walk, want[i] == NONE);
  return (*node)->out[0];
}

static int
binary (Walk *walk, PraxiOpKind kind, int a, int b)
{
  const PraxiNode *node = NULL;
  return expect (walk, kind, &node, a, b);
}

static int
unary (Walk *walk, PraxiOpKind kind, int a)
{
  const PraxiNode *node = NULL;
  return expect (walk, kind, &node, a, NONE);
}

/* a · scalar, a + scalar; *scalar is read. */
static int
with_scalar (Walk *walk, PraxiOpKind kind, int a, float *scalar)
{
  const PraxiNode *node = NULL;
  int64_t count = 0;
  const int out = expect (walk, kind, &node, a, CONSTANT);
  if (walk->failed || node->n_in != 2)
    return fail (walk);
  const PraxiTensor *tensor = tensor_of (walk, node->in[1]);
  if (tensor->dtype != PRAXI_F32 || praxi_tensor_count (tensor, &count) != PRAXI_OK || count != 1)
    return fail (walk);
  *scalar = *(const float *) tensor->data;
  return out;
}

static int
with_constant (Walk *walk, PraxiOpKind kind, int a, float constant)
{
  float got = 0;
  const int out = with_scalar (walk, kind, a, &got);
  demand (walk, got == constant);
  return out;
}

/* x[start:end] of one axis; end counted from the end where it is ≤ 0. */
static int
slice (Walk *walk, int x, gint64 axis, gint64 start, gint64 end)
{
  const PraxiNode *node = NULL;
  const int out = expect (walk, PRAXI_OP_SLICE, &node, x, CONSTANT);
  if (walk->failed)
    return 0;
  const PraxiOp *op = &node->op;
  const gint64 last = end <= 0 ? tensor_of (walk, x)->dims[axis] + end : end;
  demand (walk, op->n_axes == 1 && op->axes[0] == axis && op->steps[0] == 1 &&
                    op->starts[0] == start && op->ends[0] == last);
  return out;
}

static int
pad (Walk *walk, int x, PraxiPadMode mode, const gint64 begin[4], const gint64 end[4])
{
  const PraxiNode *node = NULL;
  const int out = expect (walk, PRAXI_OP_PAD, &node, x, CONSTANT);
  if (walk->failed)
    return 0;
  demand (walk, node->op.pad_mode == mode && node->n_in == 2);
  for (int d = 0; d < 4; d++)
    demand (walk, node->op.pads_begin[d] == begin[d] && node->op.pads_end[d] == end[d]);
  return out;
}

static int
pad_around (Walk *walk, int x, gint64 margin)
{
  const gint64 pads[4] = {0, 0, margin, margin};
  return pad (walk, x, PRAXI_PAD_REFLECT, pads, pads);
}

static int
mean_of_cells (Walk *walk, int x, gint64 height, gint64 width, gboolean strides)
{
  const PraxiNode *node = NULL;
  const int out = expect (walk, PRAXI_OP_AVERAGE_POOL, &node, x, NONE);
  if (walk->failed)
    return 0;
  const PraxiWindow *w = &node->op.window;
  demand (walk, w->n_spatial == 2 && w->kernel[0] == height && w->kernel[1] == width &&
                    w->stride[0] == (strides ? height : 1) &&
                    w->stride[1] == (strides ? width : 1));
  for (int i = 0; i < 2; i++)
    demand (walk, w->pad_begin[i] == 0 && w->pad_end[i] == 0 && w->dilation[i] == 1);
  return out;
}

static int
reshape (Walk *walk, int x, int rank, const gint64 *dims)
{
  const PraxiNode *node = NULL;
  const int out = expect (walk, PRAXI_OP_RESHAPE, &node, x, CONSTANT);
  if (walk->failed)
    return 0;
  const PraxiTensor *tensor = tensor_of (walk, out);
  demand (walk, tensor->rank == rank);
  for (int d = 0; d < rank && !walk->failed; d++)
    demand (walk, tensor->dims[d] == dims[d]);
  return out;
}

/* u8 [1,T,H,W,3] → grey [T,1,H,W] */
static int
grey (Walk *walk)
{
  const PraxiNode *node = NULL;
  const PraxiTensor *frames = tensor_of (walk, walk->frames);
  if (frames->dtype != PRAXI_U8 || frames->rank != 5 || frames->dims[0] != 1 ||
      frames->dims[4] != 3)
    return fail (walk);
  int x = expect (walk, PRAXI_OP_CAST, &node, walk->frames, NONE);
  demand (walk, !walk->failed && node->op.to == PRAXI_F32);
  x = expect (walk, PRAXI_OP_MATMUL, &node, x, CONSTANT);
  if (walk->failed)
    return 0;
  const PraxiTensor *luma = tensor_of (walk, node->in[1]);
  if (luma->dtype != PRAXI_F32 || luma->rank != 2 || luma->dims[0] != 3 || luma->dims[1] != 1)
    return fail (walk);
  memcpy (walk->motion.luma, luma->data, sizeof walk->motion.luma);
  return reshape (walk, x, 4, (gint64[4]){frames->dims[1], 1, frames->dims[2], frames->dims[3]});
}

static int
gradient_of_mean (Walk *walk, int mean)
{
  static const float sobel[2][3][3] = {
      {{-0.125f, 0, 0.125f}, {-0.25f, 0, 0.25f}, {-0.125f, 0, 0.125f}},
      {{-0.125f, -0.25f, -0.125f}, {0, 0, 0}, {0.125f, 0.25f, 0.125f}}};
  static const int64_t shape[4] = {2, 1, 3, 3};
  const PraxiNode *node = NULL;
  const int out = expect (walk, PRAXI_OP_CONV, &node, mean, CONSTANT);
  if (walk->failed || node->n_in != 2)
    return fail (walk);
  const PraxiWindow *w = &node->op.window;
  const PraxiTensor *weight = tensor_of (walk, node->in[1]);
  demand (walk, weight->dtype == PRAXI_F32 && weight->rank == 4 &&
                    memcmp (weight->dims, shape, sizeof shape) == 0 && w->group == 1);
  for (int i = 0; i < 2; i++)
    demand (walk,
            w->stride[i] == 1 && w->dilation[i] == 1 && w->pad_begin[i] == 0 && w->pad_end[i] == 0);
  for (int i = 0; i < 18 && !walk->failed; i++)
    demand (walk, ((const float *) weight->data)[i] == (&sobel[0][0][0])[i]);
  return out;
}

static int
concat (Walk *walk, const int *parts, int n)
{
  if (walk->failed || walk->next >= walk->graph->nodes->len)
    return fail (walk);
  const PraxiNode *node = praxi_graph_node (walk->graph, (int) walk->next++);
  if (node->op.kind != PRAXI_OP_CONCAT || node->n_in != n || node->op.axis != 1)
    return fail (walk);
  for (int i = 0; i < n; i++)
    demand (walk, node->in[i] == parts[i]);
  return node->out[0];
}

/* Box means of the gradient products; the size of the box is read at the first scale. */
static int
products (Walk *walk, int x, int scale)
{
  const int a = slice (walk, x, 0, 0, -1), b = slice (walk, x, 0, 1, 0);
  int m = binary (walk, PRAXI_OP_ADD, a, b);
  m = with_constant (walk, PRAXI_OP_MUL, m, 0.5f);
  const int g = gradient_of_mean (walk, pad_around (walk, m, 1));
  const int gx = slice (walk, g, 1, 0, 1), gy = slice (walk, g, 1, 1, 2);
  const int gt = binary (walk, PRAXI_OP_SUB, b, a);
  const int pairs[5][2] = {{gx, gx}, {gy, gy}, {gx, gy}, {gx, gt}, {gy, gt}};
  int raw[5];
  for (int i = 0; i < 5; i++)
    raw[i] = binary (walk, PRAXI_OP_MUL, pairs[i][0], pairs[i][1]);
  const int q = concat (walk, raw, 5);
  if (scale == 0 && !walk->failed && walk->next + 1 < walk->graph->nodes->len) {
    const PraxiNode *box = praxi_graph_node (walk->graph, (int) walk->next + 1);
    const gint64 side = box->op.window.kernel[0];
    demand (walk, side >= 1 && side <= PRAXI_MOTION_BOX_MAX && side % 2 == 1);
    walk->motion.box = walk->failed ? 1 : (int) side;
  }
  const int padded = pad_around (walk, q, walk->motion.box / 2);
  const int columns = mean_of_cells (walk, padded, walk->motion.box, 1, FALSE);
  return mean_of_cells (walk, columns, 1, walk->motion.box, FALSE);
}

/* left[0] · left[1] − right[0] · right[1] */
static int
difference (Walk *walk, int left0, int left1, int right0, int right1)
{
  const int left = binary (walk, PRAXI_OP_MUL, left0, left1);
  const int right = binary (walk, PRAXI_OP_MUL, right0, right1);
  return binary (walk, PRAXI_OP_SUB, left, right);
}

static int
solve (Walk *walk, int q, int scale)
{
  int part[5];
  float epsilon[2] = {0};
  for (int i = 0; i < 5; i++)
    part[i] = slice (walk, q, 1, i, i + 1);
  const int xx = with_scalar (walk, PRAXI_OP_ADD, part[0], &epsilon[0]);
  const int yy = with_scalar (walk, PRAXI_OP_ADD, part[1], &epsilon[1]);
  const int xy = part[2], xt = part[3], yt = part[4];
  const int u = difference (walk, xy, yt, yy, xt), v = difference (walk, xy, xt, xx, yt);
  const int det = difference (walk, xx, yy, xy, xy);
  const int uv = concat (walk, (int[2]){u, v}, 2);
  const int ratio = binary (walk, PRAXI_OP_DIV, uv, det);
  const int flow = with_scalar (walk, PRAXI_OP_MUL, ratio, &walk->motion.scale_weight[scale]);
  if (scale == 0)
    walk->motion.epsilon = epsilon[0];
  demand (walk, epsilon[0] == epsilon[1] && epsilon[0] == walk->motion.epsilon);
  return flow;
}

static int
enlarge (Walk *walk, int flow, int scale)
{
  const PraxiNode *node = NULL;
  const int out = expect (walk, PRAXI_OP_RESIZE, &node, flow, CONSTANT);
  if (walk->failed)
    return 0;
  const PraxiOp *op = &node->op;
  const double factor = (double) (1 << scale);
  demand (walk, op->resize_mode == PRAXI_RESIZE_LINEAR &&
                    op->resize_coord == PRAXI_COORD_HALF_PIXEL && op->scales[0] == 1 &&
                    op->scales[1] == 1 && op->scales[2] == factor && op->scales[3] == factor);
  return out;
}

/* Whether the next node pools the grey pictures once more. */
static gboolean
another_scale_follows (const Walk *walk, int x)
{
  if (walk->failed || walk->next >= walk->graph->nodes->len)
    return FALSE;
  const PraxiNode *node = praxi_graph_node (walk->graph, (int) walk->next);
  return node->op.kind == PRAXI_OP_AVERAGE_POOL && node->in[0] == x && walk->motion.n_scales < 4;
}

static int
sum_of_scales (Walk *walk)
{
  int x = grey (walk), total = 0;
  do {
    const int scale = walk->motion.n_scales++;
    if (scale > 0)
      x = mean_of_cells (walk, x, 2, 2, TRUE);
    const int part = solve (walk, products (walk, x, scale), scale);
    total = scale > 0 ? binary (walk, PRAXI_OP_ADD, total, enlarge (walk, part, scale)) : part;
  } while (another_scale_follows (walk, x));
  return total;
}

/* The (n/2 + 1)-th largest of the means of n cells. */
static int
median (Walk *walk, int half)
{
  const PraxiNode *node = NULL;
  const int cells = mean_of_cells (walk, half, PRAXI_MOTION_CELL, PRAXI_MOTION_CELL, TRUE);
  if (walk->failed)
    return 0;
  const PraxiTensor *shape = tensor_of (walk, cells);
  const gint64 n = shape->dims[2] * shape->dims[3], pairs = shape->dims[0];
  const int flat = reshape (walk, cells, 3, (gint64[3]){pairs, 2, n});
  const int top = expect (walk, PRAXI_OP_TOPK, &node, flat, CONSTANT);
  demand (walk, !walk->failed && node->op.axis == 2 && node->op.largest && node->op.sorted &&
                    node->op.axes[0] == n / 2 + 1);
  const int last = slice (walk, top, 2, n / 2, n / 2 + 1);
  return reshape (walk, last, 4, (gint64[4]){pairs, 2, 1, 1});
}

static int
derivative (Walk *walk, int flow, gint64 axis)
{
  const gint64 pads[4] = {0, 0, axis == 2, axis == 3};
  const int x = pad (walk, flow, PRAXI_PAD_EDGE, pads, pads);
  const int after = slice (walk, x, axis, 2, 0), before = slice (walk, x, axis, 0, -2);
  return with_constant (walk, PRAXI_OP_MUL, binary (walk, PRAXI_OP_SUB, after, before), 0.25f);
}

static int
magnitude (Walk *walk, int x)
{
  const PraxiNode *node = NULL;
  const int square = binary (walk, PRAXI_OP_MUL, x, x);
  const int sum = expect (walk, PRAXI_OP_REDUCE_SUM, &node, square, CONSTANT);
  demand (walk,
          !walk->failed && node->op.n_axes == 1 && node->op.axes[0] == 1 && node->op.keepdims);
  return unary (walk, PRAXI_OP_SQRT, with_constant (walk, PRAXI_OP_ADD, sum, 1e-12f));
}

static int
acceleration (Walk *walk, int flow)
{
  const gint64 begin[4] = {1, 0, 0, 0}, end[4] = {0};
  const int after = slice (walk, flow, 0, 1, 0), before = slice (walk, flow, 0, 0, -1);
  return pad (walk, binary (walk, PRAXI_OP_SUB, after, before), PRAXI_PAD_CONSTANT, begin, end);
}

static int
maps (Walk *walk, int flow)
{
  const int dx = derivative (walk, flow, 3), dy = derivative (walk, flow, 2);
  const int speed = magnitude (walk, flow), bend = magnitude (walk, acceleration (walk, flow));
  const int ux = slice (walk, dx, 1, 0, 1), vy = slice (walk, dy, 1, 1, 2);
  const int vx = slice (walk, dx, 1, 1, 2), uy = slice (walk, dy, 1, 0, 1);
  const int div = with_constant (walk, PRAXI_OP_MUL, binary (walk, PRAXI_OP_ADD, ux, vy), 8);
  const int curl = with_constant (walk, PRAXI_OP_MUL, binary (walk, PRAXI_OP_SUB, vx, uy), 8);
  const int parts[5] = {flow, speed, bend, div, curl};
  return mean_of_cells (walk, concat (walk, parts, 5), 2, 2, TRUE);
}

static gboolean
walk_stem (Walk *walk)
{
  const PraxiTensor *frames = tensor_of (walk, walk->frames);
  const int half = mean_of_cells (walk, sum_of_scales (walk), 2, 2, TRUE);
  walk->flow = binary (walk, PRAXI_OP_SUB, half, median (walk, half));
  walk->maps = maps (walk, walk->flow);
  walk->motion.n_maps = PRAXI_MOTION_MAPS;
  return !walk->failed && praxi_motion_stem_check (&walk->motion, frames) == PRAXI_OK;
}

/* What the nodes behind the stem, and the graph's outputs, read of its insides. */
static gboolean
reads_inside (const Walk *walk, gboolean *reads_flow)
{
  const PraxiGraph *graph = walk->graph;
  g_autofree gboolean *is_inside = g_new0 (gboolean, graph->values->len + 1);
  gboolean reads = FALSE;
  for (guint i = 0; i < walk->next; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        is_inside[node->out[j]] = TRUE;
  }
  is_inside[walk->maps] = is_inside[walk->flow] = FALSE;
  *reads_flow = FALSE;
  for (guint i = walk->next; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_in; j++) {
      reads = reads || (node->in[j] >= 0 && is_inside[node->in[j]]);
      *reads_flow = *reads_flow || node->in[j] == walk->flow;
    }
  }
  for (guint i = 0; i < graph->outputs->len; i++) {
    const int output = g_array_index (graph->outputs, int, i);
    reads = reads || is_inside[output];
    *reads_flow = *reads_flow || output == walk->flow;
  }
  return reads;
}

static void
replace (PraxiGraph *graph, const Walk *walk, gboolean with_flow)
{
  const PraxiOp op = {.kind = PRAXI_OP_MOTION_STEM, .motion = walk->motion};
  const PraxiTensor scalar = {.dtype = PRAXI_S64};
  const int first_pair = praxi_graph_add_value (graph, "praxi/first-pair", &scalar);
  const int in[2] = {walk->frames, first_pair}, out[2] = {walk->maps, walk->flow};
  PraxiNode *stem = praxi_node_new ("motion-stem", &op, in, 2, out, with_flow ? 2 : 1);
  g_ptr_array_remove_range (graph->nodes, 0, walk->next);
  g_ptr_array_insert (graph->nodes, 0, stem);
  g_array_append_val (graph->inputs, first_pair);
  praxi_graph_prune (graph);
}

gboolean
praxi_fuse_motion_stem (PraxiGraph *graph)
{
  gboolean reads_flow;
  if (graph->inputs->len < 1)
    return FALSE;
  Walk walk = {.graph = graph, .frames = g_array_index (graph->inputs, int, 0)};
  if (!walk_stem (&walk) || reads_inside (&walk, &reads_flow))
    return FALSE;
  replace (graph, &walk, reads_flow);
  return TRUE;
}

GHashTable *
praxi_fuse_learners (const PraxiGraph *graph)
{
  g_autoptr (PraxiGraph) fused = praxi_graph_copy (graph);
  if (!praxi_fuse_motion_stem (fused))
    return NULL;
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < fused->nodes->len; i++)
    g_hash_table_add (names, g_strdup (praxi_graph_node (fused, (int) i)->name));
  return names;
}
