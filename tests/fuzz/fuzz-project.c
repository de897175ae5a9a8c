/* A project file that something has written into: patches of four bytes where and one byte what, on
 * a good project; or, after a zero, a whole file. It is opened, shown, undone and audited.
 */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/store/classes.h"
#include "engine/store/coverage.h"
#include "engine/store/history.h"
#include "engine/store/labels.h"
#include "engine/store/media-table.h"
#include "engine/store/runs.h"
#include "tests/fuzz/fuzz.h"

enum { PATCH_BYTES = 5 };

static char *folder, *path;
static char *good;
static gsize good_bytes;

static void
remove_project (void)
{
  static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++) {
    g_autofree char *name = g_strconcat (path, endings[i], NULL);
    g_unlink (name);
  }
}

static void
make_good (void)
{
  g_autoptr (PraxiStore) store = praxi_store_open (path, PRAXI_STORE_CREATE, NULL);
  g_assert_true (store != NULL);
  PraxiMediaRow media = {.path = (char *) "/a.mp4", .frames = 100, .duration_ns = 4000000000};
  gint64 id = 0;
  g_assert_true (praxi_store_add_media (store, &media, &id, NULL));
  for (int i = 0; i < 5; i++) {
    PraxiLabel label = {.media_id = id,
                        .class_id = 1 + i % 2,
                        .start_ns = i * 100000000,
                        .end_ns = i * 100000000 + 50000000};
    g_assert_true (praxi_store_add_label (store, &label, NULL, NULL));
  }
  g_assert_true (praxi_store_undo (store, NULL, NULL));
}

static void
clean_up (void)
{
  remove_project ();
  g_rmdir (folder);
}

static void
begin (void)
{
  folder = g_dir_make_tmp ("praxi-fuzz-XXXXXX", NULL);
  path = g_build_filename (folder, "p.praxi", NULL);
  make_good ();
  g_assert_true (g_file_get_contents (path, &good, &good_bytes, NULL));
  atexit (clean_up);
}

static void
write_project (const uint8_t *data, size_t size)
{
  remove_project ();
  if (size > 0 && data[0] == 0) {
    g_file_set_contents_full (path, (const char *) data + 1, (gssize) size - 1,
                              G_FILE_SET_CONTENTS_NONE, 0600, NULL);
    return;
  }
  g_autofree char *bytes = g_memdup2 (good, good_bytes);
  for (size_t at = 1; at + PATCH_BYTES <= size; at += PATCH_BYTES) {
    guint32 where;
    memcpy (&where, data + at, sizeof where);
    bytes[where % good_bytes] = (char) data[at + 4];
  }
  g_file_set_contents_full (path, bytes, (gssize) good_bytes, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
}

static void
use (PraxiStore *store)
{
  g_autoptr (GPtrArray) media = praxi_store_list_media (store, NULL);
  g_autoptr (GPtrArray) classes = praxi_store_list_classes (store, NULL);
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, NULL);
  g_autoptr (GPtrArray) runs = praxi_store_list_runs (store, 0, NULL);
  for (int i = 0; i < 3; i++)
    praxi_store_undo (store, NULL, NULL);
  praxi_store_redo (store, NULL, NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (path == NULL)
    begin ();
  write_project (data, size);
  g_autoptr (PraxiVerifyReport) report = NULL;
  praxi_store_verify_file (path, &report, NULL);
  g_autoptr (PraxiStore) store = praxi_store_open (path, PRAXI_STORE_DEFAULT, NULL);
  if (store != NULL)
    use (store);
  return 0;
}
