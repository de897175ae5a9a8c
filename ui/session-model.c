#include "ui/session-model.h"

#include <glib/gi18n.h>

#include "ui/session-private.h"
#include "ui/session-settings.h"

#define GROUP "model"
#define KEY "model-path"

char *
praxi_session_model (PraxiSession *self)
{
  char *model = praxi_settings_get (praxi_session_settings (self), GROUP, KEY);
  return model != NULL ? model : g_strdup ("light");
}

static void
finished_cb (PraxiJob *job, gpointer user_data)
{
  PraxiSession *self = user_data;
  JsonObject *document = praxi_job_document (job);
  const gboolean is_model =
      document != NULL &&
      g_str_equal (json_object_get_string_member_with_default (document, "kind", ""), "model");
  if (praxi_job_state (job) == PRAXI_JOB_FAILED)
    praxi_session_say (self, TRUE, praxi_job_error_text (job));
  else if (!is_model)
    praxi_session_say (self, TRUE, _ ("This is no model; choose an ONNX file"));
  if (is_model) {
    g_clear_pointer (&self->model_info, json_object_unref);
    self->model_info = json_object_ref (document);
    if (self->wanted_model != NULL)
      praxi_settings_put (praxi_session_settings (self), GROUP, KEY, self->wanted_model);
  }
  g_clear_pointer (&self->wanted_model, g_free);
  g_clear_pointer (&self->model_job, praxi_job_free);
  praxi_session_changed (self, PRAXI_CHANGE_REPORT);
}

static void
ask (PraxiSession *self, const char *model)
{
  static const PraxiJobEvents events = {.finished = finished_cb};
  const char *const argv[] = {self->praxi_path, "info", "--json", model, NULL};
  g_clear_pointer (&self->model_job, praxi_job_free);
  self->model_job = praxi_job_start (argv, &events, self, NULL);
}

void
praxi_session_set_model (PraxiSession *self, const char *model)
{
  g_free (self->wanted_model);
  self->wanted_model = g_strdup (model);
  ask (self, model);
}

JsonObject *
praxi_session_model_info (PraxiSession *self)
{
  if (self->model_info == NULL && !self->was_model_asked && !self->is_closed) {
    g_autofree char *model = praxi_session_model (self);
    self->was_model_asked = TRUE;
    ask (self, model);
  }
  return self->model_info;
}

void
praxi_session_model_close (PraxiSession *self)
{
  g_clear_pointer (&self->model_job, praxi_job_free);
  g_clear_pointer (&self->model_info, json_object_unref);
  g_clear_pointer (&self->wanted_model, g_free);
}
