/* praxi serve: a model behind HTTP on this machine alone. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/device.h"
#include "app/serve-model.h"
#include "app/serve.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"

enum { MAX_TOKEN_BYTES = 4096, TICK_MS = 100, DEFAULT_PORT = 8765 };

typedef struct {
  char *model, *token_file;
  PraxiCliDevice device;
  char *token;
  gint64 max_body_bytes;
  gboolean json;
  PraxiServerOptions options;
} Serve;

/* The first line of a file that only its owner can read. */
static gboolean
read_token (Serve *serve, GError **error)
{
  const char *path = serve->token_file;
  char text[MAX_TOKEN_BYTES + 1] = {0};
  struct stat info;
  const int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path, "%s", g_strerror (errno));
  const gboolean is_private =
      fstat (fd, &info) == 0 && S_ISREG (info.st_mode) && (info.st_mode & 077) == 0;
  const gssize n = read (fd, text, MAX_TOKEN_BYTES);
  close (fd);
  if (!is_private)
    return praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path,
                                  "others can read this token; try 'chmod 600'");
  text[strcspn (text, "\r\n")] = '\0';
  if (n <= 0 || text[0] == '\0' || strchr (text, ' ') != NULL)
    return praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path,
                                  "holds no token: one word in its first line");
  serve->options.token = serve->token = g_strdup (text);
  return TRUE;
}

static gboolean
check_options (const Serve *serve, GError **error)
{
  const PraxiServerOptions *options = &serve->options;
  const char *problem = NULL;
  if (options->port < 0 || options->port > 65535)
    problem = "--port: give 1 to 65535, or 0 for any that is free";
  else if (options->max_batch < 1 || options->max_batch > PRAXI_SERVE_MAX_BATCH)
    problem = "--max-batch: give 1 to 64 clips";
  else if (!(options->max_delay_ms >= 0 && options->max_delay_ms <= 10000))
    problem = "--max-delay: give 0 to 10000 milliseconds";
  else if (options->max_queue < 1 || options->max_queue > 100000)
    problem = "--queue: give 1 to 100000 requests";
  else if (options->max_connections < 1 || options->max_connections > 60000)
    problem = "--connections: give 1 to 60000";
  else if (options->max_body_bytes < 1 || options->max_body_bytes > G_GINT64_CONSTANT (1) << 40)
    problem = "--max-body: give bytes";
  else if (!(options->idle_s > 0 && options->idle_s < 1e6 && options->read_s > 0 &&
             options->read_s < 1e6 && options->decode_s > 0 && options->decode_s < 1e6))
    problem = "--idle, --read, --decode: give seconds";
  if (problem == NULL)
    return TRUE;
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, problem);
  return FALSE;
}

/* So that whoever started it knows where to ask, and when. */
static void
announce (const Serve *serve, const PraxiServer *server)
{
  if (serve->json) {
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    json_builder_begin_object (builder);
    praxi_json_add_int (builder, "port", praxi_server_port (server));
    json_builder_end_object (builder);
    praxi_json_write (builder, stdout, FALSE);
    return;
  }
  g_autofree char *text = praxi_server_describe (server);
  puts (text);
  fflush (stdout);
}

static PraxiExit
run (Serve *serve)
{
  g_autoptr (GError) error = NULL;
  if (!check_options (serve, &error) ||
      !praxi_cli_device_options (&serve->device, &serve->options.executor, &error) ||
      (serve->token_file != NULL && !read_token (serve, &error)))
    return praxi_cli_fail (&error);
  praxi_cli_catch_signals ();
  g_autoptr (PraxiServer) server = praxi_server_new (&serve->options, &error);
  if (server == NULL)
    return praxi_cli_fail (&error);
  announce (serve, server);
  gboolean is_well = TRUE;
  while (!praxi_cli_cancelled && (is_well = praxi_server_tick (server)))
    poll (NULL, 0, TICK_MS);
  if (is_well)
    return PRAXI_EXIT_DONE;
  fputs ("praxi: serve: the device is lost; start again, or use --backend cpu\n", stderr);
  return PRAXI_EXIT_FAILED;
}

PraxiExit
praxi_cli_serve (int argc, char **argv)
{
  Serve s = {.options = {.port = DEFAULT_PORT,
                         .max_batch = 8,
                         .max_delay_ms = 2,
                         .max_queue = 64,
                         .max_connections = 256,
                         .idle_s = 10,
                         .read_s = 30,
                         .decode_s = 30},
             .max_body_bytes = 64 << 20};
  PraxiServerOptions *o = &s.options;
  const GOptionEntry entries[] = {
      {"model", 'm', 0, G_OPTION_ARG_FILENAME, &s.model, "Model (default: light)",
       "FILE|light|original"},
      {"port", 'p', 0, G_OPTION_ARG_INT, &o->port, "Of 127.0.0.1 (8765); 0: any free one", "N"},
      {"token-file", 0, 0, G_OPTION_ARG_FILENAME, &s.token_file,
       "Answer only 'Authorization: Bearer' with the word in this file", "FILE"},
      {"max-batch", 0, 0, G_OPTION_ARG_INT, &o->max_batch, "Clips in one run (8)", "N"},
      {"max-delay", 0, 0, G_OPTION_ARG_DOUBLE, &o->max_delay_ms,
       "How long a clip waits for others (2)", "MS"},
      {"queue", 0, 0, G_OPTION_ARG_INT, &o->max_queue, "Requests at once; more get 503 (64)", "N"},
      {"connections", 0, 0, G_OPTION_ARG_INT, &o->max_connections, "At once (256)", "N"},
      {"max-body", 0, 0, G_OPTION_ARG_INT64, &s.max_body_bytes, "Of one request (67108864)",
       "BYTES"},
      {"idle", 0, 0, G_OPTION_ARG_DOUBLE, &o->idle_s, "For the head of a request (10)", "S"},
      {"read", 0, 0, G_OPTION_ARG_DOUBLE, &o->read_s, "For its body (30)", "S"},
      {"decode", 0, 0, G_OPTION_ARG_DOUBLE, &o->decode_s, "For decoding its footage (30)", "S"},
      {"stride", 0, 0, G_OPTION_ARG_DOUBLE, &o->stride_s, "Seconds between windows (default: 0.5)",
       "S"},
      PRAXI_CLI_DEVICE_ENTRIES (s.device),
      {"json", 0, 0, G_OPTION_ARG_NONE, &s.json, "Say the port as JSON", NULL},
      {NULL}};
  PraxiExit status;
  if (praxi_cli_parse (
          &argc, &argv, entries, "",
          "Answers HTTP requests on this machine: POST /predict a video file, or a clip "
          "(Content-Type: application/x-praxi-clip, u8 [T,H,W,3]); GET /health and "
          "/metrics. SIGTERM ends it when what is in flight is answered.",
          &status)) {
    o->model = s.model;
    o->max_body_bytes = s.max_body_bytes;
    status = argc == 1 ? run (&s) : PRAXI_EXIT_USAGE;
    if (argc != 1)
      fputs ("praxi: serve takes no file; see 'praxi serve --help'\n", stderr);
  }
  g_free (s.model);
  praxi_cli_device_clear (&s.device);
  g_free (s.token_file);
  g_free (s.token);
  return status;
}
