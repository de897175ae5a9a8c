#include "ui/session-tune.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/said.h"
#include "ui/session-jobs.h"
#include "ui/session-made.h"

/* What may be chosen: options of `praxi train`. */
static const char space[] = "{\"rate\":{\"type\":\"log\",\"low\":1e-4,\"high\":1e-2},"
                            "\"batch\":{\"type\":\"choice\",\"values\":[8,16,32]}}\n";

static void
trial_free (gpointer data)
{
  PraxiUiTrial *trial = data;
  g_free (trial->state);
  g_free (trial->values);
  g_free (trial);
}

/* --- the job ------------------------------------------------------------------------------- */

static char **
make_argv (PraxiSession *self, PraxiJobItem *item)
{
  g_autofree char *out = praxi_session_made_path (self, PRAXI_MADE_TUNED);
  g_autofree char *space_path = praxi_session_track_file (self, "space.json");
  g_autofree char *trials = g_strdup_printf ("%d", self->n_trials);
  g_file_set_contents (space_path, space, -1, NULL); /* without it the job says what is missing */
  const char *const argv[] = {self->praxi_path, "tune",       "--project", item->subject, "--space",
                              space_path,       "--out",      out,         "--trials",    trials,
                              "--json",         "--progress", "json",      NULL};
  return g_strdupv ((char **) (gpointer) argv);
}

static void
begun (PraxiSession *self, PraxiJobItem *item)
{
  g_ptr_array_set_size (self->trials, 0);
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

static const char *
name_of (const char *param)
{
  if (g_str_equal (param, "rate"))
    return _ ("rate");
  return g_str_equal (param, "batch") ? _ ("batch") : param;
}

static char *
values_of (JsonObject *line)
{
  GString *text = g_string_new (NULL);
  JsonNode *node = json_object_get_member (line, "params");
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return g_string_free (text, FALSE);
  JsonObject *params = json_node_get_object (node);
  g_autoptr (GList) names = json_object_get_members (params);
  for (GList *at = names; at != NULL; at = at->next) {
    const char *value = json_object_get_string_member_with_default (params, at->data, "?");
    g_autofree char *said = praxi_said_value (value);
    g_string_append_printf (text, "%s%s %s", text->len > 0 ? ", " : "", name_of (at->data), said);
  }
  return g_string_free (text, FALSE);
}

static void
line (PraxiSession *self, PraxiJobItem *item, JsonObject *object)
{
  if (!json_object_has_member (object, "trial") || !json_object_has_member (object, "state"))
    return;
  PraxiUiTrial *trial = g_new0 (PraxiUiTrial, 1);
  trial->number = (int) praxi_job_line_number (object, "trial");
  trial->state = g_strdup (json_object_get_string_member_with_default (object, "state", ""));
  trial->values = values_of (object);
  trial->score = praxi_job_line_number (object, "score");
  trial->latency_ms = praxi_job_line_number (object, "latency_ms");
  g_ptr_array_add (self->trials, trial);
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

static void
finished (PraxiSession *self, PraxiJobItem *item)
{
  if (praxi_job_state (item->job) == PRAXI_JOB_DONE)
    praxi_session_say (self, FALSE, _ ("The best of these trials has become a model"));
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

static const PraxiJobKind kind = {.argv = make_argv,
                                  .begun = begun,
                                  .line = line,
                                  .finished = finished};

void
praxi_session_tune (PraxiSession *self, int trials)
{
  if (praxi_session_is_tuning (self))
    return;
  self->n_trials = trials;
  praxi_session_learn (self, &kind, g_strdup (_ ("Trying ways of training")));
}

void
praxi_session_cancel_tuning (PraxiSession *self)
{
  praxi_session_cancel_kind (self, &kind);
}

gboolean
praxi_session_is_tuning (PraxiSession *self)
{
  return praxi_session_find_job (self, &kind, NULL) != NULL;
}

const GPtrArray *
praxi_session_trials (PraxiSession *self)
{
  return self->trials;
}

void
praxi_session_tune_init (PraxiSession *self)
{
  self->trials = g_ptr_array_new_with_free_func (trial_free);
}

void
praxi_session_tune_close (PraxiSession *self)
{
  g_clear_pointer (&self->trials, g_ptr_array_unref);
}
