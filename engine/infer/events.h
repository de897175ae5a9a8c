/* Events from scores: smoothing, two thresholds, a minimum length, a merge gap. Pure arithmetic,
 * linear in the number of windows (an hour in well under a millisecond), so that the workbench
 * forms them anew while a threshold is dragged.
 */
#pragma once

#include <glib.h>

#include "engine/infer/score-track.h"

G_BEGIN_DECLS

enum { PRAXI_EVENTS_NONE = -1 };

typedef struct {
  double enter; /* an event reaches this once; 0 or NaN: 0.5 */
  double exit;  /* and lasts as long as the score stays at or above this; 0 or NaN: ⅔ of enter */
  gint64 min_length_ns; /* shorter ones are dropped; 0: 0.5 s; PRAXI_EVENTS_NONE: none */
  gint64 merge_gap_ns;  /* events this close become one; 0: 1 s; PRAXI_EVENTS_NONE: none */
  gint64 smooth_ns;     /* width of the moving mean; 0: 1 s; PRAXI_EVENTS_NONE: none */
} PraxiEventOptions;

typedef struct {
  int class_index;
  gint64 start_ns; /* pts, half-open */
  gint64 end_ns;
  float peak; /* the highest score inside, before smoothing */
} PraxiEvent;

/* The options with every default filled in and exit no higher than enter. */
PraxiEventOptions praxi_events_resolve (const PraxiEventOptions *options);

/* The moving mean of the logits over 2·radius+1 scores, back as a score. Means of logits let one
 * certain window outvote several doubtful ones less than a maximum would, and more than a mean.
 * in, out: f32 [n], caller-allocated, may not overlap; NaN (not analysed) stays NaN and is left out
 *          of its neighbours' means
 */
void praxi_events_smooth (const float *in, int n, int radius, float *out);

/* Runs of smoothed scores that stay at or above exit and reach enter.
 * smoothed, scores: f32 [n]; runs end where a score is NaN
 * runs: array of PraxiEventRun, appended in ascending order
 */
typedef struct {
  int first; /* windows, half-open */
  int end;
  float peak;
} PraxiEventRun;

void praxi_events_runs (const float *smoothed,
                        const float *scores,
                        int n,
                        double enter,
                        double exit,
                        GArray *runs);

/* The events of one class on a track, in ascending order. A window speaks for the stride around its
 * middle; beside time that was not analysed it speaks for its whole half.
 * events: array of PraxiEvent; appended
 * Thread: any
 */
void praxi_events_find (const PraxiScoreTrack *track,
                        int class_index,
                        const PraxiEventOptions *options,
                        GArray *events);

/* Whether a class is the background, "normal", which never makes events. */
gboolean praxi_events_is_background (const char *class_name);

/* Which of n classes that is, −1 where none. */
int praxi_events_background (const char *const *classes, int n);

G_END_DECLS
