/* One of ONNX's operator tests: a folder with model.onnx and test_data_set_*, each with input_*.pb
 * and output_*.pb.
 */
#pragma once

#include "engine/infer/executor.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_CONFORMANCE_PASS,
  PRAXI_CONFORMANCE_FAIL,
  PRAXI_CONFORMANCE_UNSUPPORTED,
} PraxiConformanceResult;

typedef struct {
  char *name; /* of the folder */
  PraxiConformanceResult result;
  char *why;        /* "" for a pass */
  double max_error; /* largest absolute difference of an output element */
} PraxiConformance;

/* Runs the test and compares as ONNX's own runner does: floats within 1e-3 of the value (and 1e-6),
 * whole numbers exactly. Inputs whose value decides a shape are bound as constants.
 */
PraxiConformance *praxi_conformance_run (const char *folder, const PraxiExecutorOptions *options);
void praxi_conformance_free (PraxiConformance *test);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiConformance, praxi_conformance_free)

G_END_DECLS
