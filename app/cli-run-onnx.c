/* praxi run-onnx: ONNX's own operator tests. */
#include <stdio.h>

#include "app/cli.h"
#include "engine/core/json-lines.h"
#include "engine/infer/conformance.h"

static const char *const results[] = {"pass", "fail", "unsupported"};

static void
print_test (const PraxiConformance *test)
{
  printf ("%-11s %s", results[test->result], test->name);
  if (test->why[0] != '\0')
    printf (": %s", test->why);
  putchar ('\n');
}

static void
add_test (JsonBuilder *builder, const PraxiConformance *test)
{
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "name", test->name);
  praxi_json_add_string (builder, "result", results[test->result]);
  praxi_json_add_string (builder, "why", test->why);
  praxi_json_add_double (builder, "max_error", test->max_error);
  json_builder_end_object (builder);
}

static PraxiExit
run_tests (char **folders, const PraxiExecutorOptions *options, gboolean json)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  int counts[3] = {0};
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "tests");
  json_builder_begin_array (builder);
  praxi_cli_catch_signals ();
  for (int i = 0; folders[i] != NULL && !praxi_cli_cancelled; i++) {
    g_autoptr (PraxiConformance) test = praxi_conformance_run (folders[i], options);
    counts[test->result]++;
    add_test (builder, test);
    if (!json)
      print_test (test);
  }
  json_builder_end_array (builder);
  praxi_json_add_int (builder, "passed", counts[PRAXI_CONFORMANCE_PASS]);
  praxi_json_add_int (builder, "failed", counts[PRAXI_CONFORMANCE_FAIL]);
  praxi_json_add_int (builder, "unsupported", counts[PRAXI_CONFORMANCE_UNSUPPORTED]);
  json_builder_end_object (builder);
  if (json)
    praxi_json_write (builder, stdout, FALSE);
  else
    printf ("%d passed, %d failed, %d unsupported\n", counts[0], counts[1], counts[2]);
  if (praxi_cli_cancelled)
    return PRAXI_EXIT_CANCELLED;
  return counts[PRAXI_CONFORMANCE_FAIL] == 0 ? PRAXI_EXIT_DONE : PRAXI_EXIT_FAILED;
}

PraxiExit
praxi_cli_run_onnx (int argc, char **argv)
{
  gboolean json = FALSE;
  int threads = 1;
  g_autofree char *backend = NULL;
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL},
      {"backend", 0, 0, G_OPTION_ARG_STRING, &backend, "What runs it", "auto|cpu|cuda|ref"},
      {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "Threads of a run (1)", "N"},
      {NULL}};
  PraxiExit status;
  if (!praxi_cli_parse (&argc, &argv, entries, "FOLDER…",
                        "Runs ONNX operator tests (model.onnx and test_data_set_*) and compares.",
                        &status))
    return status;
  if (argc < 2) {
    fputs ("praxi: name one or more folders of tests; see 'praxi run-onnx --help'\n", stderr);
    return PRAXI_EXIT_USAGE;
  }
  const PraxiExecutorOptions options = {.backend = backend, .threads = threads};
  return run_tests (argv + 1, &options, json);
}
