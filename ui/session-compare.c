/* The comparison of the two bundled models: a job whose document the compare panel shows. */
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

#include "ui/session-jobs.h"

static char **
make_argv (PraxiSession *self, PraxiJobItem *item)
{
  const char *light = self->compared_model != NULL ? self->compared_model : "light";
  const gboolean is_folder = !g_str_has_suffix (item->subject, ".praxi");
  const char *const argv[] = {
      self->praxi_path, "compare",  "--json",  "--progress", "json",
      "--original",     "original", "--light", light,        is_folder ? "--data" : "--project",
      item->subject,    NULL};
  return g_strdupv ((char **) (gpointer) argv);
}

/* --- kept beside the project --------------------------------------------------------------- */

static char *
kept_path (PraxiSession *self)
{
  return praxi_session_track_file (self, "comparison.json");
}

/* A comparison that cannot be kept is only gone after a restart: not worth a word. */
static void
keep (PraxiSession *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) report = json_node_new (JSON_NODE_OBJECT);
  json_node_set_object (report, self->report);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "subject");
  json_builder_add_string_value (builder, self->report_subject);
  json_builder_set_member_name (builder, "report");
  json_builder_add_value (builder, g_steal_pointer (&report));
  json_builder_end_object (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, FALSE);
  g_autofree char *path = kept_path (self);
  g_autofree char *folder = g_path_get_dirname (path);
  g_mkdir_with_parents (folder, 0700);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_PRIVATE, NULL, NULL,
                                       NULL);
}

static gboolean
take_kept (PraxiSession *self, JsonNode *root)
{
  JsonObject *kept =
      root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonNode *report = kept != NULL ? json_object_get_member (kept, "report") : NULL;
  if (report == NULL || !JSON_NODE_HOLDS_OBJECT (report))
    return FALSE;
  g_clear_pointer (&self->report, json_object_unref);
  self->report = json_object_ref (json_node_get_object (report));
  g_free (self->report_subject);
  self->report_subject =
      g_strdup (json_object_get_string_member_with_default (kept, "subject", ""));
  return TRUE;
}

static void
read_cb (GObject *file, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PraxiSession) self = user_data;
  g_autofree char *text = NULL, *wanted = kept_path (self);
  if (!g_file_load_contents_finish (G_FILE (file), result, &text, NULL, NULL, NULL) ||
      self->is_closed || g_strcmp0 (g_file_peek_path (G_FILE (file)), wanted) != 0)
    return;
  g_autoptr (JsonNode) root = json_from_string (text, NULL);
  if (take_kept (self, root))
    praxi_session_changed (self, PRAXI_CHANGE_REPORT);
}

void
praxi_session_load_report (PraxiSession *self)
{
  g_autofree char *path = kept_path (self);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_clear_pointer (&self->report, json_object_unref);
  praxi_session_changed (self, PRAXI_CHANGE_REPORT);
  g_file_load_contents_async (file, NULL, read_cb, g_object_ref (self));
}

/* --- the job ------------------------------------------------------------------------------- */

static void
finished (PraxiSession *self, PraxiJobItem *item)
{
  JsonObject *document = praxi_job_document (item->job);
  if (document == NULL || !json_object_has_member (document, "original"))
    return;
  g_clear_pointer (&self->report, json_object_unref);
  self->report = json_object_ref (document);
  g_free (self->report_subject);
  self->report_subject = g_strdup (item->subject);
  g_clear_pointer (&self->compared_model, g_free); /* the next one is of light again */
  keep (self);
  praxi_session_changed (self, PRAXI_CHANGE_REPORT);
}

static const PraxiJobKind kind = {.argv = make_argv, .finished = finished};

void
praxi_session_compare (PraxiSession *self, const char *folder)
{
  if (praxi_session_find_job (self, &kind, NULL) != NULL)
    return;
  praxi_session_enqueue (self, &kind, g_strdup (_ ("Comparing the two models")), NULL,
                         folder != NULL ? folder : self->project_path);
}

gboolean
praxi_session_is_comparing (PraxiSession *self)
{
  return praxi_session_find_job (self, &kind, NULL) != NULL;
}

JsonObject *
praxi_session_report (PraxiSession *self)
{
  return self->report;
}

const char *
praxi_session_report_subject (PraxiSession *self)
{
  return self->report_subject != NULL ? self->report_subject : "";
}

void
praxi_session_compare_close (PraxiSession *self)
{
  g_clear_pointer (&self->report, json_object_unref);
  g_clear_pointer (&self->report_subject, g_free);
}
