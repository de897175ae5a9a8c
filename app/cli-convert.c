/* praxi convert: a foreign model gets a spec and a checksum, clips instead of pictures, ONNX
 * instead of TensorFlow Lite; a net of the zoo becomes a file.
 */
#include <stdio.h>
#include <string.h>

#include "app/cli-info-model.h"
#include "app/cli.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/model/inflate.h"
#include "engine/model/tflite-read.h"
#include "engine/model/zoo.h"

#define ZOO "zoo:"

typedef struct {
  const char *from, *out, *spec, *inflate; /* spec, inflate: NULL where not asked for */
  int frames;
} Convert;

/* What --help says below the options. */
static char *
describe (void)
{
  g_autofree char *names = g_strjoinv (", ", (char **) praxi_zoo_names ());
  return g_strdup_printf (
      "IN is an ONNX model made elsewhere, which gets with --spec what praxi has to know of it, "
      "or\n"
      "zoo:NAME[:key=value,…], a network with weights at random, to be trained.\n\n"
      "Networks: %s.\n\n"
      "Keys: classes=N, frames=N, size=PX or HxW, width=R and depth=R (multiply channels and\n"
      "blocks), rate=HZ, seed=N; of networks made for pictures also time=conv (2+1)D, shift,\n"
      "shift-causal, none.",
      names);
}

static gboolean
read_spec (const char *path, char **spec, GError **error)
{
  g_autoptr (GError) why = NULL;
  if (g_file_get_contents (path, spec, NULL, &why))
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND, "%s; name the JSON of praxi.spec",
               why->message);
  return FALSE;
}

/* Fills *spec, where it is NULL, with what a net of the zoo says of itself. */
static PraxiGraph *
build_zoo (const char *text, gboolean is_image, char **spec, GError **error)
{
  g_autofree char *name = NULL;
  PraxiZooOptions options;
  if (!praxi_zoo_parse (text, &name, &options, error))
    return NULL;
  options.is_image = is_image;
  g_autoptr (PraxiGraph) graph = praxi_zoo_graph (name, &options, error);
  if (graph != NULL && *spec == NULL && !is_image)
    *spec = praxi_zoo_spec (name, &options, error);
  return graph != NULL && (*spec != NULL || is_image) ? g_steal_pointer (&graph) : NULL;
}

static PraxiGraph *
read_graph (const Convert *convert, char **spec, GError **error)
{
  if (g_str_has_prefix (convert->from, ZOO))
    return build_zoo (convert->from + strlen (ZOO), convert->inflate != NULL, spec, error);
  if (praxi_tflite_is_file (convert->from))
    return praxi_tflite_load (convert->from, error);
  g_autoptr (PraxiModel) model = praxi_model_load (convert->from, error);
  return model != NULL ? praxi_graph_ref (praxi_model_graph (model)) : NULL;
}

static PraxiGraph *
inflate (const Convert *convert, PraxiGraph *graph, GError **error)
{
  const PraxiInflateOptions options = {
      .kind = g_str_equal (convert->inflate, "3d") ? PRAXI_INFLATE_3D : PRAXI_INFLATE_2PLUS1D,
      .frames = convert->frames};
  g_autoptr (GError) why = NULL;
  PraxiGraph *inflated = praxi_inflate (graph, &options, &why);
  if (inflated == NULL)
    praxi_error_fail_file (error, why->code, convert->from, "%s", why->message);
  return inflated;
}

/* A foreign ONNX file that only gets a spec stays as it is; all else is written anew. */
static gboolean
write_model (const Convert *convert, GError **error)
{
  g_autofree char *spec = NULL;
  if (convert->spec != NULL && !read_spec (convert->spec, &spec, error))
    return FALSE;
  g_autoptr (PraxiGraph) graph = read_graph (convert, &spec, error);
  if (graph == NULL)
    return FALSE;
  if (convert->inflate != NULL) {
    g_autoptr (PraxiGraph) inflated = inflate (convert, graph, error);
    return inflated != NULL && praxi_model_save (inflated, spec, convert->out, error);
  }
  if (!g_str_has_prefix (convert->from, ZOO) && spec != NULL &&
      !praxi_tflite_is_file (convert->from))
    return praxi_model_convert (convert->from, spec, convert->out, error);
  return praxi_model_save (graph, spec, convert->out, error);
}

static PraxiExit
convert (const Convert *convert, gboolean json)
{
  g_autoptr (GError) error = NULL;
  if (!write_model (convert, &error))
    return praxi_cli_fail (&error);
  g_autoptr (PraxiModel) model = praxi_model_load (convert->out, &error);
  if (model == NULL)
    return praxi_cli_fail (&error);
  if (!json) {
    g_autofree char *name = praxi_text_file_name (convert->out);
    if (praxi_model_spec (model) != NULL)
      printf ("%s: written, %d classes\n", name, praxi_model_spec (model)->n_classes);
    else
      printf ("%s: written, a graph without classes; --spec names them\n", name);
    return PRAXI_EXIT_DONE;
  }
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "model");
  json_builder_begin_object (builder);
  praxi_cli_add_model (builder, model, convert->out);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, TRUE);
  return PRAXI_EXIT_DONE;
}

static gboolean
is_usable (const Convert *convert)
{
  return convert->out != NULL &&
         (convert->inflate == NULL || g_str_equal (convert->inflate, "3d") ||
          g_str_equal (convert->inflate, "2+1d")) &&
         (convert->frames == 0) == (convert->inflate == NULL);
}

PraxiExit
praxi_cli_convert (int argc, char **argv)
{
  gboolean json = FALSE;
  int frames = 0;
  g_autofree char *out = NULL, *spec = NULL, *inflate = NULL;
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &out, "Where to write the model", "OUT.onnx"},
      {"spec", 0, 0, G_OPTION_ARG_FILENAME, &spec, "Classes and input, as JSON", "FILE.json"},
      {"inflate", 0, 0, G_OPTION_ARG_STRING, &inflate,
       "Make clips of a network of pictures: its kernels repeated over 3 frames, or followed by "
       "one "
       "over 3 frames",
       "3d|2+1d"},
      {"frames", 0, 0, G_OPTION_ARG_INT, &frames, "Frames of a clip, with --inflate", "T"},
      {NULL}};
  PraxiExit status;
  g_autofree char *summary = describe ();
  if (!praxi_cli_parse (&argc, &argv, entries, "IN", summary, &status))
    return status;
  const Convert asked = {.from = argc == 2 ? argv[1] : "",
                         .out = out,
                         .spec = spec,
                         .inflate = inflate,
                         .frames = frames};
  const gboolean makes_own = inflate != NULL || g_str_has_prefix (asked.from, ZOO);
  if (argc != 2 || !is_usable (&asked) ||
      (spec == NULL && !makes_own && !praxi_tflite_is_file (asked.from))) {
    fputs ("praxi: convert takes one model, --out, and --spec for an ONNX model, --frames with "
           "--inflate 3d or 2+1d; see 'praxi convert --help'\n",
           stderr);
    return PRAXI_EXIT_USAGE;
  }
  return convert (&asked, json);
}
