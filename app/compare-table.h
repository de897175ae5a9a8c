/* The document of `praxi compare` as a table for people. */
#pragma once

#include <json-glib/json-glib.h>
#include <stdio.h>

G_BEGIN_DECLS

void praxi_compare_table_print (JsonObject *document, FILE *stream);

G_END_DECLS
