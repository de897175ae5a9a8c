/* One model on one labelled set: what it decides, how well that fits, how fast it is.
 *
 * Every file is analysed once, as praxi analyze does. A label of a whole file is decided by the
 * mean of its windows. A label with times is decided by the three neighbouring windows inside it
 * that hold the least background (all of them where there are fewer; the nearest window where none
 * fits in): the span says that something happens in it, not that it fills it. Spans without an
 * event are held to the same measure.
 */
#pragma once

#include <glib.h>

#include "engine/infer/analyzer.h"
#include "engine/infer/events.h"
#include "engine/train/dataset.h"
#include "engine/train/metrics.h"
#include "engine/train/thresholds.h"

G_BEGIN_DECLS

/* Labelled spans of one class in one part of the set, against the events found there. */
typedef struct {
  char *part; /* the first folder of the files' names; "all" for the whole set */
  int class_index;
  int n_spans;
  int n_found;        /* an event of the class overlaps the span */
  int n_false;        /* events that overlap no span of the class */
  double quiet_hours; /* footage outside those spans */
} PraxiEventFigures;

enum { PRAXI_EVALUATE_LATENCIES = 100 }; /* at most so many windows are timed */

typedef struct {
  int n_samples;
  int n_classes;
  float *scores;          /* f32 [n_samples, n_classes]; NaN where the file could not be analysed */
  PraxiMetrics *metrics;  /* over the samples that have scores */
  GArray *event_figures;  /* of PraxiEventFigures, "all" first */
  PraxiEventCount *tried; /* [n_classes, PRAXI_THRESHOLDS] where options.tries; NULL else */
  GPtrArray *warnings;    /* of char *: files that failed, and why */
  int n_windows;
  double footage_s;
  double wall_s;
  double decode_s;
  double infer_s;
  double fps;            /* frames of the footage a second, decoding included */
  double fps_no_decode;  /* the same with only the time of inference */
  double clips_per_s;    /* single windows, nothing shared */
  double latency_p50_ms; /* of such a window */
  double latency_p95_ms;
  double latencies_ms[PRAXI_EVALUATE_LATENCIES]; /* of single windows, ascending */
  int n_latencies;
  guint64 input_checksum; /* of every frame the model saw, over all files */
} PraxiEvaluation;

typedef struct {
  const PraxiEventOptions *events; /* [n_classes]; NULL: the defaults */
  gboolean tries;                  /* counts events at every threshold of thresholds.h too */
  double stride_s;                 /* 0: that of the analyzer */
  int threads;                     /* of the decoder */
  /* As in the analyzer, over all files; the total is an estimate until the last one is opened. */
  gboolean (*tick) (gpointer data, double done_s, double total_s);
  gpointer data;
} PraxiEvaluateOptions;

/* scorer, dataset: borrowed
 * Errors: CANCELLED, DEVICE, FAILED (no file could be analysed). A file that fails is a warning.
 */
PraxiEvaluation *praxi_evaluate (const PraxiScorer *scorer,
                                 const PraxiDataset *dataset,
                                 const PraxiEvaluateOptions *options,
                                 GError **error);
void praxi_evaluation_free (PraxiEvaluation *evaluation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiEvaluation, praxi_evaluation_free)

G_END_DECLS
