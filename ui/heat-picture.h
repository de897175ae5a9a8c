/* The picture of a track's scores over a span: rows are classes, columns are time. Kept until what
 * it shows changes, so that scrubbing costs nothing.
 */
#pragma once

#include <gtk/gtk.h>

#include "engine/infer/score-track.h"
#include "ui/time-scale.h"

G_BEGIN_DECLS

typedef struct {
  const PraxiScoreTrack *track;
  const PraxiScoreTrack *estimate; /* shows where the track has nothing; NULL: none */
  guint revision;                  /* of what both hold */
  PraxiTimeSpan span;
  int width_px; /* device pixels */
  int row_height_px;
  int row_gap_px;        /* left transparent */
  gboolean only_actions; /* leaves out the background class */
} PraxiHeatView;

/* How many classes the view shows. */
int praxi_heat_view_n_rows (const PraxiHeatView *view);

typedef struct {
  PraxiHeatView view; /* asked for last */
  gint64 painted_ns;  /* where the surface's first column begins */
  cairo_surface_t *surface;
} PraxiHeatPicture;

/* Draws the view into the box; it is painted anew only when it differs from the last one. */
void praxi_heat_picture_draw (PraxiHeatPicture *picture,
                              const PraxiHeatView *view,
                              GtkSnapshot *snapshot,
                              const graphene_rect_t *box);

void praxi_heat_picture_clear (PraxiHeatPicture *picture);

G_END_DECLS
