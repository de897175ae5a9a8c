/* What the tests of the store share: a folder of their own, quick edits, a dump of all content. */
#pragma once

#include "engine/store/classes.h"
#include "engine/store/history.h"
#include "engine/store/labels.h"
#include "engine/store/media-table.h"
#include "engine/store/runs.h"

G_BEGIN_DECLS

typedef struct {
  char *folder;
  char *path; /* of the project */
} Fixture;

void fixture_set_up (Fixture *fixture, gconstpointer data);
void fixture_tear_down (Fixture *fixture, gconstpointer data);

/* Adds a g_test with this fixture. */
#define fixture_test(name, function)                                                               \
  g_test_add (name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

/* A path in the fixture's folder; free with g_free. */
char *fixture_file (const Fixture *fixture, const char *name);

/* Opens (makes) the project and fails the test when that fails. */
PraxiStore *fixture_open (const Fixture *fixture);

/* Adds footage and a label on it, and fails the test when that fails. Returns the id. */
gint64 add_footage (PraxiStore *store, const char *path);
gint64 add_span (PraxiStore *store, gint64 media_id, const char *cls, int start_ms, int end_ms);

/* All media, classes and labels as text, so that states can be compared. NULL when they cannot be
 * read. is_damaged: out, may be NULL: a label row was marked as damaged.
 */
char *dump_store (PraxiStore *store, gboolean *is_damaged);

/* Fails the test unless the project is intact. */
void assert_intact (const char *path);

/* Fails the test unless error has the code, names the project and is one sentence with advice. */
void assert_refusal (const GError *error, PraxiErrorCode code);

/* Changes a project behind the program's back. */
void run_sql (const char *path, const char *sql);

/* Bytes of a file as SHA-256. */
char *file_sha256 (const char *path);

/* The number behind a name on the command line ("--rounds 1000") or in the environment, else
 * fallback.
 */
int fixture_count (int argc, char **argv, const char *name, int fallback);

G_END_DECLS
