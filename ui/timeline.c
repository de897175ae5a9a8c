#include "ui/timeline.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-analysis.h"
#include "ui/session-labelling.h"
#include "ui/strip.h"

enum { GUTTER_PX = 84, RIGHT_PX = 12, GAP_PX = 6, TOP_PX = 2, BOTTOM_PX = 8, DRAG_FROM_PX = 4 };
enum { RULER, OVERVIEW, HEAT, EVENTS, LABELS, N_STRIPS };

/* What a drag is doing; decided where it begins. */
typedef enum { DRAG_NONE, DRAG_SCRUB, DRAG_VIEW, DRAG_PAN, DRAG_SELECT, DRAG_TRIM } DragKind;

struct _PraxiTimeline {
  GtkWidget parent_instance;
  PraxiSession *session;
  PraxiStrip *strips[N_STRIPS];
  double pointer_x, pointer_y;
  gboolean has_pointer;

  DragKind drag;
  PraxiHit drag_hit;          /* where it began */
  PraxiTimeSpan drag_visible; /* what was visible then */
  int drag_frame;             /* frame under the press */
  gboolean drag_moved;
  gint64 trimmed_label;
  int trim_start, trim_end;
};

G_DEFINE_FINAL_TYPE (PraxiTimeline, praxi_timeline, GTK_TYPE_WIDGET)

/* --- geometry ------------------------------------------------------------------------------ */

static PraxiStripContext
make_context (PraxiTimeline *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkStyleContext *style = gtk_widget_get_style_context (widget);
  PraxiStripContext context = {
      .session = self->session,
      .widget = widget,
      .time = {.span = praxi_session_visible (self->session),
               .left_px = GUTTER_PX,
               .width_px = MAX (1, gtk_widget_get_width (widget) - GUTTER_PX - RIGHT_PX)},
      .gutter_px = GUTTER_PX,
      .scale_factor = gtk_widget_get_scale_factor (widget),
      .is_dark = adw_style_manager_get_dark (adw_style_manager_get_default ()),
      .dragged_label = self->trimmed_label,
      .dragged_start = self->trim_start,
      .dragged_end = self->trim_end,
  };
  gtk_style_context_get_color (style, &context.text);
  context.dim_text = context.bed = context.line = context.text;
  context.dim_text.alpha *= 0.72f;
  context.bed.alpha *= 0.07f;
  context.line.alpha *= 0.35f;
  if (!gtk_style_context_lookup_color (style, "accent_color", &context.accent))
    context.accent = context.text;
  return context;
}

static int
strip_height (PraxiTimeline *self, const PraxiStripContext *context, int index)
{
  PraxiStrip *strip = self->strips[index];
  return strip->kind->height (strip, context);
}

static int
strip_top (PraxiTimeline *self, const PraxiStripContext *context, int index)
{
  int y = TOP_PX;
  for (int i = 0; i < index; i++)
    y += strip_height (self, context, i) + (i == RULER ? 2 : GAP_PX);
  return y;
}

static void
measure (GtkWidget *widget,
         GtkOrientation orientation,
         int for_size,
         int *minimum,
         int *natural,
         int *minimum_baseline,
         int *natural_baseline)
{
  PraxiTimeline *self = PRAXI_TIMELINE (widget);
  *minimum = *natural = 320;
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    return;
  if (self->session == NULL) {
    *minimum = *natural = 100;
    return;
  }
  const PraxiStripContext context = make_context (self);
  *minimum = *natural = strip_top (self, &context, N_STRIPS) - GAP_PX + BOTTOM_PX;
}

static PraxiHit
hit_at (PraxiTimeline *self, double x, double y)
{
  const PraxiStripContext context = make_context (self);
  for (int i = 0; i < N_STRIPS; i++) {
    const int top = strip_top (self, &context, i);
    if (y >= top && y < top + strip_height (self, &context, i))
      return self->strips[i]->kind->hit (self->strips[i], &context, x, y - top);
  }
  return (PraxiHit){.kind = PRAXI_HIT_TIME,
                    .time_ns = praxi_time_scale_time (&context.time, x),
                    .class_index = -1,
                    .event_index = -1};
}

/* --- drawing ------------------------------------------------------------------------------- */

static void
draw_marks (PraxiTimeline *self, const PraxiStripContext *context, GtkSnapshot *snapshot)
{
  const PraxiMarks marks = praxi_session_marks (self->session);
  const int top = strip_top (self, context, HEAT) - 4;
  const int bottom = gtk_widget_get_height (GTK_WIDGET (self)) - BOTTOM_PX + 4;
  graphene_rect_t box;
  if (!marks.is_set ||
      !praxi_strip_box (
          context, praxi_session_frames_span (self->session, marks.start_frame, marks.end_frame),
          (float) top, (float) (bottom - top), &box))
    return;
  GdkRGBA fill = context->accent;
  fill.alpha = 0.22f;
  gtk_snapshot_append_color (snapshot, &fill, &box);
  GskRoundedRect frame;
  gsk_rounded_rect_init_from_rect (&frame, &box, 0);
  const GdkRGBA accent = context->accent;
  gtk_snapshot_append_border (snapshot, &frame, (const float[]){0, 2, 0, 2},
                              (const GdkRGBA[]){accent, accent, accent, accent});
}

static void
draw_line (PraxiTimeline *self,
           const PraxiStripContext *context,
           GtkSnapshot *snapshot,
           gint64 time_ns,
           const GdkRGBA *color,
           float width)
{
  const double x = round (praxi_time_scale_x (&context->time, time_ns));
  if (x < context->time.left_px || x > context->time.left_px + context->time.width_px)
    return;
  const int heat_top = strip_top (self, context, HEAT) - 4;
  const int bottom = gtk_widget_get_height (GTK_WIDGET (self)) - BOTTOM_PX + 4;
  const int ruler_height = strip_height (self, context, RULER);
  gtk_snapshot_append_color (
      snapshot, color,
      &GRAPHENE_RECT_INIT ((float) x, TOP_PX + 4, width, (float) ruler_height - 4));
  gtk_snapshot_append_color (
      snapshot, color,
      &GRAPHENE_RECT_INIT ((float) x, (float) heat_top, width, (float) (bottom - heat_top)));
}

/* Two pixels in a colour that shows on the palest and the darkest score, a rim of the other. */
static void
draw_playhead (PraxiTimeline *self, const PraxiStripContext *context, GtkSnapshot *snapshot)
{
  const int playhead = praxi_session_playhead (self->session);
  const PraxiTimeSpan frame = praxi_session_frame_span (self->session, playhead);
  graphene_rect_t box;
  if (!praxi_strip_box (context, frame, TOP_PX, 6, &box))
    return;
  const GdkRGBA rim = {0, 0, 0, 0.55f};
  const double x = praxi_time_scale_x (&context->time, frame.start_ns);
  if (x >= context->time.left_px) {
    const PraxiStripContext *c = context;
    draw_line (self, c, snapshot, frame.start_ns, &rim, 3);
    draw_line (self, c, snapshot, frame.start_ns, &context->accent, 2);
  }
  box.size.width = MAX (box.size.width, 8);
  box.origin.x = (float) round (MAX (x, context->time.left_px)) -
                 (box.size.width <= 8 ? 3 : 0); /* the handle is as wide as the frame lasts */
  GskRoundedRect handle;
  gsk_rounded_rect_init_from_rect (&handle, &box, 2);
  gtk_snapshot_push_rounded_clip (snapshot, &handle);
  gtk_snapshot_append_color (snapshot, &context->accent, &box);
  gtk_snapshot_pop (snapshot);
}

static void
draw_focus (GtkWidget *widget, const PraxiStripContext *context, GtkSnapshot *snapshot)
{
  if (!gtk_widget_has_visible_focus (widget))
    return;
  GskRoundedRect frame;
  const GdkRGBA accent = context->accent;
  gsk_rounded_rect_init_from_rect (&frame,
                                   &GRAPHENE_RECT_INIT (1, 1,
                                                        (float) gtk_widget_get_width (widget) - 2,
                                                        (float) gtk_widget_get_height (widget) - 2),
                                   4);
  gtk_snapshot_append_border (snapshot, &frame, (const float[]){2, 2, 2, 2},
                              (const GdkRGBA[]){accent, accent, accent, accent});
}

static void
snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  PraxiTimeline *self = PRAXI_TIMELINE (widget);
  if (self->session == NULL)
    return;
  const PraxiStripContext context = make_context (self);
  for (int i = 0; i < N_STRIPS; i++) {
    const graphene_size_t area = {(float) gtk_widget_get_width (widget),
                                  (float) strip_height (self, &context, i)};
    gtk_snapshot_save (snapshot);
    gtk_snapshot_translate (snapshot,
                            &GRAPHENE_POINT_INIT (0, (float) strip_top (self, &context, i)));
    self->strips[i]->kind->draw (self->strips[i], &context, snapshot, area);
    gtk_snapshot_restore (snapshot);
  }
  draw_marks (self, &context, snapshot);
  if (self->has_pointer && praxi_session_n_frames (self->session) > 0)
    draw_line (self, &context, snapshot, praxi_time_scale_time (&context.time, self->pointer_x),
               &context.line, 1);
  if (praxi_session_n_frames (self->session) > 0)
    draw_playhead (self, &context, snapshot);
  draw_focus (widget, &context, snapshot);
}

/* --- what a screen reader says ------------------------------------------------------------- */

static char *
describe_scores (PraxiTimeline *self, gint64 time_ns)
{
  const PraxiScoreTrack *track = praxi_session_track (self->session);
  if (track == NULL)
    return g_strdup (_ ("not analysed"));
  const int window = praxi_score_track_window_at (track, time_ns);
  int best = -1;
  float best_score = -1;
  for (int c = 0; c < praxi_score_track_n_classes (track); c++) {
    const float score = praxi_score_track_get (track, window, c);
    if (score > best_score) {
      best = c;
      best_score = score;
    }
  }
  if (best < 0)
    return g_strdup (_ ("not analysed"));
  return g_strdup_printf ("%s %d %%", praxi_score_track_class_name (track, best),
                          (int) lroundf (best_score * 100));
}

static void
update_accessible (PraxiTimeline *self)
{
  const int playhead = praxi_session_playhead (self->session);
  const gint64 now_ns = praxi_session_frame_span (self->session, playhead).start_ns;
  const PraxiTimeSpan whole = praxi_session_footage (self->session);
  g_autofree char *time = praxi_session_time_text (self->session, now_ns, 2);
  g_autofree char *scores = describe_scores (self, now_ns);
  g_autofree char *text = g_strdup_printf (_ ("%s, frame %d, %s"), time, playhead, scores);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW,
                                  (double) now_ns / 1e9, GTK_ACCESSIBLE_PROPERTY_VALUE_MIN,
                                  (double) whole.start_ns / 1e9, GTK_ACCESSIBLE_PROPERTY_VALUE_MAX,
                                  (double) whole.end_ns / 1e9, GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                  text, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

/* --- pointer ------------------------------------------------------------------------------- */

static void
update_hover (PraxiTimeline *self)
{
  const PraxiHit hit = hit_at (self, self->pointer_x, self->pointer_y);
  const gboolean is_edge = hit.kind == PRAXI_HIT_LABEL_START || hit.kind == PRAXI_HIT_LABEL_END;
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), is_edge ? "ew-resize" : NULL);
  const PraxiTimeSpan whole = praxi_session_footage (self->session);
  praxi_session_set_hover (self->session,
                           (PraxiHover){.is_valid = self->has_pointer &&
                                                    praxi_session_n_frames (self->session) > 0 &&
                                                    praxi_time_span_contains (whole, hit.time_ns),
                                        .time_ns = hit.time_ns,
                                        .class_index = hit.class_index});
}

static void
motion_cb (GtkEventControllerMotion *controller, double x, double y, PraxiTimeline *self)
{
  self->pointer_x = x;
  self->pointer_y = y;
  self->has_pointer = x >= GUTTER_PX;
  update_hover (self);
}

static void
leave_cb (GtkEventControllerMotion *controller, PraxiTimeline *self)
{
  self->has_pointer = FALSE;
  update_hover (self);
}

static gboolean
scroll_cb (GtkEventControllerScroll *controller, double dx, double dy, PraxiTimeline *self)
{
  const GdkModifierType state =
      gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));
  const PraxiTimeSpan visible = praxi_session_visible (self->session);
  const PraxiStripContext context = make_context (self);
  if (state & GDK_CONTROL_MASK) {
    praxi_session_zoom (self->session, pow (1.25, -dy),
                        praxi_time_scale_time (&context.time, self->pointer_x));
    return TRUE;
  }
  const double notches = dx != 0 ? dx : dy;
  const gint64 by_ns = llround (notches * 0.1 * (double) praxi_time_span_length (visible));
  praxi_session_set_visible (self->session,
                             (PraxiTimeSpan){visible.start_ns + by_ns, visible.end_ns + by_ns});
  return TRUE;
}

static void
center_view (PraxiTimeline *self, gint64 time_ns)
{
  const gint64 half_ns = praxi_time_span_length (praxi_session_visible (self->session)) / 2;
  praxi_session_set_visible (self->session, (PraxiTimeSpan){time_ns - half_ns, time_ns + half_ns});
}

static DragKind
drag_kind (PraxiHitKind hit, guint button)
{
  if (button == GDK_BUTTON_MIDDLE)
    return DRAG_PAN;
  switch (hit) {
  case PRAXI_HIT_RULER:
    return DRAG_SCRUB;
  case PRAXI_HIT_OVERVIEW:
    return DRAG_VIEW;
  case PRAXI_HIT_LABEL_START:
  case PRAXI_HIT_LABEL_END:
    return DRAG_TRIM;
  default:
    return DRAG_SELECT;
  }
}

static void
begin_trim (PraxiTimeline *self)
{
  const PraxiUiLabel *label = praxi_session_find_label (self->session, self->drag_hit.label_id);
  if (label == NULL) {
    self->drag = DRAG_SELECT;
    return;
  }
  praxi_session_select_label (self->session, label->id);
  self->trimmed_label = label->id;
  self->trim_start = label->start_frame;
  self->trim_end = label->end_frame;
}

static void
drag_begin_cb (GtkGestureDrag *gesture, double x, double y, PraxiTimeline *self)
{
  const guint button = gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (gesture));
  gtk_widget_grab_focus (GTK_WIDGET (self));
  self->drag_hit = hit_at (self, x, y);
  self->drag = drag_kind (self->drag_hit.kind, button);
  self->drag_visible = praxi_session_visible (self->session);
  self->drag_frame = praxi_session_frame_at (self->session, self->drag_hit.time_ns);
  self->drag_moved = FALSE;
  if (self->drag == DRAG_TRIM)
    begin_trim (self);
  else if (self->drag == DRAG_SCRUB)
    praxi_session_scrub (self->session, self->drag_frame);
  else if (self->drag == DRAG_VIEW)
    center_view (self, self->drag_hit.time_ns);
}

/* A boundary lies between two frames: the nearer end of the frame under the pointer. */
static int
boundary_at (PraxiTimeline *self, gint64 time_ns)
{
  const int frame = praxi_session_frame_at (self->session, time_ns);
  const PraxiTimeSpan span = praxi_session_frame_span (self->session, frame);
  return time_ns - span.start_ns > span.end_ns - time_ns ? frame + 1 : frame;
}

static void
drag_trim (PraxiTimeline *self, gint64 time_ns)
{
  const int boundary = boundary_at (self, time_ns);
  const int n_frames = praxi_session_n_frames (self->session);
  if (self->drag_hit.kind == PRAXI_HIT_LABEL_START) {
    self->trim_start = CLAMP (boundary, 0, self->trim_end - 1);
    praxi_session_scrub (self->session, self->trim_start);
  } else {
    self->trim_end = CLAMP (boundary, self->trim_start + 1, n_frames);
    praxi_session_scrub (self->session, self->trim_end - 1);
  }
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
drag_update_cb (GtkGestureDrag *gesture, double dx, double dy, PraxiTimeline *self)
{
  double start_x = 0, start_y = 0;
  gtk_gesture_drag_get_start_point (gesture, &start_x, &start_y);
  if (fabs (dx) >= DRAG_FROM_PX)
    self->drag_moved = TRUE;
  if (!self->drag_moved)
    return;
  const PraxiHit hit = hit_at (self, start_x + dx, start_y);
  const PraxiStripContext context = make_context (self);
  const int frame = praxi_session_frame_at (self->session, hit.time_ns);
  const gint64 by_ns =
      llround (dx / context.time.width_px * (double) praxi_time_span_length (self->drag_visible));
  if (self->drag == DRAG_SCRUB)
    praxi_session_scrub (self->session, frame);
  else if (self->drag == DRAG_VIEW)
    center_view (self, hit.time_ns);
  else if (self->drag == DRAG_PAN)
    praxi_session_set_visible (self->session, (PraxiTimeSpan){self->drag_visible.start_ns - by_ns,
                                                              self->drag_visible.end_ns - by_ns});
  else if (self->drag == DRAG_TRIM)
    drag_trim (self, hit.time_ns);
  else if (self->drag == DRAG_SELECT)
    praxi_session_set_marks (self->session, MIN (frame, self->drag_frame),
                             MAX (frame, self->drag_frame) + 1);
}

static void
click (PraxiTimeline *self)
{
  if (self->drag_hit.kind == PRAXI_HIT_LABEL)
    praxi_session_select_label (self->session, self->drag_hit.label_id);
  else if (self->drag_hit.kind == PRAXI_HIT_EVENT)
    praxi_session_select_event (self->session, self->drag_hit.event_index);
  praxi_session_seek (self->session, self->drag_frame);
}

static void
drag_end_cb (GtkGestureDrag *gesture, double dx, double dy, PraxiTimeline *self)
{
  const DragKind drag = self->drag;
  self->drag = DRAG_NONE;
  if (drag == DRAG_SELECT && !self->drag_moved)
    click (self);
  else if (drag == DRAG_SCRUB)
    praxi_session_seek (self->session, praxi_session_playhead (self->session));
  if (drag == DRAG_TRIM && self->drag_moved)
    praxi_session_trim_label (self->session, self->trimmed_label, self->trim_start, self->trim_end);
  self->trimmed_label = 0;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
drag_cancel_cb (GtkGesture *gesture, GdkEventSequence *sequence, PraxiTimeline *self)
{
  self->drag = DRAG_NONE;
  self->trimmed_label = 0;
}

/* --- life ---------------------------------------------------------------------------------- */

static void
changed_cb (PraxiTimeline *self, guint changes)
{
  const guint size = PRAXI_CHANGE_LABELS | PRAXI_CHANGE_TRACK | PRAXI_CHANGE_MEDIA;
  if (changes & size)
    gtk_widget_queue_resize (GTK_WIDGET (self));
  if (changes & ~(guint) (PRAXI_CHANGE_PICTURE | PRAXI_CHANGE_REPORT))
    gtk_widget_queue_draw (GTK_WIDGET (self));
  if (changes & (PRAXI_CHANGE_PLAYHEAD | PRAXI_CHANGE_TRACK | PRAXI_CHANGE_MEDIA))
    update_accessible (self);
}

void
praxi_timeline_set_session (PraxiTimeline *self, PraxiSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  update_accessible (self);
}

static void
praxi_timeline_dispose (GObject *object)
{
  g_clear_object (&PRAXI_TIMELINE (object)->session);
  G_OBJECT_CLASS (praxi_timeline_parent_class)->dispose (object);
}

static void
praxi_timeline_finalize (GObject *object)
{
  PraxiTimeline *self = PRAXI_TIMELINE (object);
  for (int i = 0; i < N_STRIPS; i++)
    self->strips[i]->kind->free (self->strips[i]);
  G_OBJECT_CLASS (praxi_timeline_parent_class)->finalize (object);
}

static void
praxi_timeline_class_init (PraxiTimelineClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_timeline_dispose;
  G_OBJECT_CLASS (klass)->finalize = praxi_timeline_finalize;
  widget_class->snapshot = snapshot;
  widget_class->measure = measure;
  gtk_widget_class_set_css_name (widget_class, "timeline");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_SLIDER);
}

static void
add_controllers (PraxiTimeline *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *scroll =
      gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  g_signal_connect (scroll, "scroll", G_CALLBACK (scroll_cb), self);
  gtk_widget_add_controller (widget, scroll);

  GtkEventController *motion = gtk_event_controller_motion_new ();
  g_signal_connect (motion, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect (motion, "leave", G_CALLBACK (leave_cb), self);
  gtk_widget_add_controller (widget, motion);

  GtkGesture *drag = gtk_gesture_drag_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (drag), 0);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect (drag, "drag-end", G_CALLBACK (drag_end_cb), self);
  g_signal_connect (drag, "cancel", G_CALLBACK (drag_cancel_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
}

static void
praxi_timeline_init (PraxiTimeline *self)
{
  self->strips[RULER] = praxi_ruler_strip_new ();
  self->strips[OVERVIEW] = praxi_overview_strip_new ();
  self->strips[HEAT] = praxi_heat_strip_new ();
  self->strips[EVENTS] = praxi_event_strip_new ();
  self->strips[LABELS] = praxi_label_strip_new ();
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Timeline"), -1);
  add_controllers (self);
}
