/* Stands in for libFuzzer in the ordinary suite: every seed as it is, then with a few bytes
 * changed, cut or doubled, the same ones each time. Crashes that were mended stay as seeds.
 *
 * usage: fuzz-NAME FOLDER [N]   N: changed copies of each seed, 100 unless told
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

static void
change (GByteArray *bytes, GRand *random)
{
  for (int n = g_rand_int_range (random, 1, 6); n > 0 && bytes->len > 0; n--) {
    const guint at = g_rand_int_range (random, 0, (gint32) bytes->len);
    const guint length = g_rand_int_range (random, 0, 16);
    switch (g_rand_int_range (random, 0, 6)) {
    case 0:
      g_byte_array_remove_range (bytes, at, MIN (length, bytes->len - at));
      break;
    case 1:
      g_byte_array_set_size (bytes, at + 1);
      break;
    case 2: {
      g_autofree guint8 *piece = g_memdup2 (bytes->data + at, MIN (length, bytes->len - at));
      if (piece != NULL)
        g_byte_array_append (bytes, piece, MIN (length, bytes->len - at));
      break;
    }
    case 3:
      bytes->data[at] = g_rand_boolean (random) ? 0xff : 0;
      break;
    default:
      bytes->data[at] = (guint8) g_rand_int (random);
    }
  }
}

static void
replay (const char *path, int n_changed)
{
  g_autofree char *data = NULL;
  gsize size = 0;
  if (!g_file_get_contents (path, &data, &size, NULL))
    return;
  LLVMFuzzerTestOneInput ((const uint8_t *) data, size);
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) size);
  for (int i = 0; i < n_changed; i++) {
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    g_byte_array_append (bytes, (const guint8 *) data, (guint) size);
    change (bytes, random);
    LLVMFuzzerTestOneInput (bytes->data, bytes->len);
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (GDir) folder = argc > 1 ? g_dir_open (argv[1], 0, NULL) : NULL;
  if (folder == NULL) {
    fprintf (stderr, "usage: %s FOLDER [N]\n", argv[0]);
    return 2;
  }
  int n_seeds = 0;
  for (const char *name; (name = g_dir_read_name (folder)) != NULL; n_seeds++) {
    g_autofree char *path = g_build_filename (argv[1], name, NULL);
    replay (path, argc > 2 ? atoi (argv[2]) : 100);
  }
  printf ("%d seeds\n", n_seeds);
  return n_seeds > 0 ? 0 : 1;
}
