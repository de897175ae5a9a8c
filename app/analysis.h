/* What the commands that run a model over media share: opening the model, progress over several
 * media, memory figures.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "app/device.h"
#include "engine/infer/analyzer.h"
#include "engine/infer/events.h"

G_BEGIN_DECLS

/* A model with the executor that runs it. */
typedef struct {
  PraxiModel *model;
  PraxiExecutor *executor;
  PraxiScorer scorer;
  int threads; /* of the decoder */
} PraxiCliModel;

/* name:    "light", "original" or a file; NULL: light
 * options: of the executor; its threads are the decoder's too
 * Errors: those of praxi_model_load and praxi_executor_new; UNSUPPORTED (a model without a spec)
 */
gboolean praxi_cli_model_open (PraxiCliModel *model,
                               const char *name,
                               const PraxiExecutorOptions *options,
                               GError **error);
/* A light net is done before a second core has woken up, and that core has pictures to decode: it
 * goes on with one thread. options: those it was opened with
 */
gboolean praxi_cli_model_beside_decoder (PraxiCliModel *model,
                                         const PraxiExecutorOptions *options,
                                         GError **error);

/* Another executor for the model of `with`. */
gboolean praxi_cli_model_share (PraxiCliModel *model,
                                const PraxiCliModel *with,
                                const PraxiExecutorOptions *options,
                                GError **error);
void praxi_cli_model_close (PraxiCliModel *model);

/* Progress in seconds of footage over several files; how long those are that were not opened yet is
 * estimated from their size.
 */
typedef struct {
  PraxiCliProgress *progress;
  double finished_s;    /* footage of the files done */
  double opened_s;      /* footage of all files opened */
  gint64 opened_bytes;  /* of these files */
  gint64 waiting_bytes; /* of the files not opened yet */
} PraxiCliFootage;

void praxi_cli_footage_begin (PraxiCliFootage *footage, gboolean json, char **paths);
void praxi_cli_footage_open (PraxiCliFootage *footage, const char *path, double length_s);
void praxi_cli_footage_update (PraxiCliFootage *footage, double done_s);
void praxi_cli_footage_close (PraxiCliFootage *footage, double length_s);
void praxi_cli_footage_end (PraxiCliFootage *footage);

/* Opens a media; SIGINT gives up. */
PraxiMedia *praxi_cli_media_open (const char *path, GError **error);

/* The thresholds a model was calibrated to, [n_classes]. Free with g_free. */
PraxiEventOptions *praxi_cli_model_events (const PraxiModelSpec *spec);

/* Adds the member "thresholds" to the object at hand: how events are formed, class by class, so
 * that who follows the run forms the same ones.
 * options: [n_classes of the spec]
 */
void praxi_cli_add_thresholds (JsonBuilder *builder,
                               const PraxiModelSpec *spec,
                               const PraxiEventOptions *options);

/* The most memory this process had at once, bytes. */
gint64 praxi_cli_peak_rss (void);

/* Checks --progress: NULL or "json". */
gboolean praxi_cli_wants_json_progress (const char *text, gboolean *json, GError **error);

G_END_DECLS
