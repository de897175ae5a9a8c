/* QuantizeLinear of what only moves bytes that were dequantized, or takes the largest of them. */
#pragma once

#include "engine/infer/fuse-pattern.h"

G_BEGIN_DECLS

/* Lets the moves before a QuantizeLinear move bytes, and quantizes before them instead; FALSE, and
 * nothing changes, where something else is among them.
 */
gboolean praxi_fuse_moves (PraxiPattern *pattern, PraxiNode *quantize);

G_END_DECLS
