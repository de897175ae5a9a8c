/* Colours of scores, and the raster of one row of a heat strip: no Cairo, no GTK, so that the PNG
 * of the command line and the strip of the workbench show the same picture.
 */
#pragma once

#include <glib.h>

#include "engine/infer/score-track.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_HEAT_INFERNO,  /* black through red to pale yellow */
  PRAXI_HEAT_VIRIDIS,  /* dark violet through green to yellow */
  PRAXI_HEAT_CONTRAST, /* black to white */
} PraxiHeatPalette;

/* The colour of a score, 0xffRRGGBB (CAIRO_FORMAT_ARGB32, opaque). Perceived lightness rises
 * steadily with the score, so that the order of two scores shows without hue.
 * score: clamped to [0, 1]; NaN gives mid grey
 * Source: anchors of matplotlib's inferno and viridis (CC0)
 */
guint32 praxi_heat_color (PraxiHeatPalette palette, float score);

/* Whether the pixel at (x, y) belongs to the dark stripes of "not analysed". */
static inline gboolean
praxi_heat_hatch (int x, int y)
{
  return ((x + y) & 7) < 3;
}

/* The two greys of "not analysed", no palette holds them: PRAXI_HEAT_CONTRAST has every grey, but
 * with as much blue as red.
 */
#define PRAXI_HEAT_MISSING_LIGHT 0xff8c8c8du
#define PRAXI_HEAT_MISSING_DARK 0xff747475u

typedef struct {
  PraxiHeatPalette palette;
  int class_index;
  gint64 start_ns; /* the visible span of time */
  gint64 end_ns;
  int x_px; /* left edge in the whole strip, so that hatching does not swim when it scrolls */
} PraxiHeatRow;

/* Paints one row: a column has the highest score of its time, hatched where there is none.
 * pixels: u32 [height_px, stride_px], CAIRO_FORMAT_ARGB32; caller-allocated
 * Cost: proportional to the pixels, not to the length of the footage
 * Thread: any
 */
void praxi_heat_raster (const PraxiScoreTrack *track,
                        const PraxiHeatRow *row,
                        guint32 *pixels,
                        int width_px,
                        int height_px,
                        int stride_px);

/* Over a row that praxi_heat_raster painted: where it is hatched, the light stripes take the colour
 * of an estimate, so that it shows and never looks analysed.
 */
void praxi_heat_raster_estimate (const PraxiScoreTrack *estimate,
                                 const PraxiHeatRow *row,
                                 guint32 *pixels,
                                 int width_px,
                                 int height_px,
                                 int stride_px);

G_END_DECLS
