/* What a person can do with several videos of one scene. */
#include <glib/gi18n.h>

#include "ui/actions.h"
#include "ui/session-scene.h"
#include "ui/window-private.h"

static void
sync_cb (PraxiWindow *self)
{
  g_autoptr (GPtrArray) items = praxi_media_list_selected (self->media_list);
  guint n_others = 0;
  for (guint i = 0; i < items->len; i++) {
    n_others += items->pdata[i] != praxi_session_media (self->session);
    praxi_session_add_companion (self->session, items->pdata[i]);
  }
  gtk_widget_grab_focus (GTK_WIDGET (self->timeline));
  if (n_others == 0)
    praxi_window_say (self, _ ("Select another video in the list first"));
}

static void
unsync_cb (PraxiWindow *self)
{
  PraxiCompanion *companion = praxi_session_chosen_companion (self->session);
  if (companion != NULL)
    praxi_session_remove_companion (self->session, companion);
}

static void
next_cb (PraxiWindow *self)
{
  const guint n_companions = praxi_session_n_companions (self->session);
  for (guint i = 0; i < n_companions; i++)
    if (praxi_session_companion (self->session, i) ==
        praxi_session_chosen_companion (self->session)) {
      praxi_session_choose_companion (
          self->session, praxi_session_companion (self->session, (i + 1) % n_companions));
      return;
    }
}

static void
earlier_cb (PraxiWindow *self)
{
  praxi_session_shift_companion (self->session, -1);
}

static void
later_cb (PraxiWindow *self)
{
  praxi_session_shift_companion (self->session, 1);
}

static void
ten_earlier_cb (PraxiWindow *self)
{
  praxi_session_shift_companion (self->session, -10);
}

static void
ten_later_cb (PraxiWindow *self)
{
  praxi_session_shift_companion (self->session, 10);
}

static const PraxiAction actions[] = {
    {"sync", N_ ("Show the selected video in sync with the open one"), sync_cb, NULL, "y"},
    {"sync-next", N_ ("Choose the next video in sync"), next_cb, NULL, "<Alt>y"},
    {"sync-earlier", N_ ("The chosen one a frame back"), earlier_cb, NULL, "<Alt>comma"},
    {"sync-later", N_ ("The chosen one a frame on"), later_cb, NULL, "<Alt>period"},
    {"sync-ten-earlier", N_ ("The chosen one ten frames back"), ten_earlier_cb, NULL,
     "<Alt><Shift>comma <Alt><Shift>less"},
    {"sync-ten-later", N_ ("The chosen one ten frames on"), ten_later_cb, NULL,
     "<Alt><Shift>period <Alt><Shift>greater"},
    {"sync-open", N_ ("Open the chosen one at this moment"), NULL, praxi_session_open_companion,
     "<Alt>o"},
    {"sync-label", N_ ("Copy the label to the videos in sync"), NULL, praxi_session_label_scene,
     "<Shift>d"},
    {"sync-end", N_ ("Take the chosen one out of the scene"), unsync_cb, NULL, "<Shift>y"},
};

const PraxiActionGroup praxi_actions_scene = {N_ ("Videos in sync"), actions,
                                              G_N_ELEMENTS (actions)};
