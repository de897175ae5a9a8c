/* A file of labels from elsewhere. The first byte chooses the format. */
#include <glib/gstdio.h>
#include <stdlib.h>

#include "engine/store/exchange.h"
#include "tests/fuzz/fuzz.h"

static PraxiStore *store;
static char *folder, *labels, *project;

static void
clean_up (void)
{
  praxi_store_close (store);
  g_unlink (labels);
  g_unlink (project);
  g_rmdir (folder);
}

static void
begin (void)
{
  folder = g_dir_make_tmp ("praxi-fuzz-XXXXXX", NULL);
  labels = g_build_filename (folder, "labels", NULL);
  project = g_build_filename (folder, "p.praxi", NULL);
  store = praxi_store_open (project, PRAXI_STORE_CREATE, NULL);
  g_assert_true (store != NULL);
  atexit (clean_up);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const PraxiExchangeFormat formats[] = {PRAXI_EXCHANGE_CSV, PRAXI_EXCHANGE_JSON,
                                                PRAXI_EXCHANGE_DATASET};
  if (store == NULL)
    begin ();
  if (size < 1)
    return 0;
  g_file_set_contents_full (labels, (const char *) data + 1, (gssize) size - 1,
                            G_FILE_SET_CONTENTS_NONE, 0600, NULL);
  /* Inside a group, so that the project stays as it is. */
  g_assert_true (praxi_store_begin (store, NULL));
  praxi_store_import (store, labels, formats[data[0] % G_N_ELEMENTS (formats)], NULL, NULL, NULL);
  praxi_store_rollback (store);
  return 0;
}
