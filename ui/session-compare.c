/* The comparison of the two bundled models: a job whose document the compare panel shows. */
#include "ui/session-private.h"

#include <glib/gi18n.h>
#include <math.h>

static void
progress_cb (PraxiJob *job, const PraxiJobProgress *progress, gpointer user_data)
{
  PraxiSession *self = user_data;
  self->job_share = progress->total > 0 ? CLAMP (progress->done / progress->total, 0, 1) : NAN;
  self->job_eta_s = progress->eta_s;
  praxi_session_changed (self, PRAXI_CHANGE_JOB);
}

static void
finished_cb (PraxiJob *job, gpointer user_data)
{
  PraxiSession *self = user_data;
  if (praxi_job_state (job) == PRAXI_JOB_FAILED)
    praxi_session_say (self, TRUE, praxi_job_error_text (job));
  JsonObject *document = praxi_job_document (job);
  if (document != NULL && json_object_has_member (document, "original")) {
    g_clear_pointer (&self->report, json_object_unref);
    self->report = json_object_ref (document);
  }
  g_clear_pointer (&self->comparison, praxi_job_free);
  praxi_session_changed (self, PRAXI_CHANGE_JOB | PRAXI_CHANGE_REPORT);
}

void
praxi_session_compare (PraxiSession *self, const char *folder)
{
  static const PraxiJobEvents events = {.progress = progress_cb, .finished = finished_cb};
  if (praxi_session_job (self).is_running)
    return;
  const char *const argv[] = {self->praxi_path,
                              "compare",
                              "--json",
                              "--progress",
                              "json",
                              "--original",
                              "original",
                              "--light",
                              "light",
                              folder != NULL ? "--data" : "--project",
                              folder != NULL ? folder : self->project_path,
                              NULL};
  g_autoptr (GError) error = NULL;
  self->comparison = praxi_job_start (argv, &events, self, &error);
  if (self->comparison == NULL) {
    praxi_session_say (self, TRUE, error->message);
    return;
  }
  g_free (self->report_subject);
  self->report_subject = g_strdup (folder != NULL ? folder : self->project_path);
  g_free (self->job_what);
  self->job_what = g_strdup (_ ("Comparing the two models"));
  self->job_share = self->job_eta_s = NAN;
  praxi_session_changed (self, PRAXI_CHANGE_JOB);
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
  g_clear_pointer (&self->comparison, praxi_job_free);
  g_clear_pointer (&self->report, json_object_unref);
  g_clear_pointer (&self->report_subject, g_free);
}
