/* What a person can do with events and the review queue. */
#include <glib/gi18n.h>

#include "ui/actions.h"
#include "ui/session-review.h"

static const PraxiAction actions[] = {
    {"accept-event", N_ ("Accept the event as a label"), NULL, praxi_session_accept_event, "a"},
    {"accept-visible", N_ ("Accept all open events in view"), NULL, praxi_session_accept_visible,
     "<Shift>a"},
    {"reject-event", N_ ("Reject the event"), NULL, praxi_session_reject_event, "x"},
    {"review-next", N_ ("Next to review"), NULL, praxi_session_review_next, "n"},
    {"review-previous", N_ ("Previous to review"), NULL, praxi_session_review_previous, "<Shift>n"},
    {"mark-reviewed", N_ ("Mark as reviewed"), NULL, praxi_session_mark_reviewed, "r"},
};

const PraxiActionGroup praxi_actions_review = {N_ ("Review"), actions, G_N_ELEMENTS (actions)};
