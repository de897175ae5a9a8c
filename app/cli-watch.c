/* praxi watch URL…: cameras live, scored and recorded, without a window. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/analysis.h"
#include "app/watch.h"
#include "engine/core/error.h"

enum { POLL_MS = 20, SEGMENT_S = 60, PASSWORD_BYTES = 1024 };

typedef struct {
  char *model_name, *project, *record, *name, *keep_size, *user, *password, *progress;
  double seconds, keep_days;
  PraxiCliDevice device;
  int segment_s, preview_fd;
  gboolean json, udp, password_stdin;
} WatchArguments;

static void
arguments_clear (WatchArguments *arguments)
{
  g_free (arguments->model_name);
  praxi_cli_device_clear (&arguments->device);
  g_free (arguments->project);
  g_free (arguments->record);
  g_free (arguments->name);
  g_free (arguments->keep_size);
  g_free (arguments->user);
  g_free (arguments->password);
  g_free (arguments->progress);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WatchArguments, arguments_clear)

/* --- watching ------------------------------------------------------------------------------ */

/* Who follows the progress is gone: nobody would stop this program. */
static gboolean
is_left_alone (const PraxiWatchOptions *options)
{
  struct pollfd end = {.fd = STDERR_FILENO};
  return options->json_progress && poll (&end, 1, 0) > 0 && (end.revents & POLLERR) != 0;
}

/* Returns FALSE when scoring failed. until_us: monotonic, 0: for ever */
static gboolean
watch_all (PraxiWatch *watches, int n_watches, gint64 until_us, GError **error)
{
  while (!praxi_cli_cancelled && (until_us == 0 || g_get_monotonic_time () < until_us)) {
    gboolean all_idle = TRUE;
    for (int i = 0; i < n_watches; i++) {
      gboolean is_idle;
      if (!praxi_watch_step (&watches[i], &is_idle, error))
        return FALSE;
      all_idle = all_idle && is_idle;
    }
    if (is_left_alone (watches[0].options))
      praxi_cli_cancelled = 1;
    if (all_idle)
      nanosleep (&(const struct timespec){.tv_nsec = POLL_MS * 1000 * 1000}, NULL);
  }
  return TRUE;
}

/* A folder name that any file system takes: "rtsp-192.168.1.7-yard". */
static char *
folder_name (const char *label)
{
  g_autoptr (GString) name = g_string_new (NULL);
  for (const char *at = label; *at != '\0'; at++)
    if (g_ascii_isalnum (*at) || *at == '.' || (*at & 0x80) != 0)
      g_string_append_c (name, *at);
    else if (name->len > 0 && name->str[name->len - 1] != '-')
      g_string_append_c (name, '-');
  g_strchug (name->str);
  return g_strdup (*name->str != '\0' && *name->str != '.' ? name->str : "camera");
}

/* Where a camera is recorded: in the folder named, of several cameras each in its own; with a
 * project alone, beside the project. NULL: nowhere
 */
static char *
record_folder (const WatchArguments *arguments, const char *url, gboolean is_one)
{
  if (arguments->record != NULL && is_one)
    return g_strdup (arguments->record);
  g_autofree char *shown = praxi_camera_strip_credentials (url);
  g_autofree char *own = folder_name (arguments->name != NULL && is_one ? arguments->name : shown);
  if (arguments->record != NULL)
    return g_build_filename (arguments->record, own, NULL);
  if (arguments->project == NULL)
    return NULL;
  g_autofree char *beside = g_strconcat (arguments->project, "-recordings", NULL);
  return g_build_filename (beside, own, NULL);
}

static gboolean
begin_one (PraxiWatch *watch,
           const WatchArguments *arguments,
           const PraxiWatchOptions *options,
           PraxiLiveRing *preview,
           const char *given_url,
           gboolean is_one,
           GError **error)
{
  g_autofree char *folder = record_folder (arguments, given_url, is_one);
  g_autofree char *url =
      praxi_camera_add_credentials (given_url, arguments->user, arguments->password);
  const PraxiCameraOptions camera = {.udp = arguments->udp,
                                     .record_folder = folder,
                                     .segment_s = options->segment_s,
                                     .preview = is_one ? preview : NULL};
  return praxi_watch_begin (watch, options, url, is_one ? arguments->name : NULL, camera, error);
}

static PraxiExit
watch_urls (char **urls,
            const WatchArguments *arguments,
            const PraxiWatchOptions *options,
            PraxiLiveRing *preview)
{
  const int n = (int) g_strv_length (urls);
  g_autofree PraxiWatch *watches = g_new0 (PraxiWatch, n);
  g_autoptr (GError) error = NULL;
  gboolean ok = TRUE;
  int begun = 0;
  for (; ok && begun < n; begun++)
    ok = begin_one (&watches[begun], arguments, options, preview, urls[begun], n == 1, &error);
  const gint64 length_us = (gint64) (arguments->seconds * G_USEC_PER_SEC);
  if (ok)
    ok = watch_all (watches, n, length_us > 0 ? g_get_monotonic_time () + length_us : 0, &error);
  for (int i = 0; i < begun; i++)
    praxi_watch_end (&watches[i]);
  if (!ok)
    return praxi_cli_fail (&error);
  return praxi_cli_cancelled ? PRAXI_EXIT_CANCELLED : PRAXI_EXIT_DONE;
}

/* --- options ------------------------------------------------------------------------------- */

static gboolean
check_arguments (const WatchArguments *arguments, int n_urls, GError **error)
{
  const char *fault = NULL;
  if (n_urls < 1)
    fault = "watch: no camera given; see 'praxi watch --help'";
  else if (arguments->segment_s < 0 || arguments->segment_s > 24 * 3600)
    fault = "--segment: give 1 to 86400 seconds";
  else if (!(arguments->keep_days >= 0 && arguments->keep_days <= 36500))
    fault = "--keep-days: give a number of days";
  else if (n_urls > 1 && (arguments->preview_fd >= 0 || arguments->name != NULL))
    fault = "--name and --preview-fd: give one camera";
  if (fault != NULL)
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, fault);
  return fault == NULL;
}

/* A line of standard input, where no list of processes shows it. Free with g_free. */
static char *
read_secret (void)
{
  char text[PASSWORD_BYTES];
  if (fgets (text, sizeof text, stdin) == NULL)
    return NULL;
  text[strcspn (text, "\r\n")] = '\0';
  return g_strdup (text);
}

static PraxiExit
run (char **urls, WatchArguments *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *given =
      praxi_cli_model_path (arguments->model_name != NULL ? arguments->model_name : "light");
  g_autofree char *path = g_canonicalize_filename (given, NULL);
  PraxiWatchOptions options = {
      .json = arguments->json,
      .model_path = path,
      .segment_s = arguments->segment_s > 0 ? arguments->segment_s : SEGMENT_S,
      .keep_days = arguments->keep_days,
  };
  g_autoptr (PraxiModel) model = NULL;
  g_autoptr (PraxiStore) store = NULL;
  g_autoptr (PraxiLiveRing) preview = NULL;
  if (!check_arguments (arguments, (int) g_strv_length (urls), &error) ||
      !praxi_cli_wants_json_progress (arguments->progress, &options.json_progress, &error) ||
      !praxi_cli_device_options (&arguments->device, &options.executor, &error) ||
      !praxi_cli_parse_size ("--keep-size", arguments->keep_size, &options.keep_bytes, &error) ||
      (model = praxi_cli_load_with_spec (path, &error)) == NULL)
    return praxi_cli_fail (&error);
  if (arguments->project != NULL)
    store = praxi_store_open (arguments->project, PRAXI_STORE_CREATE, &error);
  if (error == NULL && arguments->preview_fd >= 0)
    preview = praxi_live_ring_open (arguments->preview_fd, &error);
  if (error != NULL)
    return praxi_cli_fail (&error);
  if (arguments->password_stdin && arguments->user == NULL)
    arguments->user = read_secret ();
  if (arguments->password_stdin)
    arguments->password = read_secret ();
  options.model = model;
  options.store = store;
  signal (SIGPIPE, SIG_IGN);
  praxi_cli_catch_signals ();
  return watch_urls (urls, arguments, &options, preview);
}

PraxiExit
praxi_cli_watch (int argc, char **argv)
{
  g_auto (WatchArguments) a = {.preview_fd = -1};
  const GOptionEntry entries[] = {
      {"model", 0, 0, G_OPTION_ARG_FILENAME, &a.model_name, "light (default), original or a file",
       "MODEL"},
      PRAXI_CLI_DEVICE_ENTRIES (a.device),
      {"project", 0, 0, G_OPTION_ARG_FILENAME, &a.project,
       "enter recordings and scores in this project", "FILE.praxi"},
      {"record", 0, 0, G_OPTION_ARG_FILENAME, &a.record,
       "keep the stream in this folder (with --project: beside it)", "DIR"},
      {"segment", 0, 0, G_OPTION_ARG_INT, &a.segment_s, "length of a recorded file (60)",
       "SECONDS"},
      {"keep-days", 0, 0, G_OPTION_ARG_DOUBLE, &a.keep_days,
       "delete older recordings, but none with labels", "DAYS"},
      {"keep-size", 0, 0, G_OPTION_ARG_STRING, &a.keep_size,
       "delete the oldest recordings beyond this, but none with labels", "20G"},
      {"name", 0, 0, G_OPTION_ARG_STRING, &a.name, "what people call the camera", "NAME"},
      {"user", 0, 0, G_OPTION_ARG_STRING, &a.user, "user name at the camera", "NAME"},
      {"password-stdin", 0, 0, G_OPTION_ARG_NONE, &a.password_stdin,
       "read the password from standard input; without --user the user name before it", NULL},
      {"for", 0, 0, G_OPTION_ARG_DOUBLE, &a.seconds, "stop after this long", "SECONDS"},
      {"udp", 0, 0, G_OPTION_ARG_NONE, &a.udp, "RTSP over UDP instead of TCP", NULL},
      {"json", 0, 0, G_OPTION_ARG_NONE, &a.json, "one JSON object a line, as it happens", NULL},
      {"progress", 0, 0, G_OPTION_ARG_STRING, &a.progress,
       "all that happens as JSON lines on stderr", "json"},
      {"preview-fd", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &a.preview_fd, "", "N"},
      {NULL}};
  PraxiExit status = PRAXI_EXIT_DONE;
  if (!praxi_cli_parse (&argc, &argv, entries, "URL…", "Watches cameras: scores and records.",
                        &status))
    return status;
  return run (argv + 1, &a);
}
