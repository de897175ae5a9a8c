/* Tuning from the window: a job that tries ways of training on the project's labels. */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

typedef struct {
  int number;
  char *state;       /* "done", "stopped", "failed" */
  char *values;      /* "rate 0.0012, batch 16" */
  double score;      /* NaN where it failed */
  double latency_ms; /* NaN where it is not known */
} PraxiUiTrial;

/* Of the last search, PraxiUiTrial, as they end. Borrowed until PRAXI_CHANGE_TRAINING. */
const GPtrArray *praxi_session_trials (PraxiSession *session);

gboolean praxi_session_is_tuning (PraxiSession *session);
/* Goes on from the trials there are. */
void praxi_session_tune (PraxiSession *session, int trials);
void praxi_session_cancel_tuning (PraxiSession *session);

G_END_DECLS
