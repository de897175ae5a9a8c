/* GTK's own window of shortcuts is as wide as its longest titles side by side, which is more than a
 * small screen has; here titles break into lines.
 */
#include "ui/keys-list.h"

#include <glib/gi18n.h>
#include <string.h>

enum { WIDTH_PX = 860, HEIGHT_PX = 620, N_COLUMNS = 2 };
#define WORDS "praxi-words"

typedef struct {
  const char *title; /* marked with N_ */
  const char *keys;  /* as GTK writes them; a range stays together */
} FixedKey;

static const FixedKey fixed_keys[] = {
    {N_ ("Choose a class; label what is marked"), "1...9 0"},
    {N_ ("Held while it plays: label all the while"), "1...9 0"},
    {N_ ("Menu"), "F10"},
    {N_ ("Close the window"), "<Control>w"},
    {N_ ("Quit"), "<Control>q"},
};

typedef struct {
  GtkBox *columns[N_COLUMNS];
  guint n_rows, n_placed;
} List;

/* --- searching ----------------------------------------------------------------------------- */

static gboolean
show_rows (GtkWidget *group, const char *wanted)
{
  gboolean has_rows = FALSE;
  GtkWidget *heading = gtk_widget_get_first_child (group);
  for (GtkWidget *row = gtk_widget_get_next_sibling (heading); row != NULL;
       row = gtk_widget_get_next_sibling (row)) {
    const gboolean is_wanted = strstr (g_object_get_data (G_OBJECT (row), WORDS), wanted) != NULL;
    gtk_widget_set_visible (row, is_wanted);
    has_rows |= is_wanted;
  }
  gtk_widget_set_visible (group, has_rows);
  return has_rows;
}

static void
search_cb (GtkSearchEntry *entry, GtkStack *pages)
{
  gboolean is_found = FALSE;
  g_autofree char *wanted = g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (entry)), -1);
  GtkWidget *columns = gtk_stack_get_child_by_name (pages, "keys");
  columns = g_object_get_data (G_OBJECT (columns), "praxi-columns");
  for (GtkWidget *column = gtk_widget_get_first_child (columns); column != NULL;
       column = gtk_widget_get_next_sibling (column))
    for (GtkWidget *group = gtk_widget_get_first_child (column); group != NULL;
         group = gtk_widget_get_next_sibling (group))
      is_found |= show_rows (group, wanted);
  gtk_stack_set_visible_child_name (pages, is_found ? "keys" : "nothing");
}

/* Escape: first what was looked for goes, then the window. */
static void
stop_search_cb (GtkSearchEntry *entry, GtkWindow *window)
{
  if (*gtk_editable_get_text (GTK_EDITABLE (entry)) == '\0')
    gtk_window_close (window);
  else
    gtk_editable_set_text (GTK_EDITABLE (entry), "");
}

/* --- rows ---------------------------------------------------------------------------------- */

static char *
make_words (const char *title, char *const *keys)
{
  g_autoptr (GString) words = g_string_new (title);
  for (guint i = 0; keys[i] != NULL; i++) {
    g_autofree char *label = praxi_key_label (keys[i]);
    g_string_append_printf (words, " %s", label);
  }
  return g_utf8_casefold (words->str, -1);
}

static void
add_row (GtkBox *group, const char *title, char *const *keys)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *label = gtk_label_new (title);
  GtkWidget *list = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);
  for (guint i = 0; keys[i] != NULL; i++) {
    GtkWidget *key = gtk_shortcut_label_new (keys[i]);
    gtk_widget_set_halign (key, GTK_ALIGN_END);
    gtk_box_append (GTK_BOX (list), key);
  }
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_set_valign (list, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (row), label);
  gtk_box_append (GTK_BOX (row), list);
  gtk_box_append (group, row);
  g_object_set_data_full (G_OBJECT (row), WORDS, make_words (title, keys), g_free);
}

/* Whole groups fill one column after the other. */
static GtkBox *
add_group (List *list, const char *title, guint n_rows)
{
  GtkWidget *group = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);
  GtkWidget *heading = gtk_label_new (title);
  const guint column = list->n_placed * N_COLUMNS / MAX (1, list->n_rows);
  gtk_label_set_xalign (GTK_LABEL (heading), 0);
  gtk_widget_add_css_class (heading, "heading");
  gtk_widget_set_margin_bottom (heading, 4);
  gtk_box_append (GTK_BOX (group), heading);
  gtk_box_append (list->columns[MIN (column, N_COLUMNS - 1)], group);
  list->n_placed += n_rows;
  return GTK_BOX (group);
}

static void
fill (List *list, PraxiKeymap *keymap)
{
  list->n_rows = G_N_ELEMENTS (fixed_keys);
  for (guint g = 0; g < praxi_n_action_groups; g++)
    list->n_rows += praxi_action_groups[g]->n_actions;
  for (guint g = 0; g < praxi_n_action_groups; g++) {
    const PraxiActionGroup *actions = praxi_action_groups[g];
    GtkBox *group = add_group (list, _ (actions->title), actions->n_actions);
    for (guint i = 0; i < actions->n_actions; i++) {
      g_auto (GStrv) keys = praxi_keymap_keys (keymap, &actions->actions[i]);
      if (keys[0] != NULL)
        add_row (group, _ (actions->actions[i].title), keys);
    }
  }
  GtkBox *group = add_group (list, _ ("Always"), G_N_ELEMENTS (fixed_keys));
  for (guint i = 0; i < G_N_ELEMENTS (fixed_keys); i++) {
    char *const keys[] = {(char *) fixed_keys[i].keys, NULL};
    add_row (group, _ (fixed_keys[i].title), keys);
  }
}

/* --- the window ---------------------------------------------------------------------------- */

static GtkWidget *
make_columns (PraxiKeymap *keymap)
{
  List list = {0};
  GtkWidget *columns = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 36);
  gtk_box_set_homogeneous (GTK_BOX (columns), TRUE);
  gtk_widget_set_margin_top (columns, 12);
  gtk_widget_set_margin_bottom (columns, 24);
  gtk_widget_set_margin_start (columns, 24);
  gtk_widget_set_margin_end (columns, 24);
  for (guint i = 0; i < N_COLUMNS; i++) {
    list.columns[i] = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 24));
    gtk_box_append (GTK_BOX (columns), GTK_WIDGET (list.columns[i]));
  }
  fill (&list, keymap);
  GtkWidget *scrolled = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), columns);
  g_object_set_data (G_OBJECT (scrolled), "praxi-columns", columns);
  return scrolled;
}

static GtkWidget *
make_pages (PraxiKeymap *keymap)
{
  GtkWidget *pages = gtk_stack_new ();
  GtkWidget *nothing = gtk_label_new (_ ("No action and no key is called that."));
  gtk_widget_add_css_class (nothing, "dim-label");
  gtk_label_set_wrap (GTK_LABEL (nothing), TRUE);
  gtk_widget_set_vexpand (pages, TRUE);
  gtk_stack_add_named (GTK_STACK (pages), make_columns (keymap), "keys");
  gtk_stack_add_named (GTK_STACK (pages), nothing, "nothing");
  return pages;
}

static GtkWidget *
make_search (GtkWindow *window, GtkWidget *pages)
{
  GtkWidget *search = gtk_search_entry_new ();
  gtk_search_entry_set_key_capture_widget (GTK_SEARCH_ENTRY (search), GTK_WIDGET (window));
  g_object_set (search, "placeholder-text", _ ("Find an action or a key"), "width-chars", 30, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (search), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Find an action or a key"), -1);
  g_signal_connect (search, "search-changed", G_CALLBACK (search_cb), pages);
  g_signal_connect (search, "stop-search", G_CALLBACK (stop_search_cb), window);
  return search;
}

GtkWindow *
praxi_keys_list_new (GtkWindow *parent, PraxiKeymap *keymap)
{
  GtkWindow *window = g_object_new (ADW_TYPE_WINDOW, "title", _ ("Keys"), "transient-for", parent,
                                    "modal", TRUE, "default-width", WIDTH_PX, "default-height",
                                    HEIGHT_PX, "destroy-with-parent", TRUE, NULL);
  GtkWidget *pages = make_pages (keymap);
  GtkWidget *header = adw_header_bar_new ();
  adw_header_bar_set_title_widget (ADW_HEADER_BAR (header), make_search (window, pages));
  GtkWidget *body = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  gtk_box_append (GTK_BOX (body), header);
  gtk_box_append (GTK_BOX (body), pages);
  adw_window_set_content (ADW_WINDOW (window), body);
  return window;
}
