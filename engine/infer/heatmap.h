/* A heatmap as a PNG file: a row per class, colour = score, event bars below each row, a ruler of
 * time, a colour scale, and hatching where nothing was analysed.
 */
#pragma once

#include <glib.h>

#include "engine/infer/events.h"
#include "engine/infer/heat-colors.h"
#include "engine/infer/score-track.h"

G_BEGIN_DECLS

typedef struct {
  const char *title;    /* valid UTF-8; NULL: none */
  const GArray *events; /* of PraxiEvent; NULL: none */
  gint64 start_ns;      /* the span shown; both 0: the whole track */
  gint64 end_ns;
  int width_px; /* of the picture; 0: 1200 */
  PraxiHeatPalette palette;
} PraxiHeatmapOptions;

/* Draws and writes the picture, replacing path when it is complete.
 * options: NULL for the defaults
 * Errors:  DISK, MEMORY
 */
gboolean praxi_heatmap_write (const PraxiScoreTrack *track,
                              const PraxiHeatmapOptions *options,
                              const char *path,
                              GError **error);

G_END_DECLS
