#include "engine/train/head-fit.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/train/trainable-params.h"

#define PENALTY 0.03
#define LEAST 1e-6 /* probability */
#define SAFETY 1.1 /* over the largest eigenvalue found */
enum { STEPS = 300, POWER_STEPS = 20, LANES = 8, MOST_OUTPUTS = 1000 };

/* --- the regression ------------------------------------------------------------------------- */

/* Features of mean 0 and deviation 1, [n][width], and a weight a row that adds up to 1. */
typedef struct {
  const PraxiFeatures *features;
  const PraxiHeadFit *how;
  double *share; /* [n] */
} Fit;

static float
dot (const float *a, const float *b, int n)
{
  float sums[LANES] = {0}, sum = 0;
  int i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++)
      sums[k] += a[i + k] * b[i + k];
  for (; i < n; i++)
    sum += a[i] * b[i];
  for (int k = 0; k < LANES; k++)
    sum += sums[k];
  return sum;
}

static void
add_scaled (float *to, const float *from, float by, int n)
{
  for (int i = 0; i < n; i++)
    to[i] += by * from[i];
}

static const float *
row (const PraxiFeatures *features, int i)
{
  return features->x + (gsize) i * (gsize) features->width;
}

/* Logits become probabilities. */
static void
decide (const PraxiHeadFit *how, double *z)
{
  double most = z[0], sum = 0;
  for (int k = 0; k < how->n_outputs && !how->is_exclusive; k++)
    z[k] = 1 / (1 + exp (-z[k]));
  if (!how->is_exclusive)
    return;
  for (int k = 1; k < how->n_outputs; k++)
    most = MAX (most, z[k]);
  for (int k = 0; k < how->n_outputs; k++)
    sum += z[k] = exp (z[k] - most);
  for (int k = 0; k < how->n_outputs; k++)
    z[k] /= sum;
}

/* The derivative of Σ share CE + PENALTY / 2 |w|² at w [n_outputs][width + 1], the bias last. */
static void
differentiate (const Fit *fit, const float *w, float *gradient)
{
  const PraxiFeatures *f = fit->features;
  const int K = fit->how->n_outputs, width = f->width, stride = width + 1;
  double z[MOST_OUTPUTS];
  memset (gradient, 0, sizeof *gradient * (gsize) (K * stride));
  for (int i = 0; i < f->n; i++) {
    const float *x = row (f, i);
    for (int k = 0; k < K; k++)
      z[k] = (double) (dot (w + k * stride, x, width) + w[k * stride + width]);
    decide (fit->how, z);
    for (int k = 0; k < K; k++) {
      const int target = f->class_of[i] == f->n_classes - K + k;
      const float off = (float) (fit->share[i] * (z[k] - target));
      add_scaled (gradient + k * stride, x, off, width);
      gradient[k * stride + width] += off;
    }
  }
  for (int k = 0; k < K; k++)
    add_scaled (gradient + k * stride, w + k * stride, (float) PENALTY, width);
}

/* The largest eigenvalue of Σ share (x,1) (x,1)ᵀ, by powers. */
static double
largest_eigenvalue (const Fit *fit)
{
  const PraxiFeatures *f = fit->features;
  const int n = f->width + 1;
  g_autofree float *v = g_new (float, n), *next = g_new (float, n);
  double size = 1;
  for (int i = 0; i < n; i++)
    v[i] = 1 / sqrtf ((float) n);
  for (int step = 0; step < POWER_STEPS; step++) {
    memset (next, 0, sizeof *next * (gsize) n);
    for (int i = 0; i < f->n; i++) {
      const float along = dot (v, row (f, i), f->width) + v[f->width];
      const float by = (float) fit->share[i] * along;
      add_scaled (next, row (f, i), by, f->width);
      next[f->width] += by;
    }
    size = sqrt ((double) dot (next, next, n));
    for (int i = 0; i < n && size > 0; i++)
      v[i] = next[i] / (float) size;
  }
  return size;
}

/* Accelerated descent (Nesterov, 1983). w: [n_outputs][width + 1], 0 at first */
static void
descend (const Fit *fit, float *w)
{
  const int n = fit->how->n_outputs * (fit->features->width + 1);
  const double curvature = fit->how->is_exclusive ? 0.5 : 0.25;
  const double step = 1 / (SAFETY * curvature * largest_eigenvalue (fit) + PENALTY);
  g_autofree float *ahead = g_memdup2 (w, sizeof *w * (gsize) n), *gradient = g_new (float, n);
  double t = 1;
  for (int i = 0; i < STEPS; i++) {
    const double t_next = (1 + sqrt (1 + 4 * t * t)) / 2;
    const float momentum = (float) ((t - 1) / t_next);
    differentiate (fit, ahead, gradient);
    for (int k = 0; k < n; k++) {
      const float moved = ahead[k] - (float) step * gradient[k];
      ahead[k] = moved + momentum * (moved - w[k]);
      w[k] = moved;
    }
    t = t_next;
  }
}

/* --- which clips ---------------------------------------------------------------------------- */

/* Copies rows of features. */
static PraxiFeatures *
choose (const PraxiFeatures *from, const int *rows, int n)
{
  PraxiFeatures *to = praxi_features_new (n, from->width, from->n_classes);
  for (int i = 0; i < n; i++) {
    memcpy (to->x + (gsize) i * (gsize) to->width, row (from, rows[i]),
            sizeof (float) * (gsize) to->width);
    to->class_of[i] = from->class_of[rows[i]];
    to->clip_of[i] = from->clip_of[rows[i]];
  }
  return to;
}

/* As many of every class as the rarest has, drawn without putting back. */
static PraxiFeatures *
draw_balanced (const PraxiFeatures *from, GRand *random)
{
  g_autofree int *order = g_new (int, from->n + 1), *left = g_new0 (int, from->n_classes + 1);
  int least = G_MAXINT, n = 0;
  for (int i = 0; i < from->n; i++) {
    order[i] = i;
    left[from->class_of[i]]++;
  }
  for (int c = 0; c < from->n_classes; c++)
    least = left[c] > 0 ? MIN (least, left[c]) : least;
  for (int i = from->n - 1; i > 0; i--) {
    const int j = g_rand_int_range (random, 0, i + 1), other = order[j];
    order[j] = order[i];
    order[i] = other;
  }
  for (int c = 0; c < from->n_classes; c++)
    left[c] = least;
  for (int i = 0; i < from->n; i++)
    if (left[from->class_of[order[i]]]-- > 0)
      order[n++] = order[i];
  return choose (from, order, n);
}

/* What each row counts for, so that classes have the weight they have when drawn. */
static double *
shares (const PraxiFeatures *features, PraxiBalance balance)
{
  double *share = g_new (double, features->n + 1), sum = 0;
  g_autofree double *counts = g_new0 (double, features->n_classes + 1);
  for (int i = 0; i < features->n; i++)
    counts[features->class_of[i]]++;
  for (int i = 0; i < features->n; i++) {
    const double count = counts[features->class_of[i]];
    share[i] = balance == PRAXI_BALANCE_NONE    ? 1
               : balance == PRAXI_BALANCE_EQUAL ? 1 / count
                                                : 1 / sqrt (count);
    sum += share[i];
  }
  for (int i = 0; i < features->n; i++)
    share[i] /= sum;
  return share;
}

/* Fits to these rows and adds the outcome to w. */
static void
fit_to (const PraxiFeatures *features, const PraxiHeadFit *how, PraxiBalance balance, float *w)
{
  const gsize n = (gsize) how->n_outputs * (gsize) (features->width + 1);
  g_autofree double *share = shares (features, balance);
  g_autofree float *own = g_new0 (float, n + 1);
  const Fit fit = {features, how, share};
  descend (&fit, own);
  for (gsize i = 0; i < n; i++)
    w[i] += own[i];
}

static void
fit_parts (const PraxiFeatures *scaled, const PraxiHeadFit *how, GRand *random, float *w)
{
  if (how->smote) {
    g_autoptr (PraxiFeatures) all = praxi_smote (scaled, 0, random);
    fit_to (all, how, PRAXI_BALANCE_NONE, w);
    return;
  }
  if (how->ensemble <= 0)
    fit_to (scaled, how, how->balance, w);
  for (int i = 0; i < how->ensemble; i++) {
    g_autoptr (PraxiFeatures) part = draw_balanced (scaled, random);
    fit_to (part, how, PRAXI_BALANCE_NONE, w);
  }
}

/* Mean and deviation of each feature; a copy of them without. */
static PraxiFeatures *
scale (const PraxiFeatures *features, double *mean, double *deviation)
{
  g_autofree int *all = g_new (int, features->n + 1);
  const int width = features->width;
  for (int i = 0; i < features->n; i++)
    all[i] = i;
  PraxiFeatures *scaled = choose (features, all, features->n);
  for (int k = 0; k < width; k++) {
    double sum = 0, squares = 0;
    for (int i = 0; i < scaled->n; i++)
      sum += (double) row (scaled, i)[k];
    mean[k] = sum / scaled->n;
    for (int i = 0; i < scaled->n; i++)
      squares += pow ((double) row (scaled, i)[k] - mean[k], 2);
    deviation[k] = sqrt (squares / scaled->n);
    /* What hardly ever changes says nothing, and would say too much where it does. */
    const double by = deviation[k] > 1e-6 * (fabs (mean[k]) + 1e-6) ? 1 / deviation[k] : 0;
    deviation[k] = by > 0 ? deviation[k] : 0;
    for (int i = 0; i < scaled->n; i++) {
      float *x = scaled->x + (gsize) i * (gsize) width + k;
      *x = (float) (((double) *x - mean[k]) * by);
    }
  }
  return scaled;
}

/* weights: [n_outputs][width] of features as they are */
static double
mean_entropy (const PraxiFeatures *features,
              const PraxiHeadFit *how,
              const float *weights,
              const float *bias)
{
  const int K = how->n_outputs, first = features->n_classes - K;
  double z[MOST_OUTPUTS], sum = 0;
  for (int i = 0; i < features->n; i++) {
    for (int k = 0; k < K; k++)
      z[k] = (double) (dot (weights + (gsize) k * (gsize) features->width, row (features, i),
                            features->width) +
                       bias[k]);
    decide (how, z);
    for (int k = 0; k < K; k++) {
      const double p = CLAMP (z[k], LEAST, 1 - LEAST);
      if (features->class_of[i] == first + k)
        sum -= log (p);
      else if (!how->is_exclusive)
        sum -= log (1 - p);
    }
  }
  return sum / MAX (features->n, 1);
}

double
praxi_head_fit (const PraxiFeatures *features, const PraxiHeadFit *how, float *weights, float *bias)
{
  const int width = features->width, stride = width + 1, K = how->n_outputs;
  g_autofree double *mean = g_new (double, stride), *deviation = g_new (double, stride);
  g_autofree float *w = g_new0 (float, (gsize) K *(gsize) stride + 1);
  g_autoptr (GRand) random = g_rand_new_with_seed (how->seed);
  g_autoptr (PraxiFeatures) scaled = scale (features, mean, deviation);
  fit_parts (scaled, how, random, w);
  const double part = 1.0 / MAX (how->smote ? 1 : how->ensemble, 1);
  for (int k = 0; k < K; k++) {
    double shift = (double) w[k * stride + width] * part;
    for (int i = 0; i < width; i++) {
      const double by = deviation[i] > 0 ? (double) w[k * stride + i] * part / deviation[i] : 0;
      weights[(gsize) k * (gsize) width + (gsize) i] = (float) by;
      shift -= by * mean[i];
    }
    bias[k] = (float) shift;
  }
  return mean_entropy (features, how, weights, bias);
}

/* --- in a model ----------------------------------------------------------------------------- */

typedef struct {
  const PraxiNode *node;
  PraxiParam *weight, *bias;
  int64_t width;
} Head;

static PraxiParam *
param_of (const PraxiTrainable *trainable, int value)
{
  for (guint i = 0; i < trainable->params->len; i++) {
    const guint at = (guint) trainable->n_features + i;
    PraxiParam *param = trainable->params->pdata[i];
    if (g_array_index (trainable->decide->inputs, int, at) == value)
      return param->kind == PRAXI_PARAM_F32 ? param : NULL;
  }
  return NULL;
}

static gboolean
find_head (const PraxiTrainable *trainable, Head *head)
{
  const PraxiGraph *graph = trainable->decide;
  g_autofree gboolean *heads = praxi_trainable_heads (graph);
  g_autofree int *makers = praxi_graph_makers (graph);
  const int decided = makers[g_array_index (graph->outputs, int, 0)];
  const int logits = decided >= 0 ? praxi_graph_node (graph, decided)->in[0] : -1;
  *head = (Head){0};
  if (logits < 0 || makers[logits] < 0 || !heads[makers[logits]])
    return FALSE;
  const PraxiNode *node = head->node = praxi_graph_node (graph, makers[logits]);
  const PraxiTensor *x = &praxi_graph_value (graph, node->in[0])->tensor;
  const PraxiOp *op = &node->op;
  if (op->kind != PRAXI_OP_GEMM || node->n_in < 3 || x->rank != 2 || x->dtype != PRAXI_F32 ||
      x->dims[0] != trainable->batch || op->transpose_a || op->alpha != 1 || op->beta != 1)
    return FALSE;
  head->width = x->dims[1];
  head->weight = param_of (trainable, node->in[1]);
  head->bias = param_of (trainable, node->in[2]);
  return head->weight != NULL && head->bias != NULL && trainable->n_outputs <= MOST_OUTPUTS &&
         head->weight->n == (gsize) (head->width * trainable->n_outputs) &&
         head->bias->n == (gsize) trainable->n_outputs;
}

gboolean
praxi_head_is_single (const PraxiTrainable *trainable)
{
  Head head;
  return find_head (trainable, &head);
}

void
praxi_head_put (PraxiTrainable *trainable, const float *weights, const float *bias)
{
  Head head;
  if (!find_head (trainable, &head))
    return;
  const gsize width = (gsize) head.width, K = (gsize) trainable->n_outputs;
  float *to = head.weight->tensor.data;
  for (gsize k = 0; k < K; k++)
    for (gsize i = 0; i < width; i++)
      to[head.node->op.transpose_b ? k * width + i : i * K + k] = weights[k * width + i];
  memcpy (head.bias->tensor.data, bias, sizeof *bias * K);
}

/* What runs from the stepper's features to what the layer reads. */
static PraxiExecutor *
make_executor (const PraxiTrainable *trainable, const Head *head, int threads, GError **error)
{
  const PraxiExecutorOptions options = {.backend = "cpu", .threads = threads, .no_fuse = TRUE};
  g_autoptr (PraxiGraph) graph = praxi_graph_copy (trainable->decide);
  const int out = head->node->in[0];
  g_array_set_size (graph->outputs, 0);
  g_array_append_val (graph->outputs, out);
  praxi_graph_prune (graph);
  return praxi_executor_new_for_graph (graph, NULL, 0, &options, error);
}

static PraxiTensor *
make_inputs (const PraxiTrainable *trainable, PraxiExecutor *executor, PraxiStepper *stepper)
{
  const int n = praxi_executor_n_inputs (executor);
  PraxiTensor *inputs = g_new0 (PraxiTensor, n + 1);
  for (int i = 0; i < n; i++) {
    inputs[i] = *praxi_executor_input (executor, i);
    inputs[i].data =
        i < trainable->n_features
            ? praxi_stepper_batch (stepper)->features[i]
            : ((PraxiParam *) trainable->params->pdata[i - trainable->n_features])->tensor.data;
  }
  return inputs;
}

PraxiFeatures *
praxi_head_features (const PraxiTrainable *trainable,
                     const PraxiModelSpec *spec,
                     PraxiStepper *stepper,
                     const PraxiSource *source,
                     int n_views,
                     GRand *random,
                     int threads,
                     GError **error)
{
  Head head;
  const int B = trainable->batch, n = (int) source->n * n_views;
  if (!find_head (trainable, &head)) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                         "the last layer cannot be fitted: several layers make the scores");
    return NULL;
  }
  g_autoptr (PraxiExecutor) executor = make_executor (trainable, &head, threads, error);
  if (executor == NULL)
    return NULL;
  const gsize width = (gsize) head.width;
  g_autoptr (PraxiFeatures) features = praxi_features_new (n, (int) head.width, spec->n_classes);
  g_autofree PraxiTensor *inputs = make_inputs (trainable, executor, stepper);
  g_autofree float *out = g_new (float, (gsize) B *width + 1);
  PraxiTensor output = *praxi_executor_output (executor, 0);
  output.data = out;
  for (int first = 0; first < n; first += B) {
    for (int b = 0; b < B; b++) {
      const int at = MIN (first + b, n - 1);
      GRand *change = at < (int) source->n ? NULL : random;
      features->clip_of[at] = at % (int) source->n;
      features->class_of[at] = source->class_of (source->data, (guint) features->clip_of[at]);
      if (!source->load (source->data, stepper, (guint) features->clip_of[at], change, b, error))
        return NULL;
    }
    if (!praxi_executor_run_tensors (executor, inputs, &output, error))
      return NULL;
    memcpy (features->x + (gsize) first * width, out,
            sizeof *out * width * (gsize) MIN (B, n - first));
  }
  return g_steal_pointer (&features);
}
