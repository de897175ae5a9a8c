#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "app/serve-private.h"
#include "engine/core/error.h"

/* Bodies of all requests together, in those of one. */
#define BODIES 4
#define HEAD_BYTES 32768
/* Guests that were cut off take a turn of the daemon's to leave. */
#define SPARE_CONNECTIONS 64
#define POLL_US 10000

static void
fill_in (PraxiServerOptions *options)
{
  options->max_batch = options->max_batch > 0 ? options->max_batch : 8;
  options->max_delay_ms = options->max_delay_ms >= 0 ? options->max_delay_ms : 2;
  options->max_queue = options->max_queue > 0 ? options->max_queue : 64;
  options->max_connections = options->max_connections > 0 ? options->max_connections : 256;
  options->max_body_bytes = options->max_body_bytes > 0 ? options->max_body_bytes : 64 << 20;
  options->max_windows = options->max_windows > 0 ? options->max_windows : 600;
  options->idle_s = options->idle_s > 0 ? options->idle_s : 10;
  options->read_s = options->read_s > 0 ? options->read_s : 30;
  options->decode_s = options->decode_s > 0 ? options->decode_s : 30;
  options->decoders = options->decoders > 0 ? options->decoders : (int) g_get_num_processors ();
  options->grace_s = options->grace_s > 0 ? options->grace_s : 5;
}

static void
decoded_cb (gpointer item, PraxiClipStream *stream, const GError *error)
{
  if (stream != NULL)
    praxi_request_score_footage (item, stream);
  else
    praxi_request_fail (item, error);
}

static gboolean
start_batcher (PraxiServer *server, GError **error)
{
  const PraxiServerOptions *options = &server->options;
  const PraxiBatcherOptions how = {.clip_bytes = server->rules.clip_bytes,
                                   .n_classes = praxi_serve_model_scorer (server->model)->n_classes,
                                   .max_batch = options->max_batch,
                                   .max_delay_us = (gint64) (options->max_delay_ms * 1000),
                                   .max_waiting =
                                       options->max_queue + options->decoders * options->max_batch,
                                   .run = praxi_serve_model_run,
                                   .data = server->model};
  server->batcher = praxi_batcher_new (&how, error);
  return server->batcher != NULL;
}

static gboolean
start_decoders (PraxiServer *server, GError **error)
{
  const PraxiServerOptions *options = &server->options;
  const PraxiScorer *scorer = praxi_serve_model_scorer (server->model);
  const PraxiClipStreamOptions how = {.frames = scorer->frames,
                                      .height = scorer->height,
                                      .width = scorer->width,
                                      .rate_hz = scorer->rate_hz,
                                      .stride_s = options->stride_s,
                                      .threads = 2,
                                      .max_windows = options->max_windows,
                                      .limit_ms = (int) (options->decode_s * 1000)};
  server->decoders = praxi_decoders_new (options->decoders, &how, decoded_cb, error);
  return server->decoders != NULL;
}

static gboolean
start_daemon (PraxiServer *server, GError **error)
{
  const struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons ((guint16) server->options.port),
                                      .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  server->daemon = MHD_start_daemon (
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, (guint16) server->options.port,
      NULL, NULL, praxi_serve_handle_cb, server, MHD_OPTION_SOCK_ADDR, &address,
      MHD_OPTION_NOTIFY_COMPLETED, praxi_serve_completed_cb, server, MHD_OPTION_NOTIFY_CONNECTION,
      praxi_serve_connection_cb, server, MHD_OPTION_CONNECTION_LIMIT,
      (unsigned) (server->options.max_connections + SPARE_CONNECTIONS),
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) HEAD_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
      MHD_OPTION_END);
  if (server->daemon == NULL) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
                 "serve: cannot listen on port %d: %s; try another --port", server->options.port,
                 g_strerror (errno));
    return FALSE;
  }
  const union MHD_DaemonInfo *info =
      MHD_get_daemon_info (server->daemon, MHD_DAEMON_INFO_BIND_PORT);
  server->port = info->port;
  server->begin_us = g_get_monotonic_time ();
  return TRUE;
}

PraxiServer *
praxi_server_new (const PraxiServerOptions *options, GError **error)
{
  g_autoptr (PraxiServer) server = g_new0 (PraxiServer, 1);
  server->options = *options;
  fill_in (&server->options);
  options = &server->options;
  server->max_bodies_bytes = (gsize) options->max_body_bytes * BODIES;
  server->metrics = praxi_serve_metrics_new ();
  const PraxiGuestRules guests = {.max_guests = options->max_connections,
                                  .waiting_us = (gint64) (options->idle_s * 1e6),
                                  .sending_us = (gint64) (options->read_s * 1e6),
                                  .taking_us = (gint64) (options->read_s * 1e6)};
  server->guests = praxi_guests_new (&guests);
  const PraxiServeModelOptions model = {
      .name = options->model, .executor = options->executor, .max_batch = options->max_batch};
  server->model = praxi_serve_model_new (&model, error);
  if (server->model == NULL)
    return NULL;
  server->rules = (PraxiRequestRules){.token = options->token,
                                      .max_body_bytes = (gsize) options->max_body_bytes,
                                      .clip_bytes = praxi_serve_model_clip_bytes (server->model)};
  signal (SIGPIPE, SIG_IGN);
  if (!start_batcher (server, error) || !start_decoders (server, error) ||
      !start_daemon (server, error))
    return NULL;
  return g_steal_pointer (&server);
}

int
praxi_server_port (const PraxiServer *server)
{
  return server->port;
}

char *
praxi_server_describe (const PraxiServer *server)
{
  return g_strdup_printf (
      "%s on %s answers at http://127.0.0.1:%d/predict", praxi_serve_model_name (server->model),
      praxi_executor_device_name (praxi_serve_model_executor (server->model)), server->port);
}

gboolean
praxi_server_tick (PraxiServer *server)
{
  praxi_guests_check (server->guests);
  return !praxi_serve_model_is_lost (server->model);
}

/* Until every request has its answer. */
static void
wait_for_requests (PraxiServer *server, double seconds)
{
  const gint64 until_us = g_get_monotonic_time () + (gint64) (seconds * 1e6);
  while (praxi_guests_counts (server->guests).requests > 0 && g_get_monotonic_time () < until_us) {
    praxi_guests_check (server->guests);
    g_usleep (POLL_US);
  }
}

/* What decodes is ended once its time is up; what waits for the model is answered; the daemon stays
 * until the answers are written.
 */
void
praxi_server_free (PraxiServer *server)
{
  if (server == NULL)
    return;
  atomic_store (&server->is_stopping, true);
  const int listener = server->daemon != NULL ? MHD_quiesce_daemon (server->daemon) : -1;
  if (listener >= 0)
    close (listener);
  if (server->daemon != NULL)
    wait_for_requests (server, server->options.grace_s);
  praxi_decoders_free (server->decoders);
  if (server->batcher != NULL)
    praxi_batcher_stop (server->batcher);
  if (server->daemon != NULL) {
    wait_for_requests (server, 1);
    MHD_stop_daemon (server->daemon);
  }
  praxi_batcher_free (server->batcher); /* the daemon's last requests still count theirs */
  praxi_serve_model_free (server->model);
  praxi_serve_metrics_free (server->metrics);
  praxi_guests_free (server->guests);
  g_free (server);
}
