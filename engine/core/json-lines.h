/* One JSON document or one JSON object per line, the way jobs and people's scripts read them.
 * Numbers are written with a point in every locale.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdio.h>

G_BEGIN_DECLS

/* Writes what the builder built, and a line feed, to stream and flushes it.
 * pretty: indented over several lines, for people; else one line
 */
void praxi_json_write (JsonBuilder *builder, FILE *stream, gboolean pretty);

/* Shorthands for a builder that stands inside an object. A NaN or an infinity becomes null. */
void praxi_json_add_string (JsonBuilder *builder, const char *name, const char *value);
void praxi_json_add_int (JsonBuilder *builder, const char *name, gint64 value);
void praxi_json_add_double (JsonBuilder *builder, const char *name, double value);
void praxi_json_add_frame (JsonBuilder *builder, const char *name, int frame); /* < 0: null */
void praxi_json_add_boolean (JsonBuilder *builder, const char *name, gboolean value);

/* Appends one number to the array the builder stands in; NaN and infinities become null. */
void praxi_json_push_double (JsonBuilder *builder, double value);

G_END_DECLS
