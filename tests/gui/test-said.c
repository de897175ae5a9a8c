/* What jobs and files say in English, in German: test-said. */
#include <glib/gi18n.h>
#include <locale.h>

#include "ui/said.h"

static void
assert_says (const char *english, const char *german)
{
  g_autofree char *text = praxi_said_text (english);
  g_assert_cmpstr (text, ==, german);
}

static void
test_camera (void)
{
  assert_says ("no picture any more; connecting again", "kein Bild mehr; es wird neu verbunden");
  assert_says ("the camera's clock jumped by -7.5 s; the time of arrival counts instead",
               "die Uhr der Kamera ist um -7.5 s gesprungen; es zählt die Zeit der Ankunft");
  assert_says ("the pictures are now 640 × 360 instead of 1920 × 1080; another recording begins",
               "die Bilder sind jetzt 640 × 360 statt 1920 × 1080; eine neue Aufnahme beginnt");
}

static void
test_lineage (void)
{
  assert_says ("trained: 827 clips, epoch 40 of 41",
               "trainiert: 827 Ausschnitte, Epoche 40 von 41");
  assert_says ("trained: 1 clips, epoch 2 of 3", "trainiert: 1 Ausschnitt, Epoche 2 von 3");
  assert_says (
      "calibrated: by 231 samples held out, false events an hour at most: fall=20",
      "kalibriert: an 231 zurückgehaltenen Beispielen, falsche Ereignisse je Stunde höchstens: "
      "fall=20");
  assert_says ("quantized: 5 convolutions in INT8, ranges by percentile over 192 clips",
               "quantisiert: 5 Faltungen in INT8, Bereiche nach Perzentil über 192 Ausschnitte");
  assert_says (
      "quantized: 5 convolutions in INT8, ranges by min-max over 8 clips of noise",
      "quantisiert: 5 Faltungen in INT8, Bereiche nach min-max über 8 Ausschnitte aus Rauschen");
  assert_says ("pruned: 3 of 1 channels by magnitude", "beschnitten: 3 von 1 Kanal nach Betrag");
}

/* Chinese puts the parts in another order. */
static void
test_order (void)
{
  if (g_test_subprocess ()) {
    assert_says ("pruned: 3 of 40 channels by magnitude", "剪枝：按幅值移除 40 个通道中的 3 个");
    return;
  }
  g_setenv ("LANGUAGE", "zh_CN", TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_setenv ("LANGUAGE", "de", TRUE);
  g_test_trap_assert_passed ();
}

static void
test_other (void)
{
  const char *const texts[] = {"", "trained: clips, epoch", "trained: 5 clips, epoch 1 of ",
                               "pruned: %s of %n channels", "somebody's own step"};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_says (texts[i], texts[i]);
  g_autofree char *name = praxi_said_value ("1.2.3"), *number = praxi_said_value ("0.001");
  g_assert_cmpstr (name, ==, "1.2.3");
  g_assert_cmpstr (number, ==, "0.001");
}

int
main (int argc, char **argv)
{
  if (g_getenv ("LANGUAGE") == NULL)
    g_setenv ("LANGUAGE", "de", TRUE);
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, PRAXI_PO_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/said/camera", test_camera);
  g_test_add_func ("/said/lineage", test_lineage);
  g_test_add_func ("/said/order", test_order);
  g_test_add_func ("/said/other", test_other);
  return g_test_run ();
}
