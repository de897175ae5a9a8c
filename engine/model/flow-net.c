#include "engine/model/flow-net.h"

#include <math.h>
#include <string.h>

#include "engine/model/flow-parts.h"
#include "engine/model/net-writer.h"

#define SOFTNESS 2.5f
enum { STAGES = 3, HALF_SECOND_PAIRS = 5 };

typedef struct {
  const char *name;
  int channels[STAGES]; /* none: statistics alone */
} FlowNet;

static const FlowNet nets[] = {
    {"flow-light", {16, 32, 64}},
    {"flow-wide", {24, 48, 96}},
    {"flow-statistics", {0}},
};

/* x / (softness + |x|): keeps small motion apart and large motion in range. */
static int
squash (PraxiBuilder *b, int x)
{
  const int size = praxi_flow_plus (b, praxi_builder_unary (b, PRAXI_OP_ABS, x), SOFTNESS);
  return praxi_builder_binary (b, PRAXI_OP_DIV, x, size);
}

/* maps [P,6,h,w] → features [1,C,P,places] */
static int
features (const PraxiNetWriter *w, const FlowNet *net, const PraxiFlowShape *shape, int maps)
{
  PraxiBuilder *b = w->b;
  const PraxiWindow half = {.n_spatial = 2,
                            .kernel = {3, 3},
                            .stride = {2, 2},
                            .dilation = {1, 1},
                            .pad_begin = {1, 1},
                            .pad_end = {1, 1},
                            .group = 1};
  const gint64 C = net->channels[STAGES - 1];
  const PraxiWindow time = {.n_spatial = 2,
                            .kernel = {3, 1},
                            .stride = {1, 1},
                            .dilation = {1, 1},
                            .pad_begin = {1, 0},
                            .pad_end = {1, 0},
                            .group = C};
  const PraxiWindow one = {
      .n_spatial = 2, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .group = 1};
  int x = squash (b, maps), channels = PRAXI_FLOW_MAPS;
  gint64 height = shape->height / 4, width = shape->width / 4;
  for (int i = 0; i < STAGES; i++) {
    x = praxi_net_block (w, x, channels, net->channels[i], &half);
    channels = net->channels[i];
    height = (height + 1) / 2;
    width = (width + 1) / 2;
  }
  x = praxi_flow_reshape (b, x, 4, (gint64[4]){-1, shape->frames - 1, C, height * width});
  x = praxi_flow_transpose (b, x, 4, (gint64[4]){0, 2, 1, 3});
  const int moved = praxi_net_block (w, praxi_net_block (w, x, C, C, &time), C, C, &one);
  return praxi_builder_binary (b, PRAXI_OP_ADD, x, moved);
}

static int
reduced (PraxiBuilder *b, PraxiOpKind kind, int x, gint64 axis)
{
  return praxi_flow_reduce (b, kind, x, axis, FALSE);
}

/* What events that go on show wherever and whenever they happen [1,5C], and what short ones show in
 * their strongest half second [1,3C].
 */
static void
pools (PraxiBuilder *b, int x, int *lasting, int *brief)
{
  const PraxiOpKind MEAN = PRAXI_OP_REDUCE_MEAN, MOST = PRAXI_OP_REDUCE_MAX;
  const PraxiOp half_second = {.kind = PRAXI_OP_AVERAGE_POOL,
                               .window = {.n_spatial = 1,
                                          .kernel = {HALF_SECOND_PAIRS},
                                          .stride = {1},
                                          .dilation = {1},
                                          .group = 1}};
  const int both[2] = {reduced (b, MOST, x, 3), reduced (b, MEAN, x, 3)};
  const int peak = both[0], mean = both[1];
  const int average = reduced (b, MEAN, mean, 2);
  const int off =
      praxi_builder_binary (b, PRAXI_OP_SUB, mean, praxi_flow_reduce (b, MEAN, mean, 2, TRUE));
  const int variance = reduced (b, MEAN, praxi_builder_binary (b, PRAXI_OP_MUL, off, off), 2);
  const int deviation =
      praxi_builder_unary (b, PRAXI_OP_SQRT, praxi_flow_plus (b, variance, 1e-6f));
  const int place = reduced (b, MOST, reduced (b, MEAN, x, 2), 2);
  const int all[5] = {average, reduced (b, MEAN, peak, 2), reduced (b, MOST, peak, 2), deviation,
                      place};
  *lasting = praxi_flow_concat (b, all, 5, 1);
  const int halves = praxi_flow_op (b, half_second, praxi_flow_concat (b, both, 2, 1), -1);
  const int strongest[2] = {reduced (b, MOST, halves, 2), average};
  *brief = praxi_flow_concat (b, strongest, 2, 1);
}

/* logits [1,events] → scores [1,1 + events] */
static int
score (PraxiBuilder *b, int logits)
{
  const int events = praxi_builder_unary (b, PRAXI_OP_SIGMOID, logits);
  const int most = praxi_flow_reduce (b, PRAXI_OP_REDUCE_MAX, events, 1, TRUE);
  const int rest = praxi_builder_binary (b, PRAXI_OP_SUB, praxi_builder_f32 (b, 1), most);
  return praxi_flow_concat (b, (int[2]){rest, events}, 2, 1);
}

/* The mean size of each map, [1,6] */
static int
sizes (PraxiBuilder *b, const PraxiFlowShape *shape, int maps)
{
  const gint64 dims[3] = {-1, shape->frames - 1, PRAXI_FLOW_MAPS};
  int x = praxi_builder_unary (b, PRAXI_OP_ABS, maps);
  x = reduced (b, PRAXI_OP_REDUCE_MEAN, reduced (b, PRAXI_OP_REDUCE_MEAN, x, 3), 2);
  return reduced (b, PRAXI_OP_REDUCE_MEAN, praxi_flow_reshape (b, x, 3, dims), 1);
}

static int
logits_of (const PraxiNetWriter *w,
           const FlowNet *net,
           const PraxiFlowShape *shape,
           const char *const *events,
           int maps,
           int flow)
{
  const int n = (int) g_strv_length ((char **) events);
  if (net->channels[0] == 0) {
    const int both[2] = {praxi_flow_statistics (w->b, shape, flow), sizes (w->b, shape, maps)};
    return praxi_net_head (w, praxi_flow_concat (w->b, both, 2, 1),
                           PRAXI_FLOW_STATISTICS + PRAXI_FLOW_MAPS, n);
  }
  int lasting, brief;
  const gint64 C = net->channels[STAGES - 1];
  g_autofree int *heads = g_new (int, n + 1);
  pools (w->b, features (w, net, shape, maps), &lasting, &brief);
  for (int i = 0; i < n; i++)
    heads[i] = praxi_flow_is_brief (events[i]) ? praxi_net_head (w, brief, 3 * C, 1)
                                               : praxi_net_head (w, lasting, 5 * C, 1);
  return praxi_flow_concat (w->b, heads, n, 1);
}

gboolean
praxi_flow_is_brief (const char *event)
{
  return g_ascii_strcasecmp (event, "fall") == 0;
}

const char *const *
praxi_flow_nets (void)
{
  static const char *const names[] = {"flow-light", "flow-wide", "flow-statistics", NULL};
  return names;
}

PraxiGraph *
praxi_flow_net (const char *name,
                const PraxiFlowShape *shape,
                const char *const *events,
                guint32 seed)
{
  for (guint i = 0; i < G_N_ELEMENTS (nets); i++) {
    if (!g_str_equal (nets[i].name, name))
      continue;
    g_autoptr (PraxiBuilder) b = praxi_builder_new ();
    g_autoptr (GRand) random = g_rand_new_with_seed (seed);
    const PraxiNetWriter writer = {b, random};
    int flow;
    const int maps = praxi_flow_stem (b, shape, &flow);
    const int logits = logits_of (&writer, &nets[i], shape, events, maps, flow);
    praxi_builder_output (b, score (b, logits), "scores");
    return praxi_builder_finish (b);
  }
  return NULL;
}
