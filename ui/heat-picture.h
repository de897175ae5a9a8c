/* The picture of a track's scores over a span: rows are classes, columns are time. Kept until what
 * it shows changes, so that scrubbing costs nothing.
 */
#pragma once

#include <gdk/gdk.h>

#include "engine/infer/score-track.h"
#include "ui/time-scale.h"

G_BEGIN_DECLS

typedef struct {
  const PraxiScoreTrack *track;
  guint revision; /* of what the track holds */
  PraxiTimeSpan span;
  int width_px; /* device pixels */
  int row_height_px;
  int row_gap_px;        /* left transparent */
  gboolean only_actions; /* leaves out the background class */
} PraxiHeatView;

/* How many classes the view shows. */
int praxi_heat_view_n_rows (const PraxiHeatView *view);

typedef struct {
  PraxiHeatView view; /* of the texture */
  GdkTexture *texture;
} PraxiHeatPicture;

/* The texture of the view, made anew only when the view differs from the last one. Borrowed. */
GdkTexture *praxi_heat_picture_get (PraxiHeatPicture *picture, const PraxiHeatView *view);

void praxi_heat_picture_clear (PraxiHeatPicture *picture);

G_END_DECLS
