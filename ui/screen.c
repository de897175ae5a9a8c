#include "ui/screen.h"

#include <glib/gi18n.h>
#include <math.h>

/* A picture that comes within this time is not dimmed first: stepping would flicker. */
enum { DIM_AFTER_MS = 80 };

struct _PraxiScreen {
  GtkWidget parent_instance;
  PraxiSession *session;
  guint dim_source;
  gboolean is_dim;
};

G_DEFINE_FINAL_TYPE (PraxiScreen, praxi_screen, GTK_TYPE_WIDGET)

static graphene_rect_t
fit (GdkTexture *texture, int width, int height)
{
  const double picture_width = gdk_texture_get_width (texture);
  const double picture_height = gdk_texture_get_height (texture);
  const double scale = MIN (width / picture_width, height / picture_height);
  const double w = round (picture_width * scale), h = round (picture_height * scale);
  return GRAPHENE_RECT_INIT ((float) floor ((width - w) / 2), (float) floor ((height - h) / 2),
                             (float) w, (float) h);
}

static void
snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  PraxiScreen *self = PRAXI_SCREEN (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  const GdkRGBA black = {0.04f, 0.04f, 0.05f, 1};
  gtk_snapshot_append_color (snapshot, &black,
                             &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  const PraxiPicture picture = praxi_session_picture (self->session);
  if (picture.texture == NULL)
    return;
  const graphene_rect_t box = fit (picture.texture, width, height);
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
  const int scale = gtk_widget_get_scale_factor (widget);
  if (self->session != NULL)
    praxi_session_set_picture_size (self->session, width * scale, height * scale);
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
changed_cb (PraxiScreen *self, guint changes)
{
  if (!(changes & (PRAXI_CHANGE_PICTURE | PRAXI_CHANGE_MEDIA)))
    return;
  const gboolean waits = !praxi_session_picture (self->session).is_current &&
                         praxi_session_n_frames (self->session) > 0 &&
                         praxi_session_speed (self->session) == 0;
  if (!waits) {
    g_clear_handle_id (&self->dim_source, g_source_remove);
    self->is_dim = FALSE;
  } else if (self->dim_source == 0 && !self->is_dim) {
    self->dim_source = g_timeout_add (DIM_AFTER_MS, dim_cb, self);
  }
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
praxi_screen_set_session (PraxiScreen *self, PraxiSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
}

static void
praxi_screen_dispose (GObject *object)
{
  PraxiScreen *self = PRAXI_SCREEN (object);
  g_clear_handle_id (&self->dim_source, g_source_remove);
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
}

static void
praxi_screen_init (PraxiScreen *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Picture"), -1);
}
