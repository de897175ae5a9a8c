/* The pictures of one file at a grid of times, as they are or changed. flow-clips's inside. */
#pragma once

#include "engine/media/media.h"

G_BEGIN_DECLS

/* How a view sees a file. */
typedef struct {
  double phase;     /* of the grid, in steps */
  double stretch;   /* of time: > 1 is slower */
  double zoom;      /* share of each side that is seen; 1: all */
  double left, top; /* where in what is cut off, 0 … 1 */
  double contrast, gamma, noise,
      blur; /* 1, 1, 0, 0: as it is; noise in grey levels, blur in pixels */
} PraxiFlowView;

void praxi_flow_view (int view, guint32 seed, PraxiFlowView *how);

/* All frames of a file, scaled. */
typedef struct {
  int n, width, height;
  guint8 *pixels; /* [n][height][width][3] */
} PraxiFlowPictures;

/* Errors: those of the clip reader; FORMAT: no frame could be decoded */
gboolean praxi_flow_pictures_read (PraxiFlowPictures *pictures,
                                   PraxiMedia *media,
                                   int width,
                                   int height,
                                   int threads,
                                   GError **error);
void praxi_flow_pictures_clear (PraxiFlowPictures *pictures);

/* One picture as the view shows it, [height][width][3]; room: 2 · height · width · 3 */
void praxi_flow_view_picture (const PraxiFlowView *how,
                              const PraxiFlowPictures *pictures,
                              int ordinal,
                              int width,
                              int height,
                              GRand *random,
                              guint8 *out,
                              guint8 *room);

G_END_DECLS
