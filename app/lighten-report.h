/* What `praxi lighten` tells of the passes. */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/lighten/recipe.h"

G_BEGIN_DECLS

/* Appends {"pass", "round", "report": {what, before, after, drop_points}} to the builder, which
 * stands in an array or at the begin.
 */
void praxi_lighten_add_step (JsonBuilder *builder, const PraxiRecipeStep *step);

/* All steps and what became of the model as one document on stdout. */
void praxi_lighten_print_json (const PraxiRecipe *recipe);

/* One line on stdout. */
void praxi_lighten_print_figures (const char *label, const PraxiFigures *figures);

G_END_DECLS
