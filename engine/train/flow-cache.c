#include "engine/train/flow-cache.h"

#include <glib/gstdio.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/flow-net.h"

/* Part of every name: another one where what is computed, or how it is kept, changes. */
#define VERSION "flow 1"

enum { DIGEST_DIGITS = 32 };

typedef struct {
  guint64 n_pairs, n_rows, pair_numbers;
  PraxiFlowTrack tracks[PRAXI_FLOW_VIEWS];
} Head;

void
praxi_flow_entry_clear (PraxiFlowEntry *entry)
{
  g_clear_pointer (&entry->halves, g_free);
  g_clear_pointer (&entry->rows, g_free);
}

char *
praxi_flow_cache_path (const char *folder,
                       const char *media,
                       guint32 seed,
                       const PraxiModelSpec *spec,
                       int n_views,
                       int statistics_views)
{
  GStatBuf status;
  if (g_stat (media, &status) != 0)
    return NULL;
  g_autofree char *whole = g_canonicalize_filename (media, NULL);
  g_autofree char *key =
      g_strdup_printf (VERSION "|%s|%" G_GINT64_FORMAT "|%" G_GINT64_FORMAT "|%" G_GINT64_FORMAT
                               "|%u|%d|%d|%d|%.9g|%d|%d",
                       whole, (gint64) status.st_size, (gint64) status.st_mtim.tv_sec,
                       (gint64) status.st_mtim.tv_nsec, seed, spec->frames, spec->height,
                       spec->width, spec->rate_hz, n_views, statistics_views);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
  g_autofree char *name = g_strdup_printf ("%.*s.flow", DIGEST_DIGITS, digest);
  return g_build_filename (folder, name, NULL);
}

/* Whether what the head says adds up to what is there. */
static gboolean
is_sound (const Head *head, gsize size, gsize pair_numbers)
{
  const gsize pair_bytes = pair_numbers * sizeof (guint16);
  const gsize row_bytes = PRAXI_FLOW_STATISTICS * sizeof (float), most = size - sizeof *head;
  gboolean good = head->pair_numbers == pair_numbers && head->n_pairs <= most / pair_bytes &&
                  head->n_rows <= most / row_bytes &&
                  head->n_pairs * pair_bytes + head->n_rows * row_bytes == most;
  for (int v = 0; good && v < PRAXI_FLOW_VIEWS; v++) {
    const PraxiFlowTrack *track = &head->tracks[v];
    good = track->n_pairs >= 0 && track->first <= head->n_pairs &&
           (gsize) track->n_pairs <= head->n_pairs - track->first &&
           track->statistics <= head->n_rows;
  }
  return good;
}

gboolean
praxi_flow_cache_read (const char *path, gsize pair_numbers, PraxiFlowEntry *entry)
{
  g_autofree char *data = NULL;
  gsize size = 0;
  Head head;
  if (!g_file_get_contents (path, &data, &size, NULL) || size < sizeof head)
    return FALSE;
  memcpy (&head, data, sizeof head);
  if (!is_sound (&head, size, pair_numbers))
    return FALSE;
  const gsize maps = head.n_pairs * pair_numbers * sizeof *entry->halves;
  *entry = (PraxiFlowEntry){.n_pairs = head.n_pairs, .n_rows = head.n_rows};
  memcpy (entry->tracks, head.tracks, sizeof head.tracks);
  entry->halves = g_memdup2 (data + sizeof head, maps);
  entry->rows = g_memdup2 (data + sizeof head + maps, size - sizeof head - maps);
  return TRUE;
}

gboolean
praxi_flow_cache_write (const char *path,
                        gsize pair_numbers,
                        const PraxiFlowEntry *entry,
                        GError **error)
{
  Head head;
  memset (&head, 0, sizeof head);
  head.n_pairs = entry->n_pairs;
  head.n_rows = entry->n_rows;
  head.pair_numbers = pair_numbers;
  memcpy (head.tracks, entry->tracks, sizeof head.tracks);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GString) data = g_string_new_len ((const char *) &head, sizeof head);
  g_autoptr (GError) why = NULL;
  if (entry->n_pairs > 0)
    g_string_append_len (data, (const char *) entry->halves,
                         (gssize) (entry->n_pairs * pair_numbers * sizeof *entry->halves));
  if (entry->n_rows > 0)
    g_string_append_len (data, (const char *) entry->rows,
                         (gssize) (entry->n_rows * PRAXI_FLOW_STATISTICS * sizeof *entry->rows));
  g_mkdir_with_parents (folder, 0777);
  if (g_file_set_contents (path, data->str, (gssize) data->len, &why))
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "--cache: %s", why->message);
  return FALSE;
}
