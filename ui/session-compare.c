/* The comparison of the two bundled models: a job whose document the compare panel shows. */
#include <glib/gi18n.h>

#include "ui/session-jobs.h"

static char **
make_argv (PraxiSession *self, PraxiJobItem *item)
{
  const gboolean is_folder = !g_str_has_suffix (item->subject, ".praxi");
  const char *const argv[] = {
      self->praxi_path, "compare",  "--json",  "--progress", "json",
      "--original",     "original", "--light", "light",      is_folder ? "--data" : "--project",
      item->subject,    NULL};
  return g_strdupv ((char **) (gpointer) argv);
}

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
