/* The curves of one model in the document of `praxi compare`. */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/train/dataset.h"

G_BEGIN_DECLS

/* Appends {"pr": {CLASS: [[recall, precision]…]}, "roc": {CLASS: [[false alarms, hits]…]},
 * "reliability": [{confidence, accuracy, count}…]} to the builder, which stands after a member
 * name.
 * classes: ended by NULL
 * scores:  for each sample its scores or null, as the child that evaluated wrote them
 */
void praxi_compare_curves_add (JsonBuilder *builder,
                               const PraxiDataset *dataset,
                               char **classes,
                               JsonArray *scores);

G_END_DECLS
