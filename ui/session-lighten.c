#include "ui/session-lighten.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-jobs.h"
#include "ui/session-made.h"

static void
pass_clear (gpointer data)
{
  g_free (((PraxiUiPass *) data)->pass);
}

/* --- the job ------------------------------------------------------------------------------- */

static void
add_number (GPtrArray *words, const char *option, const char *format, double number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_ptr_array_add (words, g_strdup (option));
  g_ptr_array_add (words, g_strdup (g_ascii_formatd (text, sizeof text, format, number)));
}

static char **
make_argv (PraxiSession *self, PraxiJobItem *item)
{
  g_autofree char *out = praxi_session_made_path (self, PRAXI_MADE_LIGHTER);
  g_autofree char *own = praxi_session_made_path (self, PRAXI_MADE_OWN);
  const PraxiUiLimits *limits = &self->limits;
  GPtrArray *words = g_ptr_array_new ();
  const char *const first[] = {self->praxi_path, "lighten",    limits->of_own ? own : "original",
                               "--quantize",     "int8",       "--project",
                               item->subject,    "--out",      out,
                               "--json",         "--progress", "json"};
  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    g_ptr_array_add (words, g_strdup (first[i]));
  if (limits->max_drop >= 0)
    add_number (words, "--max-drop", "%.2f", limits->max_drop);
  if (limits->most_bytes > 0)
    add_number (words, "--budget-bytes", "%.0f", limits->most_bytes);
  if (limits->least_fps > 0)
    add_number (words, "--min-fps", "%.0f", limits->least_fps);
  g_ptr_array_add (words, NULL);
  return (char **) g_ptr_array_free (words, FALSE);
}

static void
begun (PraxiSession *self, PraxiJobItem *item)
{
  g_array_set_size (self->passes, 0);
  g_clear_pointer (&self->unmet_limit, g_free);
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

static void
add_pass (PraxiSession *self, const char *pass, JsonObject *report, const char *when)
{
  JsonNode *node = json_object_get_member (report, when);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  JsonObject *figures = json_node_get_object (node);
  const PraxiUiPass step = {.pass = g_strdup (pass),
                            .file_bytes = praxi_job_line_number (figures, "file_bytes"),
                            .macs = praxi_job_line_number (figures, "macs"),
                            .accuracy = praxi_job_line_number (figures, "accuracy"),
                            .fps = praxi_job_line_number (figures, "fps")};
  g_array_append_val (self->passes, step);
}

static void
line (PraxiSession *self, PraxiJobItem *item, JsonObject *object)
{
  JsonNode *pass = json_object_get_member (object, "pass");
  JsonNode *report = json_object_get_member (object, "report");
  if (pass == NULL || !JSON_NODE_HOLDS_VALUE (pass) || report == NULL ||
      !JSON_NODE_HOLDS_OBJECT (report))
    return;
  JsonObject *figures = json_node_get_object (report);
  const char *name = json_node_get_string (pass);
  if (self->passes->len == 0)
    add_pass (self, "before", figures, "before");
  add_pass (self, name != NULL ? name : "", figures, "after");
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

static void
finished (PraxiSession *self, PraxiJobItem *item)
{
  const PraxiJobState state = praxi_job_state (item->job);
  if (state == PRAXI_JOB_DONE)
    praxi_session_say (self, FALSE, _ ("There is a lighter model now: compare it, then use it"));
  else if (state == PRAXI_JOB_FAILED)
    self->unmet_limit = g_strdup (praxi_job_error_text (item->job));
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

static const PraxiJobKind kind = {.argv = make_argv,
                                  .begun = begun,
                                  .line = line,
                                  .finished = finished};

void
praxi_session_lighten (PraxiSession *self, const PraxiUiLimits *limits)
{
  if (praxi_session_is_lightening (self))
    return;
  self->limits = *limits;
  praxi_session_learn (self, &kind, g_strdup (_ ("Making a lighter model")));
}

void
praxi_session_lighten_own (PraxiSession *self)
{
  PraxiUiLimits limits = self->limits;
  limits.of_own = TRUE;
  praxi_session_lighten (self, &limits);
}

void
praxi_session_cancel_lightening (PraxiSession *self)
{
  praxi_session_cancel_kind (self, &kind);
}

gboolean
praxi_session_is_lightening (PraxiSession *self)
{
  return praxi_session_find_job (self, &kind, NULL) != NULL;
}

const GArray *
praxi_session_passes (PraxiSession *self)
{
  return self->passes;
}

const char *
praxi_session_unmet_limit (PraxiSession *self)
{
  return self->unmet_limit;
}

void
praxi_session_lighten_init (PraxiSession *self)
{
  self->limits.max_drop = PRAXI_UI_USUAL_DROP;
  self->passes = g_array_new (FALSE, FALSE, sizeof (PraxiUiPass));
  g_array_set_clear_func (self->passes, pass_clear);
}

void
praxi_session_lighten_close (PraxiSession *self)
{
  g_clear_pointer (&self->passes, g_array_unref);
  g_clear_pointer (&self->unmet_limit, g_free);
  g_clear_pointer (&self->compared_model, g_free);
}
