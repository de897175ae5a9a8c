/* The model half of `praxi info`. */
#pragma once

#include "app/cli.h"

G_BEGIN_DECLS

/* Describes the model at path on stdout. */
PraxiExit praxi_cli_info_model (const char *path, gboolean json);

G_END_DECLS
