/* Labels: what a person says happens, from when to when. */
#pragma once

#include "engine/store/store.h"

G_BEGIN_DECLS

#define PRAXI_LABEL_SOURCE_PERSON "person"     /* marked by hand */
#define PRAXI_LABEL_SOURCE_ACCEPTED "accepted" /* an event of a model that a person accepted */
#define PRAXI_LABEL_SOURCE_IMPORT "import"

typedef struct {
  gint64 id; /* never given to another label, not even after it was removed */
  gint64 media_id;
  gint64 class_id;
  gint64 start_ns; /* pts of the footage; half-open [start, end) */
  gint64 end_ns;
  int start_frame;     /* ordinals, half-open; -1 when not known */
  int end_frame;       /* one past the last frame; -1 when not known */
  char *author;        /* NULL when adding: praxi_store_author */
  char *source;        /* NULL when adding: "person" */
  char *note;          /* NULL stands for "" */
  gint64 created_us;   /* since 1970, UTC; 0 when adding: now */
  gboolean is_damaged; /* out: the row does not match its hash; ignored when adding */
} PraxiLabel;

PraxiLabel *praxi_label_copy (const PraxiLabel *label);
void praxi_label_free (PraxiLabel *label);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiLabel, praxi_label_free)

/* Adds a label, as one step of undo.
 * label:  id and is_damaged are ignored; borrowed
 * id:     out, may be NULL
 * Errors: USAGE (start not before end, text that is not UTF-8 or over 1 MB), NOT_FOUND (media or
 *         class), and those of praxi_store_begin
 */
gboolean
praxi_store_add_label (PraxiStore *store, const PraxiLabel *label, gint64 *id, GError **error);

/* Replaces all fields of the label label->id, as one step of undo.
 * Errors: as praxi_store_add_label
 */
gboolean praxi_store_update_label (PraxiStore *store, const PraxiLabel *label, GError **error);

/* Errors: NOT_FOUND, and those of praxi_store_begin */
gboolean praxi_store_remove_label (PraxiStore *store, gint64 id, GError **error);

/* The labels of one media (0: of all), by media, start and id: PraxiLabel, freed with the array.
 * NULL on error.
 */
GPtrArray *praxi_store_list_labels (PraxiStore *store, gint64 media_id, GError **error);

/* Errors: NOT_FOUND, FORMAT */
PraxiLabel *praxi_store_get_label (PraxiStore *store, gint64 id, GError **error);

G_END_DECLS
