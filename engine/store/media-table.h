/* The footage a project speaks of. */
#pragma once

#include "engine/store/store.h"

G_BEGIN_DECLS

/* One file of footage. Fields that are not known are zero or NULL. */
typedef struct {
  gint64 id;
  char *path;        /* absolute, in the encoding of file names; kept relative to the project where
                        the footage lies beside or below it, so that both can be moved together */
  char *name;        /* for people: valid UTF-8; NULL when adding: the last part of path */
  gint64 size_bytes; /* of the file when it was added, with mtime_us: was it replaced since? */
  gint64 mtime_us;
  char *sha256; /* lower-case hex */
  gint64 frames;
  gint64 first_pts_ns;
  gint64 duration_ns;
  int width_px, height_px; /* upright */
  char *group;             /* footage of one group (a place, a person) never straddles splits */
  char *split;             /* "train", "val", "test" or NULL */
  gint64 added_us;         /* since 1970, UTC */
} PraxiMediaRow;

void praxi_media_row_free (PraxiMediaRow *media);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiMediaRow, praxi_media_row_free)

/* Adds footage, or finds it when its path is in the project already (what is known of it in `media`
 * and not in the project is filled in). size_bytes and mtime_us are taken from the file when zero
 * and the file can be seen.
 * media:  fields other than path are optional; id and added_us are ignored; borrowed
 * id:     out, may be NULL
 * Errors: USAGE (text that is not UTF-8), and those of praxi_store_begin
 */
gboolean
praxi_store_add_media (PraxiStore *store, const PraxiMediaRow *media, gint64 *id, GError **error);

/* Replaces all fields of the row media->id, for example after the footage was moved.
 * Errors: NOT_FOUND, USAGE, and those of praxi_store_begin
 */
gboolean praxi_store_update_media (PraxiStore *store, const PraxiMediaRow *media, GError **error);

/* All footage in the order it was added: PraxiMediaRow, freed with the array. NULL on error. */
GPtrArray *praxi_store_list_media (PraxiStore *store, GError **error);

/* The row of that id or path. Free with praxi_media_row_free.
 * Errors: NOT_FOUND, FORMAT
 */
PraxiMediaRow *praxi_store_get_media (PraxiStore *store, gint64 id, GError **error);
PraxiMediaRow *praxi_store_find_media (PraxiStore *store, const char *path, GError **error);

/* Takes footage on which nobody worked out of the project, with its runs; the files stay.
 * Errors: NOT_FOUND, FAILED (it has labels or verdicts), and those of praxi_store_begin
 */
gboolean praxi_store_remove_media (PraxiStore *store, gint64 id, GError **error);

G_END_DECLS
