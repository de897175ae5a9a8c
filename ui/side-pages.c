/* The pages of the side panel. Making all of them takes as long as the rest of the window, so only
 * the one that is seen is made before the first frame, the others one by one when nothing else is
 * to do, or when somebody asks for them.
 */
#include <glib/gi18n.h>

#include "ui/compare-panel.h"
#include "ui/event-list.h"
#include "ui/label-list.h"
#include "ui/learn-page.h"
#include "ui/model-page.h"
#include "ui/window-keys.h"
#include "ui/window-private.h"

typedef struct {
  const char *name;
  const char *title; /* marked with N_ */
  GtkWidget *(*make) (PraxiSession *session);
  gboolean leads; /* a row that is chosen leads to a place on the timeline */
} SidePage;

static const SidePage side_pages[] = {
    {"events", N_ ("Events"), praxi_event_list_new, TRUE},
    {"labels", N_ ("Labels"), praxi_label_list_new, TRUE},
    {"compare", N_ ("Compare"), praxi_compare_panel_new, TRUE},
    {"model", N_ ("Model"), praxi_model_page_new, FALSE},
    {"train", N_ ("Train"), praxi_learn_page_new, FALSE},
};

static GtkWidget *
make_page (PraxiWindow *self, const SidePage *page, AdwBin *place)
{
  GtkWidget *widget = page->make (self->session);
  adw_bin_set_child (place, widget);
  if (page->leads)
    g_signal_connect_object (widget, "chosen", G_CALLBACK (praxi_window_focus_timeline), self,
                             G_CONNECT_SWAPPED);
  if (self->keymap != NULL) /* else the window's own turn comes */
    praxi_window_keys_name (widget, self->keymap);
  return widget;
}

GtkWidget *
praxi_window_side_page (PraxiWindow *self, const char *name)
{
  AdwBin *place = ADW_BIN (gtk_stack_get_child_by_name (self->side_pages, name));
  if (adw_bin_get_child (place) != NULL)
    return adw_bin_get_child (place);
  for (guint i = 0; i < G_N_ELEMENTS (side_pages); i++)
    if (g_str_equal (side_pages[i].name, name))
      return make_page (self, &side_pages[i], place);
  g_assert_not_reached ();
}

gboolean
praxi_window_make_side_page (PraxiWindow *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (side_pages); i++) {
    GtkWidget *place = gtk_stack_get_child_by_name (self->side_pages, side_pages[i].name);
    if (adw_bin_get_child (ADW_BIN (place)) == NULL) {
      make_page (self, &side_pages[i], ADW_BIN (place));
      return TRUE;
    }
  }
  return FALSE;
}

static void
seen_cb (PraxiWindow *self)
{
  const char *name = gtk_stack_get_visible_child_name (self->side_pages);
  if (name != NULL)
    praxi_window_side_page (self, name);
}

void
praxi_window_add_side_pages (PraxiWindow *self, const char *seen)
{
  for (guint i = 0; i < G_N_ELEMENTS (side_pages); i++)
    gtk_stack_add_titled (self->side_pages, adw_bin_new (), side_pages[i].name,
                          _ (side_pages[i].title));
  if (seen != NULL && gtk_stack_get_child_by_name (self->side_pages, seen) != NULL)
    gtk_stack_set_visible_child_name (self->side_pages, seen);
  g_signal_connect_object (self->side_pages, "notify::visible-child", G_CALLBACK (seen_cb), self,
                           G_CONNECT_SWAPPED);
  seen_cb (self);
}
