/* praxi join: several models become one, whose logits are the mean of theirs. */
#include <stdio.h>

#include "app/cli-info-model.h"
#include "app/cli.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/model/spec.h"
#include "engine/train/join.h"

static gboolean
load_all (char **names, GPtrArray *models, GError **error)
{
  for (int i = 0; names[i] != NULL; i++) {
    PraxiModel *model = praxi_cli_load_model (names[i], error);
    if (model == NULL)
      return FALSE;
    g_ptr_array_add (models, model);
  }
  return TRUE;
}

/* "joined: a, b, c" behind the first one's own lineage; the others' stand in their files. */
static char *
write_spec (const GPtrArray *models, gboolean mirrors, const char *out)
{
  PraxiModelSpec spec = *praxi_model_spec (models->pdata[0]);
  g_autoptr (GString) step = g_string_new (mirrors ? "joined, with mirror images:" : "joined:");
  for (guint i = 0; i < models->len; i++) {
    const PraxiModelSpec *one = praxi_model_spec (models->pdata[i]);
    g_string_append_printf (step, "%s %s", i > 0 ? "," : "", one->name);
    if (g_str_equal (one->precision, "int8"))
      spec.precision = one->precision;
  }
  return praxi_model_spec_write_step (&spec, out, step->str);
}

static gboolean
write_joined (char **names, gboolean mirrors, const char *out, GError **error)
{
  g_autoptr (GPtrArray) models =
      g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_model_unref);
  if (!load_all (names, models, error))
    return FALSE;
  g_autoptr (PraxiGraph) graph =
      praxi_join ((PraxiModel *const *) models->pdata, (int) models->len, mirrors, error);
  if (graph == NULL)
    return FALSE;
  g_autofree char *spec = write_spec (models, mirrors, out);
  return praxi_model_save (graph, spec, out, error);
}

static PraxiExit
tell (const char *out, int n, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = praxi_model_load (out, &error);
  if (model == NULL)
    return praxi_cli_fail (&error);
  if (!json) {
    g_autofree char *name = praxi_text_file_name (out);
    g_autofree char *size = praxi_text_bytes ((guint64) praxi_model_file_bytes (model));
    printf ("%s: written, %d models in %s, %.1f M multiply-adds\n", name, n, size,
            (double) praxi_model_macs (model) / 1e6);
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
praxi_cli_join (int argc, char **argv)
{
  gboolean json = FALSE, mirrors = FALSE;
  g_autofree char *out = NULL;
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL},
      {"mirror", 0, 0, G_OPTION_ARG_NONE, &mirrors,
       "Asks each about the mirrored motion too; one model is enough then", NULL},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &out, "Where to write the model", "OUT.onnx"},
      {NULL}};
  PraxiExit status;
  if (!praxi_cli_parse (&argc, &argv, entries, "MODEL MODEL…",
                        "Makes one model of several with the same classes and input: what they "
                        "compute alike is computed once, and the mean of their logits decides. A "
                        "model named twice counts twice; one that knows only some of the first "
                        "one's events says nothing of the others.",
                        &status))
    return status;
  if (argc < (mirrors ? 2 : 3) || out == NULL) {
    fputs ("praxi: join takes two or more models, or one with --mirror, and --out; see 'praxi join "
           "--help'\n",
           stderr);
    return PRAXI_EXIT_USAGE;
  }
  g_autoptr (GError) error = NULL;
  return write_joined (argv + 1, mirrors, out, &error) ? tell (out, argc - 1, json)
                                                       : praxi_cli_fail (&error);
}
