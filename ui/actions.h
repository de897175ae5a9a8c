/* What a person can do, by name, with its title and its keys. Every key leads to an action; menus,
 * buttons, the shortcuts window and the preferences speak of the same ones.
 */
#pragma once

#include "ui/window.h"

G_BEGIN_DECLS

/* Exactly one of on_window and on_session is set. */
typedef struct {
  const char *name;  /* of the window's action, without "win." */
  const char *title; /* what it does, for people; marked with N_ */
  void (*on_window) (PraxiWindow *window);
  void (*on_session) (PraxiSession *session);
  const char *keys; /* by default: GTK's names, separated by spaces; NULL for none */
} PraxiAction;

typedef struct {
  const char *title; /* marked with N_ */
  const PraxiAction *actions;
  guint n_actions;
} PraxiActionGroup;

extern const PraxiActionGroup praxi_actions_footage;
extern const PraxiActionGroup praxi_actions_play;
extern const PraxiActionGroup praxi_actions_labels;
extern const PraxiActionGroup praxi_actions_review;
extern const PraxiActionGroup praxi_actions_scene;
extern const PraxiActionGroup praxi_actions_view;
extern const PraxiActionGroup praxi_actions_camera;
extern const PraxiActionGroup praxi_actions_window;

/* All of the above, in the order people read them. */
extern const PraxiActionGroup *const praxi_action_groups[];
extern const guint praxi_n_action_groups;

/* The action of that name; NULL when there is none. */
const PraxiAction *praxi_action_find (const char *name);

G_END_DECLS
