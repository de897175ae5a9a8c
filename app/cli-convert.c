/* praxi convert: a foreign model gets a spec and a checksum. */
#include <stdio.h>

#include "app/cli-info-model.h"
#include "app/cli.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"

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

static PraxiExit
convert (const char *from, const char *out, const char *spec_path, gboolean json)
{
  g_autofree char *spec = NULL;
  g_autoptr (GError) error = NULL;
  if (!read_spec (spec_path, &spec, &error) || !praxi_model_convert (from, spec, out, &error))
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
  if (!praxi_cli_parse (&argc, &argv, entries, "IN.onnx",
                        "Gives an ONNX model made elsewhere what praxi has to know of it.",
                        &status))
    return status;
  if (argc != 2 || out == NULL || spec == NULL) {
    fputs ("praxi: convert takes one model, --out and --spec; see 'praxi convert --help'\n",
           stderr);
    return PRAXI_EXIT_USAGE;
  }
  return convert (argv[1], out, spec, json);
}
