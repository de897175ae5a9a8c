/* A score track that somebody else wrote. */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/infer/score-track.h"
#include "tests/fuzz/fuzz.h"

static char *path;

static void
clean_up (void)
{
  g_unlink (path);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (path == NULL) {
    path = g_strdup_printf ("%s/praxi-fuzz-%d.track", g_get_tmp_dir (), (int) getpid ());
    atexit (clean_up);
  }
  g_file_set_contents_full (path, (const char *) data, (gssize) size, G_FILE_SET_CONTENTS_NONE,
                            0600, NULL);
  g_autoptr (PraxiScoreTrack) track = praxi_score_track_open (path, NULL);
  if (track == NULL)
    return 0;
  gboolean has_changed;
  praxi_score_track_refresh (track, &has_changed, NULL);
  for (int k = 0; k < MIN (praxi_score_track_n_windows (track), 1000); k++)
    praxi_score_track_get (track, k, 0);
  praxi_score_track_max (track, 0, G_MININT64 / 4, G_MAXINT64 / 4);
  return 0;
}
