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

  AdwToastOverlay *toasts;
  GListModel *toast_children;
  AdwToast *toast; /* shown last; NULL when it went */
  GtkStack *pages;
  GtkPaned *list_pane;
  GMenu *recent_videos, *recent_projects;
  gboolean waits_for_frames; /* then the place left last is restored */
  GtkInfoBar *error_bar;
  GtkLabel *error_text;
  GtkExpander *error_more;
  GtkLabel *error_details;
  GtkMenuButton *jobs_button;
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
  guint later_source; /* what can wait for the first frame */
  gboolean asks_device;
};

/* One sentence that goes by itself. */
void praxi_window_say (PraxiWindow *window, const char *text);

/* After a jump the keys are the timeline's again. */
void praxi_window_focus_timeline (PraxiWindow *window);

/* side-pages.c: the side panel. Only the page that is seen is made at once.
 * seen: its name; NULL or unknown: the first one
 */
void praxi_window_add_side_pages (PraxiWindow *window, const char *seen);

/* The page of that name, made when it is not there yet; borrowed. */
GtkWidget *praxi_window_side_page (PraxiWindow *window, const char *name);

/* Makes one more; FALSE when all are there. */
gboolean praxi_window_make_side_page (PraxiWindow *window);

/* window-state.c: size and panels as they were left, and the place in the footage. */
void praxi_window_restore_shape (PraxiWindow *window);
void praxi_window_restore_place (PraxiWindow *window);
void praxi_window_keep_state (PraxiWindow *window);

void praxi_window_open_project (PraxiWindow *window, const char *path);

/* Adds all actions and their keys. */
void praxi_window_add_actions (PraxiWindow *window);

/* Enables what makes sense now. */
void praxi_window_update_actions (PraxiWindow *window, guint changes);

G_END_DECLS
