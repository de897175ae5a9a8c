/* The motion of files kept from one run to the next: one entry a file of footage and way of seeing
 * it, named by a digest of both. An entry that is missing or is not what it should be is computed
 * anew.
 */
#pragma once

#include "engine/train/flow-clips.h"

G_BEGIN_DECLS

typedef struct {
  PraxiFlowTrack tracks[PRAXI_FLOW_VIEWS]; /* first and statistics count from the entry's own */
  gsize n_pairs, n_rows;
  guint16 *halves; /* [n_pairs] maps */
  float *rows;     /* [n_rows, PRAXI_FLOW_STATISTICS] */
} PraxiFlowEntry;

void praxi_flow_entry_clear (PraxiFlowEntry *entry);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PraxiFlowEntry, praxi_flow_entry_clear)

/* Where the entry of a media stands in a folder: it depends on the file's name, size and time of
 * change, on seed, which changed views are drawn with, and on what is computed of it. Free with
 * g_free; NULL where the file cannot be seen.
 */
char *praxi_flow_cache_path (const char *folder,
                             const char *media,
                             guint32 seed,
                             const PraxiModelSpec *spec,
                             int n_views,
                             int statistics_views);

/* pair_numbers: of the maps of a pair. FALSE: there is none */
gboolean praxi_flow_cache_read (const char *path, gsize pair_numbers, PraxiFlowEntry *entry);

/* Errors: DISK */
gboolean praxi_flow_cache_write (const char *path,
                                 gsize pair_numbers,
                                 const PraxiFlowEntry *entry,
                                 GError **error);

G_END_DECLS
