/* Changing a window of motion maps so that it stays motion: what grows moves faster, what is
 * mirrored moves the other way.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* f32 [pairs,6,height,width]: u, v, speed, acceleration, divergence, curl */
typedef struct {
  float *maps;
  int pairs, height, width;
} PraxiFlowWindow;

typedef enum {
  PRAXI_FLOW_MIRROR,      /* left and right */
  PRAXI_FLOW_UPSIDE_DOWN, /* up and down */
  PRAXI_FLOW_BACKWARDS,   /* in time */
} PraxiFlowTurn;

void praxi_flow_turn (const PraxiFlowWindow *window, PraxiFlowTurn turn);

/* Zoom, shift and tilt four times out of five, strength, now and then an erased block or pair.
 * room: as large as maps
 */
void praxi_flow_distort (const PraxiFlowWindow *window, float *room, GRand *random);

G_END_DECLS
