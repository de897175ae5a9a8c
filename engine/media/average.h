/* Internal: shrinks one plane by averaging areas.
 *
 *   out[y][x] = 64 · Σ w_y[j] Σ w_x[i] in[j][i], weights ∝ covered area, Σ w = 1
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  const guint8 *data;
  gssize stride_bytes;
  int width;
  int height;
  int bits; /* 8, or 9..16 in native 16-bit words */
} PraxiPlane;

/* in:     plane, any size
 * out:    u16 [height, width], dense, 0..16320 (64 × an 8-bit value); caller-allocated
 */
void praxi_average_plane (const PraxiPlane *plane, int width, int height, guint16 *out);

/* The plain loops are the truth; the best that this processor has gives the same numbers. */
typedef enum { PRAXI_AVERAGE_BEST, PRAXI_AVERAGE_PLAIN } PraxiAverageLevel;

void praxi_average_plane_by (const PraxiPlane *plane,
                             PraxiAverageLevel level,
                             int width,
                             int height,
                             guint16 *out);

G_END_DECLS
