#include "ui/screen.h"

#include <glib/gi18n.h>
#include <math.h>

/* A picture that comes within this time is not dimmed first: stepping would flicker. */
enum { DIM_AFTER_MS = 80, MAX_PICTURE_PX = 8192 };
#define MIN_ZOOM 0.1
#define MAX_ZOOM 16.0
#define ZOOM_STEP 1.25

enum { SIGNAL_ZOOMED, N_SIGNALS };
static guint signals[N_SIGNALS];

struct _PraxiScreen {
  GtkWidget parent_instance;
  PraxiSession *session;
  PraxiCompanion *companion; /* NULL: the session's own picture */
  guint dim_source;
  gboolean is_dim;

  double zoom;               /* device pixels per picture pixel; 0: fits */
  double center_x, center_y; /* of the view, as shares of the picture */
  double pointer_x, pointer_y;
  double drag_center_x, drag_center_y; /* when the drag began */
  double pinch_zoom;                   /* when the pinch began */
  const PraxiMediaItem *shown_media;   /* only compared, never read */
};

G_DEFINE_FINAL_TYPE (PraxiScreen, praxi_screen, GTK_TYPE_WIDGET)

/* --- what it shows -------------------------------------------------------------------------- */

static PraxiPicture
shown_picture (PraxiScreen *self)
{
  if (self->companion == NULL)
    return praxi_session_picture (self->session);
  const PraxiPicture nothing = {0};
  return praxi_companion_frame (self->companion) >= 0 ? praxi_companion_picture (self->companion)
                                                      : nothing;
}

static gboolean
waits_for_picture (PraxiScreen *self)
{
  const int n_frames = self->companion != NULL ? praxi_companion_n_frames (self->companion)
                                               : praxi_session_n_frames (self->session);
  return !shown_picture (self).is_current && n_frames > 0 &&
         praxi_session_speed (self->session) == 0;
}

/* --- geometry ------------------------------------------------------------------------------ */

/* Width and height of the footage's pictures; those of a picture that came are as good. */
static gboolean
frame_size (PraxiScreen *self, double *width, double *height)
{
  int width_px = 0, height_px = 0;
  if (self->companion != NULL)
    praxi_companion_frame_size (self->companion, &width_px, &height_px);
  else if (self->session != NULL)
    praxi_session_frame_size (self->session, &width_px, &height_px);
  *width = width_px;
  *height = height_px;
  return width_px > 0 && height_px > 0;
}

/* The zoom at which the picture fits; small footage is enlarged. */
static double
fitting_zoom (PraxiScreen *self)
{
  double width, height;
  if (!frame_size (self, &width, &height))
    return 1;
  const int scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  return scale * MIN (gtk_widget_get_width (GTK_WIDGET (self)) / width,
                      gtk_widget_get_height (GTK_WIDGET (self)) / height);
}

static double
current_zoom (PraxiScreen *self)
{
  return self->zoom > 0 ? self->zoom : fitting_zoom (self);
}

/* Where a side of the picture begins: centred while it is shorter than the screen, else such that
 * the share `center` is in the middle and no black shows.
 */
static double
place (double room, double length, double center)
{
  if (length <= room)
    return floor ((room - length) / 2);
  return round (CLAMP (room / 2 - center * length, room - length, 0));
}

static graphene_rect_t
picture_box (PraxiScreen *self)
{
  double width, height;
  GtkWidget *widget = GTK_WIDGET (self);
  if (!frame_size (self, &width, &height))
    return GRAPHENE_RECT_INIT (0, 0, 0, 0);
  const double scale = current_zoom (self) / gtk_widget_get_scale_factor (widget);
  const double w = MAX (1, round (width * scale)), h = MAX (1, round (height * scale));
  const double x = place (gtk_widget_get_width (widget), w, self->center_x);
  const double y = place (gtk_widget_get_height (widget), h, self->center_y);
  return GRAPHENE_RECT_INIT ((float) x, (float) y, (float) w, (float) h);
}

static void
ask_for_size (PraxiScreen *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const int scale = gtk_widget_get_scale_factor (widget);
  if (self->session == NULL)
    return;
  int width_px = gtk_widget_get_width (widget) * scale;
  int height_px = gtk_widget_get_height (widget) * scale;
  if (self->zoom > 0) {
    const graphene_rect_t box = picture_box (self);
    width_px = MAX (width_px, (int) MIN (box.size.width * (float) scale, MAX_PICTURE_PX));
    height_px = MAX (height_px, (int) MIN (box.size.height * (float) scale, MAX_PICTURE_PX));
  }
  if (self->companion != NULL)
    praxi_companion_set_picture_size (self->companion, width_px, height_px);
  else
    praxi_session_set_picture_size (self->session, width_px, height_px);
}

/* --- zoom ---------------------------------------------------------------------------------- */

static void
update_cursor (PraxiScreen *self)
{
  const graphene_rect_t box = picture_box (self);
  const gboolean can_move = box.size.width > (float) gtk_widget_get_width (GTK_WIDGET (self)) ||
                            box.size.height > (float) gtk_widget_get_height (GTK_WIDGET (self));
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), can_move ? "grab" : NULL);
}

/* What stands at (x, y) stays there. */
static void
zoom_at (PraxiScreen *self, double zoom, double x, double y)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const graphene_rect_t before = picture_box (self);
  const double share_x = before.size.width > 0 ? (x - before.origin.x) / before.size.width : 0.5;
  const double share_y = before.size.height > 0 ? (y - before.origin.y) / before.size.height : 0.5;
  self->zoom = zoom > 0 ? CLAMP (zoom, MIN_ZOOM, MAX_ZOOM) : 0;
  const graphene_rect_t after = picture_box (self);
  const double middle_x = gtk_widget_get_width (widget) / 2.0 - x;
  const double middle_y = gtk_widget_get_height (widget) / 2.0 - y;
  self->center_x = CLAMP (share_x + middle_x / MAX (after.size.width, 1), 0, 1);
  self->center_y = CLAMP (share_y + middle_y / MAX (after.size.height, 1), 0, 1);
  ask_for_size (self);
  update_cursor (self);
  gtk_widget_queue_draw (widget);
  g_signal_emit (self, signals[SIGNAL_ZOOMED], 0);
}

void
praxi_screen_set_zoom (PraxiScreen *self, double zoom)
{
  zoom_at (self, zoom, gtk_widget_get_width (GTK_WIDGET (self)) / 2.0,
           gtk_widget_get_height (GTK_WIDGET (self)) / 2.0);
}

void
praxi_screen_zoom_by (PraxiScreen *self, double factor)
{
  praxi_screen_set_zoom (self, current_zoom (self) * factor);
}

double
praxi_screen_zoom (PraxiScreen *self, gboolean *fits)
{
  *fits = !(self->zoom > 0);
  return current_zoom (self);
}

static gboolean
scroll_cb (GtkEventControllerScroll *controller, double dx, double dy, PraxiScreen *self)
{
  const GdkModifierType state =
      gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));
  if ((state & GDK_CONTROL_MASK) == 0)
    return FALSE;
  zoom_at (self, current_zoom (self) * pow (ZOOM_STEP, -dy), self->pointer_x, self->pointer_y);
  return TRUE;
}

static void
motion_cb (GtkEventControllerMotion *controller, double x, double y, PraxiScreen *self)
{
  self->pointer_x = x;
  self->pointer_y = y;
}

static void
drag_begin_cb (GtkGestureDrag *gesture, double x, double y, PraxiScreen *self)
{
  self->drag_center_x = self->center_x;
  self->drag_center_y = self->center_y;
}

static void
drag_update_cb (GtkGestureDrag *gesture, double dx, double dy, PraxiScreen *self)
{
  const graphene_rect_t box = picture_box (self);
  const double half_x = gtk_widget_get_width (GTK_WIDGET (self)) / 2.0 / MAX (box.size.width, 1);
  const double half_y = gtk_widget_get_height (GTK_WIDGET (self)) / 2.0 / MAX (box.size.height, 1);
  if (half_x >= 0.5 && half_y >= 0.5)
    return;
  /* not beyond the rim, or dragging back would lag */
  const double x = self->drag_center_x - dx / MAX (box.size.width, 1);
  const double y = self->drag_center_y - dy / MAX (box.size.height, 1);
  self->center_x = half_x < 0.5 ? CLAMP (x, half_x, 1 - half_x) : 0.5;
  self->center_y = half_y < 0.5 ? CLAMP (y, half_y, 1 - half_y) : 0.5;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
pressed_cb (GtkGestureClick *gesture, int n_press, double x, double y, PraxiScreen *self)
{
  if (n_press == 2)
    zoom_at (self, self->zoom > 0 ? 0 : 1, x, y);
}

static void
pinch_begin_cb (GtkGesture *gesture, GdkEventSequence *sequence, PraxiScreen *self)
{
  self->pinch_zoom = current_zoom (self);
}

static void
pinch_cb (GtkGestureZoom *gesture, double scale, PraxiScreen *self)
{
  double x = self->pointer_x, y = self->pointer_y;
  if (gtk_gesture_is_active (GTK_GESTURE (gesture)))
    gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &x, &y);
  zoom_at (self, self->pinch_zoom * scale, x, y);
}

/* --- drawing ------------------------------------------------------------------------------- */

static void
snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  PraxiScreen *self = PRAXI_SCREEN (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  const GdkRGBA black = {0.04f, 0.04f, 0.05f, 1};
  gtk_snapshot_append_color (snapshot, &black,
                             &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  const PraxiPicture picture = shown_picture (self);
  const graphene_rect_t box = picture_box (self);
  if (picture.texture == NULL || box.size.width <= 0)
    return;
  gtk_snapshot_append_texture (snapshot, picture.texture, &box);
  const GdkRGBA veil = {0.04f, 0.04f, 0.05f, 0.55f};
  if (self->is_dim)
    gtk_snapshot_append_color (snapshot, &veil, &box);
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
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 160 : 90;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 640 : 360;
}

static void
size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  PraxiScreen *self = PRAXI_SCREEN (widget);
  ask_for_size (self);
  update_cursor (self);
}

static gboolean
dim_cb (gpointer user_data)
{
  PraxiScreen *self = user_data;
  self->dim_source = 0;
  self->is_dim = TRUE;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return G_SOURCE_REMOVE;
}

static void
update_dim (PraxiScreen *self)
{
  if (!waits_for_picture (self)) {
    g_clear_handle_id (&self->dim_source, g_source_remove);
    self->is_dim = FALSE;
  } else if (self->dim_source == 0 && !self->is_dim) {
    self->dim_source = g_timeout_add (DIM_AFTER_MS, dim_cb, self);
  }
}

static void
changed_cb (PraxiScreen *self, guint changes)
{
  if (praxi_session_media (self->session) != self->shown_media && self->companion == NULL)
    praxi_screen_set_zoom (self, 0);
  self->shown_media = praxi_session_media (self->session);
  if (!(changes & (PRAXI_CHANGE_PICTURE | PRAXI_CHANGE_MEDIA)))
    return;
  update_dim (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
praxi_screen_set_session (PraxiScreen *self, PraxiSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
}

static void
companion_changed_cb (PraxiScreen *self)
{
  update_dim (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
praxi_screen_set_companion (PraxiScreen *self, PraxiCompanion *companion)
{
  self->companion = g_object_ref (companion);
  g_signal_connect_object (companion, "changed", G_CALLBACK (companion_changed_cb), self,
                           G_CONNECT_SWAPPED);
  ask_for_size (self);
}

static void
praxi_screen_dispose (GObject *object)
{
  PraxiScreen *self = PRAXI_SCREEN (object);
  g_clear_handle_id (&self->dim_source, g_source_remove);
  g_clear_object (&self->companion);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (praxi_screen_parent_class)->dispose (object);
}

static void
praxi_screen_class_init (PraxiScreenClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_screen_dispose;
  widget_class->snapshot = snapshot;
  widget_class->measure = measure;
  widget_class->size_allocate = size_allocate;
  gtk_widget_class_set_css_name (widget_class, "screen");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  signals[SIGNAL_ZOOMED] = g_signal_new ("zoomed", PRAXI_TYPE_SCREEN, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 0);
}

static void
add_controllers (PraxiScreen *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *scroll =
      gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
  g_signal_connect (scroll, "scroll", G_CALLBACK (scroll_cb), self);
  gtk_widget_add_controller (widget, scroll);

  GtkEventController *motion = gtk_event_controller_motion_new ();
  g_signal_connect (motion, "motion", G_CALLBACK (motion_cb), self);
  gtk_widget_add_controller (widget, motion);

  GtkGesture *click = gtk_gesture_click_new ();
  g_signal_connect (click, "pressed", G_CALLBACK (pressed_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));

  GtkGesture *drag = gtk_gesture_drag_new ();
  g_signal_connect (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
  gtk_gesture_group (click, drag);

  GtkGesture *pinch = gtk_gesture_zoom_new ();
  g_signal_connect (pinch, "begin", G_CALLBACK (pinch_begin_cb), self);
  g_signal_connect (pinch, "scale-changed", G_CALLBACK (pinch_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (pinch));
}

static void
praxi_screen_init (PraxiScreen *self)
{
  self->center_x = self->center_y = 0.5;
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Picture"), -1);
  add_controllers (self);
}
