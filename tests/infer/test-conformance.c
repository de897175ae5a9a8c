/* ONNX's operator tests, where the shared data is: none may fail, and none whose operators are all
 * here may be called unsupported.
 */
#include "engine/infer/conformance.h"

#include <string.h>

enum { SKIPPED = 77, EXPECTED_PASSES = 403 };

static char *
find_tests (void)
{
  const char *shared = g_getenv ("PRAXI_SHARED");
  g_autofree char *beside = g_build_filename (PRAXI_SOURCE_ROOT, "..", "shared", NULL);
  return g_build_filename (shared != NULL ? shared : beside, "data/onnx/node-tests-v1.12", NULL);
}

static int
run_all (const char *folder, GDir *dir, const char *backend)
{
  const PraxiExecutorOptions options = {.backend = backend, .threads = 1};
  int counts[3] = {0};
  const char *name;
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autoptr (PraxiConformance) test = praxi_conformance_run (path, &options);
    counts[test->result]++;
    if (test->result == PRAXI_CONFORMANCE_FAIL)
      g_printerr ("%s: %s\n", test->name, test->why);
    if (test->result == PRAXI_CONFORMANCE_UNSUPPORTED)
      g_assert_cmpstr (test->why, !=, "");
  }
  g_print ("%s: %d passed, %d failed, %d unsupported\n", backend, counts[0], counts[1], counts[2]);
  g_assert_cmpint (counts[PRAXI_CONFORMANCE_FAIL], ==, 0);
  g_assert_cmpint (counts[PRAXI_CONFORMANCE_PASS], >=, EXPECTED_PASSES);
  return 0;
}

int
main (void)
{
  static const char *const backends[] = {"ref", "cpu"};
  g_autofree char *folder = find_tests ();
  for (int i = 0; i < 2; i++) {
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    if (dir == NULL) {
      g_print ("skipped: %s is not there; set PRAXI_SHARED\n", folder);
      return SKIPPED;
    }
    run_all (folder, dir, backends[i]);
  }
  return 0;
}
