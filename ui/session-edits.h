/* Changes on their way into the project, for session-*.c only. */
#pragma once

#include "engine/store/classes.h"
#include "engine/store/media-table.h"
#include "engine/store/verdicts.h"
#include "ui/session-private.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_OP_ADD_LABEL,
  PRAXI_OP_UPDATE_LABEL,
  PRAXI_OP_REMOVE_LABEL,
  PRAXI_OP_ADD_VERDICT,
  PRAXI_OP_REMOVE_VERDICT,
  PRAXI_OP_ADD_CLASS,
  PRAXI_OP_UPDATE_CLASS,
  PRAXI_OP_REMOVE_CLASS,
  PRAXI_OP_ORDER_CLASSES,
} PraxiOpKind;

/* One changed row. Only what its kind needs is set. */
typedef struct {
  PraxiOpKind kind;
  PraxiLabel *label; /* id negative until the project gave one */
  PraxiVerdict *verdict;
  PraxiClass *cls;
  gint64 id; /* of a removed verdict or class */
  GArray *class_ids;
} PraxiOp;

typedef enum {
  PRAXI_EDIT_LOAD,  /* changes nothing, reads everything */
  PRAXI_EDIT_COUNT, /* changes nothing, reads the classes and what was seen */
  PRAXI_EDIT_CHANGE,
  PRAXI_EDIT_UNDO,
  PRAXI_EDIT_REDO,
} PraxiEditKind;

/* What a person did: one transaction and one step of undo. Owned by the main thread's queue; the
 * store thread reads it while it is the head, and nobody writes it then.
 */
typedef struct {
  PraxiSession *session;
  guint generation;
  PraxiEditKind kind;
  GPtrArray *ops;       /* PraxiOp; NULL for none */
  PraxiMediaRow *media; /* makes sure the project knows it; NULL when it does */
  gint64 media_id;
  gint64 seen_revision; /* what changed since is read back */
} PraxiEdit;

/* A change without rows yet. */
PraxiEdit *praxi_edit_new (PraxiEditKind kind);
void praxi_edit_free (PraxiEdit *edit);

/* Each adds a row and takes the pointer over. */
void praxi_edit_label (PraxiEdit *edit, PraxiOpKind kind, PraxiLabel *label);
void praxi_edit_verdict (PraxiEdit *edit, PraxiVerdict *verdict);
void praxi_edit_class (PraxiEdit *edit, PraxiOpKind kind, PraxiClass *cls);
void praxi_edit_remove (PraxiEdit *edit, PraxiOpKind kind, gint64 id);
void praxi_edit_order (PraxiEdit *edit, GArray *class_ids); /* of gint64 */

/* Queues an edit, which is taken over; session, generation and media_id are filled in. It shows at
 * once. An edit of no rows is dropped.
 */
void praxi_session_push_edit (PraxiSession *session, PraxiEdit *edit);

/* A label for PRAXI_OP_ADD_LABEL, with an id until the project gives one; and all of a shown one,
 * to be changed and given to PRAXI_OP_UPDATE_LABEL or REMOVE_LABEL.
 */
PraxiLabel *praxi_session_new_label (PraxiSession *session,
                                     gint64 class_id,
                                     int start_frame,
                                     int end_frame,
                                     const char *source);
PraxiLabel *praxi_session_copy_label (PraxiSession *session, const PraxiUiLabel *shown);
void
praxi_session_set_frames (PraxiSession *session, PraxiLabel *label, int start_frame, int end_frame);

/* A label the project refused is only dropped: there is nothing to take out of the project.
 * Returns FALSE when it was not refused.
 */
gboolean praxi_session_drop_refused (PraxiSession *session, gint64 label_id);

/* The project's verdicts on the open media with those on their way: PraxiVerdict; borrowed until
 * the next change of labels.
 */
const GPtrArray *praxi_session_verdicts (PraxiSession *session);

G_END_DECLS
