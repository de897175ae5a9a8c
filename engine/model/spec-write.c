#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/model/spec.h"

static void
add_floats (JsonBuilder *builder, const char *name, const float values[3])
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (int i = 0; i < 3; i++)
    praxi_json_push_double (builder, (double) values[i]);
  json_builder_end_array (builder);
}

static void
add_input (JsonBuilder *builder, const PraxiModelSpec *spec)
{
  json_builder_set_member_name (builder, "input");
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "name", spec->input_name);
  praxi_json_add_int (builder, "frames", spec->frames);
  praxi_json_add_int (builder, "height", spec->height);
  praxi_json_add_int (builder, "width", spec->width);
  praxi_json_add_double (builder, "rate_hz", spec->rate_hz);
  praxi_json_add_string (builder, "layout", praxi_model_layout_name (spec->layout));
  praxi_json_add_string (builder, "type", spec->is_float ? "float32" : "uint8");
  add_floats (builder, "mean", spec->mean);
  add_floats (builder, "std", spec->std);
  json_builder_end_object (builder);
}

static void
add_output (JsonBuilder *builder, const PraxiModelSpec *spec)
{
  json_builder_set_member_name (builder, "output");
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "name", spec->output_name);
  praxi_json_add_string (builder, "kind", spec->is_logits ? "logits" : "probabilities");
  json_builder_end_object (builder);
}

static void
add_thresholds (JsonBuilder *builder, const PraxiModelSpec *spec)
{
  json_builder_set_member_name (builder, "thresholds");
  json_builder_begin_object (builder);
  for (int c = 0; c < spec->n_classes; c++) {
    if (isnan (spec->enter[c]) || isnan (spec->exit[c]))
      continue;
    json_builder_set_member_name (builder, spec->classes[c]);
    json_builder_begin_object (builder);
    praxi_json_add_double (builder, "enter", spec->enter[c]);
    praxi_json_add_double (builder, "exit", spec->exit[c]);
    json_builder_end_object (builder);
  }
  json_builder_end_object (builder);
}

static void
add_lineage (JsonBuilder *builder, const PraxiModelSpec *spec)
{
  json_builder_set_member_name (builder, "lineage");
  json_builder_begin_array (builder);
  for (int i = 0; i < spec->n_lineage; i++) {
    json_builder_begin_object (builder);
    praxi_json_add_string (builder, "name", spec->lineage[i].name);
    praxi_json_add_string (builder, "step", spec->lineage[i].step);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

char *
praxi_model_spec_write (const PraxiModelSpec *spec)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "name", spec->name);
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (int c = 0; c < spec->n_classes; c++)
    json_builder_add_string_value (builder, spec->classes[c]);
  json_builder_end_array (builder);
  add_input (builder, spec);
  add_output (builder, spec);
  praxi_json_add_string (builder, "precision", spec->precision);
  add_thresholds (builder, spec);
  add_lineage (builder, spec);
  praxi_json_add_string (builder, "licence", spec->licence);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

char *
praxi_model_spec_write_step (const PraxiModelSpec *before, const char *path, const char *step)
{
  PraxiModelSpec spec = *before;
  g_autofree char *base = g_path_get_basename (path);
  if (g_str_has_suffix (base, ".onnx"))
    base[strlen (base) - strlen (".onnx")] = '\0';
  g_autofree char *name = praxi_text_file_name (base);
  g_autofree PraxiLineageStep *lineage = g_new (PraxiLineageStep, spec.n_lineage + 1);
  if (spec.n_lineage > 0)
    memcpy (lineage, spec.lineage, sizeof *lineage * (gsize) spec.n_lineage);
  lineage[spec.n_lineage++] = (PraxiLineageStep){.name = spec.name, .step = (char *) step};
  spec.lineage = lineage;
  spec.name = name;
  return praxi_model_spec_write (&spec);
}
