/* From a whole request to its answer. */
#include <string.h>

#include "app/serve-private.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"

static char *
take_text (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

char *
praxi_serve_error_text (const char *text)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "error", text);
  json_builder_end_object (builder);
  return take_text (builder);
}

static char *
answer_text (const PraxiServer *server, const PraxiAnswer *answer, const char *file)
{
  const PraxiExecutor *executor = praxi_serve_model_executor (server->model);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "media");
  json_builder_begin_array (builder);
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "file", file);
  praxi_answer_add_json (answer, answer->n_classes, builder);
  praxi_json_add_int (builder, "windows", answer->n_windows);
  json_builder_end_object (builder);
  json_builder_end_array (builder);
  praxi_json_add_string (builder, "model", praxi_serve_model_name (server->model));
  praxi_json_add_string (builder, "sha256", praxi_serve_model_scorer (server->model)->sha256);
  praxi_json_add_string (builder, "backend", praxi_executor_backend_name (executor));
  praxi_json_add_string (builder, "device", praxi_executor_device_name (executor));
  json_builder_end_object (builder);
  return take_text (builder);
}

void
praxi_request_finish (PraxiRequest *request, guint code, char *text)
{
  request->code = code;
  request->text = text;
  request->stage = PRAXI_REQUEST_DONE;
  atomic_fetch_sub (&request->server->n_admitted, 1);
  MHD_resume_connection (request->connection); /* it may be gone from here on */
}

/* What is the footage's fault is told; what is ours goes to the log. */
void
praxi_request_fail (PraxiRequest *request, const GError *error)
{
  if (atomic_load (&request->server->is_stopping)) {
    praxi_request_finish (request, 503, praxi_serve_error_text ("the server ends"));
  } else if (error->domain == PRAXI_ERROR &&
             (error->code == PRAXI_ERROR_FORMAT || error->code == PRAXI_ERROR_UNSUPPORTED)) {
    praxi_request_finish (request, 400, praxi_serve_error_text (error->message));
  } else {
    g_printerr ("praxi: serve: %s\n", error->message);
    praxi_request_finish (request, 500,
                          praxi_serve_error_text ("the server could not do it; its log says why"));
  }
}

static void
finish_with (PraxiRequest *request, const PraxiAnswer *answer, const char *file)
{
  praxi_request_finish (request, 200, answer_text (request->server, answer, file));
}

static void
clip_done_cb (gpointer data, const GError *error)
{
  PraxiRequest *request = data;
  const PraxiScorer *scorer = praxi_serve_model_scorer (request->server->model);
  if (error != NULL) {
    praxi_request_fail (request, error);
    return;
  }
  PraxiAnswer answer;
  praxi_answer_begin (&answer, scorer->classes, scorer->n_classes);
  praxi_answer_add_window (&answer, request->scores);
  finish_with (request, &answer, "clip");
  praxi_answer_clear (&answer);
}

void
praxi_request_dispatch (PraxiRequest *request)
{
  PraxiServer *server = request->server;
  if (request->route == PRAXI_ROUTE_FOOTAGE) {
    praxi_decoders_add (server->decoders, request->media_fd, request);
    return;
  }
  request->scores = g_new0 (float, praxi_serve_model_scorer (server->model)->n_classes);
  if (!praxi_batcher_submit (server->batcher, request->clip->data, request->scores, clip_done_cb,
                             request))
    praxi_request_finish (request, 503, praxi_serve_error_text ("too much to do; try again"));
}

/* Collects at most n clips. Returns how many; fewer: the end, or an error. */
static int
collect (PraxiClipStream *stream, guint8 *clips, gsize clip_bytes, int n, GError **error)
{
  for (int i = 0; i < n; i++) {
    const guint8 *clip = praxi_clip_stream_next (stream, error);
    if (clip == NULL)
      return i;
    memcpy (clips + clip_bytes * (gsize) i, clip, clip_bytes);
  }
  return n;
}

static gboolean
score_all (PraxiServer *server, PraxiClipStream *stream, PraxiAnswer *answer, GError **error)
{
  const gsize clip_bytes = praxi_serve_model_clip_bytes (server->model);
  const int lanes = server->options.max_batch;
  g_autofree guint8 *clips = g_malloc (clip_bytes * (gsize) lanes);
  g_autofree float *scores = g_new0 (float, lanes * answer->n_classes);
  for (int n = lanes; n == lanes;) {
    GError *problem = NULL;
    n = collect (stream, clips, clip_bytes, lanes, &problem);
    if (problem != NULL) {
      g_propagate_error (error, problem);
      return FALSE;
    }
    if (n > 0 && !praxi_batcher_score (server->batcher, clips, n, scores, error))
      return FALSE;
    for (int i = 0; i < n; i++)
      praxi_answer_add_window (answer, scores + i * answer->n_classes);
  }
  return TRUE;
}

void
praxi_request_score_footage (PraxiRequest *request, PraxiClipStream *stream)
{
  const PraxiScorer *scorer = praxi_serve_model_scorer (request->server->model);
  g_autoptr (GError) error = NULL;
  PraxiAnswer answer;
  praxi_answer_begin (&answer, scorer->classes, scorer->n_classes);
  if (score_all (request->server, stream, &answer, &error))
    finish_with (request, &answer, "footage");
  else
    praxi_request_fail (request, error);
  praxi_answer_clear (&answer);
}
