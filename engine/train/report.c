#include "engine/train/report.h"

#include <math.h>

#include "engine/core/json-lines.h"

static void
add_model (JsonBuilder *builder, const PraxiReportModel *model)
{
  praxi_json_add_string (builder, "model", model->model);
  praxi_json_add_string (builder, "file", model->file);
  praxi_json_add_string (builder, "backend", model->backend);
  praxi_json_add_string (builder, "device", model->device);
  praxi_json_add_string (builder, "precision", model->precision);
  praxi_json_add_int (builder, "peak_rss_bytes", model->peak_rss_bytes);
  praxi_json_add_int (builder, "peak_device_bytes", model->peak_device_bytes);
  praxi_json_add_int (builder, "weights_bytes", model->weights_bytes);
  praxi_json_add_int (builder, "file_bytes", model->file_bytes);
  praxi_json_add_int (builder, "params", model->params);
  praxi_json_add_int (builder, "macs", model->macs);
}

static void
add_class (JsonBuilder *builder, const char *name, const PraxiClassMetrics *class)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "support", class->support);
  praxi_json_add_double (builder, "precision", class->precision);
  praxi_json_add_double (builder, "recall", class->recall);
  praxi_json_add_double (builder, "f1", class->f1);
  praxi_json_add_double (builder, "auc_pr", class->auc_pr);
  praxi_json_add_double (builder, "auc_roc", class->auc_roc);
  json_builder_end_object (builder);
}

static void
add_metrics (JsonBuilder *builder, const char *const *classes, const PraxiMetrics *metrics)
{
  praxi_json_add_int (builder, "clips", metrics->n);
  praxi_json_add_double (builder, "accuracy", metrics->accuracy);
  json_builder_set_member_name (builder, "accuracy_ci95");
  json_builder_begin_array (builder);
  praxi_json_push_double (builder, metrics->accuracy_low);
  praxi_json_push_double (builder, metrics->accuracy_high);
  json_builder_end_array (builder);
  praxi_json_add_double (builder, "macro_f1", metrics->macro_f1);
  praxi_json_add_double (builder, "auc_pr", metrics->auc_pr);
  praxi_json_add_double (builder, "auc_roc", metrics->auc_roc);
  json_builder_set_member_name (builder, "per_class");
  json_builder_begin_object (builder);
  for (int c = 0; c < metrics->n_classes; c++)
    add_class (builder, classes[c], &metrics->per_class[c]);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "confusion");
  json_builder_begin_array (builder);
  for (int row = 0; row < metrics->n_classes; row++) {
    json_builder_begin_array (builder);
    for (int c = 0; c < metrics->n_classes; c++)
      json_builder_add_int_value (builder, metrics->confusion[row * metrics->n_classes + c]);
    json_builder_end_array (builder);
  }
  json_builder_end_array (builder);
}

static void
add_events (JsonBuilder *builder, const char *const *classes, const GArray *figures)
{
  json_builder_set_member_name (builder, "events");
  json_builder_begin_array (builder);
  for (guint i = 0; i < figures->len; i++) {
    const PraxiEventFigures *entry = &g_array_index (figures, PraxiEventFigures, i);
    json_builder_begin_object (builder);
    praxi_json_add_string (builder, "part", entry->part);
    praxi_json_add_string (builder, "class", classes[entry->class_index]);
    praxi_json_add_int (builder, "spans", entry->n_spans);
    praxi_json_add_int (builder, "found", entry->n_found);
    praxi_json_add_double (builder, "recall",
                           entry->n_spans > 0 ? (double) entry->n_found / entry->n_spans
                                              : (double) NAN);
    praxi_json_add_int (builder, "false_alarms", entry->n_false);
    praxi_json_add_double (builder, "hours", entry->quiet_hours);
    praxi_json_add_double (builder, "false_alarms_per_hour",
                           entry->quiet_hours > 0 ? entry->n_false / entry->quiet_hours
                                                  : (double) NAN);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
add_speed (JsonBuilder *builder, const PraxiEvaluation *evaluation)
{
  praxi_json_add_double (builder, "fps", evaluation->fps);
  praxi_json_add_double (builder, "fps_no_decode", evaluation->fps_no_decode);
  praxi_json_add_double (builder, "clips_per_s", evaluation->clips_per_s);
  json_builder_set_member_name (builder, "latency_ms");
  json_builder_begin_object (builder);
  praxi_json_add_double (builder, "p50", evaluation->latency_p50_ms);
  praxi_json_add_double (builder, "p95", evaluation->latency_p95_ms);
  json_builder_set_member_name (builder, "samples");
  json_builder_begin_array (builder);
  for (int i = 0; i < evaluation->n_latencies; i++)
    praxi_json_push_double (builder, evaluation->latencies_ms[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  praxi_json_add_int (builder, "windows", evaluation->n_windows);
  praxi_json_add_double (builder, "footage_s", evaluation->footage_s);
  praxi_json_add_double (builder, "wall_s", evaluation->wall_s);
  praxi_json_add_double (builder, "decode_s", evaluation->decode_s);
  praxi_json_add_double (builder, "infer_s", evaluation->infer_s);
}

void
praxi_report_add (JsonBuilder *builder,
                  const PraxiReportModel *model,
                  const PraxiEvaluation *evaluation)
{
  json_builder_begin_object (builder);
  add_model (builder, model);
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (int c = 0; c < evaluation->n_classes; c++)
    json_builder_add_string_value (builder, model->classes[c]);
  json_builder_end_array (builder);
  add_metrics (builder, model->classes, evaluation->metrics);
  add_events (builder, model->classes, evaluation->event_figures);
  add_speed (builder, evaluation);
  json_builder_end_object (builder);
}
