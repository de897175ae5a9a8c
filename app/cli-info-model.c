/* The model half of `praxi info`. */
#include "app/cli-info-model.h"

#include <stdio.h>

#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/model/model.h"

/* Of events, by class; null where the model says nothing. */
static void
add_thresholds (JsonBuilder *builder, const PraxiModelSpec *spec)
{
  json_builder_set_member_name (builder, "thresholds");
  json_builder_begin_object (builder);
  for (int i = 0; spec != NULL && i < spec->n_classes; i++) {
    json_builder_set_member_name (builder, spec->classes[i]);
    json_builder_begin_object (builder);
    praxi_json_add_double (builder, "enter", spec->enter[i]);
    praxi_json_add_double (builder, "exit", spec->exit[i]);
    json_builder_end_object (builder);
  }
  json_builder_end_object (builder);
}

static void
add_spec (JsonBuilder *builder, const PraxiModelSpec *spec)
{
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (int i = 0; spec != NULL && i < spec->n_classes; i++)
    json_builder_add_string_value (builder, spec->classes[i]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "input");
  json_builder_begin_object (builder);
  if (spec != NULL) {
    praxi_json_add_int (builder, "frames", spec->frames);
    praxi_json_add_int (builder, "height", spec->height);
    praxi_json_add_int (builder, "width", spec->width);
    praxi_json_add_double (builder, "rate_hz", spec->rate_hz);
    praxi_json_add_string (builder, "layout", praxi_model_layout_name (spec->layout));
  }
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "lineage");
  json_builder_begin_array (builder);
  for (int i = 0; spec != NULL && i < spec->n_lineage; i++) {
    json_builder_begin_object (builder);
    praxi_json_add_string (builder, "name", spec->lineage[i].name);
    praxi_json_add_string (builder, "step", spec->lineage[i].step);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  add_thresholds (builder, spec);
  praxi_json_add_string (builder, "licence", spec != NULL ? spec->licence : "");
}

void
praxi_cli_add_model (JsonBuilder *builder, const PraxiModel *model, const char *path)
{
  g_autofree char *file = praxi_text_file_name (path);
  praxi_json_add_string (builder, "kind", "model");
  praxi_json_add_string (builder, "file", file);
  praxi_json_add_string (builder, "name", praxi_model_name (model));
  add_spec (builder, praxi_model_spec (model));
  praxi_json_add_string (builder, "precision", praxi_model_precision (model));
  praxi_json_add_int (builder, "params", praxi_model_params (model));
  praxi_json_add_int (builder, "macs", praxi_model_macs (model));
  praxi_json_add_int (builder, "weights_bytes", praxi_model_weights_bytes (model));
  praxi_json_add_int (builder, "file_bytes", praxi_model_file_bytes (model));
  praxi_json_add_string (builder, "sha256", praxi_model_sha256 (model));
}

static void
print_spec (const PraxiModelSpec *spec)
{
  if (spec == NULL) {
    puts ("  classes     none: the file has no praxi.spec");
    return;
  }
  g_autofree char *classes = g_strjoinv (", ", spec->classes);
  char rate[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (rate, sizeof rate, "%.3g", spec->rate_hz);
  printf ("  classes     %s\n", classes);
  printf ("  input       %d frames of %d × %d, %s a second\n", spec->frames, spec->width,
          spec->height, rate);
  for (int i = 0; i < spec->n_lineage; i++)
    printf ("  %s %s, %s\n", i == 0 ? "lineage    " : "           ", spec->lineage[i].name,
            spec->lineage[i].step);
  if (spec->licence[0] != '\0')
    printf ("  licence     %s\n", spec->licence);
}

static void
print_text (const PraxiModel *model, const char *path)
{
  g_autofree char *file = praxi_text_file_name (path);
  g_autofree char *size = praxi_text_bytes ((guint64) praxi_model_file_bytes (model));
  printf ("%s\n", file);
  printf ("  name        %s\n", praxi_model_name (model));
  print_spec (praxi_model_spec (model));
  printf ("  precision   %s\n", praxi_model_precision (model));
  printf ("  size        %s, %" G_GINT64_FORMAT " parameters\n", size, praxi_model_params (model));
  printf ("  work        %.1f million multiply-adds a clip\n",
          (double) praxi_model_macs (model) / 1e6);
  printf ("  sha256      %s\n", praxi_model_sha256 (model));
}

PraxiExit
praxi_cli_info_model (const char *path, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = praxi_model_load (path, &error);
  if (model == NULL)
    return praxi_cli_fail (&error);
  if (!json) {
    print_text (model, path);
    return PRAXI_EXIT_DONE;
  }
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_cli_add_model (builder, model, path);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, TRUE);
  return PRAXI_EXIT_DONE;
}
