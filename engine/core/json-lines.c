#include "engine/core/json-lines.h"

#include <math.h>

void
praxi_json_write (JsonBuilder *builder, FILE *stream, gboolean pretty)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, pretty);
  fputs (text, stream);
  fputc ('\n', stream);
  fflush (stream);
}

void
praxi_json_push_double (JsonBuilder *builder, double value)
{
  if (isfinite (value))
    json_builder_add_double_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
praxi_json_add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

void
praxi_json_add_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
praxi_json_add_frame (JsonBuilder *builder, const char *name, int frame)
{
  json_builder_set_member_name (builder, name);
  if (frame >= 0)
    json_builder_add_int_value (builder, frame);
  else
    json_builder_add_null_value (builder);
}

void
praxi_json_add_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  praxi_json_push_double (builder, value);
}

void
praxi_json_add_boolean (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}
