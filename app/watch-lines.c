/* What `praxi watch` prints. */
#include <json-glib/json-glib.h>

#include "app/watch.h"
#include "engine/core/json-lines.h"

char *
praxi_watch_utc_text (gint64 at_us)
{
  g_autoptr (GDateTime) at = g_date_time_new_from_unix_utc (at_us / G_USEC_PER_SEC);
  g_autofree char *seconds = g_date_time_format (at, "%Y-%m-%dT%H:%M:%S");
  return g_strdup_printf ("%s.%03dZ", seconds, (int) (at_us % G_USEC_PER_SEC / 1000));
}

static JsonBuilder *
begin (const PraxiWatch *watch, const char *what, gint64 at_us)
{
  JsonBuilder *builder = json_builder_new ();
  g_autofree char *at = praxi_watch_utc_text (at_us);
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "camera", praxi_camera_name (watch->camera));
  praxi_json_add_string (builder, "at", at);
  praxi_json_add_string (builder, "what", what);
  return builder;
}

static void
print_json (const PraxiWatch *watch, const PraxiWatchLine *line, FILE *stream)
{
  g_autoptr (JsonBuilder) builder = begin (watch, line->what, line->at_us);
  praxi_json_add_string (builder, "class", line->class_name);
  if (line->class_name != NULL)
    praxi_json_add_double (builder, "peak", (double) line->peak);
  praxi_json_add_string (builder, "text", line->text != NULL ? line->text : "");
  json_builder_end_object (builder);
  praxi_json_write (builder, stream, FALSE);
}

static void
print_text (const PraxiWatch *watch, const PraxiWatchLine *line)
{
  g_autofree char *at = praxi_watch_utc_text (line->at_us);
  const gboolean has_text = line->text != NULL && *line->text != '\0';
  g_print ("%s  %s  %s%s%s%s%s\n", at, watch->label, line->what,
           line->class_name != NULL ? " " : "", line->class_name != NULL ? line->class_name : "",
           has_text ? ": " : "", has_text ? line->text : "");
}

/* Notes are no part of the contract on stdout. */
void
praxi_watch_tell (const PraxiWatch *watch, const PraxiWatchLine *line)
{
  const gboolean is_note = g_str_equal (line->what, "note");
  if (watch->options->json_progress)
    print_json (watch, line, stderr);
  if (watch->options->json && !is_note)
    print_json (watch, line, stdout);
  if (!watch->options->json && !watch->options->json_progress)
    print_text (watch, line);
}

JsonBuilder *
praxi_watch_line_begin (const PraxiWatch *watch, const char *what, gint64 at_us)
{
  return watch->options->json_progress ? begin (watch, what, at_us) : NULL;
}

void
praxi_watch_line_end (JsonBuilder *builder)
{
  json_builder_end_object (builder);
  praxi_json_write (builder, stderr, FALSE);
  g_object_unref (builder);
}
