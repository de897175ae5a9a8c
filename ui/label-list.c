#include "ui/label-list.h"

#include <glib/gi18n.h>

#include "ui/label-model.h"
#include "ui/note-popover.h"

struct _PraxiLabelList {
  GtkBox parent_instance;
  PraxiSession *session;
  GtkSearchEntry *search;
  GtkLabel *caption;
  GtkStack *stack;
  GtkLabel *empty;
  GtkListView *view;
  PraxiLabelModel *model;
  GtkSingleSelection *selection;
  char *shown_classes; /* what the rows were made from */
};

static guint chosen_signal;

G_DEFINE_FINAL_TYPE (PraxiLabelList, praxi_label_list, GTK_TYPE_BOX)

/* --- rows ---------------------------------------------------------------------------------- */

typedef struct {
  PraxiLabelList *list;
  GtkWidget *swatch, *title, *detail, *note, *edit;
  gint64 label_id;
  GdkRGBA color;
} Row;

static void
draw_swatch (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  const Row *row = user_data;
  gdk_cairo_set_source_rgba (cr, &row->color);
  cairo_arc (cr, width / 2.0, height / 2.0, MIN (width, height) / 2.0, 0, 2 * G_PI);
  cairo_fill (cr);
}

static GtkWidget *
add_text (GtkWidget *box, const char *first_class, const char *second_class)
{
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 24); /* bounds the natural width only */
  gtk_widget_add_css_class (label, first_class);
  if (second_class != NULL)
    gtk_widget_add_css_class (label, second_class);
  gtk_box_append (GTK_BOX (box), label);
  return label;
}

static void
edit_cb (Row *row)
{
  GtkWidget *list = GTK_WIDGET (row->list);
  double x = 0, y = 0;
  gtk_widget_translate_coordinates (row->edit, list, 0, 0, &x, &y);
  const GdkRectangle at = {(int) x, (int) y, gtk_widget_get_width (row->edit),
                           gtk_widget_get_height (row->edit)};
  praxi_note_popover_show (list, &at, row->list->session, row->label_id);
}

static GtkWidget *
make_edit (Row *row)
{
  GtkWidget *edit = gtk_button_new_from_icon_name ("document-edit-symbolic");
  gtk_widget_set_valign (edit, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (edit, "flat");
  gtk_widget_set_tooltip_text (edit, _ ("Write a note"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (edit), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Write a note"), -1);
  g_signal_connect_swapped (edit, "clicked", G_CALLBACK (edit_cb), row);
  return edit;
}

static void
setup_cb (GtkListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 10);
  GtkWidget *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  Row *row = g_new0 (Row, 1);
  row->list = user_data;
  gtk_widget_set_margin_top (box, 3);
  gtk_widget_set_margin_bottom (box, 3);
  row->swatch = gtk_drawing_area_new ();
  gtk_widget_set_size_request (row->swatch, 10, 10);
  gtk_widget_set_valign (row->swatch, GTK_ALIGN_CENTER);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (row->swatch), draw_swatch, row, NULL);
  gtk_widget_set_hexpand (texts, TRUE);
  row->title = add_text (texts, "jump-title", NULL);
  row->detail = add_text (texts, "caption", "dim-label");
  gtk_widget_add_css_class (row->detail, "numeric");
  row->note = add_text (texts, "caption", NULL);
  row->edit = make_edit (row);
  gtk_box_append (GTK_BOX (box), row->swatch);
  gtk_box_append (GTK_BOX (box), texts);
  gtk_box_append (GTK_BOX (box), row->edit);
  gtk_list_item_set_child (item, box);
  g_object_set_data_full (G_OBJECT (item), "praxi-row", row, g_free);
}

static char *
title_text (const PraxiUiLabel *label, const PraxiUiClass *cls)
{
  const char *state = label->state == PRAXI_LABEL_NOT_KEPT  ? _ (" (not kept)")
                      : label->state == PRAXI_LABEL_PENDING ? " …"
                                                            : "";
  return g_strconcat (cls != NULL ? cls->name : "?", state, NULL);
}

static char *
detail_text (PraxiSession *session, const PraxiUiLabel *label)
{
  g_autofree char *start = praxi_session_time_text (session, label->span.start_ns, 2);
  g_autofree char *end = praxi_session_time_text (session, label->span.end_ns, 2);
  const int n_frames = label->end_frame - label->start_frame;
  g_autofree char *frames =
      g_strdup_printf (ngettext ("%d frame", "%d frames", (gulong) n_frames), n_frames);
  return g_strdup_printf ("%s – %s · %s", start, end, frames);
}

static void
bind_cb (GtkListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  static const GdkRGBA grey = {0.55f, 0.55f, 0.55f, 1};
  PraxiLabelList *self = user_data;
  Row *row = g_object_get_data (G_OBJECT (item), "praxi-row");
  const PraxiUiLabel *label = praxi_label_item_label (gtk_list_item_get_item (item));
  const PraxiUiClass *cls = praxi_session_find_class (self->session, label->class_id);
  g_autofree char *title = title_text (label, cls);
  g_autofree char *detail = detail_text (self->session, label);
  g_autofree char *tip = *label->author != '\0'
                             ? g_strdup_printf (_ ("%s · by %s"), detail, label->author)
                             : g_strdup (detail);
  row->label_id = label->id;
  row->color = cls != NULL ? cls->color : grey;
  gtk_widget_queue_draw (row->swatch);
  gtk_label_set_text (GTK_LABEL (row->title), title);
  gtk_label_set_text (GTK_LABEL (row->detail), detail);
  gtk_label_set_text (GTK_LABEL (row->note), label->note);
  gtk_widget_set_visible (row->note, *label->note != '\0');
  gtk_widget_set_tooltip_text (gtk_list_item_get_child (item), tip);
}

/* --- following the session ----------------------------------------------------------------- */

static gboolean
is_searching (PraxiLabelList *self)
{
  return *gtk_editable_get_text (GTK_EDITABLE (self->search)) != '\0';
}

static void
update_texts (PraxiLabelList *self)
{
  const guint n_shown = g_list_model_get_n_items (G_LIST_MODEL (self->model));
  const guint n_all = praxi_session_labels (self->session)->len;
  g_autofree char *caption =
      is_searching (self)
          ? g_strdup_printf (ngettext ("%u of %u label", "%u of %u labels", n_all), n_shown, n_all)
          : g_strdup_printf (ngettext ("%u label", "%u labels", n_all), n_all);
  gtk_label_set_text (self->caption, caption);
  gtk_widget_set_visible (GTK_WIDGET (self->caption), n_all > 0);
  gtk_stack_set_visible_child_name (self->stack, n_shown > 0 ? "rows" : "empty");
  gtk_label_set_text (self->empty,
                      n_all > 0 ? _ ("No label fits the search.")
                                : _ ("No labels. Mark the start with I and the end with O, then "
                                     "press the key of a class."));
}

/* Whether a class has another name or colour since the rows were made. */
static gboolean
has_new_classes (PraxiLabelList *self)
{
  const GPtrArray *classes = praxi_session_classes (self->session);
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < classes->len; i++) {
    const PraxiUiClass *cls = classes->pdata[i];
    g_autofree char *color = gdk_rgba_to_string (&cls->color);
    g_string_append_printf (text, "%" G_GINT64_FORMAT "%s%s;", cls->id, cls->name, color);
  }
  if (g_strcmp0 (text->str, self->shown_classes) == 0)
    return FALSE;
  g_free (self->shown_classes);
  self->shown_classes = g_strdup (text->str);
  return TRUE;
}

static void
select_shown (PraxiLabelList *self)
{
  const gint64 id = praxi_session_selected_label (self->session);
  const guint position = praxi_label_model_find (self->model, id);
  if (position == gtk_single_selection_get_selected (self->selection))
    return;
  gtk_single_selection_set_selected (self->selection, position);
  if (position != GTK_INVALID_LIST_POSITION && gtk_widget_get_mapped (GTK_WIDGET (self->view)))
    gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u", position);
}

static void
changed_cb (PraxiLabelList *self, guint changes)
{
  if (changes & (PRAXI_CHANGE_LABELS | PRAXI_CHANGE_MEDIA)) {
    praxi_label_model_update (self->model, has_new_classes (self));
    update_texts (self);
  }
  if (changes & (PRAXI_CHANGE_SELECTION | PRAXI_CHANGE_LABELS))
    select_shown (self);
}

/* --- what a person does -------------------------------------------------------------------- */

static void
jump_to (PraxiLabelList *self, guint position)
{
  g_autoptr (PraxiLabelItem) item = g_list_model_get_item (G_LIST_MODEL (self->model), position);
  if (item == NULL)
    return;
  const PraxiUiLabel *label = praxi_label_item_label (item);
  praxi_session_select_label (self->session, label->id);
  praxi_session_seek (self->session, label->start_frame);
  praxi_session_show (self->session, label->span);
  g_signal_emit (self, chosen_signal, 0, label->id);
}

static void
activate_cb (PraxiLabelList *self, guint position)
{
  jump_to (self, position);
}

static void
search_cb (PraxiLabelList *self)
{
  praxi_label_model_set_filter (self->model, gtk_editable_get_text (GTK_EDITABLE (self->search)));
  update_texts (self);
  select_shown (self);
}

/* Enter goes to the first label found behind the playhead, and round again. */
static void
jump_cb (PraxiLabelList *self)
{
  const guint n_items = g_list_model_get_n_items (G_LIST_MODEL (self->model));
  const int playhead = praxi_session_playhead (self->session);
  guint position = 0;
  for (guint i = 0; i < n_items; i++) {
    g_autoptr (PraxiLabelItem) item = g_list_model_get_item (G_LIST_MODEL (self->model), i);
    if (praxi_label_item_label (item)->start_frame > playhead) {
      position = i;
      break;
    }
  }
  jump_to (self, position);
}

static void
stop_cb (PraxiLabelList *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search), "");
  g_signal_emit (self, chosen_signal, 0, G_GINT64_CONSTANT (0));
}

void
praxi_label_list_search (PraxiLabelList *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
  gtk_editable_select_region (GTK_EDITABLE (self->search), 0, -1);
}

/* --- life ---------------------------------------------------------------------------------- */

static void
praxi_label_list_dispose (GObject *object)
{
  PraxiLabelList *self = PRAXI_LABEL_LIST (object);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_LABEL_LIST);
  g_clear_object (&self->selection);
  g_clear_object (&self->model);
  g_clear_object (&self->session);
  g_clear_pointer (&self->shown_classes, g_free);
  G_OBJECT_CLASS (praxi_label_list_parent_class)->dispose (object);
}

static void
praxi_label_list_class_init (PraxiLabelListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_label_list_dispose;
  chosen_signal = g_signal_new ("chosen", PRAXI_TYPE_LABEL_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/label-list.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiLabelList, search);
  gtk_widget_class_bind_template_child (widget_class, PraxiLabelList, caption);
  gtk_widget_class_bind_template_child (widget_class, PraxiLabelList, stack);
  gtk_widget_class_bind_template_child (widget_class, PraxiLabelList, empty);
  gtk_widget_class_bind_template_child (widget_class, PraxiLabelList, view);
  gtk_widget_class_bind_template_callback (widget_class, search_cb);
  gtk_widget_class_bind_template_callback (widget_class, jump_cb);
  gtk_widget_class_bind_template_callback (widget_class, stop_cb);
  gtk_widget_class_bind_template_callback (widget_class, activate_cb);
}

static void
praxi_label_list_init (PraxiLabelList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
praxi_label_list_new (PraxiSession *session)
{
  PraxiLabelList *self = g_object_new (PRAXI_TYPE_LABEL_LIST, NULL);
  self->session = g_object_ref (session);
  self->model = praxi_label_model_new (session);
  self->selection = gtk_single_selection_new (g_object_ref (G_LIST_MODEL (self->model)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
  gtk_list_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), self);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), self);
  gtk_list_view_set_factory (self->view, factory);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self, PRAXI_CHANGE_ALL);
  return GTK_WIDGET (self);
}
