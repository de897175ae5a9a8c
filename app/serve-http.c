/* The daemon's side: heads, bodies and answers. All of it runs in the daemon's one thread. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/serve-private.h"
#include "engine/core/json-lines.h"

#define TYPE_JSON "application/json"
#define TYPE_METRICS "text/plain; version=0.0.4"

static gboolean
is_ready (PraxiServer *server)
{
  return !atomic_load (&server->is_stopping) && !praxi_serve_model_is_lost (server->model);
}

char *
praxi_serve_health (PraxiServer *server, gboolean ready)
{
  const PraxiScorer *scorer = praxi_serve_model_scorer (server->model);
  const PraxiExecutor *executor = praxi_serve_model_executor (server->model);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_boolean (builder, "ready", ready);
  praxi_json_add_string (builder, "model", praxi_serve_model_name (server->model));
  praxi_json_add_string (builder, "sha256", scorer->sha256);
  praxi_json_add_string (builder, "backend", praxi_executor_backend_name (executor));
  praxi_json_add_string (builder, "device", praxi_executor_device_name (executor));
  praxi_json_add_string (builder, "precision", praxi_executor_precision (executor));
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (int c = 0; c < scorer->n_classes; c++)
    json_builder_add_string_value (builder, scorer->classes[c]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "clip");
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "frames", scorer->frames);
  praxi_json_add_int (builder, "height", scorer->height);
  praxi_json_add_int (builder, "width", scorer->width);
  praxi_json_add_double (builder, "rate_hz", scorer->rate_hz);
  praxi_json_add_int (builder, "bytes", (gint64) praxi_serve_model_clip_bytes (server->model));
  json_builder_end_object (builder);
  praxi_json_add_int (builder, "max_batch", server->options.max_batch);
  praxi_json_add_int (builder, "max_body_bytes", server->options.max_body_bytes);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static char *
metrics_text (PraxiServer *server)
{
  const PraxiServeState state = {.model = server->model,
                                 .batcher = praxi_batcher_counts (server->batcher),
                                 .guests = praxi_guests_counts (server->guests),
                                 .admitted = atomic_load (&server->n_admitted),
                                 .max_queue = server->options.max_queue,
                                 .bodies_bytes = atomic_load (&server->bodies_bytes),
                                 .is_ready = is_ready (server),
                                 .uptime_s =
                                     (double) (g_get_monotonic_time () - server->begin_us) / 1e6};
  return praxi_serve_metrics_text (server->metrics, &state);
}

static void
release_body (PraxiRequest *request)
{
  g_clear_pointer (&request->clip, g_byte_array_unref);
  if (request->media_fd >= 0)
    close (request->media_fd);
  request->media_fd = -1;
  atomic_fetch_sub (&request->server->bodies_bytes, request->kept_bytes);
  request->kept_bytes = 0;
}

/* text: taken. */
static enum MHD_Result
respond (PraxiRequest *request, guint code, char *text, const char *type)
{
  PraxiServer *server = request->server;
  const gboolean is_prediction =
      request->route == PRAXI_ROUTE_CLIP || request->route == PRAXI_ROUTE_FOOTAGE;
  release_body (request);
  praxi_serve_metrics_count (server->metrics, code,
                             is_prediction && code == 200
                                 ? (double) (g_get_monotonic_time () - request->begin_us) / 1e6
                                 : -1);
  struct MHD_Response *response =
      MHD_create_response_from_buffer (strlen (text), text, MHD_RESPMEM_MUST_FREE);
  if (response == NULL) {
    g_free (text);
    return MHD_NO;
  }
  MHD_add_response_header (response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  MHD_add_response_header (response, "X-Content-Type-Options", "nosniff");
  if (code == 503)
    MHD_add_response_header (response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
  if (code == 401)
    MHD_add_response_header (response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
  if (code == 405)
    MHD_add_response_header (response, MHD_HTTP_HEADER_ALLOW, is_prediction ? "POST" : "GET");
  /* What may still come of this request is not read. */
  if (!request->is_whole)
    MHD_add_response_header (response, MHD_HTTP_HEADER_CONNECTION, "close");
  praxi_guests_set (server->guests, request->guest, PRAXI_GUEST_TAKING);
  const enum MHD_Result result = MHD_queue_response (request->connection, code, response);
  MHD_destroy_response (response);
  return result;
}

static enum MHD_Result
refuse (PraxiRequest *request)
{
  return respond (request, request->refusal.code, praxi_serve_error_text (request->refusal.text),
                  TYPE_JSON);
}

static enum MHD_Result
count_lengths_cb (void *data, enum MHD_ValueKind kind, const char *key, const char *value)
{
  if (g_ascii_strcasecmp (key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0)
    ++*(int *) data;
  return MHD_YES;
}

static const char *
field (struct MHD_Connection *connection, const char *name)
{
  return MHD_lookup_connection_value (connection, MHD_HEADER_KIND, name);
}

static PraxiRefusal
check_head (PraxiRequest *request, const char *url, const char *method)
{
  struct MHD_Connection *connection = request->connection;
  PraxiRequestHead head = {
      .method = method,
      .path = url,
      .host = field (connection, MHD_HTTP_HEADER_HOST),
      .origin = field (connection, MHD_HTTP_HEADER_ORIGIN),
      .authorization = field (connection, MHD_HTTP_HEADER_AUTHORIZATION),
      .content_type = field (connection, MHD_HTTP_HEADER_CONTENT_TYPE),
      .content_encoding = field (connection, MHD_HTTP_HEADER_CONTENT_ENCODING),
      .content_length = field (connection, MHD_HTTP_HEADER_CONTENT_LENGTH),
      .transfer_encoding = field (connection, MHD_HTTP_HEADER_TRANSFER_ENCODING),
  };
  MHD_get_connection_values (connection, MHD_HEADER_KIND, count_lengths_cb, &head.n_lengths);
  const PraxiRefusal refusal =
      praxi_request_check (&head, &request->server->rules, &request->route);
  if (refusal.code == 0 && request->route >= PRAXI_ROUTE_CLIP && !is_ready (request->server))
    return (PraxiRefusal){503, "this server takes no more requests"};
  return refusal;
}

/* Whether a clip is on its way to the batcher. */
static void
expect (PraxiRequest *request, gboolean is_expected)
{
  if (request->is_expected != is_expected)
    praxi_batcher_expect (request->server->batcher, is_expected ? 1 : -1);
  request->is_expected = is_expected;
}

/* Whoever sends a body listens when it is sent: one that is not too long is read for nothing, so
 * that the refusal is heard.
 */
static gboolean
is_told_at_once (const PraxiRequest *request)
{
  const char *length = field (request->connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
  guint64 bytes = 0;
  return field (request->connection, MHD_HTTP_HEADER_EXPECT) != NULL ||
         (length != NULL &&
          (!g_ascii_string_to_unsigned (length, 10, 0, G_MAXINT64, &bytes, NULL) ||
           bytes > request->server->rules.max_body_bytes));
}

static enum MHD_Result
begin (PraxiServer *server,
       struct MHD_Connection *connection,
       const char *url,
       const char *method,
       void **slot)
{
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info (connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  PraxiRequest *request = g_new0 (PraxiRequest, 1);
  *slot = request;
  request->server = server;
  request->connection = connection;
  request->guest = info->socket_context;
  request->media_fd = -1;
  request->begin_us = g_get_monotonic_time ();
  praxi_guests_set (server->guests, request->guest, PRAXI_GUEST_SENDING);
  request->refusal = check_head (request, url, method);
  if (request->refusal.code == 0 && request->route == PRAXI_ROUTE_CLIP)
    expect (request, TRUE);
  return request->refusal.code != 0 && is_told_at_once (request) ? refuse (request) : MHD_YES;
}

/* FALSE: there is no room for it. */
static gboolean
store (PraxiRequest *request, const char *bytes, gsize n)
{
  if (request->route == PRAXI_ROUTE_CLIP) {
    if (request->clip == NULL)
      request->clip = g_byte_array_new ();
    g_byte_array_append (request->clip, (const guint8 *) bytes, (guint) n);
    return TRUE;
  }
  if (request->media_fd < 0)
    request->media_fd = memfd_create ("footage", MFD_CLOEXEC);
  while (n > 0 && request->media_fd >= 0) {
    const gssize written = write (request->media_fd, bytes, n);
    if (written <= 0)
      return FALSE;
    bytes += written;
    n -= (gsize) written;
  }
  return n == 0;
}

/* A body that is refused in the middle is read on, for nothing, so that its sender hears why; one
 * that goes on and on is cut off.
 */
static enum MHD_Result
take (PraxiRequest *request, const char *bytes, gsize n)
{
  PraxiServer *server = request->server;
  const gsize limit =
      request->route == PRAXI_ROUTE_CLIP ? server->rules.clip_bytes : server->rules.max_body_bytes;
  request->body_bytes += n;
  if (request->body_bytes > 2 * server->rules.max_body_bytes)
    return MHD_NO;
  if (request->refusal.code != 0)
    return MHD_YES;
  if (request->body_bytes > limit) {
    request->refusal =
        praxi_request_check_body (request->route, request->body_bytes, &server->rules);
    release_body (request);
    return MHD_YES;
  }
  request->kept_bytes += n;
  const gsize held = atomic_fetch_add (&server->bodies_bytes, n) + n;
  if (held > server->max_bodies_bytes || !store (request, bytes, n)) {
    request->refusal = (PraxiRefusal){503, "too much to do; try again"};
    release_body (request);
  }
  return MHD_YES;
}

/* FALSE: the queue is full. */
static gboolean
admit (PraxiServer *server)
{
  if (atomic_fetch_add (&server->n_admitted, 1) < server->options.max_queue)
    return TRUE;
  atomic_fetch_sub (&server->n_admitted, 1);
  return FALSE;
}

static enum MHD_Result
work (PraxiRequest *request)
{
  PraxiServer *server = request->server;
  request->refusal = praxi_request_check_body (request->route, request->body_bytes, &server->rules);
  if (request->refusal.code == 0 && (!is_ready (server) || !admit (server)))
    request->refusal = (PraxiRefusal){503, "too much to do; try again"};
  if (request->refusal.code != 0)
    return refuse (request);
  request->stage = PRAXI_REQUEST_WORKING;
  praxi_guests_set (server->guests, request->guest, PRAXI_GUEST_SERVED);
  MHD_suspend_connection (request->connection);
  request->is_expected = FALSE;
  const gboolean was_expected = request->route == PRAXI_ROUTE_CLIP;
  praxi_request_dispatch (request); /* it may be answered from here on */
  if (was_expected)
    praxi_batcher_expect (server->batcher, -1);
  return MHD_YES;
}

static enum MHD_Result
go_on (PraxiRequest *request)
{
  PraxiServer *server = request->server;
  if (request->stage == PRAXI_REQUEST_WORKING)
    return MHD_YES; /* resumed by nobody: wait */
  if (request->stage == PRAXI_REQUEST_DONE)
    return respond (request, request->code, g_steal_pointer (&request->text), TYPE_JSON);
  request->is_whole = TRUE;
  if (request->refusal.code != 0)
    return refuse (request);
  if (request->route == PRAXI_ROUTE_METRICS)
    return respond (request, 200, metrics_text (server), TYPE_METRICS);
  if (request->route == PRAXI_ROUTE_HEALTH) {
    const gboolean ready = is_ready (server);
    return respond (request, ready ? 200 : 503, praxi_serve_health (server, ready), TYPE_JSON);
  }
  return work (request);
}

enum MHD_Result
praxi_serve_handle_cb (void *server,
                       struct MHD_Connection *connection,
                       const char *url,
                       const char *method,
                       const char *version,
                       const char *upload,
                       size_t *upload_bytes,
                       void **slot)
{
  PraxiRequest *request = *slot;
  if (request == NULL)
    return begin (server, connection, url, method, slot);
  if (*upload_bytes == 0)
    return go_on (request);
  const enum MHD_Result result = take (request, upload, *upload_bytes);
  *upload_bytes = 0;
  return result;
}

void
praxi_serve_completed_cb (void *data,
                          struct MHD_Connection *connection,
                          void **slot,
                          enum MHD_RequestTerminationCode why)
{
  PraxiServer *server = data;
  PraxiRequest *request = *slot;
  if (request == NULL)
    return;
  expect (request, FALSE);
  praxi_guests_set (server->guests, request->guest, PRAXI_GUEST_WAITING);
  release_body (request);
  g_free (request->scores);
  g_free (request->text);
  g_free (request);
  *slot = NULL;
}

void
praxi_serve_connection_cb (void *data,
                           struct MHD_Connection *connection,
                           void **slot,
                           enum MHD_ConnectionNotificationCode what)
{
  PraxiServer *server = data;
  if (what == MHD_CONNECTION_NOTIFY_STARTED) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info (connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *slot = praxi_guests_enter (server->guests, info->connect_fd);
  } else {
    praxi_guests_leave (server->guests, *slot);
  }
}
