/* A float graph becomes INT8 in QDQ form: per-output-channel symmetric s8 weights, per-tensor u8
 * activations. Source: Jacob et al., "Quantization and training of neural networks", CVPR 2018;
 * Nagel et al., "Data-free quantization", ICCV 2019 (equalisation, bias correction).
 */
#pragma once

#include "engine/lighten/calibrate.h"

G_BEGIN_DECLS

typedef struct {
  PraxiRangeMethod method;
  gboolean no_equalize, no_bias_correction;
  /* 0: 8. With 7, −63 … 63, two products of a byte and a weight fit into 16 signed bits: kernels
   * that add them up there, other runtimes' on AVX2, cannot saturate.
   */
  int weight_bits;
} PraxiQuantizeOptions;

typedef struct {
  int n_int8;          /* convolutions that work on bytes */
  int n_float;         /* that stay as they are: the motion stem and the last ones */
  int n_packed;        /* matrices stored as bytes and computed in floats */
  int n_equalized;     /* pairs of convolutions */
  float largest_range; /* of an activation */
} PraxiQuantizeReport;

/* Batch norms are folded; what lies before the first convolution (the motion stem) and behind the
 * last one (pools and classifier) stays f32.
 * graph:   of a model, as read; not changed
 * options: NULL for the defaults
 * report:  filled; may be NULL
 * Errors:  UNSUPPORTED (nothing there that could become INT8, or it is INT8 already), those of
 *          praxi_calibrate
 */
PraxiGraph *praxi_quantize (const PraxiGraph *graph,
                            const PraxiQuantizeOptions *options,
                            const PraxiCalibrationClips *clips,
                            PraxiQuantizeReport *report,
                            GError **error);

G_END_DECLS
