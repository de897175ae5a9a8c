#include "app/report.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "app/places.h"
#include "engine/core/json-lines.h"
#include "ui/session-report.h"

typedef struct {
  PraxiSession *session;
  const char *out, *media;
  gboolean json, begun, is_over;
  int status;
} Report;

static void
end (Report *report, const char *problem)
{
  report->is_over = TRUE;
  report->status = problem != NULL ? 1 : 0;
  if (problem != NULL)
    fprintf (stderr, "praxi: %s\n", problem);
}

static void
message_cb (PraxiSession *session, gboolean is_error, const char *text, Report *report)
{
  if (is_error && !report->is_over)
    end (report, text);
}

static void
tell (Report *report)
{
  guint n_events, n_labels;
  g_autofree char *out = g_filename_display_name (report->out);
  g_autofree char *media = g_filename_display_name (report->media);
  praxi_session_count_report (report->session, &n_events, &n_labels);
  if (!report->json) {
    printf ("%s: %u events, %u labels\n", out, n_events, n_labels);
    return;
  }
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "file", out);
  praxi_json_add_string (builder, "media", media);
  json_builder_set_member_name (builder, "events");
  json_builder_add_int_value (builder, n_events);
  json_builder_set_member_name (builder, "labels");
  json_builder_add_int_value (builder, n_labels);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, FALSE);
}

static void
done_cb (const GError *error, gpointer user_data)
{
  Report *report = user_data;
  if (error == NULL)
    tell (report);
  end (report, error != NULL ? error->message : NULL);
}

static gboolean
begin_cb (gpointer user_data)
{
  Report *report = user_data;
  if (!report->is_over)
    praxi_session_write_report (report->session, report->out, done_cb, report);
  return G_SOURCE_REMOVE;
}

/* What is told here may be half of what comes: the report waits until all has been told. */
static void
changed_cb (PraxiSession *session, guint changes, Report *report)
{
  if (report->begun || !praxi_session_is_loaded (session))
    return;
  report->begun = TRUE;
  g_idle_add (begin_cb, report);
}

int
praxi_report_main (int argc, char **argv)
{
  if (argc < 4) {
    fputs ("praxi: report: see 'praxi report --help'\n", stderr);
    return 2;
  }
  g_autofree char *praxi = praxi_places_footage ();
  g_autofree char *project = g_canonicalize_filename (argv[2], NULL);
  g_autofree char *media = g_canonicalize_filename (argv[3], NULL);
  g_autoptr (PraxiSession) session = praxi_session_new (praxi, project);
  Report report = {.session = session,
                   .out = argv[1],
                   .media = media,
                   .json = argc > 4 && strcmp (argv[4], "--json") == 0};
  praxi_session_only_read (session);
  g_signal_connect (session, "message", G_CALLBACK (message_cb), &report);
  g_signal_connect (session, "changed", G_CALLBACK (changed_cb), &report);
  praxi_session_add_media (session, media);
  while (!report.is_over)
    g_main_context_iteration (NULL, TRUE);
  g_signal_handlers_disconnect_by_data (session, &report);
  praxi_session_close (session);
  return report.status;
}
