/* The power fails, or the disk does, at any operation, under the real store on a simulated disk.
 *
 * usage: test-power [--cuts N] (or PRAXI_TEST_CUTS); 300 cuts by default, 2000 for a campaign
 */
#include "tests/store/random-edits.h"

#include "engine/store/store-private.h"
#include "tests/store/simulated-disk.h"

enum { DEFAULT_CUTS = 300, OPERATIONS = 1500, SMALL_LOG_PAGES = 20 };

static const char path[] = "/project.praxi";

typedef struct {
  int n_acknowledged;
  int n_lost;
  int n_damaged;
  int n_while_creating;
} Tally;

static PraxiStore *
open_simulated (GError **error)
{
  return praxi_store_open_on (simulated_disk (), path, PRAXI_STORE_CREATE, error);
}

/* Half of the rounds checkpoint often, so that cuts fall into checkpoints too. */
static void
choose_log_size (PraxiStore *store, gboolean is_careless)
{
  if (is_careless)
    sqlite3_exec (store->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
  if (simulated_disk_random () % 2 == 0)
    sqlite3_wal_autocheckpoint (store->db, SMALL_LOG_PAGES);
}

/* Edits until the fault. Returns whether the project was acknowledged to be there. */
static gboolean
edit_until_fault (gboolean is_careless, Acknowledged *acknowledged, int *n_edits)
{
  g_autoptr (PraxiStore) store = open_simulated (NULL);
  if (store == NULL)
    return FALSE;
  gint64 media_id = 0;
  guint32 state = simulated_disk_random () | 1;
  const PraxiMediaRow media = {.path = (char *) "/a.mp4", .frames = 1};
  choose_log_size (store, is_careless);
  if (!praxi_store_add_media (store, &media, &media_id, NULL))
    return TRUE;
  acknowledge (store, acknowledged);
  while (random_edit (store, media_id, &state, NULL) && !simulated_disk_has_faulted ()) {
    acknowledge (store, acknowledged);
    ++*n_edits;
  }
  return TRUE;
}

static void
report_round (int round, const char *what, const char *why)
{
  g_test_message ("round %d: %s: %s", round, what, why);
}

static void
check_after_cut (int round, const Acknowledged *acknowledged, gboolean is_made, Tally *tally)
{
  PraxiDiskId id;
  g_autoptr (GError) error = NULL;
  if (is_made && simulated_disk ()->identify (path, &id) != 0) {
    report_round (round, "lost", "the project is gone");
    tally->n_lost++;
    return;
  }
  g_autoptr (PraxiStore) store = open_simulated (&error);
  if (store == NULL) {
    report_round (round, "damaged", error->message);
    tally->n_damaged++;
    return;
  }
  g_autofree char *loss = find_loss (store, acknowledged);
  g_autofree char *problem = find_problem (store);
  guint32 state = 1;
  if (loss != NULL)
    report_round (round, "lost", loss);
  if (problem != NULL)
    report_round (round, "damaged", problem);
  tally->n_lost += loss != NULL;
  tally->n_damaged += problem != NULL;
  add_footage (store, "/after.mp4");
  g_assert_true (random_edit (store, 4, &state, NULL));
}

/* is_careless: with the setting that SQLite calls safe for WAL, and that loses the newest labels */
static void
run_cut (int round, SimulatedModel model, gboolean is_careless, Tally *tally)
{
  Acknowledged acknowledged = {0};
  int n_edits = 0;
  simulated_disk_reset (model, 2 * (guint32) round + (model == SIMULATED_POSIX));
  simulated_disk_fault_at (SIMULATED_POWER, 1 + (int) (simulated_disk_random () % OPERATIONS));
  const gboolean is_made = edit_until_fault (is_careless, &acknowledged, &n_edits);
  tally->n_while_creating += !is_made;
  tally->n_acknowledged += n_edits;
  simulated_disk_cut_power ();
  check_after_cut (round, &acknowledged, is_made, tally);
}

static int n_cuts;

static void
test_power_cuts (gconstpointer data)
{
  const SimulatedModel model = (SimulatedModel) GPOINTER_TO_INT (data);
  Tally tally = {0};
  for (int round = 0; round < n_cuts / 2; round++)
    run_cut (round, model, FALSE, &tally);
  g_test_message ("%d cuts (%d while the project was made), %d edits acknowledged: %d lost, "
                  "%d damaged",
                  n_cuts / 2, tally.n_while_creating, tally.n_acknowledged, tally.n_lost,
                  tally.n_damaged);
  g_assert_cmpint (tally.n_acknowledged, >, n_cuts);
  g_assert_cmpint (tally.n_lost, ==, 0);
  g_assert_cmpint (tally.n_damaged, ==, 0);
}

/* The simulation is worth something only if it finds what it is made to find. */
static void
test_careless (void)
{
  enum { CUTS = 20 };
  Tally tally = {0};
  for (int round = 0; round < CUTS; round++)
    run_cut (round, SIMULATED_EXT4, TRUE, &tally);
  g_assert_cmpint (tally.n_lost, >, 0);
}

/* A short working day: what each step needs, twice if the first try fails. */
static PraxiStore *
retry_open (void)
{
  PraxiStore *store = open_simulated (NULL);
  return store != NULL ? store : open_simulated (NULL);
}

static int
work (PraxiStore *store, Acknowledged *acknowledged, guint32 seed)
{
  enum { EDITS = 7 };
  int n_failed = 0;
  gint64 media_id = 0;
  guint32 state = seed;
  const PraxiMediaRow media = {.path = (char *) "/a.mp4", .frames = 1};
  sqlite3_wal_autocheckpoint (store->db, SMALL_LOG_PAGES);
  for (int i = -1; i < EDITS; i++) {
    const guint32 before = state;
    gboolean ok = i < 0 ? praxi_store_add_media (store, &media, &media_id, NULL)
                        : random_edit (store, media_id, &state, NULL);
    if (!ok) {
      state = before;
      ok = i < 0 ? praxi_store_add_media (store, &media, &media_id, NULL)
                 : random_edit (store, media_id, &state, NULL);
    }
    if (ok && praxi_store_revision (store) == store->head.seq)
      acknowledge (store, acknowledged);
    n_failed += !ok;
    if (!ok && i < 0)
      break;
  }
  return n_failed;
}

/* Returns whether the fault came to pass. */
static gboolean
run_error (SimulatedFault fault, int n)
{
  Acknowledged acknowledged = {0};
  g_autoptr (GError) error = NULL;
  simulated_disk_reset (SIMULATED_POSIX, 7);
  simulated_disk_fault_at (fault, n);
  PraxiStore *store = retry_open ();
  const int n_failed = store != NULL ? work (store, &acknowledged, 99) : 1;
  praxi_store_close (store);
  const gboolean has_faulted = simulated_disk_has_faulted ();
  simulated_disk_clear_fault ();
  if (!has_faulted || fault == SIMULATED_ERROR_ONCE)
    g_assert_cmpint (n_failed, ==, 0);

  store = open_simulated (&error);
  g_assert_no_error (error);
  g_autofree char *loss = find_loss (store, &acknowledged);
  g_autofree char *problem = find_problem (store);
  g_assert_cmpstr (loss, ==, NULL);
  g_assert_cmpstr (problem, ==, NULL);
  praxi_store_close (store);
  return has_faulted;
}

static void
test_errors (gconstpointer data)
{
  const SimulatedFault fault = (SimulatedFault) GPOINTER_TO_INT (data);
  int n = 1;
  while (run_error (fault, n))
    n++;
  g_test_message ("%d operations, each of them failed in turn", n - 1);
  g_assert_cmpint (n, >, 100);
}

int
main (int argc, char **argv)
{
  n_cuts = fixture_count (argc, argv, "cuts", DEFAULT_CUTS);
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/power/cuts-ext4", GINT_TO_POINTER (SIMULATED_EXT4), test_power_cuts);
  g_test_add_data_func ("/power/cuts-posix", GINT_TO_POINTER (SIMULATED_POSIX), test_power_cuts);
  g_test_add_func ("/power/synchronous-normal-loses", test_careless);
  g_test_add_data_func ("/power/error-once", GINT_TO_POINTER (SIMULATED_ERROR_ONCE), test_errors);
  g_test_add_data_func ("/power/error-forever", GINT_TO_POINTER (SIMULATED_ERROR_FOREVER),
                        test_errors);
  g_test_add_data_func ("/power/disk-full", GINT_TO_POINTER (SIMULATED_FULL_FOREVER), test_errors);
  return g_test_run ();
}
