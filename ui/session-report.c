#include "ui/session-report.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "engine/core/text.h"
#include "engine/infer/heat-colors.h"
#include "ui/footage-report.h"
#include "ui/session-private.h"
#include "ui/strip.h"

enum { MAX_PICTURES = 60, PICTURE_WIDTH_PX = 288, PICTURE_HEIGHT_PX = 160, HEAT_WIDTH_PX = 1600 };

struct PraxiReportJob {
  PraxiFootageReport *report;
  char *path;
  PraxiDecodeClient *client;
  PraxiReportDone done;
  gpointer user_data;
  guint next; /* row of report->events whose picture comes */
};

/* --- what is in it ------------------------------------------------------------------------- */

static char *
describe_times (PraxiSession *self, PraxiTimeSpan span)
{
  g_autofree char *start = praxi_session_time_text (self, span.start_ns, 2);
  g_autofree char *end = praxi_session_time_text (self, span.end_ns, 2);
  return g_strdup_printf (_ ("%s – %s (%.2f s, frames %d to %d)"), start, end,
                          (double) praxi_time_span_length (span) / 1e9,
                          praxi_session_frame_at (self, span.start_ns),
                          praxi_session_frame_at (self, span.end_ns - 1));
}

static void
add_facts (PraxiSession *self, PraxiFootageReport *report)
{
  g_autofree char *length =
      praxi_text_time (praxi_time_span_length (praxi_session_footage (self)), 2);
  g_autofree char *path = g_filename_display_name (praxi_media_item_path (self->media));
  g_autofree char *project = g_filename_display_name (self->project_path);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *date = g_date_time_format (now, "%F %R %Z");
  const int n_frames = praxi_session_n_frames (self);
  g_ptr_array_add (report->facts, g_strdup (path));
  g_ptr_array_add (report->facts,
                   g_strdup_printf (_ ("%s · %d frames · %d × %d px · %s · %.3f frames a second"),
                                    length, n_frames, self->info.display_width,
                                    self->info.display_height, self->info.codec,
                                    self->info.avg_rate));
  g_ptr_array_add (report->facts, g_strdup_printf (_ ("Project %s"), project));
  if (*praxi_session_device (self) != '\0')
    g_ptr_array_add (report->facts,
                     g_strdup_printf (_ ("Analysed on %s"), praxi_session_device (self)));
  g_ptr_array_add (report->facts, g_strdup_printf (_ ("Written %s"), date));
}

static void
add_ticks (PraxiSession *self, PraxiFootageReport *report)
{
  enum { N_TICKS = 7 };
  for (int i = 0; i < N_TICKS; i++) {
    const gint64 at_ns =
        report->span.start_ns + praxi_time_span_length (report->span) * i / (N_TICKS - 1);
    g_ptr_array_add (report->ticks, praxi_session_time_text (self, at_ns, 0));
  }
}

static void
add_heat (PraxiSession *self, PraxiFootageReport *report)
{
  const int n_classes = self->track != NULL ? praxi_score_track_n_classes (self->track) : 0;
  for (int c = 0; c < n_classes; c++) {
    const char *name = praxi_score_track_class_name (self->track, c);
    const PraxiHeatRow row = {.palette = praxi_events_is_background (name) ? PRAXI_HEAT_CONTRAST
                                                                           : PRAXI_HEAT_INFERNO,
                              .class_index = c,
                              .start_ns = report->span.start_ns,
                              .end_ns = report->span.end_ns};
    cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, HEAT_WIDTH_PX, 1);
    praxi_heat_raster (self->track, &row,
                       (guint32 *) (gpointer) cairo_image_surface_get_data (surface), HEAT_WIDTH_PX,
                       1, cairo_image_surface_get_stride (surface) / 4);
    cairo_surface_mark_dirty (surface);
    g_ptr_array_add (report->heat, surface);
    g_ptr_array_add (report->heat_names, g_strdup (name));
  }
}

static void
add_events (PraxiSession *self, PraxiFootageReport *report)
{
  const GArray *events = praxi_session_events (self);
  for (guint i = 0; i < events->len; i++) {
    const PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    const char *name = praxi_score_track_class_name (self->track, event->class_index);
    PraxiReportRow *row = praxi_report_row_add (report->events);
    row->color = praxi_strip_class_color (self, name);
    row->class_name = g_strdup (name);
    row->span = (PraxiTimeSpan){event->start_ns, event->end_ns};
    row->times = describe_times (self, row->span);
    row->detail = g_strdup_printf (_ ("highest score %d %%"), (int) lroundf (event->peak * 100));
    row->frame = praxi_session_frame_at (self, event->start_ns / 2 + event->end_ns / 2);
  }
}

static void
add_labels (PraxiSession *self, PraxiFootageReport *report)
{
  const GPtrArray *labels = praxi_session_labels (self);
  for (guint i = 0; i < labels->len; i++) {
    const PraxiUiLabel *label = labels->pdata[i];
    const PraxiUiClass *cls = praxi_session_find_class (self, label->class_id);
    PraxiReportRow *row = praxi_report_row_add (report->labels);
    row->color = cls != NULL ? cls->color : (GdkRGBA){0.5f, 0.5f, 0.5f, 1};
    row->class_name = g_strdup (cls != NULL ? cls->name : "?");
    row->span = label->span;
    row->times = describe_times (self, label->span);
    row->detail = label->note != NULL && *label->note != '\0'
                      ? g_strdup_printf ("%s · %s", label->author, label->note)
                      : g_strdup (label->author);
    row->frame = (label->start_frame + label->end_frame) / 2;
  }
}

static PraxiFootageReport *
make_report (PraxiSession *self)
{
  PraxiFootageReport *report = praxi_footage_report_new ();
  report->title = g_strdup (praxi_media_item_name (self->media));
  report->span = praxi_session_footage (self);
  add_facts (self, report);
  add_ticks (self, report);
  add_heat (self, report);
  add_events (self, report);
  add_labels (self, report);
  return report;
}

/* --- for a reader -------------------------------------------------------------------------- */

#define ONLY_READS "praxi-only-reads"

void
praxi_session_only_read (PraxiSession *self)
{
  g_object_set_data (G_OBJECT (self), ONLY_READS, GINT_TO_POINTER (TRUE));
}

gboolean
praxi_session_only_reads (PraxiSession *self)
{
  return g_object_get_data (G_OBJECT (self), ONLY_READS) != NULL;
}

/* --- pictures, then the file --------------------------------------------------------------- */

void
praxi_session_report_close (PraxiSession *self)
{
  PraxiReportJob *job = g_steal_pointer (&self->report_job);
  if (job == NULL)
    return;
  g_clear_pointer (&job->client, praxi_decode_client_free);
  praxi_footage_report_free (job->report);
  g_free (job->path);
  g_free (job);
}

static void
write_out (PraxiSession *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = g_filename_display_basename (self->report_job->path);
  const PraxiReportDone done = self->report_job->done;
  const gpointer user_data = self->report_job->user_data;
  const gboolean is_good =
      praxi_footage_report_save (self->report_job->report, self->report_job->path, &error);
  g_autofree char *text =
      is_good ? g_strdup_printf (_ ("Exported %s"), shown) : g_strdup (error->message);
  praxi_session_report_close (self);
  if (done != NULL)
    done (error, user_data);
  else
    praxi_session_say (self, !is_good, text);
}

/* Events first, then labels. NULL after the last one. */
static PraxiReportRow *
row_at (const PraxiReportJob *job, guint i)
{
  const PraxiFootageReport *report = job->report;
  if (i >= MAX_PICTURES)
    return NULL;
  if (i < report->events->len)
    return report->events->pdata[i];
  i -= report->events->len;
  return i < report->labels->len ? report->labels->pdata[i] : NULL;
}

static void
ask_next (PraxiSession *self)
{
  const PraxiReportRow *row = row_at (self->report_job, self->report_job->next);
  if (row == NULL)
    write_out (self);
  else
    praxi_decode_client_request (self->report_job->client, row->frame, PICTURE_WIDTH_PX,
                                 PICTURE_HEIGHT_PX, TRUE);
}

static void
ready_cb (PraxiDecodeClient *client,
          const PraxiDecodeInfo *info,
          PraxiFrameIndex *index,
          gpointer user_data)
{
  ask_next (user_data);
}

static cairo_surface_t *
copy_picture (const PraxiDecodePicture *picture)
{
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_RGB24, picture->width, picture->height);
  const guint8 *from = g_bytes_get_data (picture->pixels, NULL);
  guint8 *to = cairo_image_surface_get_data (surface);
  for (int y = 0; to != NULL && y < picture->height; y++)
    memcpy (to + (gsize) y * (gsize) cairo_image_surface_get_stride (surface),
            from + (gsize) y * (gsize) picture->stride_bytes, (gsize) picture->width * 4);
  cairo_surface_mark_dirty (surface);
  return surface;
}

static void
picture_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  PraxiSession *self = user_data;
  PraxiReportRow *row = row_at (self->report_job, self->report_job->next);
  if (row == NULL || picture->requested != row->frame || !picture->is_exact)
    return;
  row->picture = copy_picture (picture);
  self->report_job->next++;
  ask_next (self);
}

/* A report without pictures is better than none. */
static void
failed_cb (PraxiDecodeClient *client, const GError *error, gpointer user_data)
{
  write_out (user_data);
}

void
praxi_session_count_report (PraxiSession *self, guint *n_events, guint *n_labels)
{
  *n_events = praxi_session_events (self)->len;
  *n_labels = praxi_session_labels (self)->len;
}

void
praxi_session_write_report (PraxiSession *self,
                            const char *path,
                            PraxiReportDone done,
                            gpointer user_data)
{
  static const PraxiDecodeCallbacks callbacks = {
      .ready = ready_cb, .picture = picture_cb, .failed = failed_cb};
  if (self->media == NULL || self->index == NULL || self->report_job != NULL)
    return;
  self->report_job = g_new0 (PraxiReportJob, 1);
  self->report_job->report = make_report (self);
  self->report_job->path = g_strdup (path);
  self->report_job->done = done;
  self->report_job->user_data = user_data;
  if (g_str_has_suffix (path, ".pdf") && row_at (self->report_job, 0) != NULL)
    self->report_job->client = praxi_decode_client_new (
        self->praxi_path, praxi_media_item_path (self->media), &callbacks, self, NULL);
  if (self->report_job->client == NULL)
    write_out (self);
}
