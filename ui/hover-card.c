#include "ui/hover-card.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/score-text.h"
#include "ui/session-review.h"

enum { PICTURE_WIDTH_PX = 192, PICTURE_HEIGHT_PX = 108, GAP_PX = 6 };

struct _PraxiHoverCard {
  GtkBox parent_instance;
  PraxiSession *session;
  PraxiTimeline *timeline; /* borrowed: its overlay holds both */
  GtkPicture *picture;
  GtkLabel *when;
  GtkLabel *what;
  GtkLabel *seen;
};

G_DEFINE_FINAL_TYPE (PraxiHoverCard, praxi_hover_card, GTK_TYPE_BOX)

static const char *
describe_coverage (PraxiSession *session, gint64 time_ns)
{
  const GArray *coverage = praxi_session_coverage (session);
  for (guint i = 0; i < coverage->len; i++) {
    const PraxiCoverage *part = &g_array_index (coverage, PraxiCoverage, i);
    if (praxi_time_span_contains (part->span, time_ns))
      return part->kind == PRAXI_COVERAGE_LABELLED ? _ ("labelled")
             : part->kind == PRAXI_COVERAGE_SEEN   ? _ ("looked at")
                                                   : _ ("not looked at yet");
  }
  return "";
}

/* The preview is a keyframe: it says which frame it really shows. */
static char *
describe_picture (PraxiSession *session, const PraxiPicture *preview, gint64 time_ns)
{
  const char *seen = describe_coverage (session, time_ns);
  return preview->texture == NULL
             ? g_strdup (seen)
             : g_strdup_printf (_ ("%s · picture of frame %d"), seen, preview->ordinal);
}

static void
update (PraxiHoverCard *self)
{
  const PraxiHover hover = praxi_session_hover (self->session);
  gtk_widget_set_visible (GTK_WIDGET (self), hover.is_valid);
  if (!hover.is_valid)
    return;
  const int frame = praxi_session_frame_at (self->session, hover.time_ns);
  const PraxiPicture preview = praxi_session_preview (self->session);
  g_autofree char *time = praxi_session_time_text (self->session, hover.time_ns, 2);
  g_autofree char *when = g_strdup_printf (_ ("%s · frame %d"), time, frame);
  g_autofree char *what = praxi_score_text (self->session, hover.time_ns, hover.class_index, 1);
  gtk_picture_set_paintable (self->picture, GDK_PAINTABLE (preview.texture));
  gtk_label_set_text (self->when, when);
  gtk_label_set_text (self->what, what);
  g_autofree char *seen = describe_picture (self->session, &preview, hover.time_ns);
  gtk_label_set_text (self->seen, seen);
  gtk_widget_queue_allocate (gtk_widget_get_parent (GTK_WIDGET (self)));
}

static void
changed_cb (PraxiHoverCard *self, guint changes)
{
  if (changes & (PRAXI_CHANGE_HOVER | PRAXI_CHANGE_MEDIA | PRAXI_CHANGE_TRACK))
    update (self);
}

/* Above the timeline, centred over the time, and inside the overlay. */
static gboolean
place_cb (GtkOverlay *overlay, GtkWidget *child, GdkRectangle *place, PraxiHoverCard *self)
{
  if (child != GTK_WIDGET (self))
    return FALSE;
  GtkRequisition size;
  gtk_widget_get_preferred_size (child, &size, NULL);
  double x = praxi_timeline_x (self->timeline, praxi_session_hover (self->session).time_ns);
  double y = 0;
  gtk_widget_translate_coordinates (GTK_WIDGET (self->timeline), GTK_WIDGET (overlay), x, 0, &x,
                                    &y);
  const int room = gtk_widget_get_width (GTK_WIDGET (overlay)) - size.width - GAP_PX;
  *place = (GdkRectangle){
      .x = CLAMP ((int) round (x) - size.width / 2, MIN (GAP_PX, room), MAX (room, GAP_PX)),
      .y = MAX ((int) y - size.height - GAP_PX, 0),
      .width = size.width,
      .height = size.height,
  };
  return TRUE;
}

static void
praxi_hover_card_dispose (GObject *object)
{
  g_clear_object (&PRAXI_HOVER_CARD (object)->session);
  G_OBJECT_CLASS (praxi_hover_card_parent_class)->dispose (object);
}

static void
praxi_hover_card_class_init (PraxiHoverCardClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = praxi_hover_card_dispose;
}

static GtkLabel *
add_line (PraxiHoverCard *self, const char *style)
{
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "numeric");
  gtk_widget_add_css_class (label, style);
  gtk_box_append (GTK_BOX (self), label);
  return GTK_LABEL (label);
}

static void
praxi_hover_card_init (PraxiHoverCard *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_widget_add_css_class (widget, "osd");
  gtk_widget_add_css_class (widget, "hover-card");
  gtk_widget_set_can_target (widget, FALSE);
  gtk_widget_set_visible (widget, FALSE);
  self->picture = GTK_PICTURE (gtk_picture_new ());
  gtk_widget_set_size_request (GTK_WIDGET (self->picture), PICTURE_WIDTH_PX, PICTURE_HEIGHT_PX);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->picture), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Preview"), -1);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->picture));
  self->when = add_line (self, "heading");
  self->what = add_line (self, "caption");
  self->seen = add_line (self, "caption");
}

void
praxi_hover_card_add (GtkOverlay *overlay, PraxiTimeline *timeline, PraxiSession *session)
{
  PraxiHoverCard *self = g_object_new (PRAXI_TYPE_HOVER_CARD, NULL);
  self->session = g_object_ref (session);
  self->timeline = timeline;
  gtk_overlay_add_overlay (overlay, GTK_WIDGET (self));
  g_signal_connect_object (overlay, "get-child-position", G_CALLBACK (place_cb), self, 0);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
}
