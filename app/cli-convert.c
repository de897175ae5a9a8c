/* praxi convert: a foreign model gets a spec and a checksum; a net of the zoo becomes a file. */
#include <stdio.h>
#include <string.h>

#include "app/cli-info-model.h"
#include "app/cli.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/model/zoo.h"

#define ZOO "zoo:"

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

/* spec: NULL for the net's own */
static gboolean
write_zoo (const char *text, const char *spec, const char *out, GError **error)
{
  g_autofree char *name = NULL, *own = NULL;
  PraxiZooOptions options;
  if (!praxi_zoo_parse (text, &name, &options, error))
    return FALSE;
  g_autoptr (PraxiGraph) graph = praxi_zoo_graph (name, &options, error);
  if (graph == NULL)
    return FALSE;
  if (spec == NULL)
    spec = own = praxi_zoo_spec (name, &options, error);
  return spec != NULL && praxi_model_save (graph, spec, out, error);
}

static PraxiExit
convert (const char *from, const char *out, const char *spec_path, gboolean json)
{
  g_autofree char *spec = NULL;
  g_autoptr (GError) error = NULL;
  if (spec_path != NULL && !read_spec (spec_path, &spec, &error))
    return praxi_cli_fail (&error);
  if (!(g_str_has_prefix (from, ZOO) ? write_zoo (from + strlen (ZOO), spec, out, &error)
                                     : praxi_model_convert (from, spec, out, &error)))
    return praxi_cli_fail (&error);
  g_autoptr (PraxiModel) model = praxi_model_load (out, &error);
  if (model == NULL)
    return praxi_cli_fail (&error);
  if (!json) {
    g_autofree char *name = praxi_text_file_name (out);
    printf ("%s: written, %d classes\n", name, praxi_model_spec (model)->n_classes);
    return PRAXI_EXIT_DONE;
  }
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "model");
  json_builder_begin_object (builder);
  praxi_cli_add_model (builder, model, out);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, TRUE);
  return PRAXI_EXIT_DONE;
}

PraxiExit
praxi_cli_convert (int argc, char **argv)
{
  gboolean json = FALSE;
  g_autofree char *out = NULL, *spec = NULL;
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &out, "Where to write the model", "OUT.onnx"},
      {"spec", 0, 0, G_OPTION_ARG_FILENAME, &spec, "Classes and input, as JSON", "FILE.json"},
      {NULL}};
  PraxiExit status;
  g_autofree char *summary = describe ();
  if (!praxi_cli_parse (&argc, &argv, entries, "IN", summary, &status))
    return status;
  if (argc != 2 || out == NULL || (spec == NULL && !g_str_has_prefix (argv[1], ZOO))) {
    fputs ("praxi: convert takes one model, --out and --spec; see 'praxi convert --help'\n",
           stderr);
    return PRAXI_EXIT_USAGE;
  }
  return convert (argv[1], out, spec, json);
}
