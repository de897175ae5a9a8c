/* A new last layer for other classes: what the model sees stays, what it decides is drawn anew. */
#pragma once

#include "engine/model/model.h"

G_BEGIN_DECLS

/* The model's graph up to what its last products read, averaged over time and place where they go
 * through those, and behind it one fully connected layer with weights drawn evenly from ±1/√fan_in.
 * It decides as the model did: logits, or a sigmoid an event where the first class says that
 * nothing happens ("normal"), else a softmax over all classes.
 * model:   has a spec
 * classes: NULL-terminated, two or more
 * Errors:  UNSUPPORTED: no product makes the scores
 */
PraxiGraph *
praxi_new_head (PraxiModel *model, const char *const *classes, guint32 seed, GError **error);

/* The spec to that graph: the model's with these classes, no thresholds but the usual ones, and one
 * more step in its lineage. Free with g_free.
 */
char *praxi_new_head_spec (PraxiModel *model, const char *const *classes);

G_END_DECLS
