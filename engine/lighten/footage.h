/* Calibration clips out of labelled footage. */
#pragma once

#include "engine/lighten/calibrate.h"
#include "engine/train/clips.h"

G_BEGIN_DECLS

typedef struct {
  const PraxiModelSpec *spec;
  const PraxiClips *clips;
  int n_clips; /* of them, evenly */
  guint8 *pixels;
  float *converted;
} PraxiFootage;

/* spec, clips: borrowed; most_clips: 0: all */
PraxiFootage *
praxi_footage_new (const PraxiModelSpec *spec, const PraxiClips *clips, int most_clips);
void praxi_footage_free (PraxiFootage *footage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiFootage, praxi_footage_free)

/* The result borrows the footage and sets no tick. */
PraxiCalibrationClips praxi_footage_calibration (PraxiFootage *footage);

/* Keeps at most so many samples, evenly over the list: enough to calibrate with, quicker to decode.
 */
void praxi_footage_thin (PraxiDataset *dataset, guint most_samples);

G_END_DECLS
