/* The window's parts, for window.c and window-actions.c only. */
#pragma once

#include "ui/camera-bar.h"
#include "ui/keymap.h"
#include "ui/label-bar.h"
#include "ui/media-list.h"
#include "ui/player-view.h"
#include "ui/status-bar.h"
#include "ui/timeline.h"
#include "ui/window.h"

G_BEGIN_DECLS

struct _PraxiWindow {
  AdwApplicationWindow parent_instance;
  PraxiSession *session;
  PraxiWindowHost host;
  PraxiKeymap *keymap;
  char *sample_path;
  const PraxiMediaItem *shown_media; /* only compared, never read */
  gboolean analyses_when_ready;      /* the sample, on its first run */
  gboolean had_side;                 /* the side panel was open before full screen */

  GtkRevealer *notice;
  GtkLabel *notice_text;
  guint notice_source; /* hides it again */
  GtkStack *pages;
  GtkInfoBar *error_bar;
  GtkLabel *error_text;
  GtkInfoBar *refused_bar;
  GtkLabel *refused_text;
  GtkButton *sample_button;
  GtkMenuButton *project_button;
  GtkLabel *device_badge;
  GtkButton *analyse_button;
  GtkToggleButton *side_button;
  PraxiMediaList *media_list;
  PraxiPlayerView *player;
  PraxiCameraBar *camera_bar;
  PraxiLabelBar *label_bar;
  PraxiTimeline *timeline;
  GtkOverlay *center; /* all around the timeline: the hover card is its */
  PraxiStatusBar *status_bar;
  GtkWidget *side;
  GtkStack *side_pages;
};

/* Adds all actions and their keys. */
void praxi_window_add_actions (PraxiWindow *window);

/* Enables what makes sense now. */
void praxi_window_update_actions (PraxiWindow *window, guint changes);

G_END_DECLS
