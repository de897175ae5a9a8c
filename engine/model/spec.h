/* `praxi.spec`, the JSON in a model's metadata_props. */
#pragma once

#include "engine/model/model.h"

G_BEGIN_DECLS

enum { PRAXI_SPEC_MAX_CLASSES = 1000 };

/* Reads and checks a spec by itself.
 * Errors: FORMAT: what is missing, out of range or twice; without the file's name
 */
PraxiModelSpec *praxi_model_spec_parse (const char *json, GError **error);
void praxi_model_spec_free (PraxiModelSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiModelSpec, praxi_model_spec_free)

/* The spec as JSON text, for praxi_model_save. Free with g_free. */
char *praxi_model_spec_write (const PraxiModelSpec *spec);

/* The spec of what was made of the model it is the spec of: named as the file at path will be, with
 * one more step in its lineage, in words. Free with g_free.
 */
char *praxi_model_spec_write_step (const PraxiModelSpec *spec, const char *path, const char *step);

/* Checks that input and output of a resolved graph (batch 1) are those of the spec.
 * Errors: FORMAT: "has 3 classes, but the output is 5 wide"
 */
gboolean
praxi_model_spec_fits (const PraxiModelSpec *spec, const PraxiGraph *resolved, GError **error);

G_END_DECLS
