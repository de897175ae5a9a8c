#include "ui/camera-bar.h"

#include <glib/gi18n.h>

#include "ui/session-cameras.h"

struct _PraxiCameraBar {
  GtkBox parent_instance;
  PraxiSession *session;
  GtkLabel *sign;
  GtkLabel *text;
  GtkLabel *clock;
  GtkButton *live_button;
  GtkButton *run_button;
};

G_DEFINE_FINAL_TYPE (PraxiCameraBar, praxi_camera_bar, GTK_TYPE_BOX)

/* A sign of its own for each state; the colour only helps. */
static void
show_sign (PraxiCameraBar *self, const PraxiLiveView *live)
{
  static const char *const signs[] = {[PRAXI_LIVE_OFF] = "○",
                                      [PRAXI_LIVE_CONNECTING] = "◌",
                                      [PRAXI_LIVE_ON] = "●",
                                      [PRAXI_LIVE_STALLED] = "▲",
                                      [PRAXI_LIVE_FAULT] = "▲"};
  const char *const classes[] = {"camera-sign",
                                 live->state == PRAXI_LIVE_ON        ? "camera-on"
                                 : live->state >= PRAXI_LIVE_STALLED ? "camera-fault"
                                                                     : "dim-label",
                                 NULL};
  gtk_label_set_text (self->sign, signs[live->state]);
  gtk_widget_set_css_classes (GTK_WIDGET (self->sign), (const char **) classes);
}

static void
show_text (PraxiCameraBar *self, const PraxiLiveView *live)
{
  g_autofree char *dropped =
      live->n_dropped > 0
          ? g_strdup_printf (ngettext (" · %d picture was not scored: the machine is too slow",
                                       " · %d pictures were not scored: the machine is too slow",
                                       (gulong) live->n_dropped),
                             (int) live->n_dropped)
          : g_strdup ("");
  const gboolean looks_back = !live->is_live && live->is_running;
  g_autofree char *text =
      g_strconcat (looks_back ? _ ("Looking back · ") : "", live->text, dropped, NULL);
  if (g_strcmp0 (gtk_label_get_text (self->text), text) == 0)
    return;
  gtk_label_set_text (self->text, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->text), text);
}

static void
show_clock (PraxiCameraBar *self, const PraxiLiveView *live)
{
  const PraxiPicture picture = praxi_session_picture (self->session);
  if (live->begin_at_us == 0 || picture.texture == NULL) {
    gtk_label_set_text (self->clock, "");
    return;
  }
  g_autoptr (GDateTime) at = g_date_time_new_from_unix_local (
      (live->begin_at_us + picture.pts_ns / 1000) / G_USEC_PER_SEC);
  g_autofree char *text = g_date_time_format (at, "%X");
  gtk_label_set_text (self->clock, text);
}

static void
changed_cb (PraxiCameraBar *self, guint changes)
{
  const PraxiLiveView live = praxi_session_live (self->session);
  if (live.is_camera && (changes & PRAXI_CHANGE_PICTURE))
    show_clock (self, &live);
  if (!(changes & (PRAXI_CHANGE_LIVE | PRAXI_CHANGE_MEDIA)))
    return;
  gtk_widget_set_visible (GTK_WIDGET (self), live.is_camera);
  if (!live.is_camera)
    return;
  show_sign (self, &live);
  show_text (self, &live);
  show_clock (self, &live);
  gtk_widget_set_visible (GTK_WIDGET (self->live_button),
                          live.is_running && !(live.is_live && live.follows_view));
  gtk_button_set_label (self->run_button, live.is_running ? _ ("Stop") : _ ("Start"));
}

void
praxi_camera_bar_set_session (PraxiCameraBar *self, PraxiSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self, PRAXI_CHANGE_ALL);
}

static void
praxi_camera_bar_dispose (GObject *object)
{
  PraxiCameraBar *self = PRAXI_CAMERA_BAR (object);
  g_clear_object (&self->session);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_CAMERA_BAR);
  G_OBJECT_CLASS (praxi_camera_bar_parent_class)->dispose (object);
}

static void
praxi_camera_bar_class_init (PraxiCameraBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_camera_bar_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/camera-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraBar, sign);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraBar, text);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraBar, clock);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraBar, live_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraBar, run_button);
}

static void
praxi_camera_bar_init (PraxiCameraBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
