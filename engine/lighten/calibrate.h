/* Ranges of activations: a float graph runs on calibration clips, and what its values take on says
 * how bytes can stand for them.
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_RANGE_PERCENTILE, /* all but one in 10 000 of the values, each side */
  PRAXI_RANGE_MIN_MAX,
  PRAXI_RANGE_ENTROPY, /* the least divergence between the values and their bytes; Migacz, "8-bit
                          inference with TensorRT", GTC 2017 */
} PraxiRangeMethod;

/* "percentile", "min-max", "entropy"; FALSE for another word. */
gboolean praxi_range_method_parse (const char *text, PraxiRangeMethod *method);
const char *praxi_range_method_name (PraxiRangeMethod method);

/* Where the clips come from. */
typedef struct {
  int n_clips;
  /* Fills the graph's input, row-major, with clip i.
   * Errors: those of the reader
   */
  gboolean (*fill) (gpointer data, int i, const PraxiTensor *input, GError **error);
  /* Called after every clip with the share that is done; FALSE stops. NULL: never. */
  gboolean (*tick) (gpointer tick_data, double share);
  gpointer data, tick_data;
  int threads; /* 0: one per core */
} PraxiCalibrationClips;

/* Clips of noise, for speed alone: the ranges that come of them are good for no footage. */
PraxiCalibrationClips praxi_calibration_noise (int n_clips);

typedef struct {
  float low, high;     /* chosen by the method */
  float least, most;   /* seen */
  int n_channels;      /* of dimension 1 */
  float *channel_mean; /* [n_channels] */
  float *channel_peak; /* [n_channels], the largest magnitude */
} PraxiRange;

void praxi_ranges_free (PraxiRange *ranges, int n);

/* Runs a resolved graph with one input and observes values of it.
 * values: [n] numbers of f32 values that are computed
 * Returns [n]; free with praxi_ranges_free
 * Errors: those of the executor and of the clips; CANCELLED; FAILED (a value is not a number)
 */
PraxiRange *praxi_calibrate (const PraxiGraph *graph,
                             const int *values,
                             int n,
                             PraxiRangeMethod method,
                             const PraxiCalibrationClips *clips,
                             GError **error);

G_END_DECLS
