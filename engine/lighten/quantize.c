#include "engine/lighten/quantize.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/lighten/equalize.h"
#include "engine/lighten/quantize-plan.h"
#include "engine/model/fold.h"

/* Matrices with fewer numbers are not worth packing. */
enum { LEAST_PACKED = 4096, LEAST_OPSET = 13 };

typedef struct {
  PraxiQuantizePlan *plan;
  PraxiGraph *graph; /* the plan's; its nodes are being replaced */
  const PraxiQuantizeOptions *options;
  PraxiRange *ranges; /* one a quantized value, in the order of `values` */
  GArray *values;     /* of the graph: those that are quantized */
  float *low, *high;  /* value → limits of its group */
  int *range_of;      /* value → its entry in ranges; −1 */
  int *bytes, *reals; /* value → its bytes, and these made floats again; −1 not yet */
  int *scale, *zero;  /* value → constants of its group; −1 not yet */
  PraxiQuantizeReport report;
} Quantizer;

/* --- constants and nodes -------------------------------------------------------------------- */

static int
add_constant (Quantizer *q,
              const char *name,
              const char *suffix,
              const PraxiTensor *tensor,
              gconstpointer data)
{
  gsize size = 0;
  praxi_tensor_bytes (tensor, &size);
  g_autofree char *full = g_strconcat (name, suffix, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  return praxi_graph_add_constant (q->graph, full, tensor, bytes);
}

static int
add_scalar (Quantizer *q, int value, const char *suffix, PraxiDType dtype, gconstpointer data)
{
  const PraxiTensor tensor = {.dtype = dtype};
  return add_constant (q, praxi_graph_value (q->graph, value)->name, suffix, &tensor, data);
}

static int
add_node (Quantizer *q, const char *name, PraxiOpKind kind, int axis, const int *in, int n_in)
{
  const PraxiOp op = {.kind = kind, .axis = axis};
  const int out = praxi_graph_add_value (q->graph, name, &(PraxiTensor){.rank = -1});
  praxi_graph_add_node (q->graph, name, &op, in, n_in, &out, 1);
  return out;
}

/* --- activations ---------------------------------------------------------------------------- */

static float
step_of (const Quantizer *q, int value)
{
  const int group = praxi_quantize_group (q->plan, value);
  const float step = (q->high[group] - q->low[group]) / 255;
  return step > 1e-12f ? step : 1.0f / 255; /* what is always 0 stays so */
}

static void
make_scale (Quantizer *q, int value)
{
  const int group = praxi_quantize_group (q->plan, value);
  if (q->scale[group] < 0) {
    const float step = step_of (q, value);
    const guint8 zero = (guint8) CLAMP (rintf (-q->low[group] / step), 0, 255);
    q->scale[group] = add_scalar (q, group, "/scale", PRAXI_F32, &step);
    q->zero[group] = add_scalar (q, group, "/zero", PRAXI_U8, &zero);
  }
  q->scale[value] = q->scale[group];
  q->zero[value] = q->zero[group];
}

/* The bytes of a value: its QuantizeLinear, unless they are made as such. */
static int
bytes_of (Quantizer *q, int value)
{
  if (q->bytes[value] >= 0)
    return q->bytes[value];
  g_autofree char *name = g_strconcat (praxi_graph_value (q->graph, value)->name, "/q", NULL);
  make_scale (q, value);
  const int in[3] = {value, q->scale[value], q->zero[value]};
  return q->bytes[value] = add_node (q, name, PRAXI_OP_QUANTIZE_LINEAR, 1, in, 3);
}

static int
real_of (Quantizer *q, int value)
{
  if (q->reals[value] >= 0)
    return q->reals[value];
  const int bytes = bytes_of (q, value);
  g_autofree char *name = g_strconcat (praxi_graph_value (q->graph, value)->name, "/dq", NULL);
  const int in[3] = {bytes, q->scale[value], q->zero[value]};
  return q->reals[value] = add_node (q, name, PRAXI_OP_DEQUANTIZE_LINEAR, 1, in, 3);
}

/* --- weights -------------------------------------------------------------------------------- */

/* Weights as [outer, channels, inner] with a scale each channel. */
typedef struct {
  int axis;
  gsize outer, channels, inner;
  float *scales; /* [channels] */
  gint8 *bytes;
} Packed;

static void
packed_clear (Packed *packed)
{
  g_free (packed->scales);
  g_free (packed->bytes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Packed, packed_clear)

static gsize
channel_at (const Packed *packed, gsize i)
{
  return i / packed->inner % packed->channels;
}

/* least: [channels], what the scales have to be at least; NULL for nothing */
static void
pack (const Quantizer *q, const PraxiTensor *w, int axis, const float *least, Packed *packed)
{
  const float *from = w->data, most = q->options->weight_bits == 7 ? 63 : 127;
  *packed = (Packed){.axis = axis, .outer = 1, .inner = 1};
  for (int d = 0; d < w->rank; d++) {
    if (d < axis)
      packed->outer *= (gsize) w->dims[d];
    else if (d > axis)
      packed->inner *= (gsize) w->dims[d];
  }
  packed->channels = (gsize) w->dims[axis];
  const gsize n = packed->outer * packed->channels * packed->inner;
  packed->scales = g_new0 (float, packed->channels + 1);
  packed->bytes = g_new (gint8, n + 1);
  for (gsize i = 0; i < n; i++) {
    float *peak = &packed->scales[channel_at (packed, i)];
    *peak = MAX (*peak, fabsf (from[i]));
  }
  for (gsize c = 0; c < packed->channels; c++)
    packed->scales[c] = MAX (MAX (packed->scales[c] / most, 1e-10f), least != NULL ? least[c] : 0);
  for (gsize i = 0; i < n; i++)
    packed->bytes[i] =
        (gint8) CLAMP (rintf (from[i] / packed->scales[channel_at (packed, i)]), -most, most);
}

/* Puts constants and their DequantizeLinear in place of weights. */
static int
add_packed (Quantizer *q, const char *name, const PraxiTensor *shape, const Packed *packed)
{
  g_autofree gint8 *zeros = g_new0 (gint8, packed->channels + 1);
  PraxiTensor w = *shape;
  w.dtype = PRAXI_S8;
  const PraxiTensor scales = {.dtype = PRAXI_F32, .rank = 1, .dims = {(int64_t) packed->channels}};
  PraxiTensor zero = scales;
  zero.dtype = PRAXI_S8;
  const int in[3] = {add_constant (q, name, "/int8", &w, packed->bytes),
                     add_constant (q, name, "/scale", &scales, packed->scales),
                     add_constant (q, name, "/zero", &zero, zeros)};
  g_autofree char *made = g_strconcat (name, "/dq", NULL);
  return add_node (q, made, PRAXI_OP_DEQUANTIZE_LINEAR, packed->axis, in, 3);
}

/* Weights that were rounded shift the mean of an output by Σ (W' − W) · E [x]: taken off the bias.
 */
static void
correct_bias (const Quantizer *q, const PraxiNode *conv, const Packed *packed, double *bias)
{
  const PraxiTensor *w = &praxi_graph_value (q->graph, conv->in[1])->tensor;
  const int range = q->range_of[conv->in[0]];
  if (q->options->no_bias_correction || range < 0)
    return;
  const float *from = w->data, *mean = q->ranges[range].channel_mean;
  const gsize n_in = (gsize) w->dims[1], window = packed->inner / n_in;
  const gsize per_group = packed->channels / (gsize) conv->op.window.group;
  for (gsize o = 0; o < packed->channels; o++)
    for (gsize i = 0; i < packed->inner; i++) {
      const gsize at = o * packed->inner + i;
      const gsize c = o / per_group * n_in + i / window;
      bias[o] -= ((double) packed->bytes[at] * (double) packed->scales[o] - (double) from[at]) *
                 (double) mean[c];
    }
}

static int
add_bias (Quantizer *q, const char *name, const double *bias, const Packed *packed, float x_step)
{
  const gsize n = packed->channels;
  g_autofree gint32 *whole = g_new (gint32, n + 1), *zeros = g_new0 (gint32, n + 1);
  g_autofree float *steps = g_new (float, n + 1);
  for (gsize o = 0; o < n; o++) {
    steps[o] = x_step * packed->scales[o];
    whole[o] = (gint32) rint (bias[o] / (double) steps[o]);
  }
  PraxiTensor tensor = {.dtype = PRAXI_S32, .rank = 1, .dims = {(int64_t) n}};
  int in[3] = {add_constant (q, name, "/bias_int32", &tensor, whole), -1, -1};
  in[2] = add_constant (q, name, "/bias_zero", &tensor, zeros);
  tensor.dtype = PRAXI_F32;
  in[1] = add_constant (q, name, "/bias_scale", &tensor, steps);
  g_autofree char *made = g_strconcat (name, "/bias_dq", NULL);
  return add_node (q, made, PRAXI_OP_DEQUANTIZE_LINEAR, 0, in, 3);
}

/* Scales below these would make a bias overflow its 32 bits. */
static float *
least_scales (const float *bias, gsize n, float x_step)
{
  float *least = g_new0 (float, n + 1);
  for (gsize o = 0; bias != NULL && o < n; o++)
    least[o] = fabsf (bias[o]) / x_step / (float) (1 << 30);
  return least;
}

static void
quantize_conv (Quantizer *q, PraxiNode *conv)
{
  const char *name = praxi_graph_value (q->graph, conv->in[1])->name;
  const PraxiTensor w = praxi_graph_value (q->graph, conv->in[1])->tensor;
  const gboolean has_bias = conv->n_in > 2 && conv->in[2] >= 0;
  const float *given = has_bias ? praxi_graph_value (q->graph, conv->in[2])->tensor.data : NULL;
  const gsize channels = (gsize) w.dims[0];
  const float x_step = step_of (q, conv->in[0]);
  g_autofree double *bias = g_new0 (double, channels + 1);
  g_autofree float *least = least_scales (given, channels, x_step);
  g_auto (Packed) packed;
  pack (q, &w, 0, least, &packed);
  for (gsize o = 0; has_bias && o < channels; o++)
    bias[o] = (double) given[o];
  correct_bias (q, conv, &packed, bias);
  const int x = real_of (q, conv->in[0]);
  const int in[3] = {x, add_packed (q, name, &w, &packed),
                     add_bias (q, name, bias, &packed, x_step)};
  g_free (conv->in);
  conv->in = g_memdup2 (in, sizeof in);
  conv->n_in = 3;
  q->report.n_int8++;
}

/* Weights of the head: bytes in the file, floats when it is loaded. */
static void
pack_head (Quantizer *q, PraxiNode *node)
{
  const PraxiValue *weights = praxi_graph_value (q->graph, node->in[1]);
  const PraxiTensor w = weights->tensor;
  int64_t count = 0;
  praxi_tensor_count (&w, &count);
  const gboolean is_row =
      node->op.kind == PRAXI_OP_CONV || (node->op.kind == PRAXI_OP_GEMM && node->op.transpose_b);
  if (count < LEAST_PACKED || (node->op.kind != PRAXI_OP_CONV && w.rank != 2)) {
    q->report.n_float++;
    return;
  }
  g_auto (Packed) packed;
  pack (q, &w, is_row ? 0 : 1, NULL, &packed);
  node->in[1] = add_packed (q, weights->name, &w, &packed);
  q->report.n_packed++;
}

/* --- rewriting ------------------------------------------------------------------------------ */

static void
move_bytes (Quantizer *q, PraxiNode *node)
{
  const int n_data = praxi_quantize_n_data (node);
  for (int j = 0; j < n_data; j++)
    node->in[j] = bytes_of (q, node->in[j]);
  for (int j = 0; j < node->n_out; j++) {
    const int value = node->out[j];
    if (value < 0)
      continue;
    g_autofree char *name = g_strconcat (praxi_graph_value (q->graph, value)->name, "/q", NULL);
    make_scale (q, value);
    q->bytes[value] = praxi_graph_add_value (q->graph, name, &(PraxiTensor){.rank = -1});
    node->out[j] = q->bytes[value];
  }
}

/* What an INT8 node made is read as bytes made floats, by whoever reads it. */
static void
read_reals (Quantizer *q, PraxiNode *node, gboolean is_int8)
{
  for (int j = 0; j < node->n_in; j++) {
    const int value = node->in[j];
    if (value < 0 || value >= q->plan->n_values || !q->plan->is_quantized[value])
      continue;
    const int made_by = q->plan->makers[value];
    if (is_int8 || (made_by >= 0 && q->plan->is_int8[made_by]))
      node->in[j] = real_of (q, value);
  }
}

static void
rewrite_node (Quantizer *q, int number, PraxiNode *node)
{
  const gboolean is_int8 = q->plan->is_int8[number];
  if (is_int8 && praxi_quantize_is_move (node->op.kind)) {
    move_bytes (q, node);
  } else {
    if (is_int8 && node->op.kind == PRAXI_OP_CONV)
      quantize_conv (q, node);
    else
      read_reals (q, node, is_int8);
    if (q->plan->is_head[number])
      pack_head (q, node);
  }
  g_ptr_array_add (q->graph->nodes, node);
}

static void
rewrite (Quantizer *q)
{
  gsize n = 0;
  g_autofree gpointer *old = g_ptr_array_steal (q->graph->nodes, &n);
  for (gsize i = 0; i < n; i++)
    rewrite_node (q, (int) i, old[i]);
}

/* --- ranges --------------------------------------------------------------------------------- */

static void
spread_ranges (Quantizer *q)
{
  for (guint k = 0; k < q->values->len; k++) {
    const int value = g_array_index (q->values, int, k);
    const int group = praxi_quantize_group (q->plan, value);
    q->range_of[value] = (int) k;
    q->low[group] = MIN (q->low[group], q->ranges[k].low);
    q->high[group] = MAX (q->high[group], q->ranges[k].high);
    q->report.largest_range = MAX (q->report.largest_range, q->high[group] - q->low[group]);
  }
}

static gboolean
calibrate (Quantizer *q, const PraxiCalibrationClips *clips, GError **error)
{
  g_autoptr (GArray) shown = g_array_new (FALSE, FALSE, sizeof (int));
  for (int i = 0; i < q->plan->n_values; i++)
    if (q->plan->is_quantized[i]) {
      g_array_append_val (q->values, i);
      g_array_append_val (shown, q->plan->shape_of[i]);
    }
  q->ranges = praxi_calibrate (q->plan->resolved, (const int *) (void *) shown->data,
                               (int) shown->len, q->options->method, clips, error);
  if (q->ranges == NULL)
    return FALSE;
  spread_ranges (q);
  return TRUE;
}

/* Measures peaks once: scaling one pair changes no other pair's value. */
static gboolean
equalize (Quantizer *q, const PraxiCalibrationClips *clips, GError **error)
{
  g_autoptr (GArray) pairs = praxi_equalize_pairs (q->plan);
  if (q->options->no_equalize || pairs->len == 0)
    return TRUE;
  g_autofree int *shown = g_new (int, pairs->len);
  for (guint i = 0; i < pairs->len; i++)
    shown[i] = q->plan->shape_of[g_array_index (pairs, PraxiConvPair, i).value];
  PraxiRange *ranges = praxi_calibrate (q->plan->resolved, shown, (int) pairs->len,
                                        PRAXI_RANGE_MIN_MAX, clips, error);
  if (ranges == NULL)
    return FALSE;
  for (guint i = 0; i < pairs->len; i++)
    praxi_equalize_pair (q->plan, &g_array_index (pairs, PraxiConvPair, i), ranges[i].channel_peak);
  praxi_ranges_free (ranges, (int) pairs->len);
  q->report.n_equalized = (int) pairs->len;
  praxi_graph_unref (q->plan->resolved);
  q->plan->resolved = praxi_graph_resolve (q->graph, NULL, 0, 1, error);
  return q->plan->resolved != NULL;
}

/* --- the whole ------------------------------------------------------------------------------ */

static int *
unset (int n)
{
  int *numbers = g_new (int, n + 1);
  for (int i = 0; i <= n; i++)
    numbers[i] = -1;
  return numbers;
}

static void
begin (Quantizer *q)
{
  const int n = q->plan->n_values;
  q->graph = q->plan->graph;
  q->values = g_array_new (FALSE, FALSE, sizeof (int));
  q->low = g_new0 (float, n + 1);
  q->high = g_new0 (float, n + 1);
  q->range_of = unset (n);
  q->bytes = unset (n);
  q->reals = unset (n);
  q->scale = unset (n);
  q->zero = unset (n);
}

static void
end (Quantizer *q)
{
  praxi_ranges_free (q->ranges, (int) q->values->len);
  g_array_unref (q->values);
  g_free (q->low);
  g_free (q->high);
  g_free (q->range_of);
  g_free (q->bytes);
  g_free (q->reals);
  g_free (q->scale);
  g_free (q->zero);
}

static gboolean
check_plan (const PraxiQuantizePlan *plan, GError **error)
{
  gboolean any = FALSE, is_int8 = FALSE;
  for (int i = 0; i < plan->n_nodes; i++) {
    const PraxiOpKind kind = praxi_graph_node (plan->graph, i)->op.kind;
    any = any || (plan->is_int8[i] && kind == PRAXI_OP_CONV);
    is_int8 = is_int8 || kind == PRAXI_OP_QUANTIZE_LINEAR || kind == PRAXI_OP_QLINEAR_CONV;
  }
  if (any && plan->graph->opset >= LEAST_OPSET)
    return TRUE;
  if (any)
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "opset %d has no scale for each channel; export the model with opset 17",
                 plan->graph->opset);
  else
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                         is_int8 ? "is INT8 already"
                                 : "has no convolution that could work on INT8");
  return FALSE;
}

PraxiGraph *
praxi_quantize (const PraxiGraph *graph,
                const PraxiQuantizeOptions *options,
                const PraxiCalibrationClips *clips,
                PraxiQuantizeReport *report,
                GError **error)
{
  static const PraxiQuantizeOptions none = {0};
  PraxiGraph *copy = praxi_graph_copy (graph);
  praxi_graph_fold_batch_norm (copy);
  g_autoptr (PraxiQuantizePlan) plan = praxi_quantize_plan_new (copy, error);
  if (plan == NULL || !check_plan (plan, error))
    return NULL;
  Quantizer q = {.plan = plan, .options = options != NULL ? options : &none};
  begin (&q);
  const gboolean good = equalize (&q, clips, error) && calibrate (&q, clips, error);
  if (good) {
    rewrite (&q);
    if (report != NULL)
      *report = q.report;
  }
  end (&q);
  if (!good || !praxi_graph_sort (copy, error))
    return NULL;
  praxi_graph_prune (copy);
  return praxi_graph_ref (copy);
}
