/* praxi train --folds --curves: what thresholds find and what they raise in vain, by footage that
 * every fold's model held out.
 */
#include <math.h>

#include "app/train-folds.h"
#include "engine/core/replace-file.h"
#include "engine/train/curves.h"

enum { MAX_POINTS = 500 };

static void
add_row (GString *text, const char *class, const char *curve, PraxiCurvePoint point, double at)
{
  char x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE], threshold[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (x, sizeof x, "%.4f", point.x);
  g_ascii_formatd (y, sizeof y, "%.4f", point.y);
  g_ascii_formatd (threshold, sizeof threshold, "%.3f", at);
  g_string_append_printf (text, "\"%s\",%s,%s,%s,%s\n", class, curve, x, y,
                          isnan (at) ? "" : threshold);
}

/* One threshold for all folds, from high to low. */
static void
add_events (GString *text, const PraxiTrainFolds *folds, const char *name, int event)
{
  int n_spans = 0;
  double hours = 0;
  for (int fold = 0; fold < folds->job->folds; fold++)
    hours += folds->quiet_hours[fold * folds->n_classes + event];
  for (guint i = 0; i < folds->figures->len; i++) {
    const PraxiEventFigures *figures = &g_array_index (folds->figures, PraxiEventFigures, i);
    if (figures->class_index == event && g_str_equal (figures->part, "all"))
      n_spans = figures->n_spans;
  }
  for (int i = PRAXI_THRESHOLDS - 1; i >= 0 && n_spans > 0 && hours > 0; i--) {
    int n_found = 0, n_false = 0;
    for (int fold = 0; fold < folds->job->folds; fold++) {
      const int row = fold * folds->n_classes + event;
      n_found += folds->tried[row * PRAXI_THRESHOLDS + i].n_found;
      n_false += folds->tried[row * PRAXI_THRESHOLDS + i].n_false;
    }
    add_row (text, name, "events", (PraxiCurvePoint){n_false / hours, (double) n_found / n_spans},
             praxi_threshold_at (i));
  }
}

static void
add_samples (GString *text, const PraxiTrainFolds *folds, const char *name, int event)
{
  g_autoptr (GArray) list = praxi_train_folds_list (folds, event);
  g_autofree float *scores = g_new (float, list->len + 1);
  g_autofree gboolean *positives = g_new (gboolean, list->len + 1);
  for (guint i = 0; i < list->len; i++) {
    const gsize s = g_array_index (list, guint, i);
    const PraxiSample *sample = folds->job->train->samples->pdata[s];
    scores[i] = folds->scores[s * (gsize) folds->n_classes + (gsize) event];
    positives[i] = sample->class_index == event;
  }
  for (int is_pr = 0; is_pr < 2; is_pr++) {
    g_autoptr (GArray) points =
        is_pr ? praxi_curve_pr (scores, positives, (int) list->len, MAX_POINTS)
              : praxi_curve_roc (scores, positives, (int) list->len, MAX_POINTS);
    for (guint i = 0; i < points->len; i++)
      add_row (text, name, is_pr ? "pr" : "roc", g_array_index (points, PraxiCurvePoint, i),
               (double) NAN);
  }
}

gboolean
praxi_train_curves_write (const PraxiTrainFolds *folds, GError **error)
{
  g_autoptr (GString) text = g_string_new ("class,curve,x,y,threshold\n");
  const PraxiModelSpec *spec = praxi_model_spec (folds->job->model);
  for (int c = 0; c < folds->n_classes; c++) {
    if (c == folds->background)
      continue;
    add_events (text, folds, spec->classes[c], c);
    add_samples (text, folds, spec->classes[c], c);
  }
  return praxi_replace_file (folds->job->curves, text->str, text->len, error);
}
