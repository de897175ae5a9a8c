/* praxi decode: the helper behind the workbench's pictures and the server's clips; no command for
 * people.
 */
#include <stdio.h>

#include "app/cli.h"
#include "app/clip-stream.h"
#include "engine/core/json-lines.h"
#include "engine/media/decode-helper.h"
#include "engine/media/sandbox-trial.h"
#include "engine/media/sandbox.h"

static void
print_attempts (const PraxiSandboxSupport *support, const PraxiSandboxAttempt *attempts)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "landlock", support->landlock_abi);
  praxi_json_add_boolean (builder, "filter", support->has_filter);
  json_builder_set_member_name (builder, "attempts");
  json_builder_begin_array (builder);
  for (int i = 0; i < PRAXI_SANDBOX_ATTEMPTS; i++) {
    json_builder_begin_object (builder);
    praxi_json_add_string (builder, "what", attempts[i].what);
    praxi_json_add_boolean (builder, "refused", attempts[i].error != 0);
    praxi_json_add_string (builder, "answer", g_strerror (attempts[i].error));
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, TRUE);
}

/* What a decoder that somebody took over could do: nothing. */
static PraxiExit
prove (GError **error)
{
  const PraxiSandboxSupport support = praxi_sandbox_support ();
  PraxiSandboxAttempt attempts[PRAXI_SANDBOX_ATTEMPTS];
  if (!praxi_sandbox_enter (error))
    return praxi_cli_fail (error);
  praxi_sandbox_try (attempts);
  print_attempts (&support, attempts);
  for (int i = 0; i < PRAXI_SANDBOX_ATTEMPTS; i++)
    if (attempts[i].error == 0)
      return PRAXI_EXIT_FAILED;
  return PRAXI_EXIT_DONE;
}

typedef struct {
  int media_fd, socket_fd, clips_fd;
  gboolean wants_proof;
  char *name, *clip;
  double rate_hz, stride_s;
} Decode;

/* "T,H,W,THREADS,WINDOWS" */
static gboolean
read_clip (const Decode *decode, PraxiClipStreamOptions *options)
{
  *options = (PraxiClipStreamOptions){.rate_hz = decode->rate_hz, .stride_s = decode->stride_s};
  int *const to[] = {&options->frames, &options->height, &options->width, &options->threads,
                     &options->max_windows};
  g_auto (GStrv) parts = g_strsplit (decode->clip, ",", -1);
  if (g_strv_length (parts) != G_N_ELEMENTS (to) || !(decode->rate_hz > 0))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (to); i++) {
    gint64 value;
    if (!g_ascii_string_to_signed (parts[i], 10, 1, G_MAXINT, &value, NULL))
      return FALSE;
    *to[i] = (int) value;
  }
  return options->height <= 8192 && options->width <= 8192;
}

static PraxiExit
send_clips (const Decode *decode, GError **error)
{
  PraxiClipStreamOptions options;
  if (!read_clip (decode, &options)) {
    fputs ("praxi: decode --clip T,H,W,THREADS,WINDOWS --rate HZ is called by the server\n",
           stderr);
    return PRAXI_EXIT_USAGE;
  }
  if (!praxi_sandbox_enter (error))
    return praxi_cli_fail (error);
  return praxi_clip_stream_serve (decode->media_fd, decode->clips_fd, decode->name, &options)
             ? PRAXI_EXIT_DONE
             : PRAXI_EXIT_FAILED;
}

static PraxiExit
run (const Decode *decode, gboolean is_alone)
{
  g_autoptr (GError) error = NULL;
  if (decode->wants_proof)
    return prove (&error);
  if (!is_alone || decode->name == NULL || decode->media_fd < 0 ||
      (decode->socket_fd < 0) == (decode->clips_fd < 0 || decode->clip == NULL)) {
    fputs ("praxi: decode is started by the workbench; see 'praxi decode --help'\n", stderr);
    return PRAXI_EXIT_USAGE;
  }
  if (decode->clips_fd >= 0)
    return send_clips (decode, &error);
  if (!praxi_sandbox_enter (&error) ||
      !praxi_decode_helper_run (decode->media_fd, decode->socket_fd, decode->name, &error))
    return praxi_cli_fail (&error);
  return PRAXI_EXIT_DONE;
}

PraxiExit
praxi_cli_decode (int argc, char **argv)
{
  Decode d = {.media_fd = -1, .socket_fd = -1, .clips_fd = -1};
  const GOptionEntry entries[] = {
      {"media-fd", 0, 0, G_OPTION_ARG_INT, &d.media_fd, "The open file", "FD"},
      {"socket-fd", 0, 0, G_OPTION_ARG_INT, &d.socket_fd, "Where requests come from", "FD"},
      {"clips-fd", 0, 0, G_OPTION_ARG_INT, &d.clips_fd, "Where clips for a model go to", "FD"},
      {"clip", 0, 0, G_OPTION_ARG_STRING, &d.clip, "Which", "T,H,W,THREADS,WINDOWS"},
      {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &d.rate_hz, "Frames a second in a clip", "HZ"},
      {"stride", 0, 0, G_OPTION_ARG_DOUBLE, &d.stride_s, "Between clips", "S"},
      {"name", 0, 0, G_OPTION_ARG_FILENAME, &d.name, "What messages call the file", "NAME"},
      {"prove", 0, 0, G_OPTION_ARG_NONE, &d.wants_proof,
       "Try what the decoder must not do, and print the answers", NULL},
      {NULL}};
  PraxiExit status;
  if (praxi_cli_parse (&argc, &argv, entries, "", "Decodes pictures for the workbench.", &status))
    status = run (&d, argc == 1);
  g_free (d.name);
  g_free (d.clip);
  return status;
}
