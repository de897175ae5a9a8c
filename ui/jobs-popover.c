#include "ui/jobs-popover.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-analysis.h"

#define ROW_WIDTH_PX 280

/* One job's row follows its item. */
typedef struct {
  PraxiSession *session;
  PraxiJobItem *item;
  GtkLabel *state;
  GtkProgressBar *bar;
} Row;

static void
update_row_cb (Row *row)
{
  g_autofree char *state = praxi_job_item_state (row->item);
  const double share = praxi_job_item_share (row->item);
  gtk_label_set_text (row->state, state);
  gtk_progress_bar_set_fraction (row->bar, isnan (share) ? 0 : share);
  gtk_widget_set_visible (GTK_WIDGET (row->bar), praxi_job_item_is_running (row->item));
}

static void
cancel_cb (Row *row)
{
  praxi_session_cancel (row->session, row->item);
}

static void
row_free (gpointer data)
{
  Row *row = data;
  g_signal_handlers_disconnect_by_data (row->item, row);
  g_object_unref (row->item);
  g_free (row);
}

static GtkWidget *
make_cancel (Row *row)
{
  GtkWidget *cancel = gtk_button_new_from_icon_name ("process-stop-symbolic");
  g_autofree char *name = g_strdup_printf (_ ("Cancel: %s"), praxi_job_item_what (row->item));
  gtk_widget_set_valign (cancel, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (cancel, "flat");
  gtk_widget_set_tooltip_text (cancel, _ ("Cancel; what is finished is kept"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (cancel), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  g_signal_connect_swapped (cancel, "clicked", G_CALLBACK (cancel_cb), row);
  return cancel;
}

static GtkWidget *
make_texts (Row *row)
{
  GtkWidget *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  GtkWidget *what = gtk_label_new (praxi_job_item_what (row->item));
  row->state = GTK_LABEL (gtk_label_new (NULL));
  row->bar = GTK_PROGRESS_BAR (gtk_progress_bar_new ());
  gtk_label_set_xalign (GTK_LABEL (what), 0);
  gtk_label_set_ellipsize (GTK_LABEL (what), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_xalign (row->state, 0);
  gtk_widget_add_css_class (GTK_WIDGET (row->state), "caption");
  gtk_widget_add_css_class (GTK_WIDGET (row->state), "dim-label");
  gtk_widget_add_css_class (GTK_WIDGET (row->state), "numeric");
  gtk_accessible_update_property (GTK_ACCESSIBLE (row->bar), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  praxi_job_item_what (row->item), -1);
  gtk_box_append (GTK_BOX (texts), what);
  gtk_box_append (GTK_BOX (texts), GTK_WIDGET (row->bar));
  gtk_box_append (GTK_BOX (texts), GTK_WIDGET (row->state));
  gtk_widget_set_hexpand (texts, TRUE);
  gtk_widget_set_size_request (texts, ROW_WIDTH_PX, -1);
  return texts;
}

static GtkWidget *
make_row_cb (gpointer item, gpointer user_data)
{
  Row *row = g_new0 (Row, 1);
  row->session = user_data;
  row->item = g_object_ref (item);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_set_margin_start (box, 6);
  gtk_widget_set_margin_top (box, 6);
  gtk_widget_set_margin_bottom (box, 6);
  gtk_box_append (GTK_BOX (box), make_texts (row));
  gtk_box_append (GTK_BOX (box), make_cancel (row));
  g_signal_connect_swapped (item, "notify", G_CALLBACK (update_row_cb), row);
  g_object_set_data_full (G_OBJECT (box), "praxi-row", row, row_free);
  update_row_cb (row);
  return box;
}

static void
update_button_cb (GtkMenuButton *button,
                  guint position,
                  guint removed,
                  guint added,
                  GListModel *jobs)
{
  const guint n_jobs = g_list_model_get_n_items (jobs);
  g_autofree char *number = g_strdup_printf ("%u", n_jobs);
  g_autofree char *tip = n_jobs == 0
                             ? g_strdup (_ ("Jobs: nothing is running"))
                             : g_strdup_printf (ngettext ("%u job", "%u jobs", n_jobs), n_jobs);
  GtkWidget *label = gtk_widget_get_last_child (gtk_menu_button_get_child (button));
  GtkPopover *popover = gtk_menu_button_get_popover (button);
  gtk_widget_set_visible (gtk_widget_get_last_child (gtk_popover_get_child (popover)), n_jobs > 1);
  gtk_label_set_text (GTK_LABEL (label), number);
  gtk_widget_set_visible (label, n_jobs > 0);
  gtk_widget_set_tooltip_text (GTK_WIDGET (button), tip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, tip, -1);
}

static GtkWidget *
make_face (void)
{
  GtkWidget *face = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_box_append (GTK_BOX (face), gtk_image_new_from_icon_name ("view-list-bullet-symbolic"));
  gtk_box_append (GTK_BOX (face), gtk_label_new (NULL));
  gtk_widget_add_css_class (gtk_widget_get_last_child (face), "numeric");
  return face;
}

void
praxi_jobs_popover_attach (GtkMenuButton *button, PraxiSession *session)
{
  GtkWidget *popover = gtk_popover_new ();
  GtkWidget *list = gtk_list_box_new ();
  GtkWidget *nothing = gtk_label_new (_ ("Nothing is running."));
  GtkWidget *scroll = gtk_scrolled_window_new ();
  gtk_widget_add_css_class (nothing, "dim-label");
  gtk_widget_set_margin_top (nothing, 12);
  gtk_widget_set_margin_bottom (nothing, 12);
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  gtk_list_box_set_placeholder (GTK_LIST_BOX (list), nothing);
  gtk_list_box_bind_model (GTK_LIST_BOX (list), praxi_session_jobs (session), make_row_cb,
                           g_object_ref (session), g_object_unref);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroll), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroll), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scroll), 360);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroll), list);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *end = gtk_button_new_with_mnemonic (_ ("Cancel _all"));
  gtk_widget_set_tooltip_text (end, _ ("What waits is forgotten; what is finished is kept"));
  gtk_widget_set_halign (end, GTK_ALIGN_END);
  g_signal_connect_object (end, "clicked", G_CALLBACK (praxi_session_cancel_all), session,
                           G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (box), scroll);
  gtk_box_append (GTK_BOX (box), end);
  gtk_popover_set_child (GTK_POPOVER (popover), box);
  gtk_menu_button_set_child (button, make_face ());
  gtk_menu_button_set_popover (button, popover);
  g_signal_connect_object (praxi_session_jobs (session), "items-changed",
                           G_CALLBACK (update_button_cb), button, G_CONNECT_SWAPPED);
  update_button_cb (button, 0, 0, 0, praxi_session_jobs (session));
}
