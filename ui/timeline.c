#include "ui/timeline.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "ui/note-popover.h"
#include "ui/score-text.h"
#include "ui/session-labelling.h"
#include "ui/session-thresholds.h"
#include "ui/snap.h"
#include "ui/strip.h"

enum { GUTTER_PX = 84, RIGHT_PX = 12, GAP_PX = 6, TOP_PX = 2, BOTTOM_PX = 8, DRAG_FROM_PX = 4 };
enum { RULER, OVERVIEW, CAMERA, HEAT, EVENTS, LABELS, COVERAGE, N_STRIPS };
/* A pixel of a drag up or down is this much of a score: rows are too low to aim in. */
#define ENTER_PER_PX 0.01

/* What a drag is doing; decided where it begins. */
typedef enum {
  DRAG_NONE,
  DRAG_SCRUB,
  DRAG_VIEW,
  DRAG_VIEW_START,
  DRAG_VIEW_END,
  DRAG_PAN,
  DRAG_SELECT,
  DRAG_TRIM,
  DRAG_THRESHOLD,
} DragKind;

/* What drawings of the strips depend on besides the session. */
typedef struct {
  PraxiTimeScale time;
  double scale_factor;
  gboolean is_dark, is_high_contrast;
  GdkRGBA text, accent;
  gint64 dragged_label;
  int dragged_start, dragged_end;
  int threshold_class;
} DrawKey;

struct _PraxiTimeline {
  GtkWidget parent_instance;
  PraxiSession *session;
  PraxiStrip *strips[N_STRIPS];
  PraxiTextCache *texts;
  GskRenderNode *drawings[N_STRIPS]; /* of draw_key; NULL where something changed since */
  DrawKey draw_key;
  gboolean is_moving;        /* draw_key is another one than a frame before */
  gboolean is_raw[N_STRIPS]; /* its drawing was not made pixels, for all moved */
  int heights[N_STRIPS];     /* 0: to be asked */
  double pointer_x, pointer_y;
  gboolean has_pointer;

  DragKind drag;
  PraxiHit drag_hit;          /* where it began */
  PraxiTimeSpan drag_visible; /* what was visible then */
  int drag_frame;             /* frame under the press */
  gboolean drag_moved;
  double drag_enter; /* the threshold then */
  double pinch_from; /* the scale of the last step of a pinch */
  gint64 trimmed_label;
  int trim_start, trim_end;
  int threshold_class; /* in hand or under the pointer, else -1 */
  int trim_playhead;   /* before the picture followed the edge */
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
      .threshold_class = self->threshold_class,
      .texts = self->texts,
  };
  context.is_high_contrast = adw_style_manager_get_high_contrast (adw_style_manager_get_default ());
  gtk_style_context_get_color (style, &context.text);
  context.dim_text = context.bed = context.line = context.text;
  context.dim_text.alpha *= context.is_high_contrast ? 1 : 0.72f;
  context.bed.alpha *= context.is_high_contrast ? 0.15f : 0.07f;
  context.line.alpha *= context.is_high_contrast ? 0.8f : 0.35f;
  if (!gtk_style_context_lookup_color (style, "accent_color", &context.accent))
    context.accent = context.text;
  return context;
}

static int
strip_height (PraxiTimeline *self, const PraxiStripContext *context, int index)
{
  PraxiStrip *strip = self->strips[index];
  if (self->heights[index] == 0)
    self->heights[index] = strip->kind->height (strip, context);
  return self->heights[index];
}

static int
strip_top (PraxiTimeline *self, const PraxiStripContext *context, int index)
{
  int y = TOP_PX;
  for (int i = 0; i < index; i++)
    if (strip_height (self, context, i) > 0)
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
drop_drawings (PraxiTimeline *self, guint changes)
{
  const guint by_default =
      ~(guint) (PRAXI_CHANGE_PLAYHEAD | PRAXI_CHANGE_PICTURE | PRAXI_CHANGE_PLAYING |
                PRAXI_CHANGE_HOVER | PRAXI_CHANGE_REPORT | PRAXI_CHANGE_COVERAGE);
  for (int i = 0; i < N_STRIPS; i++) {
    const PraxiStripKind *kind = self->strips[i]->kind;
    const guint redraws_on = kind->redraws_on != 0 ? kind->redraws_on : by_default;
    if (kind->forget != NULL)
      kind->forget (self->strips[i], changes);
    if (changes & redraws_on)
      g_clear_pointer (&self->drawings[i], gsk_render_node_unref);
  }
}

static void
update_draw_key (PraxiTimeline *self, const PraxiStripContext *context)
{
  DrawKey key;
  memset (&key, 0, sizeof key); /* it is compared with what lies between its fields */
  key.time = context->time;
  key.scale_factor = context->scale_factor;
  key.is_dark = context->is_dark;
  key.is_high_contrast = context->is_high_contrast;
  key.text = context->text;
  key.accent = context->accent;
  key.dragged_label = context->dragged_label;
  key.dragged_start = context->dragged_start;
  key.dragged_end = context->dragged_end;
  key.threshold_class = context->threshold_class;
  self->is_moving = memcmp (&key, &self->draw_key, sizeof key) != 0;
  if (!self->is_moving)
    return;
  if (key.scale_factor != self->draw_key.scale_factor)
    praxi_text_cache_clear (self->texts);
  self->draw_key = key;
  for (int i = 0; i < N_STRIPS; i++)
    g_clear_pointer (&self->drawings[i], gsk_render_node_unref);
}

/* A strip draws only when something it shows has changed; else its last drawing serves, and GTK
 * sees that nothing there needs painting.
 */
static GskRenderNode *
make_drawing (PraxiTimeline *self, const PraxiStripContext *context, int index)
{
  const graphene_size_t area = {(float) gtk_widget_get_width (GTK_WIDGET (self)),
                                (float) strip_height (self, context, index)};
  GtkSnapshot *drawing = gtk_snapshot_new ();
  self->strips[index]->kind->draw (self->strips[index], context, drawing, area);
  GskRenderNode *node = gtk_snapshot_free_to_node (drawing);
  const gboolean has_boxes = index == EVENTS || index == LABELS || index == COVERAGE;
  self->is_raw[index] = has_boxes && self->is_moving; /* pixels that nobody will see again */
  if (node == NULL || !has_boxes || self->is_moving)
    return node;
  GskRenderNode *picture = praxi_strip_rasterise (context, node, area);
  gsk_render_node_unref (node);
  return picture;
}

static void
draw_strip (PraxiTimeline *self, const PraxiStripContext *context, GtkSnapshot *snapshot, int index)
{
  if (self->is_raw[index] && !self->is_moving)
    g_clear_pointer (&self->drawings[index], gsk_render_node_unref);
  if (self->drawings[index] == NULL)
    self->drawings[index] = make_drawing (self, context, index);
  if (self->drawings[index] == NULL)
    return;
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot,
                          &GRAPHENE_POINT_INIT (0, (float) strip_top (self, context, index)));
  gtk_snapshot_append_node (snapshot, self->drawings[index]);
  gtk_snapshot_restore (snapshot);
}

static void
snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  PraxiTimeline *self = PRAXI_TIMELINE (widget);
  if (self->session == NULL)
    return;
  const PraxiStripContext context = make_context (self);
  update_draw_key (self, &context);
  for (int i = 0; i < N_STRIPS; i++)
    draw_strip (self, &context, snapshot, i);
  draw_marks (self, &context, snapshot);
  if (self->has_pointer && praxi_session_n_frames (self->session) > 0)
    draw_line (self, &context, snapshot, praxi_time_scale_time (&context.time, self->pointer_x),
               &context.line, 1);
  if (praxi_session_n_frames (self->session) > 0)
    draw_playhead (self, &context, snapshot);
  draw_focus (widget, &context, snapshot);
}

/* --- what a screen reader says ------------------------------------------------------------- */

static void
update_accessible (PraxiTimeline *self)
{
  const int playhead = praxi_session_playhead (self->session);
  const gint64 now_ns = praxi_session_frame_span (self->session, playhead).start_ns;
  const PraxiTimeSpan whole = praxi_session_footage (self->session);
  g_autofree char *time = praxi_session_time_text (self->session, now_ns, 2);
  g_autofree char *scores = praxi_score_text (self->session, now_ns, -1, 0);
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
  const gboolean is_edge = hit.kind == PRAXI_HIT_LABEL_START || hit.kind == PRAXI_HIT_LABEL_END ||
                           hit.kind == PRAXI_HIT_VIEW_START || hit.kind == PRAXI_HIT_VIEW_END;
  const gboolean is_threshold = hit.kind == PRAXI_HIT_THRESHOLD;
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), is_edge                      ? "ew-resize"
                                                      : is_threshold               ? "ns-resize"
                                                      : hit.kind == PRAXI_HIT_VIEW ? "grab"
                                                                                   : NULL);
  if (self->drag == DRAG_NONE)
    self->threshold_class = is_threshold ? hit.class_index : -1;
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
  if (self->drag == DRAG_NONE)
    self->threshold_class = -1;
  praxi_session_set_hover (self->session, (PraxiHover){.class_index = -1});
}

static gboolean
scroll_cb (GtkEventControllerScroll *controller, double dx, double dy, PraxiTimeline *self)
{
  const GdkModifierType state =
      gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));
  const PraxiTimeSpan visible = praxi_session_visible (self->session);
  const PraxiStripContext context = make_context (self);
  if (state & GDK_CONTROL_MASK) {
    const gboolean is_fine =
        gtk_event_controller_scroll_get_unit (controller) == GDK_SCROLL_UNIT_SURFACE;
    praxi_session_zoom (self->session, pow (1.25, is_fine ? -dy / 40 : -dy),
                        praxi_time_scale_time (&context.time, self->pointer_x));
    return TRUE;
  }
  const gboolean is_touch =
      gtk_event_controller_scroll_get_unit (controller) == GDK_SCROLL_UNIT_SURFACE;
  const double moved = fabs (dx) > fabs (dy) ? dx : dy;
  const double share = is_touch ? moved / context.time.width_px : moved * 0.1;
  const gint64 by_ns = llround (share * (double) praxi_time_span_length (visible));
  praxi_session_set_visible (self->session,
                             (PraxiTimeSpan){visible.start_ns + by_ns, visible.end_ns + by_ns});
  return TRUE;
}

/* What lies between the fingers stays there. */
static void
pinch_cb (GtkGestureZoom *gesture, double scale, PraxiTimeline *self)
{
  const PraxiStripContext context = make_context (self);
  double x = self->pointer_x, y = 0;
  if (gtk_gesture_is_active (GTK_GESTURE (gesture)))
    gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &x, &y);
  if (!(scale > 0) || !(self->pinch_from > 0))
    return;
  praxi_session_zoom (self->session, scale / self->pinch_from,
                      praxi_time_scale_time (&context.time, x));
  self->pinch_from = scale;
}

static void
pinch_begin_cb (GtkGesture *gesture, GdkEventSequence *sequence, PraxiTimeline *self)
{
  self->pinch_from = 1;
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
  case PRAXI_HIT_VIEW:
    return DRAG_VIEW;
  case PRAXI_HIT_VIEW_START:
    return DRAG_VIEW_START;
  case PRAXI_HIT_VIEW_END:
    return DRAG_VIEW_END;
  case PRAXI_HIT_THRESHOLD:
    return DRAG_THRESHOLD;
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
  self->trim_playhead = praxi_session_playhead (self->session);
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
  if (self->drag_hit.kind == PRAXI_HIT_OVERVIEW && self->drag == DRAG_VIEW)
    center_view (self, self->drag_hit.time_ns);
  self->drag_visible = praxi_session_visible (self->session);
  self->drag_enter = praxi_session_enter (self->session, self->drag_hit.class_index, NULL);
  self->drag_frame = praxi_session_frame_at (self->session, self->drag_hit.time_ns);
  self->drag_moved = FALSE;
  if (self->drag == DRAG_TRIM)
    begin_trim (self);
  else if (self->drag == DRAG_SCRUB)
    praxi_session_scrub (self->session, self->drag_frame);
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
drag_trim (PraxiTimeline *self, gint64 time_ns, gboolean snaps)
{
  const PraxiStripContext context = make_context (self);
  int boundary = boundary_at (self, time_ns);
  if (snaps)
    boundary = praxi_snap_boundary (self->session, &context.time, boundary, self->trimmed_label,
                                    self->trim_playhead);
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

/* The time by which a drag on the overview (of all the footage) or elsewhere moves something. */
static gint64
dragged_ns (PraxiTimeline *self, double dx)
{
  const PraxiStripContext context = make_context (self);
  const gboolean is_overview =
      self->drag == DRAG_VIEW || self->drag == DRAG_VIEW_START || self->drag == DRAG_VIEW_END;
  const PraxiTimeSpan span =
      is_overview ? praxi_session_footage (self->session) : self->drag_visible;
  return llround (dx / context.time.width_px * (double) praxi_time_span_length (span));
}

/* An end that is drawn past the other one stops there. */
static void
drag_view (PraxiTimeline *self, gint64 by_ns)
{
  PraxiTimeSpan span = self->drag_visible;
  const PraxiTimeSpan footage = praxi_session_footage (self->session);
  const PraxiTimeSpan frame = praxi_session_frame_span (self->session, 0);
  const gint64 least_ns = praxi_time_span_length (frame) * 8;
  if (self->drag != DRAG_VIEW_END)
    span.start_ns += by_ns;
  if (self->drag != DRAG_VIEW_START)
    span.end_ns += by_ns;
  if (self->drag == DRAG_VIEW_START)
    span.start_ns = CLAMP (span.start_ns, footage.start_ns, span.end_ns - least_ns);
  else if (self->drag == DRAG_VIEW_END)
    span.end_ns = CLAMP (span.end_ns, span.start_ns + least_ns, footage.end_ns);
  praxi_session_set_visible (self->session, span);
}

static void
drag_update_cb (GtkGestureDrag *gesture, double dx, double dy, PraxiTimeline *self)
{
  double start_x = 0, start_y = 0;
  gtk_gesture_drag_get_start_point (gesture, &start_x, &start_y);
  if (fabs (dx) >= DRAG_FROM_PX || (self->drag == DRAG_THRESHOLD && fabs (dy) >= 1))
    self->drag_moved = TRUE;
  if (!self->drag_moved)
    return;
  const PraxiStripContext context = make_context (self);
  const gint64 time_ns = praxi_time_scale_time (&context.time, start_x + dx);
  const int frame = praxi_session_frame_at (self->session, time_ns);
  const gint64 by_ns = dragged_ns (self, dx);
  if (self->drag == DRAG_SCRUB)
    praxi_session_scrub (self->session, frame);
  else if (self->drag == DRAG_VIEW || self->drag == DRAG_VIEW_START || self->drag == DRAG_VIEW_END)
    drag_view (self, by_ns);
  else if (self->drag == DRAG_PAN)
    praxi_session_set_visible (self->session, (PraxiTimeSpan){self->drag_visible.start_ns - by_ns,
                                                              self->drag_visible.end_ns - by_ns});
  else if (self->drag == DRAG_TRIM)
    drag_trim (self, time_ns,
               (gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (gesture)) &
                GDK_ALT_MASK) == 0);
  else if (self->drag == DRAG_THRESHOLD)
    praxi_session_set_enter (self->session, self->drag_hit.class_index,
                             self->drag_enter - dy * ENTER_PER_PX);
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

/* The second click of two on a label. */
static void
clicked_cb (GtkGestureClick *gesture, int n_press, double x, double y, PraxiTimeline *self)
{
  const PraxiHit hit = hit_at (self, x, y);
  const GdkRectangle at = {(int) x, (int) y, 1, 1};
  if (n_press == 2 && hit.label_id != 0)
    praxi_note_popover_show (GTK_WIDGET (self), &at, self->session, hit.label_id);
}

void
praxi_timeline_edit_note (PraxiTimeline *self)
{
  const PraxiStripContext context = make_context (self);
  const gint64 id = praxi_session_label_in_hand (self->session);
  const PraxiUiLabel *label = praxi_session_find_label (self->session, id);
  if (label == NULL)
    return;
  praxi_session_show (self->session, label->span);
  const double x = praxi_time_scale_x (&context.time, label->span.start_ns);
  const GdkRectangle at = {(int) CLAMP (x, GUTTER_PX, gtk_widget_get_width (GTK_WIDGET (self))),
                           strip_top (self, &context, LABELS), 1, 1};
  praxi_note_popover_show (GTK_WIDGET (self), &at, self->session, id);
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
  drop_drawings (self, changes);
  if (changes & size) {
    memset (self->heights, 0, sizeof self->heights);
    gtk_widget_queue_resize (GTK_WIDGET (self));
  }
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

double
praxi_timeline_x (PraxiTimeline *self, gint64 time_ns)
{
  const PraxiStripContext context = make_context (self);
  return praxi_time_scale_x (&context.time, time_ns);
}

static void
css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  PraxiTimeline *self = PRAXI_TIMELINE (widget);
  GTK_WIDGET_CLASS (praxi_timeline_parent_class)->css_changed (widget, change);
  praxi_text_cache_clear (self->texts);
  drop_drawings (self, G_MAXUINT);
}

static void
praxi_timeline_dispose (GObject *object)
{
  GtkWidget *popover;
  while ((popover = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (popover);
  g_clear_object (&PRAXI_TIMELINE (object)->session);
  G_OBJECT_CLASS (praxi_timeline_parent_class)->dispose (object);
}

static void
praxi_timeline_finalize (GObject *object)
{
  PraxiTimeline *self = PRAXI_TIMELINE (object);
  for (int i = 0; i < N_STRIPS; i++) {
    g_clear_pointer (&self->drawings[i], gsk_render_node_unref);
    self->strips[i]->kind->free (self->strips[i]);
  }
  praxi_text_cache_free (self->texts);
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
  widget_class->css_changed = css_changed;
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

  GtkGesture *click = gtk_gesture_click_new ();
  g_signal_connect (click, "released", G_CALLBACK (clicked_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));

  GtkGesture *drag = gtk_gesture_drag_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (drag), 0);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect (drag, "drag-end", G_CALLBACK (drag_end_cb), self);
  g_signal_connect (drag, "cancel", G_CALLBACK (drag_cancel_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));

  GtkGesture *pinch = gtk_gesture_zoom_new ();
  g_signal_connect (pinch, "begin", G_CALLBACK (pinch_begin_cb), self);
  g_signal_connect (pinch, "scale-changed", G_CALLBACK (pinch_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (pinch));
}

static void
praxi_timeline_init (PraxiTimeline *self)
{
  self->strips[RULER] = praxi_ruler_strip_new ();
  self->strips[OVERVIEW] = praxi_overview_strip_new ();
  self->strips[CAMERA] = praxi_camera_strip_new ();
  self->strips[HEAT] = praxi_heat_strip_new ();
  self->strips[EVENTS] = praxi_event_strip_new ();
  self->strips[LABELS] = praxi_label_strip_new ();
  self->strips[COVERAGE] = praxi_coverage_strip_new ();
  self->texts = praxi_text_cache_new ();
  self->threshold_class = -1;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_direction (GTK_WIDGET (self), GTK_TEXT_DIR_LTR); /* as time runs */
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Timeline"), -1);
  add_controllers (self);
}
