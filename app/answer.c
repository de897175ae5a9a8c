#include "app/answer.h"

#include <math.h>

#include "engine/core/json-lines.h"

void
praxi_answer_begin (PraxiAnswer *answer, const char *const *classes, int n_classes)
{
  *answer =
      (PraxiAnswer){.classes = classes, .n_classes = n_classes, .sums = g_new0 (double, n_classes)};
}

void
praxi_answer_clear (PraxiAnswer *answer)
{
  g_clear_pointer (&answer->sums, g_free);
}

void
praxi_answer_add_window (PraxiAnswer *answer, const float *scores)
{
  if (isnan (scores[0]))
    return;
  answer->n_windows++;
  for (int c = 0; c < answer->n_classes; c++)
    answer->sums[c] += (double) scores[c];
}

double
praxi_answer_score (const PraxiAnswer *answer, int class_index)
{
  return answer->sums[class_index] / MAX (answer->n_windows, 1);
}

static gint
descending_cb (gconstpointer a, gconstpointer b, gpointer data)
{
  const double *sums = data;
  const int x = *(const int *) a, y = *(const int *) b;
  if (sums[x] != sums[y])
    return sums[x] < sums[y] ? 1 : -1;
  return x - y;
}

int *
praxi_answer_order (const PraxiAnswer *answer)
{
  int *order = g_new (int, answer->n_classes);
  for (int c = 0; c < answer->n_classes; c++)
    order[c] = c;
  g_qsort_with_data (order, answer->n_classes, sizeof *order, descending_cb, answer->sums);
  return order;
}

void
praxi_answer_add_json (const PraxiAnswer *answer, int n, JsonBuilder *builder)
{
  g_autofree int *order = praxi_answer_order (answer);
  json_builder_set_member_name (builder, "top");
  json_builder_begin_array (builder);
  for (int i = 0; i < MIN (n, answer->n_classes); i++) {
    json_builder_begin_object (builder);
    praxi_json_add_string (builder, "class", answer->classes[order[i]]);
    praxi_json_add_double (builder, "p", praxi_answer_score (answer, order[i]));
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "scores");
  json_builder_begin_array (builder);
  for (int c = 0; c < answer->n_classes; c++)
    praxi_json_push_double (builder, praxi_answer_score (answer, c));
  json_builder_end_array (builder);
}
