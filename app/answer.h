/* One answer for a short clip: the mean of the scores of its windows, and its classes by rank. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct {
  const char *const *classes; /* [n_classes]; borrowed */
  int n_classes;
  int n_windows; /* that were added */
  double *sums;  /* [n_classes] */
} PraxiAnswer;

void praxi_answer_begin (PraxiAnswer *answer, const char *const *classes, int n_classes);
void praxi_answer_clear (PraxiAnswer *answer);

/* Adds a window; one that was not analysed (NaN) does not count. The order of windows matters to
 * the last bit.
 * scores: f32 [n_classes]
 */
void praxi_answer_add_window (PraxiAnswer *answer, const float *scores);

/* 0 without a window. */
double praxi_answer_score (const PraxiAnswer *answer, int class_index);

/* Class indices [n_classes], the most likely first. Free with g_free. */
int *praxi_answer_order (const PraxiAnswer *answer);

/* Adds the members "top", of n classes, and "scores" to the object at hand. */
void praxi_answer_add_json (const PraxiAnswer *answer, int n, JsonBuilder *builder);

G_END_DECLS
