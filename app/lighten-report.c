#include "app/lighten-report.h"

#include <math.h>
#include <stdio.h>

#include "engine/core/json-lines.h"
#include "engine/core/text.h"

static void
add_figures (JsonBuilder *builder, const char *name, const PraxiFigures *figures)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "file_bytes", figures->file_bytes);
  praxi_json_add_int (builder, "weights_bytes", figures->weights_bytes);
  praxi_json_add_int (builder, "params", figures->params);
  praxi_json_add_int (builder, "macs", figures->macs);
  praxi_json_add_double (builder, "accuracy", figures->accuracy);
  praxi_json_add_double (builder, "macro_f1", figures->macro_f1);
  praxi_json_add_double (builder, "auc_pr", figures->auc_pr);
  praxi_json_add_double (builder, "clips_per_s", figures->clips_per_s);
  praxi_json_add_double (builder, "fps", figures->fps);
  praxi_json_add_double (builder, "latency_p50_ms", figures->latency_p50_ms);
  praxi_json_add_int (builder, "peak_rss_bytes", figures->peak_rss_bytes);
  praxi_json_add_int (builder, "peak_device_bytes", figures->peak_device_bytes);
  json_builder_end_object (builder);
}

void
praxi_lighten_add_step (JsonBuilder *builder, const PraxiRecipeStep *step)
{
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "pass", step->pass);
  praxi_json_add_int (builder, "round", step->round);
  json_builder_set_member_name (builder, "report");
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "what", step->what);
  add_figures (builder, "before", &step->before);
  add_figures (builder, "after", &step->after);
  praxi_json_add_double (builder, "drop_points",
                         (step->before.accuracy - step->after.accuracy) * 100);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
}

void
praxi_lighten_print_json (const PraxiRecipe *recipe)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "steps");
  json_builder_begin_array (builder);
  for (guint i = 0; i < recipe->steps->len; i++)
    praxi_lighten_add_step (builder, recipe->steps->pdata[i]);
  json_builder_end_array (builder);
  add_figures (builder, "before", &recipe->first);
  add_figures (builder, "after", &recipe->last);
  praxi_json_add_double (builder, "drop_points",
                         (recipe->first.accuracy - recipe->last.accuracy) * 100);
  if (recipe->unmet != NULL)
    praxi_json_add_string (builder, "unmet", recipe->unmet);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, FALSE);
}

void
praxi_lighten_print_figures (const char *label, const PraxiFigures *figures)
{
  g_autofree char *size = praxi_text_bytes ((guint64) figures->file_bytes);
  printf ("%-16s %9s   %7.1f M multiply-adds", label, size, (double) figures->macs / 1e6);
  if (isfinite (figures->accuracy))
    printf ("   accuracy %5.1f %%   %6.1f clips/s   %6.0f frames/s", figures->accuracy * 100,
            figures->clips_per_s, figures->fps);
  putchar ('\n');
  fflush (stdout);
}
