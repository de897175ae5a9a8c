#include "ui/session-lighten.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-jobs.h"
#include "ui/session-model.h"

/* Lies with the project's tracks. Free with g_free. */
static char *
lighter_path (PraxiSession *self)
{
  return g_strconcat (self->project_path, "-tracks/lighter.onnx", NULL);
}

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
  g_autofree char *out = lighter_path (self);
  g_autofree char *folder = g_path_get_dirname (out);
  const PraxiUiLimits *limits = &self->limits;
  GPtrArray *words = g_ptr_array_new ();
  const char *const first[] = {self->praxi_path, "lighten",     "original", "--quantize", "int8",
                               "--project",      item->subject, "--out",    out,          "--json",
                               "--progress",     "json"};
  g_mkdir_with_parents (folder, 0700);
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

static double
number_of (JsonObject *figures, const char *name)
{
  JsonNode *node = json_object_get_member (figures, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

static void
add_pass (PraxiSession *self, const char *pass, JsonObject *report, const char *when)
{
  JsonNode *node = json_object_get_member (report, when);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  JsonObject *figures = json_node_get_object (node);
  const PraxiUiPass step = {.pass = g_strdup (pass),
                            .file_bytes = number_of (figures, "file_bytes"),
                            .macs = number_of (figures, "macs"),
                            .accuracy = number_of (figures, "accuracy"),
                            .fps = number_of (figures, "fps")};
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
  praxi_session_enqueue (self, &kind, g_strdup (_ ("Making a lighter model")), NULL,
                         self->project_path);
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

void
praxi_session_cancel_lightening (PraxiSession *self)
{
  PraxiJobItem *job = praxi_session_find_job (self, &kind, NULL);
  if (job != NULL)
    praxi_session_cancel (self, job);
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

/* --- the model ----------------------------------------------------------------------------- */

gboolean
praxi_session_has_lighter_model (PraxiSession *self)
{
  g_autofree char *path = lighter_path (self);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
praxi_session_uses_lighter_model (PraxiSession *self)
{
  g_autofree char *lighter = lighter_path (self), *used = praxi_session_model (self);
  return g_str_equal (lighter, used);
}

void
praxi_session_use_lighter_model (PraxiSession *self, gboolean use)
{
  g_autofree char *lighter = lighter_path (self);
  if (use != praxi_session_uses_lighter_model (self))
    praxi_session_set_model (self, use ? lighter : "light");
}

void
praxi_session_compare_lighter (PraxiSession *self)
{
  g_autofree char *lighter = lighter_path (self);
  g_free (self->compared_model);
  self->compared_model = g_steal_pointer (&lighter);
  praxi_session_compare (self, NULL);
}

void
praxi_session_lighten_init (PraxiSession *self)
{
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
