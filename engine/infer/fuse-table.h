/* Anything computed element by element between one DequantizeLinear and a QuantizeLinear is a
 * function of one byte: a table of 256.
 */
#pragma once

#include "engine/infer/fuse-pattern.h"

G_BEGIN_DECLS

/* quantize: the QuantizeLinear, which becomes a QTable where that can be. */
gboolean praxi_fuse_table (PraxiPattern *pattern, PraxiNode *quantize);

G_END_DECLS
