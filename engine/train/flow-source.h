/* Windows of motion maps for a trainer: files are drawn by class and kind of footage, then a view
 * of them, a moment and a change; for validation every window of the first view.
 *
 * A window shows an event when the two share a second, or most of the event; of a brief event (a
 * fall) only the beginning counts, and what merely touches it teaches nothing about that class.
 */
#pragma once

#include "engine/train/flow-clips.h"
#include "engine/train/source.h"

G_BEGIN_DECLS

typedef struct {
  const PraxiFlowClips *clips;     /* borrowed, as all below */
  const PraxiTrainable *trainable; /* its features are the maps, and perhaps the statistics */
  const PraxiModelSpec *spec;
  const gboolean *files; /* [of clips]: which are drawn from; NULL: all */
  PraxiBalance balance;
  gboolean no_augment;
} PraxiFlowSourceOptions;

/* What was put into a place of a batch. */
typedef struct {
  guint file;
  int view, start;
  gboolean is_turned; /* what was a brief event there is none any more */
} PraxiFlowPlace;

/* For training. An epoch has as many clips as there are windows in the first view of the files, but
 * for extra ones, of which every eighth clip is.
 */
PraxiSource *praxi_flow_source_new (const PraxiFlowSourceOptions *options);

/* Every window of the first view of which something is known. */
PraxiSource *praxi_flow_source_new_val (const PraxiFlowSourceOptions *options);

/* [place] of the last batch of a source made for training. */
const PraxiFlowPlace *praxi_flow_source_place (const PraxiSource *source, int place);

/* Target and weight, f32 [events], of a window of `pairs` pairs. */
void praxi_flow_target (const PraxiFlowClips *clips,
                        const PraxiModelSpec *spec,
                        guint file,
                        int view,
                        int start,
                        double pairs,
                        float *target,
                        float *weight);

G_END_DECLS
