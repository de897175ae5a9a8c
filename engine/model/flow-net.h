/* Nets that see motion only: a fixed motion stem, six small maps of flow, and on them a few
 * convolutions and pools .
 *
 * frames u8 [1,T,H,W,3] → motion_flow f32 [T−1,2,H/2,W/2] → motion_maps f32 [T−1,6,H/4,W/4] → a
 * logit an event class → scores f32 [1,classes], of the first class what the others leave over.
 */
#pragma once

#include "engine/model/builder.h"

G_BEGIN_DECLS

#define PRAXI_FLOW_VALUE "motion_flow"
#define PRAXI_MAPS_VALUE "motion_maps"
#define PRAXI_STATISTICS_VALUE "statistics"

enum { PRAXI_FLOW_MAPS = 6, PRAXI_FLOW_STATISTICS = 58 };

typedef struct {
  int frames, height, width; /* of a clip; sides are multiples of 24 */
  double rate_hz;
} PraxiFlowShape;

/* Appends the stem. Returns motion_maps; *flow: motion_flow */
int praxi_flow_stem (PraxiBuilder *builder, const PraxiFlowShape *shape, int *flow);

/* Appends the statistics of motion_flow, which do not depend on where or in which order in a
 * picture something moves. Returns f32 [1,58].
 */
int praxi_flow_statistics (PraxiBuilder *builder, const PraxiFlowShape *shape, int flow);

/* The names there are, NULL-terminated. */
const char *const *praxi_flow_nets (void);

/* Whether an event is over in a moment, so that its strongest half second decides: a fall. */
gboolean praxi_flow_is_brief (const char *event);

/* A net with drawn weights, a function of seed alone; NULL where name is none of ours.
 * events: NULL-terminated, the classes but for the first
 */
PraxiGraph *praxi_flow_net (const char *name,
                            const PraxiFlowShape *shape,
                            const char *const *events,
                            guint32 seed);

G_END_DECLS
