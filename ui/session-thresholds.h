/* From which score on an event begins, by class. A person's own thresholds are kept for a project
 * and a class; without one the run says, or the default.
 */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_ENTER_MIN 0.02
#define PRAXI_ENTER_MAX 0.98

/* The score at which events of the class begin; exit: below which they end (may be NULL). 0 for the
 * background and while there is no track.
 */
double praxi_session_enter (PraxiSession *session, int class_index, double *exit);

/* Events of the class form anew at once; exit keeps its ratio to enter. Clamped to the bounds above
 * and rounded to 0.01.
 */
void praxi_session_set_enter (PraxiSession *session, int class_index, double enter);

/* Forgets the person's own threshold. */
void praxi_session_reset_enter (PraxiSession *session, int class_index);

/* One step up or down for the class of the selected event, else of the event at the playhead, else
 * the current class.
 */
void praxi_session_raise_enter (PraxiSession *session);
void praxi_session_lower_enter (PraxiSession *session);

G_END_DECLS
