#include "engine/infer/section-rows.h"

#define MOST_BYTES ((gsize) 1 << 48)

typedef struct {
  const PraxiSectionSource *source;
  PraxiSectionStep *steps;
  int *makers; /* one a value: the step that makes it; −1 */
} Learner;

static const PraxiNode *
node_of (const PraxiSectionSource *source, int step)
{
  return praxi_graph_node (source->graph, step);
}

gsize
praxi_section_bytes (const PraxiTensor *tensor)
{
  gsize bytes;
  return praxi_tensor_bytes (tensor, &bytes) ? MIN (bytes, MOST_BYTES) : MOST_BYTES;
}

/* The outermost dimension of a value as it lies by itself; −1 where rows do not lie one behind the
 * other.
 */
static int
row_axis (const PraxiTensor *tensor)
{
  for (int d = 0; d < tensor->rank; d++)
    if (tensor->dims[d] > 1 && praxi_time_rows_are_outermost (tensor, d))
      return d;
  return -1;
}

/* A value that is made in another's memory, as it would lie apart. */
static PraxiTensor
apart (const Learner *learner, int value)
{
  PraxiTensor tensor = learner->source->tensors[value];
  if (learner->source->places[value].root != value && learner->makers[value] >= 0)
    praxi_tensor_set_channels_last (&tensor);
  return tensor;
}

/* The rows of an input; how the value that makes them feels the clip's edges is of no matter here.
 */
static PraxiTimeRows
rows_of_input (const Learner *learner, int value, PraxiSectionInput *input)
{
  enum { FAR = 1 << 20 };
  const PraxiSectionSource *source = learner->source;
  const int root = learner->makers[value] >= 0 ? value : source->places[value].root;
  const int maker = learner->makers[root];
  const PraxiTensor own = apart (learner, root);
  PraxiTimeRows rows = {.axis = row_axis (&own),
                        .frames = maker >= 0 ? learner->steps[maker].frames : 1};
  gint64 shift = 0;
  if (root != value)
    rows = praxi_time_rows_of_view (&own, &rows, &source->tensors[value],
                                    source->places[value].offset, &shift);
  *input = (PraxiSectionInput){.step = maker, .axis = rows.axis, .shift = shift};
  rows.begin = -FAR;
  rows.end = rows.axis >= 0 ? source->tensors[value].dims[rows.axis] + FAR : 0;
  return rows;
}

/* One thing for all rows of the output. */
static gboolean
is_broadcast (const PraxiTensor *in, const PraxiTensor *out, int out_axis)
{
  const int axis = out_axis - (out->rank - in->rank);
  return axis < 0 || in->dims[axis] == 1;
}

/* What the rules want to know of an input: its shape, and data where it is a constant, or one thing
 * for all rows and so to them as good as one.
 */
static PraxiTimeRows
learn_input (const Learner *learner,
             const PraxiNode *node,
             const PraxiTensor *out,
             PraxiSectionStep *step,
             int j,
             PraxiTensor *in)
{
  const int value = node->in[j];
  PraxiSectionInput *input = &step->in[j];
  *in = apart (learner, value);
  in->data = praxi_graph_value (learner->source->graph, value)->tensor.data;
  if (in->data != NULL)
    return (PraxiTimeRows){.axis = -1};
  const PraxiTimeRows rows = rows_of_input (learner, value, input);
  if (!praxi_time_rows_is_elementwise (node->op.kind) || !is_broadcast (in, out, row_axis (out)))
    return rows;
  in->data = in;
  step->after = MAX (step->after, input->step);
  *input = (PraxiSectionInput){.step = -1, .axis = -1};
  return (PraxiTimeRows){.axis = -1};
}

static void
learn_step (Learner *learner, int i)
{
  const PraxiSectionSource *source = learner->source;
  const PraxiNode *node = node_of (source, i);
  PraxiSectionStep *step = &learner->steps[i];
  step->axis = step->after = -1;
  step->owner = i;
  step->frames = 1;
  if (node->n_out != 1 || node->out[0] < 0 || node->op.kind == PRAXI_OP_MOTION_STEM)
    return;
  const PraxiTensor out = apart (learner, node->out[0]);
  if (row_axis (&out) < 0 || praxi_section_bytes (&out) == 0)
    return;
  g_autofree PraxiTensor *in = g_new0 (PraxiTensor, node->n_in + 1);
  g_autofree const PraxiTensor **at = g_new0 (const PraxiTensor *, node->n_in + 1);
  g_autofree PraxiTimeRows *rows = g_new0 (PraxiTimeRows, node->n_in + 1);
  step->in = g_new0 (PraxiSectionInput, node->n_in + 1);
  for (int j = 0; j < node->n_in; j++) {
    rows[j].axis = step->in[j].axis = step->in[j].step = -1;
    at[j] = node->in[j] >= 0 ? &in[j] : NULL;
    if (at[j] != NULL)
      rows[j] = learn_input (learner, node, &out, step, j, &in[j]);
  }
  const PraxiTimeRows made = praxi_time_rows_of_node (node, at, rows, &out, &step->rule);
  if (!step->rule.can_split || made.axis != row_axis (&out))
    return;
  const int root = source->places[node->out[0]].root;
  step->axis = made.axis;
  step->n_rows = out.dims[made.axis];
  step->frames = made.frames;
  step->owner = learner->makers[root];
  step->row_bytes = praxi_section_bytes (&source->tensors[root]) / (gsize) step->n_rows;
}

PraxiSectionStep *
praxi_section_steps_new (const PraxiSectionSource *source)
{
  const guint n_values = source->graph->values->len;
  const int n_steps = (int) source->graph->nodes->len;
  g_autofree int *makers = g_new (int, n_values + 1);
  Learner learner = {source, g_new0 (PraxiSectionStep, n_steps + 1), makers};
  for (guint v = 0; v < n_values; v++)
    makers[v] = -1;
  for (int i = 0; i < n_steps; i++)
    for (int j = 0; j < node_of (source, i)->n_out; j++)
      if (node_of (source, i)->out[j] >= 0)
        makers[node_of (source, i)->out[j]] = i;
  for (int i = 0; i < n_steps; i++)
    learn_step (&learner, i);
  return learner.steps;
}

void
praxi_section_steps_free (PraxiSectionStep *steps, int n_steps)
{
  for (int i = 0; i < n_steps; i++)
    g_free (steps[i].in);
  g_free (steps);
}

void
praxi_section_rows_behind (const PraxiSectionStep *steps,
                           const PraxiSectionSource *source,
                           int step,
                           int j,
                           gint64 *first,
                           gint64 *end)
{
  const PraxiSectionStep *at = &steps[step];
  const int value = node_of (source, step)->in[j];
  praxi_time_rows_behind (&at->rule, j, source->tensors[value].dims[at->in[j].axis], first, end);
}
