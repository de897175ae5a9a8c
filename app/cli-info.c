/* praxi info: what a file is. */
#include <stdio.h>
#include <string.h>

#include "app/cli-info-model.h"
#include "app/cli.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/media/media.h"

static void
add_video (JsonBuilder *builder, const PraxiMediaInfo *info)
{
  json_builder_set_member_name (builder, "video");
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "codec", info->codec);
  praxi_json_add_string (builder, "pixel_format", info->pixel_format);
  praxi_json_add_int (builder, "width", info->width);
  praxi_json_add_int (builder, "height", info->height);
  praxi_json_add_int (builder, "display_width", info->display_width);
  praxi_json_add_int (builder, "display_height", info->display_height);
  praxi_json_add_int (builder, "rotation", info->rotation);
  praxi_json_add_boolean (builder, "interlaced", info->is_interlaced);
  praxi_json_add_int (builder, "frames", info->frames);
  praxi_json_add_double (builder, "first_pts_s", (double) info->first_pts_ns / 1e9);
  praxi_json_add_double (builder, "duration_s", (double) info->duration_ns / 1e9);
  praxi_json_add_boolean (builder, "vfr", info->is_vfr);
  praxi_json_add_double (builder, "avg_rate", info->avg_rate);
  json_builder_end_object (builder);
}

static void
print_json (const PraxiMediaInfo *info)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *name = g_filename_display_name (info->path);
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "kind", "media");
  praxi_json_add_string (builder, "file", name);
  praxi_json_add_string (builder, "container", info->container);
  add_video (builder, info);
  json_builder_set_member_name (builder, "index");
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "keyframes", info->keyframes);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, TRUE);
}

static void
print_text (const PraxiMediaInfo *info)
{
  g_autofree char *name = praxi_text_file_name (info->path);
  g_autofree char *duration = praxi_text_time (info->duration_ns, 2);
  char rate[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (rate, sizeof rate, "%.3f", info->avg_rate);
  printf ("%s\n", name);
  printf ("  container   %s\n", info->container);
  printf ("  codec       %s, %s\n", info->codec,
          info->pixel_format != NULL ? info->pixel_format : "unknown");
  printf ("  picture     %d × %d", info->width, info->height);
  if (info->display_width != info->width || info->display_height != info->height)
    printf (", shown as %d × %d", info->display_width, info->display_height);
  if (info->rotation != 0)
    printf (", turned by %d°", info->rotation);
  printf ("%s\n", info->is_interlaced ? ", interlaced (shown as it is)" : "");
  printf ("  length      %s, %d frames\n", duration, info->frames);
  printf ("  rate        %s frames a second%s\n", rate, info->is_vfr ? ", variable" : "");
  printf ("  keyframes   %d\n", info->keyframes);
}

/* A model by its name, or by the field ONNX files begin with: ir_version, a small varint. */
static gboolean
looks_like_model (const char *path)
{
  if (g_str_has_suffix (path, ".onnx"))
    return TRUE;
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return FALSE;
  guchar head[3] = {0};
  FILE *file = fopen (path, "rb");
  const size_t n = file != NULL ? fread (head, 1, sizeof head, file) : 0;
  if (file != NULL)
    fclose (file);
  return n == sizeof head && head[0] == 0x08 && head[1] > 0 && head[1] < 32 && head[2] == 0x12;
}

static PraxiExit
describe_media (const char *path, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiMedia) media = praxi_media_open (path, &error);
  if (media == NULL)
    return praxi_cli_fail (&error);
  if (json)
    print_json (praxi_media_info (media));
  else
    print_text (praxi_media_info (media));
  return PRAXI_EXIT_DONE;
}

PraxiExit
praxi_cli_info (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "One JSON document on stdout", NULL}, {NULL}};
  PraxiExit status;
  if (!praxi_cli_parse (&argc, &argv, entries, "FILE", "Describes a media file or a model.",
                        &status))
    return status;
  if (argc != 2) {
    fputs ("praxi: info takes one file; see 'praxi info --help'\n", stderr);
    return PRAXI_EXIT_USAGE;
  }
  g_autofree char *model = praxi_cli_model_path (argv[1]);
  if (looks_like_model (model))
    return praxi_cli_info_model (model, json);
  return describe_media (argv[1], json);
}
