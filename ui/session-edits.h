/* Changes on their way into the project, for session-store.c and session-labels.c only. */
#pragma once

#include "engine/store/media-table.h"
#include "ui/session-private.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_EDIT_LOAD, /* changes nothing, reads everything */
  PRAXI_EDIT_ADD,
  PRAXI_EDIT_UPDATE,
  PRAXI_EDIT_REMOVE,
  PRAXI_EDIT_UNDO,
  PRAXI_EDIT_REDO,
  PRAXI_EDIT_ADD_CLASS,
} PraxiEditKind;

/* Owned by the main thread's queue; the store thread reads it while it is the head. */
typedef struct {
  PraxiSession *session;
  guint generation;
  PraxiEditKind kind;
  PraxiLabel *label;
  char *class_name;
  PraxiMediaRow *media; /* makes sure the project knows it; NULL when it does */
  gint64 media_id;
} PraxiEdit;

/* Queues an edit; session, generation and media_id are filled in. It shows at once.
 * edit: its pointers are taken over
 */
void praxi_session_push_edit (PraxiSession *session, PraxiEdit edit);

/* A label the project refused is only dropped: there is nothing to take out of the project.
 * Returns FALSE when it was not refused.
 */
gboolean praxi_session_drop_refused (PraxiSession *session, gint64 label_id);

G_END_DECLS
