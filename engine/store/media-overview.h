/* All footage of a project at a glance: what a list of it shows. */
#pragma once

#include "engine/store/media-table.h"
#include "engine/store/runs.h"

G_BEGIN_DECLS

typedef struct {
  PraxiMediaRow *media;
  gint64 n_labels;
  gboolean is_reviewed; /* a person said so of the whole media */
  gboolean has_run;
  PraxiRunState run_state; /* of the newest run that did not fail */
  char *track_path;        /* of that run; NULL without one */
} PraxiMediaOverview;

void praxi_media_overview_free (PraxiMediaOverview *overview);

/* In the order it was added: PraxiMediaOverview, freed with the array. NULL on error. */
GPtrArray *praxi_store_list_overview (PraxiStore *store, GError **error);

G_END_DECLS
