#include "engine/train/tune-file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/core/json-lines.h"

static const char *const state_names[] = {"running", "done", "stopped", "failed"};

const char *
praxi_trial_state_name (PraxiTrialState state)
{
  return state_names[state];
}

static void
add_params (JsonBuilder *builder, const PraxiTuner *tuner, const PraxiTrial *trial)
{
  json_builder_set_member_name (builder, "params");
  json_builder_begin_object (builder);
  for (int a = 0; a < tuner->space->n_axes; a++) {
    g_autofree char *text = praxi_tune_text (&tuner->space->axes[a], trial->places[a]);
    praxi_json_add_string (builder, tuner->space->axes[a].name, text);
  }
  json_builder_end_object (builder);
}

void
praxi_trial_add_json (JsonBuilder *builder, const PraxiTuner *tuner, const PraxiTrial *trial)
{
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "trial", trial->number);
  praxi_json_add_string (builder, "state", state_names[trial->state]);
  add_params (builder, tuner, trial);
  praxi_json_add_double (builder, "score", trial->score);
  praxi_json_add_double (builder, "latency_ms", trial->latency_ms);
  praxi_json_add_int (builder, "epochs", trial->course->len);
  json_builder_end_object (builder);
}

/* --- writing -------------------------------------------------------------------------------- */

static gboolean
write_line (PraxiTuneFile *file, JsonBuilder *builder, GError **error)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, FALSE);
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  const gsize n = strlen (line);
  for (gsize done = 0; done < n;) {
    const ssize_t wrote = write (file->fd, line + done, n - done);
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote < 0) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "%s: %s; make room", file->path,
                   g_strerror (errno));
      return FALSE;
    }
    done += (gsize) wrote;
  }
  return fdatasync (file->fd) == 0 || TRUE; /* a disk that cannot sync loses a trial at most */
}

gboolean
praxi_tune_file_begin (PraxiTuneFile *file, const PraxiTrial *trial, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "trial", trial->number);
  praxi_json_add_string (builder, "state", state_names[PRAXI_TRIAL_RUNNING]);
  add_params (builder, file->tuner, trial);
  json_builder_end_object (builder);
  return write_line (file, builder, error);
}

gboolean
praxi_tune_file_epoch (PraxiTuneFile *file, const PraxiTrial *trial, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "trial", trial->number);
  praxi_json_add_double (builder, "epoch_score",
                         g_array_index (trial->course, double, trial->course->len - 1));
  json_builder_end_object (builder);
  return write_line (file, builder, error);
}

gboolean
praxi_tune_file_end (PraxiTuneFile *file, const PraxiTrial *trial, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  praxi_trial_add_json (builder, file->tuner, trial);
  return write_line (file, builder, error);
}

/* --- reading -------------------------------------------------------------------------------- */

static double
number_in (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : (double) NAN;
}

static PraxiTrial *
find_trial (const PraxiTuner *tuner, int number)
{
  for (guint i = 0; i < tuner->trials->len; i++)
    if (((PraxiTrial *) tuner->trials->pdata[i])->number == number)
      return tuner->trials->pdata[i];
  return NULL;
}

static gboolean
read_places (const PraxiTuner *tuner, JsonObject *line, double *places)
{
  JsonNode *node = json_object_get_member (line, "params");
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;
  JsonObject *params = json_node_get_object (node);
  for (int a = 0; a < tuner->space->n_axes; a++) {
    const PraxiTuneAxis *axis = &tuner->space->axes[a];
    JsonNode *value = json_object_get_member (params, axis->name);
    const char *text =
        value != NULL && JSON_NODE_HOLDS_VALUE (value) ? json_node_get_string (value) : NULL;
    places[a] = text != NULL ? praxi_tune_place (axis, text) : (double) NAN;
    if (!isfinite (places[a]))
      return FALSE;
  }
  return TRUE;
}

static PraxiTrialState
state_in (JsonObject *line)
{
  JsonNode *node = json_object_get_member (line, "state");
  const char *name =
      node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (state_names); i++)
    if (g_str_equal (name, state_names[i]))
      return (PraxiTrialState) i;
  return PRAXI_TRIAL_RUNNING;
}

static gboolean
take_line (PraxiTuner *tuner, JsonObject *line)
{
  const double number = number_in (line, "trial");
  if (!(number >= 0 && number < G_MAXINT32))
    return FALSE;
  PraxiTrial *trial = find_trial (tuner, (int) number);
  if (json_object_has_member (line, "epoch_score")) {
    const double score = number_in (line, "epoch_score");
    if (trial != NULL && trial->state == PRAXI_TRIAL_RUNNING)
      g_array_append_val (trial->course, score);
    return trial != NULL;
  }
  if (trial == NULL) {
    g_autofree double *places = g_new (double, tuner->space->n_axes + 1);
    if (!read_places (tuner, line, places))
      return FALSE;
    trial = praxi_tuner_add (tuner, (int) number, places);
  }
  trial->state = state_in (line);
  if (trial->state == PRAXI_TRIAL_RUNNING)
    g_array_set_size (trial->course, 0); /* it begins, or begins again */
  else {
    trial->score = number_in (line, "score");
    trial->latency_ms = number_in (line, "latency_ms");
  }
  return TRUE;
}

static gboolean
fail (GError **error, const char *path, guint line, const char *why)
{
  g_autofree char *name = g_path_get_basename (path);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
               "%s: line %u %s; choose another --out or remove the file", name, line, why);
  return FALSE;
}

static gboolean
same_space (JsonObject *line, const char *space_json)
{
  JsonNode *given = json_object_get_member (line, "space");
  g_autoptr (JsonNode) wanted = json_from_string (space_json, NULL);
  return given != NULL && wanted != NULL && json_node_equal (given, wanted);
}

static gboolean
read_lines (PraxiTuneFile *file, const char *text, const char *space_json, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  const guint n = g_strv_length (lines);
  for (guint i = 0; i + 1 < n; i++) { /* what follows the last line end was cut off */
    g_autoptr (JsonNode) root = json_from_string (lines[i], NULL);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
      return fail (error, file->path, i + 1, "is damaged");
    JsonObject *line = json_node_get_object (root);
    if (i == 0 && !same_space (line, space_json))
      return fail (error, file->path, 1, "is of another search space");
    if (i > 0 && !take_line (file->tuner, line))
      return fail (error, file->path, i + 1, "does not fit the search space");
  }
  return TRUE;
}

static gboolean
write_space (PraxiTuneFile *file, const char *space_json, GError **error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "space");
  json_builder_add_value (builder, json_from_string (space_json, NULL));
  json_builder_end_object (builder);
  return write_line (file, builder, error);
}

PraxiTuneFile *
praxi_tune_file_open (const char *path, const char *space_json, PraxiTuner *tuner, GError **error)
{
  g_autoptr (PraxiTuneFile) file = g_new0 (PraxiTuneFile, 1);
  g_autofree char *text = NULL;
  gsize n = 0;
  file->path = g_strdup (path);
  file->tuner = tuner;
  file->fd = open (path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file->fd < 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "%s: %s; choose another place", path,
                 g_strerror (errno));
    return NULL;
  }
  if (!g_file_get_contents (path, &text, &n, error))
    return NULL;
  /* A line that was cut off while it was written goes. */
  const char *last = memrchr (text, '\n', n);
  const gsize whole = last != NULL ? (gsize) (last - text) + 1 : 0;
  if (whole < n && ftruncate (file->fd, (off_t) whole) != 0) {
    fail (error, path, 1, "cannot be mended");
    return NULL;
  }
  text[whole] = '\0';
  if (whole == 0 ? !write_space (file, space_json, error)
                 : !read_lines (file, text, space_json, error))
    return NULL;
  return g_steal_pointer (&file);
}

void
praxi_tune_file_close (PraxiTuneFile *file)
{
  if (file == NULL)
    return;
  if (file->fd >= 0)
    close (file->fd);
  g_free (file->path);
  g_free (file);
}
