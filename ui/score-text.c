#include "ui/score-text.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-analysis.h"

static int
best_class (const PraxiScoreTrack *track, int window)
{
  int best = -1;
  float best_score = -1;
  for (int c = 0; c < praxi_score_track_n_classes (track); c++) {
    const float score = praxi_score_track_get (track, window, c);
    if (score > best_score) {
      best = c;
      best_score = score;
    }
  }
  return best;
}

char *
praxi_score_text (PraxiSession *session, gint64 time_ns, int class_index, int decimals)
{
  const PraxiScoreTrack *track = praxi_session_track (session);
  if (track == NULL)
    return g_strdup (_ ("not analysed"));
  const int window = praxi_score_track_window_at (track, time_ns);
  const int shown = class_index >= 0 ? class_index : best_class (track, window);
  const float score = shown >= 0 ? praxi_score_track_get (track, window, shown) : (float) NAN;
  if (isnan (score))
    return g_strdup (_ ("not analysed"));
  return g_strdup_printf ("%s %.*f %%", praxi_score_track_class_name (track, shown), decimals,
                          (double) score * 100);
}
