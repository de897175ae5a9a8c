/* The picture of a track's scores over a span: rows are classes, columns are time. It is painted in
 * tiles that stand still in time, so that panning paints only those that come into view and
 * scrubbing none.
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
  int row_gap_px;            /* left as it is */
  gboolean is_high_contrast; /* from black to white */
  gboolean only_actions;     /* leaves out the background class */
} PraxiHeatView;

/* How many classes the view shows. */
int praxi_heat_view_n_rows (const PraxiHeatView *view);

typedef struct {
  PraxiHeatView view; /* drawn last */
  GHashTable *tiles;  /* number (gint64 *) → cairo_surface_t; NULL before the first drawing */
  GPtrArray *lines;   /* of cairo_surface_t: a line a row of this very view; may be empty */
} PraxiHeatPicture;

/* Draws the view into the box. A view that differs from the last in more than where it begins, as
 * while zooming, is made of lines; once it begins elsewhere, of tiles.
 */
void praxi_heat_picture_draw (PraxiHeatPicture *picture,
                              const PraxiHeatView *view,
                              GtkSnapshot *snapshot,
                              const graphene_rect_t *box);

void praxi_heat_picture_clear (PraxiHeatPicture *picture);

G_END_DECLS
