/* The models that jobs of the window make of a project; they lie with its tracks. */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_MADE_OWN,     /* trained on the project's labels */
  PRAXI_MADE_LIGHTER, /* made smaller and faster */
  PRAXI_MADE_TUNED,   /* trained as the best of some trials */
} PraxiMadeModel;

/* Where it lies or would lie. Free with g_free. */
char *praxi_session_made_path (PraxiSession *session, PraxiMadeModel which);
gboolean praxi_session_has_made (PraxiSession *session, PraxiMadeModel which);

/* Whether analyses use it; not using it, they use light. */
gboolean praxi_session_uses_made (PraxiSession *session, PraxiMadeModel which);
void praxi_session_use_made (PraxiSession *session, PraxiMadeModel which, gboolean use);

/* Compares original with it on the project's labels. */
void praxi_session_compare_made (PraxiSession *session, PraxiMadeModel which);

G_END_DECLS
