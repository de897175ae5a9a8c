/* praxi frames: exact frames, and their digests. */
#include <stdio.h>

#include "app/cli.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/media/decoder.h"

typedef struct {
  int from;
  int count; /* -1: to the end */
  int threads;
  gboolean hash;
  gboolean json;
} Options;

/* SHA-256 over the RGB24 picture, row by row without padding; NULL on error. */
static char *
digest (const PraxiFrame *frame, GByteArray *buffer, GError **error)
{
  const guint row = (guint) praxi_frame_width (frame) * 3;
  g_byte_array_set_size (buffer, row * (guint) praxi_frame_height (frame));
  if (!praxi_frame_to_rgb (frame, buffer->data, (int) row, error))
    return NULL;
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, buffer->data, buffer->len);
}

static void
print_json (const PraxiFrame *frame, gboolean is_keyframe, const char *sha256, gboolean is_first)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "ordinal", praxi_frame_ordinal (frame));
  praxi_json_add_double (builder, "pts_s", (double) praxi_frame_pts_ns (frame) / 1e9);
  praxi_json_add_boolean (builder, "keyframe", is_keyframe);
  if (sha256 != NULL)
    praxi_json_add_string (builder, "sha256", sha256);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, FALSE);
  printf ("%s%s", is_first ? "" : ",\n", text);
}

static void
print_text (const PraxiFrame *frame, gboolean is_keyframe, const char *sha256)
{
  char pts[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (pts, sizeof pts, "%.6f", (double) praxi_frame_pts_ns (frame) / 1e9);
  printf ("%8d  %14s  %s  %s\n", praxi_frame_ordinal (frame), pts, is_keyframe ? "key" : "   ",
          sha256 != NULL ? sha256 : "");
}

static gboolean
print_frame (const PraxiMedia *media,
             const PraxiFrame *frame,
             const Options *options,
             gboolean is_first,
             GByteArray *buffer,
             GError **error)
{
  g_autofree char *sha256 = options->hash ? digest (frame, buffer, error) : NULL;
  if (options->hash && sha256 == NULL)
    return FALSE;
  const gboolean is_keyframe =
      praxi_frame_index_is_keyframe (praxi_media_index (media), praxi_frame_ordinal (frame));
  if (options->json)
    print_json (frame, is_keyframe, sha256, is_first);
  else
    print_text (frame, is_keyframe, sha256);
  return TRUE;
}

/* Prints frames up to ordinal `end`; *n_printed counts them. */
static gboolean
print_frames (PraxiMedia *media,
              PraxiDecoder *decoder,
              const Options *options,
              int end,
              int *n_printed,
              GError **error)
{
  g_autoptr (GByteArray) buffer = g_byte_array_new ();
  g_autoptr (PraxiCliProgress) progress = praxi_cli_progress_new (FALSE, "frames");
  for (int next = options->from; next < end && !praxi_cli_cancelled;) {
    g_autoptr (PraxiFrame) frame = praxi_decoder_next (decoder, error);
    if (frame == NULL)
      return error == NULL || *error == NULL;
    next = praxi_frame_ordinal (frame) + 1;
    if (next > end)
      break;
    if (!print_frame (media, frame, options, *n_printed == 0, buffer, error))
      return FALSE;
    ++*n_printed;
    praxi_cli_progress_update (progress, next - options->from, end - options->from);
  }
  return TRUE;
}

static gboolean
list_frames (const char *path, const Options *options, GError **error)
{
  g_autoptr (PraxiMedia) media = praxi_media_open (path, error);
  g_autoptr (PraxiDecoder) decoder =
      media != NULL
          ? praxi_decoder_new (media, &(PraxiDecoderOptions){.threads = options->threads}, error)
          : NULL;
  if (decoder == NULL || !praxi_decoder_seek (decoder, options->from, error))
    return FALSE;
  const int n_frames = praxi_media_info (media)->frames;
  const int left = n_frames - options->from;
  const int end = options->from + (options->count >= 0 ? MIN (options->count, left) : left);
  int n_printed = 0;
  if (options->json)
    fputs ("{\"frames\":[\n", stdout);
  const gboolean is_done = print_frames (media, decoder, options, end, &n_printed, error);
  if (options->json)
    fputs ("\n]}\n", stdout);
  fflush (stdout);
  if (is_done && n_printed == 0 && end > options->from && !praxi_cli_cancelled)
    return praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path,
                                  "frame %d is damaged and cannot be decoded; try one after it",
                                  options->from);
  return is_done;
}

PraxiExit
praxi_cli_frames (int argc, char **argv)
{
  /* One thread: what a damaged frame is mended with depends on timing between several. */
  Options options = {.count = -1, .threads = 1};
  const GOptionEntry entries[] = {
      {"from", 0, 0, G_OPTION_ARG_INT, &options.from, "First ordinal (0)", "N"},
      {"count", 0, 0, G_OPTION_ARG_INT, &options.count, "How many frames (to the end)", "N"},
      {"hash", 0, 0, G_OPTION_ARG_NONE, &options.hash, "SHA-256 of each RGB24 picture", NULL},
      {"threads", 0, 0, G_OPTION_ARG_INT, &options.threads, "Decoding threads (1)", "N"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON document on stdout", NULL},
      {NULL}};
  PraxiExit status;
  if (!praxi_cli_parse (&argc, &argv, entries, "MEDIA", "Decodes frames exactly and lists them.",
                        &status))
    return status;
  if (argc != 2) {
    fputs ("praxi: frames takes one media file; see 'praxi frames --help'\n", stderr);
    return PRAXI_EXIT_USAGE;
  }
  praxi_cli_catch_signals ();
  g_autoptr (GError) error = NULL;
  if (!list_frames (argv[1], &options, &error))
    return praxi_cli_fail (&error);
  return praxi_cli_cancelled ? PRAXI_EXIT_CANCELLED : PRAXI_EXIT_DONE;
}
