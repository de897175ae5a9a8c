#include "ui/player-view.h"

#include <glib/gi18n.h>

#include "ui/companion-view.h"
#include "ui/go-to.h"
#include "ui/screen.h"
#include "ui/session-play.h"
#include "ui/session-scene.h"

enum { SIGNAL_CHOSEN, N_SIGNALS };
static guint signals[N_SIGNALS];

struct _PraxiPlayerView {
  GtkBox parent_instance;
  PraxiSession *session;
  PraxiScreen *screen;
  GtkBox *companions;
  GtkWidget *transport;
  GtkLabel *frame_label;
  GtkMenuButton *time_button;
  GtkLabel *time_label;
  GtkLabel *pts_label;
  GtkButton *play_button;
  GtkMenuButton *speed_button;
  GtkLabel *speed_label;
  GtkToggleButton *loop_button;
  GtkMenuButton *zoom_button;
  GtkLabel *zoom_label;
  GtkButton *leave_button;
  PraxiGoTo *go_to;
};

G_DEFINE_FINAL_TYPE (PraxiPlayerView, praxi_player_view, GTK_TYPE_BOX)

/* The numbers belong to the picture that is seen, not to the one asked for. */
static void
update_numbers (PraxiPlayerView *self)
{
  const PraxiPicture picture = praxi_session_picture (self->session);
  const int n_frames = praxi_session_n_frames (self->session);
  if (picture.texture == NULL || n_frames == 0) {
    gtk_label_set_text (self->frame_label, "");
    gtk_label_set_text (self->time_label, "");
    gtk_label_set_text (self->pts_label, "");
    return;
  }
  g_autofree char *frame = g_strdup_printf (_ ("Frame %d"), picture.ordinal);
  g_autofree char *time = praxi_session_time_text (self->session, picture.pts_ns, 3);
  g_autofree char *pts = g_strdup_printf (_ ("pts %.3f"), (double) picture.pts_ns / 1e9);
  gtk_label_set_text (self->frame_label, frame);
  gtk_label_set_text (self->time_label, time);
  gtk_label_set_text (self->pts_label, pts);
}

/* Asked for when the pointer rests there: a tooltip that is set asks the display where the pointer
 * is, and these would be set with every frame.
 */
static gboolean
frame_tip_cb (PraxiPlayerView *self, int x, int y, gboolean by_keys, GtkTooltip *tooltip)
{
  const int n_frames = praxi_session_n_frames (self->session);
  g_autofree char *of = g_strdup_printf (_ ("Frames 0 to %d"), n_frames - 1);
  gtk_tooltip_set_text (tooltip, of);
  return n_frames > 0;
}

static gboolean
pts_tip_cb (PraxiPlayerView *self, int x, int y, gboolean by_keys, GtkTooltip *tooltip)
{
  const PraxiPicture picture = praxi_session_picture (self->session);
  g_autofree char *exact =
      g_strdup_printf (_ ("Presentation time stamp: %.9f s"), (double) picture.pts_ns / 1e9);
  gtk_tooltip_set_text (tooltip, exact);
  return picture.texture != NULL;
}

static void
update_buttons (PraxiPlayerView *self)
{
  const double speed = praxi_session_speed (self->session);
  const gboolean plays = speed != 0;
  const char *name = plays ? _ ("Pause") : _ ("Play");
  gtk_button_set_icon_name (self->play_button, plays ? "media-playback-pause-symbolic"
                                                     : "media-playback-start-symbolic");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->play_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  name, -1);
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (number, sizeof number, "%g",
                   plays ? speed : praxi_session_chosen_speed (self->session));
  g_autofree char *text =
      g_strdup_printf ("%s%s×", number[0] == '-' ? "−" : "", number + (number[0] == '-'));
  gtk_label_set_text (self->speed_label, text);
  gtk_toggle_button_set_active (self->loop_button, praxi_session_loops (self->session));
}

static void
zoomed_cb (PraxiPlayerView *self)
{
  gboolean fits;
  const double zoom = praxi_screen_zoom (self->screen, &fits);
  g_autofree char *text = fits ? g_strdup (_ ("Fit")) : g_strdup_printf ("%.0f %%", zoom * 100);
  gtk_label_set_text (self->zoom_label, text);
}

static void
loop_toggled_cb (PraxiPlayerView *self)
{
  if (self->session != NULL)
    praxi_session_set_loops (self->session, gtk_toggle_button_get_active (self->loop_button));
}

void
praxi_player_view_set_zoom (PraxiPlayerView *self, double zoom)
{
  praxi_screen_set_zoom (self->screen, zoom);
}

void
praxi_player_view_zoom_by (PraxiPlayerView *self, double factor)
{
  praxi_screen_zoom_by (self->screen, factor);
}

void
praxi_player_view_go_to (PraxiPlayerView *self)
{
  gtk_menu_button_popup (self->time_button);
}

/* The keys are the timeline's again; also when GTK would leave them on a button, where the space
 * bar would open its menu again.
 */
static void
closed_cb (PraxiPlayerView *self)
{
  g_signal_emit (self, signals[SIGNAL_CHOSEN], 0);
}

/* A view for each video in sync; those that stay keep their zoom. */
static void
update_companions (PraxiPlayerView *self)
{
  GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->companions));
  const guint n_companions = praxi_session_n_companions (self->session);
  for (guint i = 0; i < n_companions; i++) {
    PraxiCompanion *companion = praxi_session_companion (self->session, i);
    while (child != NULL && !praxi_companion_view_shows (PRAXI_COMPANION_VIEW (child), companion)) {
      GtkWidget *gone = child;
      child = gtk_widget_get_next_sibling (child);
      gtk_box_remove (self->companions, gone);
    }
    if (child != NULL) {
      child = gtk_widget_get_next_sibling (child);
      continue;
    }
    GtkWidget *view = praxi_companion_view_new (self->session, companion);
    g_signal_connect_object (view, "chosen", G_CALLBACK (closed_cb), self, G_CONNECT_SWAPPED);
    gtk_box_append (self->companions, view);
  }
  while (child != NULL) {
    GtkWidget *gone = child;
    child = gtk_widget_get_next_sibling (child);
    gtk_box_remove (self->companions, gone);
  }
  gtk_widget_set_visible (GTK_WIDGET (self->companions), n_companions > 0);
}

static void
changed_cb (PraxiPlayerView *self, guint changes)
{
  if (changes & PRAXI_CHANGE_SCENE)
    update_companions (self);
  if (changes & (PRAXI_CHANGE_PICTURE | PRAXI_CHANGE_MEDIA))
    update_numbers (self);
  if (changes & (PRAXI_CHANGE_PLAYING | PRAXI_CHANGE_MEDIA))
    update_buttons (self);
}

void
praxi_player_view_set_session (PraxiPlayerView *self, PraxiSession *session)
{
  self->session = g_object_ref (session);
  praxi_screen_set_session (self->screen, session);
  praxi_go_to_set_session (self->go_to, session);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self, PRAXI_CHANGE_ALL);
}

/* The way out is on the screen while the window has no frame. */
static void
root_cb (PraxiPlayerView *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  if (GTK_IS_WINDOW (root))
    g_object_bind_property (root, "fullscreened", self->leave_button, "visible",
                            G_BINDING_SYNC_CREATE);
}

static void
praxi_player_view_dispose (GObject *object)
{
  PraxiPlayerView *self = PRAXI_PLAYER_VIEW (object);
  g_clear_object (&self->session);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_PLAYER_VIEW);
  G_OBJECT_CLASS (praxi_player_view_parent_class)->dispose (object);
}

static void
praxi_player_view_class_init (PraxiPlayerViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_player_view_dispose;
  g_type_ensure (PRAXI_TYPE_GO_TO);
  g_type_ensure (PRAXI_TYPE_SCREEN);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/player-view.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, screen);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, companions);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, frame_label);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, time_label);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, pts_label);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, transport);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, play_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, speed_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, speed_label);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, zoom_label);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, time_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, loop_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, zoom_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, leave_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiPlayerView, go_to);
  gtk_widget_class_bind_template_callback (widget_class, loop_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, zoomed_cb);
  gtk_widget_class_bind_template_callback (widget_class, frame_tip_cb);
  gtk_widget_class_bind_template_callback (widget_class, pts_tip_cb);
  signals[SIGNAL_CHOSEN] = g_signal_new ("chosen", PRAXI_TYPE_PLAYER_VIEW, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);
}

/* Time runs to the right in every language, on the timeline and in what leads through it. */
static void
keep_direction (GtkWidget *widget)
{
  gtk_widget_set_direction (widget, GTK_TEXT_DIR_LTR);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    keep_direction (child);
}

static void
praxi_player_view_init (PraxiPlayerView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  keep_direction (self->transport);
  keep_direction (GTK_WIDGET (self->speed_label));
  GtkMenuButton *const buttons[] = {self->speed_button, self->zoom_button, self->time_button};
  for (guint i = 0; i < G_N_ELEMENTS (buttons); i++) {
    gtk_widget_set_focus_on_click (gtk_widget_get_first_child (GTK_WIDGET (buttons[i])), FALSE);
    g_signal_connect_object (gtk_menu_button_get_popover (buttons[i]), "closed",
                             G_CALLBACK (closed_cb), self, G_CONNECT_SWAPPED);
  }
  g_signal_connect (self, "notify::root", G_CALLBACK (root_cb), NULL);
}
