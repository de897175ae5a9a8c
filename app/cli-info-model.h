/* The model half of `praxi info`. */
#pragma once

#include <json-glib/json-glib.h>

#include "app/cli.h"
#include "engine/model/model.h"

G_BEGIN_DECLS

/* Describes the model at path on stdout. */
PraxiExit praxi_cli_info_model (const char *path, gboolean json);

/* Adds the keys of a model to the object the builder stands in. */
void praxi_cli_add_model (JsonBuilder *builder, const PraxiModel *model, const char *path);

G_END_DECLS
