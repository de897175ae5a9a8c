/* Counters of the server and their text for Prometheus. */
#pragma once

#include <glib.h>

#include "app/serve-guests.h"
#include "app/serve-model.h"
#include "engine/infer/batcher.h"

G_BEGIN_DECLS

typedef struct PraxiServeMetrics PraxiServeMetrics;

PraxiServeMetrics *praxi_serve_metrics_new (void);
void praxi_serve_metrics_free (PraxiServeMetrics *metrics);

/* Counts an answer. seconds: from its head to the answer, of /predict; < 0: not one of these
 * Thread: any
 */
void praxi_serve_metrics_count (PraxiServeMetrics *metrics, guint code, double seconds);

/* What stands elsewhere. */
typedef struct {
  PraxiServeModel *model;
  PraxiBatcherCounts batcher;
  PraxiGuestCounts guests;
  int admitted;
  int max_queue;
  gsize bodies_bytes;
  gboolean is_ready;
  double uptime_s;
} PraxiServeState;

/* Source: Prometheus text exposition format 0.0.4. Free with g_free. */
char *praxi_serve_metrics_text (PraxiServeMetrics *metrics, const PraxiServeState *state);

G_END_DECLS
