#include <glib.h>
#include <locale.h>

#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"

static void
assert_time (gint64 time_ns, int decimals, const char *expected)
{
  g_autofree char *text = praxi_text_time (time_ns, decimals);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_time (void)
{
  assert_time (0, 0, "0:00");
  assert_time (G_GINT64_CONSTANT (59999600000), 3, "1:00.000");
  assert_time (G_GINT64_CONSTANT (3723500000000), 1, "1:02:03.5");
  assert_time (G_GINT64_CONSTANT (-1500000000), 2, "-0:01.50");
  assert_time (-1, 1, "0:00.0");
}

static void
test_parse_time (void)
{
  static const struct {
    const char *text;
    gint64 time_ns;
  } good[] = {{"1:02:03.5", G_GINT64_CONSTANT (3723500000000)},
              {"63.5", G_GINT64_CONSTANT (63500000000)},
              {"1:03", G_GINT64_CONSTANT (63000000000)},
              {"0", 0}};
  static const char *const bad[] = {"",     "1:60",   "1:2:3:4", "-1",   "1,5",
                                    "f120", "1.5:00", " 1",      "1e99", "inf"};
  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    gint64 time_ns = -1;
    g_assert_true (praxi_text_parse_time (good[i].text, &time_ns));
    g_assert_cmpint (time_ns, ==, good[i].time_ns);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    gint64 time_ns = 0;
    g_assert_false (praxi_text_parse_time (bad[i], &time_ns));
  }
}

static void
test_bytes (void)
{
  static const struct {
    guint64 bytes;
    const char *text;
  } cases[] = {{0, "0 B"},         {999, "999 B"},     {1500, "1.5 kB"},      {17340, "17.3 kB"},
               {999600, "1.0 MB"}, {414829, "415 kB"}, {4294967296, "4.3 GB"}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = praxi_text_bytes (cases[i].bytes);
    g_assert_cmpstr (text, ==, cases[i].text);
  }
}

static void
test_file_name (void)
{
  g_autofree char *bidi = praxi_text_file_name ("a\xe2\x80\xae"
                                                "b\n.mp4");
  g_assert_cmpstr (bidi, ==, "a\\u202eb\\u000a.mp4");
  g_autofree char *invalid = praxi_text_file_name ("x\xff.mp4");
  g_assert_true (g_utf8_validate (invalid, -1, NULL));
}

static void
test_status (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (praxi_error_from_status (PRAXI_OK, "x", &error));
  g_assert_no_error (error);
  g_assert_false (praxi_error_from_status (PRAXI_STATUS_SHAPE, "net.onnx: Conv", &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  g_assert_true (g_str_has_prefix (error->message, "net.onnx: Conv: "));
}

static void
test_fail (void)
{
  g_autoptr (GError) plain = NULL, of_file = NULL;
  g_assert_false (praxi_error_fail (&plain, PRAXI_ERROR_USAGE, "%s has %d", "x", 3));
  g_assert_error (plain, PRAXI_ERROR, PRAXI_ERROR_USAGE);
  g_assert_cmpstr (plain->message, ==, "x has 3");
  g_assert_false (praxi_error_fail_file (&of_file, PRAXI_ERROR_DISK, "a\nb.mp4", "%d %%", 5));
  g_assert_error (of_file, PRAXI_ERROR, PRAXI_ERROR_DISK);
  g_assert_cmpstr (of_file->message, ==, "a\\u000ab.mp4: 5 %");
  g_assert_false (praxi_error_fail_file (NULL, PRAXI_ERROR_DISK, "x", "nobody asks"));
}

static void
test_json_numbers (void)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_double (builder, "half", 0.5);
  praxi_json_add_double (builder, "nan", 0.0 / 0.0);
  json_builder_end_object (builder);
  char *text = NULL;
  size_t length = 0;
  FILE *stream = open_memstream (&text, &length);
  praxi_json_write (builder, stream, FALSE);
  fclose (stream);
  g_assert_cmpstr (text, ==, "{\"half\":0.5,\"nan\":null}\n");
  free (text);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* Where there is no such locale, the C locale stays and the numbers are tested in it. */
  setlocale (LC_ALL, "de_DE.UTF-8");
  g_test_add_func ("/text/time", test_time);
  g_test_add_func ("/text/parse-time", test_parse_time);
  g_test_add_func ("/text/bytes", test_bytes);
  g_test_add_func ("/text/file-name", test_file_name);
  g_test_add_func ("/error/status", test_status);
  g_test_add_func ("/error/fail", test_fail);
  g_test_add_func ("/json/numbers", test_json_numbers);
  return g_test_run ();
}
