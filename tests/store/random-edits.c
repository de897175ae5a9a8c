#include "tests/store/random-edits.h"

#include <sqlite3.h>

#include "engine/store/store-private.h"

guint32
next_random (guint32 *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static gboolean
random_add (PraxiStore *store, gint64 media_id, guint32 *state, GError **error)
{
  g_autofree char *note = g_strdup_printf ("walk %u, 'quoted' & <b>ü</b>", next_random (state));
  const PraxiLabel label = {
      .media_id = media_id,
      .class_id = 1 + next_random (state) % 3,
      .start_ns = next_random (state),
      .end_ns = G_GINT64_CONSTANT (4294967296) + next_random (state),
      .start_frame = -1,
      .end_frame = -1,
      .note = note,
  };
  return praxi_store_add_label (store, &label, NULL, error);
}

static gint64
random_label (PraxiStore *store, guint32 *state)
{
  static const char sql[] = "SELECT id FROM label WHERE id >= ?1 ORDER BY id LIMIT 1";
  sqlite3_stmt *select = NULL;
  gint64 id = 0;
  if (sqlite3_prepare_v2 (store->db, sql, -1, &select, NULL) == SQLITE_OK) {
    sqlite3_bind_int64 (select, 1, next_random (state) % (1 + praxi_store_revision (store)));
    if (sqlite3_step (select) == SQLITE_ROW)
      id = sqlite3_column_int64 (select, 0);
  }
  sqlite3_finalize (select);
  return id;
}

static gboolean
random_change (PraxiStore *store, guint32 *state, GError **error)
{
  const gint64 id = random_label (store, state);
  g_autoptr (PraxiLabel) label = id != 0 ? praxi_store_get_label (store, id, error) : NULL;
  if (id == 0)
    return TRUE;
  if (label == NULL)
    return FALSE;
  if (next_random (state) % 3 == 0)
    return praxi_store_remove_label (store, id, error);
  label->end_ns += 1 + next_random (state) % 1000;
  return praxi_store_update_label (store, label, error);
}

gboolean
random_edit (PraxiStore *store, gint64 media_id, guint32 *state, GError **error)
{
  const guint32 choice = next_random (state) % 16;
  if (choice < 10)
    return random_add (store, media_id, state, error);
  if (choice < 13)
    return random_change (store, state, error);
  if (choice < 15)
    return !praxi_store_can_undo (store) || praxi_store_undo (store, NULL, error);
  return !praxi_store_can_redo (store) || praxi_store_redo (store, NULL, error);
}

static gboolean
read_hash (PraxiStore *store, gint64 seq, char hex[65])
{
  sqlite3_stmt *select = NULL;
  gboolean is_there = FALSE;
  const char sql[] = "SELECT lower (hex (hash)) FROM history WHERE seq = ?1";
  if (sqlite3_prepare_v2 (store->db, sql, -1, &select, NULL) == SQLITE_OK) {
    sqlite3_bind_int64 (select, 1, seq);
    is_there = sqlite3_step (select) == SQLITE_ROW;
    if (is_there)
      g_strlcpy (hex, (const char *) sqlite3_column_text (select, 0), 65);
  }
  sqlite3_finalize (select);
  return is_there;
}

/* The store remembers the head it wrote: no read, which a dead disk would refuse. */
void
acknowledge (PraxiStore *store, Acknowledged *acknowledged)
{
  acknowledged->seq = store->head.seq;
  for (int i = 0; i < PRAXI_ROW_HASH_BYTES; i++)
    g_snprintf (acknowledged->head + 2 * i, 3, "%02x", store->head.hash[i]);
}

char *
find_loss (PraxiStore *store, const Acknowledged *acknowledged)
{
  char head[65] = "";
  if (acknowledged->seq == 0)
    return NULL;
  if (!read_hash (store, acknowledged->seq, head))
    return g_strdup_printf ("row %ld of %ld is gone", acknowledged->seq,
                            praxi_store_revision (store));
  if (g_strcmp0 (head, acknowledged->head) != 0)
    return g_strdup_printf ("row %ld is another one", acknowledged->seq);
  return NULL;
}

char *
find_problem (PraxiStore *store)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiVerifyReport) report = NULL;
  if (!praxi_store_verify (store, &report, &error))
    return g_strdup (error->message);
  return report->is_intact ? NULL : g_strdup (report->problems->pdata[0]);
}
