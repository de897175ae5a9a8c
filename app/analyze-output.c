#include "app/analyze-output.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "engine/core/json-lines.h"
#include "engine/core/text.h"

static const char *
class_name (const PraxiAnalyzeResult *result, int class_index)
{
  return praxi_score_track_class_name (result->track, class_index);
}

void
praxi_analyze_event_frames (const PraxiAnalyzeResult *result,
                            const PraxiEvent *event,
                            int *start_frame,
                            int *end_frame)
{
  PraxiFrameIndex *index = praxi_media_index (result->media);
  *start_frame = praxi_frame_index_ordinal_at (index, event->start_ns);
  *end_frame = praxi_frame_index_ordinal_at (index, event->end_ns - 1) + 1;
}

static void
add_event (const PraxiAnalyzeResult *result, const PraxiEvent *event, JsonBuilder *builder)
{
  int start_frame, end_frame;
  praxi_analyze_event_frames (result, event, &start_frame, &end_frame);
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "class", class_name (result, event->class_index));
  praxi_json_add_double (builder, "start_s", (double) event->start_ns / 1e9);
  praxi_json_add_double (builder, "end_s", (double) event->end_ns / 1e9);
  praxi_json_add_int (builder, "start_frame", start_frame);
  praxi_json_add_int (builder, "end_frame", end_frame);
  praxi_json_add_double (builder, "peak", (double) event->peak);
  json_builder_end_object (builder);
}

static void
add_events (const PraxiAnalyzeResult *result, JsonBuilder *builder)
{
  json_builder_begin_array (builder);
  for (guint i = 0; i < result->events->len; i++)
    add_event (result, &g_array_index (result->events, PraxiEvent, i), builder);
  json_builder_end_array (builder);
}

static char *
builder_text (JsonBuilder *builder)
{
  JsonNode *root = json_builder_get_root (builder);
  char *text = json_to_string (root, FALSE);
  json_node_unref (root);
  return text;
}

char *
praxi_analyze_events_json (const PraxiAnalyzeResult *result)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  add_events (result, builder);
  return builder_text (builder);
}

/* Everything but the windows. */
static char *
summary_json (const PraxiAnalyzeResult *result)
{
  const PraxiExecutor *executor = result->model->executor;
  const PraxiAnalysis *analysis = &result->analysis;
  const gboolean is_cpu = !g_str_equal (praxi_executor_backend_name (executor), "cuda");
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *file = g_filename_display_name (result->path);
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "file", file);
  praxi_json_add_string (builder, "model", praxi_model_name (result->model->model));
  praxi_json_add_string (builder, "backend", praxi_executor_backend_name (executor));
  praxi_json_add_string (builder, "device", praxi_executor_device_name (executor));
  praxi_json_add_string (builder, "precision", praxi_executor_precision (executor));
  const double share = praxi_executor_stream_share (executor);
  praxi_json_add_string (builder, "mode", share < 1 ? "streaming" : "windows");
  praxi_json_add_double (builder, "recomputed", share);
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (int c = 0; c < praxi_score_track_n_classes (result->track); c++)
    json_builder_add_string_value (builder, class_name (result, c));
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "events");
  add_events (result, builder);
  praxi_json_add_double (builder, "decode_s", analysis->decode_s);
  praxi_json_add_double (builder, "infer_s", analysis->infer_s);
  praxi_json_add_double (builder, "infer_cpu_s", analysis->infer_cpu_s);
  praxi_json_add_double (builder, "wall_s", analysis->wall_s);
  praxi_json_add_double (builder, "footage_s", analysis->footage_s);
  if (analysis->n_estimated > 0) {
    praxi_json_add_int (builder, "coarse_windows", analysis->n_estimated);
    praxi_json_add_double (builder, "coarse_s", analysis->estimate_s);
  }
  praxi_json_add_int (builder, "frames", analysis->n_frames);
  praxi_json_add_int (builder, "lost_windows", analysis->n_lost);
  praxi_json_add_int (builder, "still_windows", analysis->n_still);
  praxi_json_add_int (builder, "peak_rss_bytes", praxi_cli_peak_rss ());
  praxi_json_add_int (builder, "peak_device_bytes",
                      is_cpu ? 0 : (gint64) praxi_executor_peak_bytes (executor));
  praxi_json_add_boolean (builder, "partial", result->is_partial);
  if (result->run_id > 0)
    praxi_json_add_int (builder, "run", result->run_id);
  json_builder_end_object (builder);
  return builder_text (builder);
}

/* Numbers with a point in every locale. */
static void
print_number (FILE *stream, const char *before, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  fprintf (stream, "%s%s", before, g_ascii_formatd (text, sizeof text, "%.6f", value));
}

static void
print_window (const PraxiAnalyzeResult *result, int k, gboolean is_first, FILE *stream)
{
  gint64 start_ns, end_ns;
  int slot;
  praxi_analyzer_window (result->analyzer, k, &start_ns, &end_ns, &slot);
  print_number (stream, is_first ? "{\"start_s\":" : ",{\"start_s\":", (double) start_ns / 1e9);
  print_number (stream, ",\"end_s\":", (double) end_ns / 1e9);
  fputs (",\"scores\":[", stream);
  for (int c = 0; c < praxi_score_track_n_classes (result->track); c++)
    print_number (stream, c > 0 ? "," : "",
                  (double) praxi_score_track_get (result->track, slot, c));
  fputs ("]}", stream);
}

/* Whether window k was scored; lost and cancelled ones are in no output. */
static gboolean
is_scored (const PraxiAnalyzeResult *result, int k)
{
  gint64 start_ns, end_ns;
  int slot;
  praxi_analyzer_window (result->analyzer, k, &start_ns, &end_ns, &slot);
  return !isnan (praxi_score_track_get (result->track, slot, 0));
}

void
praxi_analyze_print_json (const PraxiAnalyzeResult *result, FILE *stream)
{
  g_autofree char *summary = summary_json (result);
  /* The windows go straight to the stream, into the object before its closing brace: as nodes in
   * memory those of a day would take more than the whole analysis.
   */
  fprintf (stream, "%.*s,\"windows\":[", (int) strlen (summary) - 1, summary);
  gboolean is_first = TRUE;
  for (int k = 0; k < praxi_analyzer_n_windows (result->analyzer); k++) {
    if (!is_scored (result, k))
      continue;
    print_window (result, k, is_first, stream);
    is_first = FALSE;
  }
  fputs ("]}", stream);
}

/* Quoted as RFC 4180 says, where it must be. */
static char *
csv_field (const char *text)
{
  if (strpbrk (text, ",\"\r\n") == NULL)
    return g_strdup (text);
  g_auto (GStrv) parts = g_strsplit (text, "\"", -1);
  g_autofree char *doubled = g_strjoinv ("\"\"", parts);
  return g_strconcat ("\"", doubled, "\"", NULL);
}

typedef struct {
  const char *file;
  const char *kind; /* "window" or "event" */
  int class_index;
  gint64 start_ns, end_ns;
  int start_frame, end_frame;
  float score;
} CsvRow;

static void
print_csv_row (const PraxiAnalyzeResult *result, const CsvRow *row, FILE *stream)
{
  g_autofree char *class = csv_field (class_name (result, row->class_index));
  fprintf (stream, "%s,%s,%s", row->file, row->kind, class);
  print_number (stream, ",", (double) row->start_ns / 1e9);
  print_number (stream, ",", (double) row->end_ns / 1e9);
  fprintf (stream, ",%d,%d", row->start_frame, row->end_frame);
  print_number (stream, ",", (double) row->score);
  fputs ("\r\n", stream);
}

void
praxi_analyze_print_csv_header (FILE *stream)
{
  fputs ("file,kind,class,start_s,end_s,start_frame,end_frame,score\r\n", stream);
}

void
praxi_analyze_print_csv (const PraxiAnalyzeResult *result, FILE *stream)
{
  g_autofree char *shown = g_filename_display_name (result->path);
  g_autofree char *file = csv_field (shown);
  for (int k = 0; k < praxi_analyzer_n_windows (result->analyzer); k++) {
    CsvRow row = {.file = file, .kind = "window"};
    int slot;
    praxi_analyzer_window (result->analyzer, k, &row.start_ns, &row.end_ns, &slot);
    const PraxiEvent span = {.start_ns = row.start_ns, .end_ns = row.end_ns};
    praxi_analyze_event_frames (result, &span, &row.start_frame, &row.end_frame);
    for (int c = 0; is_scored (result, k) && c < praxi_score_track_n_classes (result->track); c++) {
      row.class_index = c;
      row.score = praxi_score_track_get (result->track, slot, c);
      print_csv_row (result, &row, stream);
    }
  }
  for (guint i = 0; i < result->events->len; i++) {
    const PraxiEvent *event = &g_array_index (result->events, PraxiEvent, i);
    CsvRow row = {.file = file,
                  .kind = "event",
                  .class_index = event->class_index,
                  .start_ns = event->start_ns,
                  .end_ns = event->end_ns,
                  .score = event->peak};
    praxi_analyze_event_frames (result, event, &row.start_frame, &row.end_frame);
    print_csv_row (result, &row, stream);
  }
}

static void
print_event_text (const PraxiAnalyzeResult *result, const PraxiEvent *event, FILE *stream)
{
  int start_frame, end_frame;
  praxi_analyze_event_frames (result, event, &start_frame, &end_frame);
  g_autofree char *start = praxi_text_time (event->start_ns, 1);
  g_autofree char *end = praxi_text_time (event->end_ns, 1);
  fprintf (stream, "  %-10s %8s – %-8s  frames %d – %d  peak %d %%\n",
           class_name (result, event->class_index), start, end, start_frame, end_frame - 1,
           (int) lround ((double) event->peak * 100));
}

void
praxi_analyze_print_text (const PraxiAnalyzeResult *result, FILE *stream)
{
  const PraxiAnalysis *analysis = &result->analysis;
  g_autofree char *file = praxi_text_file_name (result->path);
  g_autofree char *rss = praxi_text_bytes ((guint64) praxi_cli_peak_rss ());
  g_autofree char *footage = praxi_text_time ((gint64) (analysis->footage_s * 1e9), 1);
  fprintf (stream, "%s%s\n", file, result->is_partial ? " (cancelled; so far)" : "");
  for (guint i = 0; i < result->events->len; i++)
    print_event_text (result, &g_array_index (result->events, PraxiEvent, i), stream);
  if (result->events->len == 0)
    fputs ("  no events\n", stream);
  fprintf (stream,
           "  %s of footage in %.1f s (%.0f × real time; decoding %.1f s, inference %.1f s)\n",
           footage, analysis->wall_s, analysis->footage_s / MAX (analysis->wall_s, 1e-6),
           analysis->decode_s, analysis->infer_s);
  fprintf (stream, "  %s · %s · %s · %s of memory at most\n",
           praxi_model_name (result->model->model),
           praxi_executor_device_name (result->model->executor),
           praxi_executor_precision (result->model->executor), rss);
}
