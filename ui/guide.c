#include "ui/guide.h"

#include <glib/gi18n.h>

#include "ui/guide-text.h"

#define NAME "praxi-guide"
#define FOLDER "/io/github/praxiscope/Praxiscope/guide/"
#define WIDTH_PX 820
#define HEIGHT_PX 640
#define TEXT_PX 640

const char *const praxi_guide_pages[] = {"first-video", "labels",  "compare", "cameras",
                                         "keys",        "figures", "privacy", NULL};

static GBytes *
find_page (const char *folder, const char *page)
{
  g_autofree char *path = g_strdup_printf (FOLDER "%s%s.md", folder, page);
  return g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

char *
praxi_guide_text (const char *page)
{
  g_autoptr (GBytes) bytes = NULL;
  const char *const *languages = g_get_language_names ();
  for (guint i = 0; bytes == NULL && languages[i] != NULL && !g_str_has_prefix (languages[i], "en");
       i++) {
    g_autofree char *folder = g_strconcat (languages[i], "/", NULL);
    bytes = find_page (folder, page);
  }
  if (bytes == NULL)
    bytes = find_page ("", page);
  gsize length = 0;
  const char *text = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;
  return g_strndup (text != NULL ? text : "", length);
}

/* A link to another page leads there; the rest is the desktop's. */
static gboolean
follow_cb (GtkLabel *label, const char *address, gpointer user_data)
{
  if (!g_str_has_suffix (address, ".md"))
    return FALSE;
  g_autofree char *page = g_strndup (address, strlen (address) - strlen (".md"));
  gtk_stack_set_visible_child_name (user_data, page);
  return TRUE;
}

static GtkWidget *
make_label (GtkStack *stack, const char *markup, const char *style)
{
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_markup (GTK_LABEL (label), markup);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_set_valign (label, GTK_ALIGN_START);
  if (style != NULL)
    gtk_widget_add_css_class (label, style);
  g_signal_connect (label, "activate-link", G_CALLBACK (follow_cb), stack);
  return label;
}

static void
add_item (GtkBox *box, GtkStack *stack, const PraxiGuideBlock *block)
{
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 10);
  GtkWidget *marker = gtk_label_new (block->marker);
  gtk_widget_set_valign (marker, GTK_ALIGN_START);
  gtk_widget_add_css_class (marker, "dim-label");
  gtk_widget_set_margin_start (marker, 6);
  gtk_box_append (GTK_BOX (line), marker);
  gtk_box_append (GTK_BOX (line), make_label (stack, block->cells[0], NULL));
  gtk_box_append (box, line);
}

static void
add_row (GtkGrid *table, GtkStack *stack, const PraxiGuideBlock *block, int row)
{
  for (int i = 0; block->cells[i] != NULL; i++)
    gtk_grid_attach (table, make_label (stack, block->cells[i], row == 0 ? "heading" : NULL), i,
                     row, 1, 1);
}

static GtkGrid *
add_table (GtkBox *box)
{
  GtkWidget *table = gtk_grid_new ();
  gtk_grid_set_column_spacing (GTK_GRID (table), 24);
  gtk_grid_set_row_spacing (GTK_GRID (table), 6);
  gtk_box_append (box, table);
  return GTK_GRID (table);
}

static void
fill (GtkBox *box, GtkStack *stack, const GPtrArray *blocks)
{
  static const char *const styles[] = {
      [PRAXI_GUIDE_TITLE] = "title-1",
      [PRAXI_GUIDE_HEADING] = "title-4",
      [PRAXI_GUIDE_CODE] = "monospace",
      [PRAXI_GUIDE_ROW] = NULL,
  };
  GtkGrid *table = NULL;
  int row = 0;
  for (guint i = 0; i < blocks->len; i++) {
    const PraxiGuideBlock *block = blocks->pdata[i];
    if (block->kind == PRAXI_GUIDE_ROW) {
      if (table == NULL)
        table = add_table (box);
      add_row (table, stack, block, row++);
      continue;
    }
    table = NULL;
    row = 0;
    if (block->kind == PRAXI_GUIDE_ITEM) {
      add_item (box, stack, block);
      continue;
    }
    GtkWidget *label = make_label (stack, block->cells[0], styles[block->kind]);
    gtk_label_set_selectable (GTK_LABEL (label), block->kind == PRAXI_GUIDE_CODE);
    if (block->kind == PRAXI_GUIDE_HEADING)
      gtk_widget_set_margin_top (label, 12);
    gtk_box_append (box, label);
  }
}

static void
add_page (GtkStack *stack, const char *page)
{
  g_autofree char *text = praxi_guide_text (page);
  g_autoptr (GPtrArray) blocks = praxi_guide_parse (text);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 10);
  gtk_widget_set_margin_top (box, 24);
  gtk_widget_set_margin_bottom (box, 36);
  gtk_widget_set_margin_start (box, 24);
  gtk_widget_set_margin_end (box, 24);
  fill (GTK_BOX (box), stack, blocks);
  GtkWidget *clamp = adw_clamp_new ();
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), TEXT_PX);
  adw_clamp_set_child (ADW_CLAMP (clamp), box);
  GtkWidget *scrolled = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), clamp);
  const PraxiGuideBlock *title = blocks->len > 0 ? blocks->pdata[0] : NULL;
  gtk_stack_add_titled (stack, scrolled, page, title != NULL ? title->cells[0] : page);
}

static GtkWidget *
make_body (void)
{
  GtkWidget *stack = gtk_stack_new ();
  gtk_widget_set_hexpand (stack, TRUE);
  for (guint i = 0; praxi_guide_pages[i] != NULL; i++)
    add_page (GTK_STACK (stack), praxi_guide_pages[i]);
  GtkWidget *list = gtk_stack_sidebar_new ();
  gtk_stack_sidebar_set_stack (GTK_STACK_SIDEBAR (list), GTK_STACK (stack));
  gtk_widget_set_size_request (list, 180, -1);
  GtkWidget *body = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_box_append (GTK_BOX (body), list);
  gtk_box_append (GTK_BOX (body), gtk_separator_new (GTK_ORIENTATION_VERTICAL));
  gtk_box_append (GTK_BOX (body), stack);
  return body;
}

static GtkWindow *
find_shown (void)
{
  GListModel *windows = gtk_window_get_toplevels ();
  for (guint i = 0; i < g_list_model_get_n_items (windows); i++) {
    g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);
    if (g_str_equal (gtk_widget_get_name (GTK_WIDGET (window)), NAME))
      return window;
  }
  return NULL;
}

static GtkWindow *
make_window (GtkWindow *parent)
{
  GtkWidget *window = gtk_window_new ();
  gtk_widget_set_name (window, NAME);
  gtk_window_set_title (GTK_WINDOW (window), _ ("Guide"));
  gtk_window_set_default_size (GTK_WINDOW (window), WIDTH_PX, HEIGHT_PX);
  gtk_window_set_transient_for (GTK_WINDOW (window), parent);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (window), TRUE);
  gtk_window_set_titlebar (GTK_WINDOW (window), adw_header_bar_new ());
  gtk_window_set_child (GTK_WINDOW (window), make_body ());
  GtkEventController *keys = gtk_shortcut_controller_new ();
  gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (keys), gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Escape, 0),
                                                        gtk_named_action_new ("window.close")));
  gtk_widget_add_controller (window, keys);
  return GTK_WINDOW (window);
}

void
praxi_guide_show (GtkWindow *parent)
{
  GtkWindow *shown = find_shown ();
  GtkWindow *window = shown != NULL ? shown : make_window (parent);
  gtk_window_present (window);
  if (shown == NULL) /* the list of pages, for the arrow keys */
    gtk_widget_child_focus (gtk_window_get_child (window), GTK_DIR_TAB_FORWARD);
}
