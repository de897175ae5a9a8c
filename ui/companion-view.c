#include "ui/companion-view.h"

#include <glib/gi18n.h>
#include <stdlib.h>

#include "ui/screen.h"

enum { SIGNAL_CHOSEN, N_SIGNALS };
static guint signals[N_SIGNALS];

struct _PraxiCompanionView {
  GtkBox parent_instance;
  PraxiSession *session;
  PraxiCompanion *companion;
  PraxiScreen *screen;
  GtkLabel *notice;
  GtkWidget *bar;
  GtkLabel *name;
  GtkLabel *number; /* of the picture that is seen, not of the one asked for */
  GtkSpinButton *offset;
  GtkMenuButton *menu_button;
  gboolean is_updating;
  double turned; /* of a wheel's notch, not used yet */
};

G_DEFINE_FINAL_TYPE (PraxiCompanionView, praxi_companion_view, GTK_TYPE_BOX)

/* --- showing ------------------------------------------------------------------------------- */

static void
update_notice (PraxiCompanionView *self)
{
  const char *text = praxi_companion_error (self->companion);
  if (text == NULL && praxi_companion_has_delta (self->companion) &&
      praxi_companion_n_frames (self->companion) > 0 && praxi_companion_frame (self->companion) < 0)
    text = _ ("Not recorded at this moment");
  gtk_label_set_text (self->notice, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->notice), text != NULL);
}

static void
update_offset (PraxiCompanionView *self)
{
  const gboolean is_known =
      praxi_companion_has_delta (self->companion) && praxi_companion_n_frames (self->companion) > 0;
  gtk_widget_set_sensitive (GTK_WIDGET (self->offset), is_known);
  if (!is_known)
    return;
  const PraxiTimeSpan frame = praxi_companion_frame_span (self->companion, 0);
  self->is_updating = TRUE;
  gtk_adjustment_set_step_increment (gtk_spin_button_get_adjustment (self->offset),
                                     (double) praxi_time_span_length (frame) / 1e9);
  gtk_spin_button_set_value (
      self->offset, (double) praxi_session_companion_offset (self->session, self->companion) / 1e9);
  self->is_updating = FALSE;
}

static void
update_number (PraxiCompanionView *self)
{
  const PraxiPicture picture = praxi_companion_picture (self->companion);
  const gboolean is_shown = picture.texture != NULL && praxi_companion_frame (self->companion) >= 0;
  g_autofree char *text = is_shown ? g_strdup_printf ("%d", picture.ordinal) : g_strdup ("");
  gtk_label_set_text (self->number, text);
}

/* Asked for, not set with every frame: setting one asks the display where the pointer is. */
static gboolean
number_tip_cb (PraxiCompanionView *self, int x, int y, gboolean by_keys, GtkTooltip *tooltip)
{
  const char *number = gtk_label_get_text (self->number);
  g_autofree char *tip = g_strdup_printf (_ ("Frame %d"), atoi (number));
  gtk_tooltip_set_text (tooltip, tip);
  return *number != '\0';
}

static void
companion_changed_cb (PraxiCompanionView *self)
{
  update_number (self);
  update_notice (self);
  update_offset (self);
}

static void
session_changed_cb (PraxiCompanionView *self, guint changes)
{
  if (!(changes & PRAXI_CHANGE_SCENE))
    return;
  const gboolean is_chosen = praxi_session_chosen_companion (self->session) == self->companion;
  if (is_chosen && praxi_session_n_companions (self->session) > 1)
    gtk_widget_add_css_class (self->bar, "chosen");
  else
    gtk_widget_remove_css_class (self->bar, "chosen");
  update_offset (self);
}

gboolean
praxi_companion_view_shows (PraxiCompanionView *self, PraxiCompanion *companion)
{
  return self->companion == companion;
}

/* --- a person's hands ---------------------------------------------------------------------- */

static void
choose (PraxiCompanionView *self)
{
  praxi_session_choose_companion (self->session, self->companion);
}

static void
offset_cb (PraxiCompanionView *self)
{
  if (self->is_updating || self->session == NULL)
    return;
  choose (self);
  praxi_session_set_companion_offset (
      self->session, self->companion,
      (gint64) llround (gtk_spin_button_get_value (self->offset) * 1e9));
}

static void
done_cb (PraxiCompanionView *self)
{
  g_signal_emit (self, signals[SIGNAL_CHOSEN], 0);
}

/* With Ctrl the wheel zooms: that is the screen's. */
static gboolean
scroll_cb (GtkEventControllerScroll *controller, double dx, double dy, PraxiCompanionView *self)
{
  const GdkModifierType state =
      gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));
  if (state & GDK_CONTROL_MASK)
    return FALSE;
  self->turned += dy != 0 ? dy : dx; /* X turns the wheel sideways while Shift is down */
  const int notches = (int) self->turned;
  self->turned -= notches;
  choose (self);
  if (notches != 0)
    praxi_session_shift_companion (self->session, state & GDK_SHIFT_MASK ? 10 * notches : notches);
  return TRUE;
}

/* --- life ---------------------------------------------------------------------------------- */

GtkWidget *
praxi_companion_view_new (PraxiSession *session, PraxiCompanion *companion)
{
  PraxiCompanionView *self = g_object_new (PRAXI_TYPE_COMPANION_VIEW, NULL);
  const char *name = praxi_media_item_name (praxi_companion_item (companion));
  g_autofree char *title = g_strdup_printf (_ ("Picture of %s"), name);
  self->session = g_object_ref (session);
  self->companion = g_object_ref (companion);
  gtk_label_set_text (self->name, name);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->name), name);
  praxi_screen_set_session (self->screen, session);
  praxi_screen_set_companion (self->screen, companion);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->screen), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  title, -1);
  g_signal_connect_object (companion, "changed", G_CALLBACK (companion_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "changed", G_CALLBACK (session_changed_cb), self,
                           G_CONNECT_SWAPPED);
  companion_changed_cb (self);
  session_changed_cb (self, PRAXI_CHANGE_SCENE);
  return GTK_WIDGET (self);
}

static void
praxi_companion_view_dispose (GObject *object)
{
  PraxiCompanionView *self = PRAXI_COMPANION_VIEW (object);
  g_clear_object (&self->companion);
  g_clear_object (&self->session);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_COMPANION_VIEW);
  G_OBJECT_CLASS (praxi_companion_view_parent_class)->dispose (object);
}

static void
praxi_companion_view_class_init (PraxiCompanionViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_companion_view_dispose;
  g_type_ensure (PRAXI_TYPE_SCREEN);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/praxiscope/Praxiscope/companion-view.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiCompanionView, screen);
  gtk_widget_class_bind_template_child (widget_class, PraxiCompanionView, notice);
  gtk_widget_class_bind_template_child (widget_class, PraxiCompanionView, bar);
  gtk_widget_class_bind_template_child (widget_class, PraxiCompanionView, name);
  gtk_widget_class_bind_template_child (widget_class, PraxiCompanionView, number);
  gtk_widget_class_bind_template_child (widget_class, PraxiCompanionView, offset);
  gtk_widget_class_bind_template_child (widget_class, PraxiCompanionView, menu_button);
  gtk_widget_class_bind_template_callback (widget_class, offset_cb);
  gtk_widget_class_bind_template_callback (widget_class, number_tip_cb);
  signals[SIGNAL_CHOSEN] = g_signal_new ("chosen", PRAXI_TYPE_COMPANION_VIEW, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
praxi_companion_view_init (PraxiCompanionView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  GtkEventController *scroll =
      gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  g_signal_connect (scroll, "scroll", G_CALLBACK (scroll_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->screen), scroll);
  GtkGesture *click = gtk_gesture_click_new ();
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (click), GTK_PHASE_CAPTURE);
  g_signal_connect_object (click, "pressed", G_CALLBACK (choose), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  g_signal_connect_object (gtk_editable_get_delegate (GTK_EDITABLE (self->offset)), "activate",
                           G_CALLBACK (done_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_set_focus_on_click (gtk_widget_get_first_child (GTK_WIDGET (self->menu_button)),
                                 FALSE);
  g_signal_connect_object (gtk_menu_button_get_popover (self->menu_button), "closed",
                           G_CALLBACK (done_cb), self, G_CONNECT_SWAPPED);
}
