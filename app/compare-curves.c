#include "app/compare-curves.h"

#include "engine/core/json-lines.h"
#include "engine/train/curves.h"

enum { MAX_POINTS = 200, N_BINS = 10 };

/* The samples that have scores, side by side. */
typedef struct {
  int n, n_classes;
  int *truth;
  float *scores; /* [n, n_classes] */
} Answers;

static void
read_answers (const PraxiDataset *dataset, int n_classes, JsonArray *scores, Answers *answers)
{
  const guint n_samples = MIN (dataset->samples->len, json_array_get_length (scores));
  *answers = (Answers){.n_classes = n_classes,
                       .truth = g_new0 (int, n_samples + 1),
                       .scores = g_new0 (float, (gsize) (n_samples + 1) * (gsize) n_classes)};
  for (guint i = 0; i < n_samples; i++) {
    if (JSON_NODE_HOLDS_NULL (json_array_get_element (scores, i)))
      continue;
    JsonArray *row = json_array_get_array_element (scores, i);
    const PraxiSample *sample = g_ptr_array_index (dataset->samples, i);
    for (int c = 0; c < n_classes && c < (int) json_array_get_length (row); c++)
      answers->scores[answers->n * n_classes + c] =
          (float) json_array_get_double_element (row, (guint) c);
    answers->truth[answers->n++] = sample->class_index;
  }
}

static void
add_points (JsonBuilder *builder, const char *name, GArray *points)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; i < points->len; i++) {
    const PraxiCurvePoint point = g_array_index (points, PraxiCurvePoint, i);
    json_builder_begin_array (builder);
    praxi_json_push_double (builder, point.x);
    praxi_json_push_double (builder, point.y);
    json_builder_end_array (builder);
  }
  json_builder_end_array (builder);
  g_array_unref (points);
}

static void
add_kind (JsonBuilder *builder, const char *name, char **classes, const Answers *answers)
{
  const gboolean is_roc = g_str_equal (name, "roc");
  g_autofree float *scores = g_new (float, answers->n + 1);
  g_autofree gboolean *positives = g_new (gboolean, answers->n + 1);
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  for (int c = 0; c < answers->n_classes; c++) {
    for (int i = 0; i < answers->n; i++) {
      scores[i] = answers->scores[i * answers->n_classes + c];
      positives[i] = answers->truth[i] == c;
    }
    add_points (builder, classes[c],
                is_roc ? praxi_curve_roc (scores, positives, answers->n, MAX_POINTS)
                       : praxi_curve_pr (scores, positives, answers->n, MAX_POINTS));
  }
  json_builder_end_object (builder);
}

static void
add_reliability (JsonBuilder *builder, const Answers *answers)
{
  PraxiReliabilityBin bins[N_BINS];
  praxi_reliability (answers->truth, answers->scores, answers->n, answers->n_classes, bins, N_BINS);
  json_builder_set_member_name (builder, "reliability");
  json_builder_begin_array (builder);
  for (int b = 0; b < N_BINS; b++) {
    json_builder_begin_object (builder);
    praxi_json_add_double (builder, "confidence", bins[b].confidence);
    praxi_json_add_double (builder, "accuracy", bins[b].accuracy);
    praxi_json_add_int (builder, "count", bins[b].count);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

void
praxi_compare_curves_add (JsonBuilder *builder,
                          const PraxiDataset *dataset,
                          char **classes,
                          JsonArray *scores)
{
  Answers answers;
  read_answers (dataset, (int) g_strv_length (classes), scores, &answers);
  json_builder_begin_object (builder);
  add_kind (builder, "pr", classes, &answers);
  add_kind (builder, "roc", classes, &answers);
  add_reliability (builder, &answers);
  json_builder_end_object (builder);
  g_free (answers.truth);
  g_free (answers.scores);
}
