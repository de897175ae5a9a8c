/* Random edits of a project, the way a person makes them: mostly new labels, some changes, some
 * undo. A file ends up as some prefix of them; the hash chain says exactly which.
 */
#pragma once

#include "tests/store/store-fixture.h"

G_BEGIN_DECLS

/* What was acknowledged: everything up to history row seq, whose hash stands for all before it. */
typedef struct {
  gint64 seq;
  char head[65];
} Acknowledged;

/* Does one random edit. *state is the random sequence. Returns whether it was acknowledged; nothing
 * to undo counts as done.
 */
gboolean random_edit (PraxiStore *store, gint64 media_id, guint32 *state, GError **error);

/* The state after the last acknowledged edit. */
void acknowledge (PraxiStore *store, Acknowledged *acknowledged);

/* How the project stands against what was acknowledged: NULL when nothing is lost, else what is. */
char *find_loss (PraxiStore *store, const Acknowledged *acknowledged);

/* The whole audit: NULL when all is well, else the first problem. */
char *find_problem (PraxiStore *store);

guint32 next_random (guint32 *state);

G_END_DECLS
