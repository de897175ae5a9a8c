/* Small graphs for the tests of model files. */
#pragma once

#include "engine/model/builder.h"
#include "engine/model/onnx-write.h"

G_BEGIN_DECLS

/* frames f32 [N,3,2,2,2] → Flatten → Gemm → Softmax: scores [N,3]. Enough for a spec. */
PraxiGraph *praxi_test_classifier (void);

/* A spec that fits it. */
const char *praxi_test_spec (void);

/* x f32 [1,4] → QuantizeLinear (scale) → DequantizeLinear → y. */
PraxiGraph *praxi_test_quantized (float scale);

GBytes *praxi_test_pack (const PraxiGraph *graph, const char *spec_json);

/* What the first output is for this data of the first input; f32, free with g_free. */
float *praxi_test_evaluate (const PraxiGraph *graph, float *data, int *n);

G_END_DECLS
