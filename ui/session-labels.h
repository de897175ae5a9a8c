/* The session's labels, classes and undo: an in-memory index of what the project holds, plus what
 * is on its way into it. A label shows at once; it counts as kept when its transaction has
 * committed.
 */
#pragma once

#include "engine/store/labels.h"
#include "engine/store/seen.h"
#include "ui/session.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_LABEL_KEPT,     /* committed */
  PRAXI_LABEL_PENDING,  /* on its way */
  PRAXI_LABEL_NOT_KEPT, /* the project refused it; praxi_session_retry tries again */
} PraxiLabelState;

typedef struct {
  gint64 id; /* negative until the project gave one */
  gint64 class_id;
  PraxiTimeSpan span;
  int start_frame; /* half-open */
  int end_frame;
  PraxiLabelState state;
  char *author; /* "" while it is on its way */
  char *source;
  char *note;
  gint64 created_us;
} PraxiUiLabel;

/* Immutable and shared: a label that changes is another object.
 * Thread: main
 */
PraxiUiLabel *praxi_ui_label_ref (const PraxiUiLabel *label);
void praxi_ui_label_unref (PraxiUiLabel *label);

typedef struct {
  gint64 id;
  char *name;
  GdkRGBA color;
  char key;                 /* '1' … '9', '0', or 0 */
  gint64 n_labels, n_media; /* in the whole project, when the classes were read */
  gint64 labelled_ns;
} PraxiUiClass;

/* Labels of the open media by start, PraxiUiLabel; classes in their order, PraxiUiClass. Borrowed
 * until the next PRAXI_CHANGE_LABELS.
 */
const GPtrArray *praxi_session_labels (PraxiSession *session);
const GPtrArray *praxi_session_classes (PraxiSession *session);
guint praxi_session_labels_revision (PraxiSession *session); /* grows with every change of them */
const PraxiUiLabel *praxi_session_find_label (PraxiSession *session, gint64 label_id);
const PraxiUiClass *praxi_session_find_class (PraxiSession *session, gint64 class_id);
const PraxiUiClass *praxi_session_find_class_named (PraxiSession *session, const char *name);

gint64 praxi_session_current_class (PraxiSession *session); /* 0 while there is none */

/* Chooses the class; when something is marked, labels it at once. */
void praxi_session_choose_class (PraxiSession *session, gint64 class_id);
void praxi_session_choose_class_key (PraxiSession *session, char key);
void praxi_session_add_class (PraxiSession *session, const char *name);

/* Reads the classes again, with how many labels they have, and what was seen and left unlabelled.
 */
void praxi_session_count_classes (PraxiSession *session);

/* What training learns as background from the whole project; nothing before it was counted. */
PraxiSeenCount praxi_session_seen (PraxiSession *session);

/* Classes, each call one step of undo. */
void praxi_session_rename_class (PraxiSession *session, gint64 class_id, const char *name);
void praxi_session_recolor_class (PraxiSession *session, gint64 class_id, const char *color);
void praxi_session_set_class_key (PraxiSession *session, gint64 class_id, char key); /* 0: none */
void praxi_session_move_class (PraxiSession *session, gint64 class_id, guint position);
void praxi_session_remove_class (PraxiSession *session, gint64 class_id); /* and its labels */

void praxi_session_undo (PraxiSession *session);
void praxi_session_redo (PraxiSession *session);
gboolean praxi_session_can_undo (PraxiSession *session);
gboolean praxi_session_can_redo (PraxiSession *session);

/* Another project, created when there is none. */
void praxi_session_open_project (PraxiSession *session, const char *path);
const char *praxi_session_project_path (PraxiSession *session);

/* What the project refused: how many changes, and why (NULL while nothing was). Borrowed. */
int praxi_session_n_refused (PraxiSession *session);
const char *praxi_session_refusal (PraxiSession *session);
void praxi_session_retry (PraxiSession *session);

G_END_DECLS
