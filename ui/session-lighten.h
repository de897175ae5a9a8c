/* Lightening from the window: a job that makes a smaller, faster model within limits,
 * judged on the project's labels; the model can then be compared and taken for analyses.
 */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

/* What a pass left. The first one is the model it began with. */
typedef struct {
  char *pass; /* "before", "prune", "quantize" … */
  double file_bytes, macs;
  double accuracy, fps; /* NaN without footage to judge by */
} PraxiUiPass;

enum { PRAXI_UI_USUAL_DROP = 2 };

/* 0: no limit */
typedef struct {
  double max_drop; /* points of accuracy; < 0: no limit */
  double most_bytes;
  double least_fps;
  gboolean of_own; /* of the project's own model instead of original */
} PraxiUiLimits;

/* Of the last run, PraxiUiPass, as they come. Borrowed until PRAXI_CHANGE_TRAINING. */
const GArray *praxi_session_passes (PraxiSession *session);

gboolean praxi_session_is_lightening (PraxiSession *session);
void praxi_session_lighten (PraxiSession *session, const PraxiUiLimits *limits);
/* Of the project's own model, within the limits of before. */
void praxi_session_lighten_own (PraxiSession *session);
void praxi_session_cancel_lightening (PraxiSession *session);

/* The limit that could not be met and the best that was found, in words; NULL where all are. */
const char *praxi_session_unmet_limit (PraxiSession *session);

G_END_DECLS
