#include "engine/train/temper.h"

#include <math.h>

#include "engine/model/merge.h"
#include "engine/train/loss.h"

#define SURE 1e-6
#define PRIOR 1.0 /* clips' worth of belief that slope is 1 and shift 0 */
enum { MOST_STEPS = 50, MOST_OUTPUTS = 64 };

static double
probability (double p)
{
  return CLAMP (p, SURE, 1 - SURE);
}

static double
entropy (double p, gboolean y)
{
  return -log (probability (y ? p : 1 - p));
}

/* Newton's method on Σ CE (σ (a z + b), y) + PRIOR / 2 ((a − 1)² + b²), which is convex. */
static gboolean
fit_event (const float *scores,
           const int *truth,
           int n,
           int n_classes,
           int event,
           double *a,
           double *b)
{
  int n_yes = 0;
  *a = 1;
  *b = 0;
  for (int i = 0; i < n; i++)
    n_yes += truth[i] == event;
  if (n_yes == 0 || n_yes == n)
    return FALSE;
  for (int step = 0; step < MOST_STEPS; step++) {
    double ga = PRIOR * (*a - 1), gb = PRIOR * *b, haa = PRIOR, hab = 0, hbb = PRIOR;
    for (int i = 0; i < n; i++) {
      const double p = probability ((double) scores[i * n_classes + event]), z = log (p / (1 - p));
      const double q = 1 / (1 + exp (-(*a * z + *b))), off = q - (truth[i] == event);
      const double w = q * (1 - q);
      ga += off * z;
      gb += off;
      haa += w * z * z;
      hab += w * z;
      hbb += w;
    }
    const double det = haa * hbb - hab * hab;
    const double da = (ga * hbb - gb * hab) / det, db = (gb * haa - ga * hab) / det;
    *a -= CLAMP (da, -1, 1);
    *b -= CLAMP (db, -1, 1);
    if (fabs (da) + fabs (db) < 1e-9)
      break;
  }
  *a = MAX (*a, 0.01); /* a score that says the opposite is no matter of calibration */
  return TRUE;
}

/* −Σ log softmax (a log p) at the truth */
static double
softmax_entropy (const float *scores, const int *truth, int n, int n_classes, double a)
{
  double sum = 0;
  for (int i = 0; i < n; i++) {
    double all = 0, own = 0;
    for (int c = 0; c < n_classes; c++) {
      const double part = pow (probability ((double) scores[i * n_classes + c]), a);
      all += part;
      own = c == truth[i] ? part : own;
    }
    sum -= log (own / all);
  }
  return sum;
}

/* Golden section over the logarithm of a. */
static double
fit_softmax (const float *scores, const int *truth, int n, int n_classes)
{
  const double golden = (sqrt (5) - 1) / 2;
  double low = log (0.1), high = log (10);
  while (high - low > 1e-6) {
    const double x = high - golden * (high - low), y = low + golden * (high - low);
    if (softmax_entropy (scores, truth, n, n_classes, exp (x)) <
        softmax_entropy (scores, truth, n, n_classes, exp (y)))
      high = y;
    else
      low = x;
  }
  return exp ((low + high) / 2);
}

gboolean
praxi_temper_fit (const float *scores,
                  const int *truth,
                  int n,
                  int n_classes,
                  int n_outputs,
                  gboolean is_exclusive,
                  PraxiTemper *temper)
{
  *temper = (PraxiTemper){.n = is_exclusive ? 1 : n_outputs};
  if (n == 0 || temper->n > MOST_OUTPUTS)
    return FALSE;
  if (is_exclusive) {
    temper->slope[0] = fit_softmax (scores, truth, n, n_classes);
    temper->before = softmax_entropy (scores, truth, n, n_classes, 1) / n;
    temper->after = softmax_entropy (scores, truth, n, n_classes, temper->slope[0]) / n;
    return TRUE;
  }
  for (int k = 0; k < n_outputs; k++) {
    const int event = n_classes - n_outputs + k;
    if (!fit_event (scores, truth, n, n_classes, event, &temper->slope[k], &temper->shift[k]))
      return FALSE;
    for (int i = 0; i < n; i++) {
      const double p = probability ((double) scores[i * n_classes + event]), z = log (p / (1 - p));
      const double q = 1 / (1 + exp (-(temper->slope[k] * z + temper->shift[k])));
      temper->before += entropy (p, truth[i] == event) / n;
      temper->after += entropy (q, truth[i] == event) / n;
    }
  }
  return TRUE;
}

/* --- into the graph ------------------------------------------------------------------------- */

/* x op numbers, put in before the node at a place. out: −1: a new value */
static int
insert (PraxiGraph *graph,
        guint *at,
        PraxiOpKind kind,
        int x,
        const double *numbers,
        int n,
        int out)
{
  const char *stem = kind == PRAXI_OP_MUL ? "calibration/slope" : "calibration/shift";
  g_autofree char *name = praxi_graph_unused_name (graph, stem);
  g_autofree float *floats = g_new (float, n + 1);
  for (int i = 0; i < n; i++)
    floats[i] = (float) numbers[i];
  g_autoptr (GBytes) bytes = g_bytes_new (floats, sizeof *floats * (gsize) n);
  const PraxiTensor tensor = {.dtype = PRAXI_F32, .rank = 1, .dims = {n}};
  const int in[2] = {x, praxi_graph_add_constant (graph, name, &tensor, bytes)};
  g_autofree char *made = g_strconcat (name, "/scaled", NULL);
  if (out < 0)
    out = praxi_graph_add_value (graph, made, &(PraxiTensor){.rank = -1});
  g_ptr_array_insert (graph->nodes, (int) (*at)++,
                      praxi_node_new (made, &(PraxiOp){.kind = kind}, in, 2, &out, 1));
  return out;
}

void
praxi_temper_apply (PraxiGraph *graph, const PraxiTemper *temper, gboolean is_logits)
{
  guint at = 0;
  if (!is_logits) {
    PraxiNode *decision = praxi_loss_decision (graph, FALSE);
    g_ptr_array_find (graph->nodes, decision, &at);
    int z = insert (graph, &at, PRAXI_OP_MUL, decision->in[0], temper->slope, temper->n, -1);
    if (decision->op.kind == PRAXI_OP_SIGMOID)
      z = insert (graph, &at, PRAXI_OP_ADD, z, temper->shift, temper->n, -1);
    decision->in[0] = z;
    return;
  }
  /* The scores keep their name: what made them makes something before them. */
  const int scores = g_array_index (graph->outputs, int, 0);
  g_autofree int *makers = praxi_graph_makers (graph);
  g_autofree char *name = praxi_graph_unused_name (graph, "calibration/logits");
  PraxiNode *maker = praxi_graph_node (graph, makers[scores]);
  const int before = praxi_graph_add_value (graph, name, &(PraxiTensor){.rank = -1});
  for (int j = 0; j < maker->n_out; j++)
    maker->out[j] = maker->out[j] == scores ? before : maker->out[j];
  at = (guint) makers[scores] + 1;
  insert (graph, &at, PRAXI_OP_MUL, before, temper->slope, temper->n, scores);
}
