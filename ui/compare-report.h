/* Reads the document of `praxi compare --json`. What is missing in it stays unknown (NaN). */
#pragma once

#include <json-glib/json-glib.h>

#include "ui/confusion-plot.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_MEASURE_SHARE, /* 0 to 1, shown as a percentage */
  PRAXI_MEASURE_RATE,  /* per second */
  PRAXI_MEASURE_MS,
  PRAXI_MEASURE_BYTES,
} PraxiMeasureUnit;

/* One line of the table. */
typedef struct {
  const char *title; /* translatable, short */
  const char *tip;   /* translatable, the whole of it */
  const char *path;  /* keys of the report, separated by dots */
  PraxiMeasureUnit unit;
  gboolean more_is_better;
} PraxiMeasure;

extern const PraxiMeasure praxi_measures[];
extern const int praxi_n_measures;

/* What to call the first or second model of a document: "Original", "Light", or the name of the one
 * that stands for it. Borrowed from the document or constant.
 */
const char *praxi_report_model_name (JsonObject *document, int model);

/* NaN when the report does not say. */
double praxi_report_value (JsonObject *report, const char *path);

/* "93.5 %", "41 fps", "17.3 MB"; "–" for NaN. Free with g_free. */
char *praxi_measure_text (const PraxiMeasure *measure, double value);

/* "▲ +2.1 pts", "▼ −83 %"; empty when either is unknown. *is_good: whether light got better; 0 when
 * it did not change. Free with g_free.
 */
char *
praxi_measure_delta (const PraxiMeasure *measure, double original, double light, int *verdict);

/* classes: the document's array of names, NULL to number them. */
void praxi_report_confusion (JsonObject *report, JsonArray *classes, PraxiConfusion *confusion);

G_END_DECLS
