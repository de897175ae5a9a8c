/* What comes back from the project after an edit, for session-store.c only. */
#pragma once

#include "engine/store/seen.h"
#include "ui/session-edits.h"

G_BEGIN_DECLS

typedef struct {
  gint64 temporary;
  gint64 given;
} PraxiGivenId;

/* What the project holds after an edit, or what of it changed. */
typedef struct {
  gboolean is_whole; /* labels are all labels; else those that changed */
  gint64 revision;
  gint64 media_id;
  GArray *given;       /* PraxiGivenId */
  GPtrArray *labels;   /* PraxiLabel */
  GArray *gone;        /* gint64, labels that are no longer there */
  GPtrArray *classes;  /* PraxiClass; NULL: unchanged */
  GPtrArray *verdicts; /* PraxiVerdict; NULL: unchanged */
  PraxiSeenCount seen; /* of the project, when counting */
  gboolean has_seen;
  GArray *coverage; /* PraxiSeenSpan, when loading */
  gboolean can_undo, can_redo;
  char *what;       /* was undone or redone */
  char *track_path; /* of the newest run, when loading */
  char *run_params;
  char *other_track_path; /* of the newest finished one of another model */
  char *other_params;
  gboolean is_remote; /* the project lies on another machine, when loading */
  GArray *progress;   /* PraxiReviewProgress, when loading */
} PraxiStoreView;

void praxi_store_view_free (PraxiStoreView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiStoreView, praxi_store_view_free)

/* Does an edit (data) in one transaction and returns a PraxiStoreView.
 * Thread: the store's
 */
gpointer praxi_store_view_call (PraxiStore *store, gpointer data, GError **error);

G_END_DECLS
