#include "engine/train/sequence.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "engine/core/error.h"

static char *
temporary (void)
{
  g_autoptr (GError) error = NULL;
  char *path = NULL;
  const int file = g_file_open_tmp ("praxi-sequence-XXXXXX.npy", &path, &error);
  g_assert_no_error (error);
  g_close (file, NULL);
  return path;
}

/* An array file as NumPy writes it; cut: bytes left out at the end */
static char *
write_npy (const char *header, const void *values, gsize bytes, gsize cut)
{
  g_autoptr (GByteArray) file = g_byte_array_new ();
  const guint16 length = (guint16) strlen (header);
  char *path = temporary ();
  g_byte_array_append (file, (const guint8 *) "\x93NUMPY\x01", 8); /* and a 0 */
  g_byte_array_append (file, (const guint8 *) &length, 2);
  g_byte_array_append (file, (const guint8 *) header, length);
  g_byte_array_append (file, values, (guint) bytes);
  g_assert_true (
      g_file_set_contents (path, (const char *) file->data, (gssize) (file->len - cut), NULL));
  return path;
}

static PraxiSequence *
read_and_remove (char *path, GError **error)
{
  PraxiSequence *sequence = praxi_sequence_read (path, error);
  g_unlink (path);
  g_free (path);
  return sequence;
}

#define HEADER(type, order, shape)                                                                 \
  "{'descr': '" type "', 'fortran_order': " order ", 'shape': " shape ", }\n"

static void
test_read (void)
{
  const float narrow[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, INFINITY, 11};
  const double wide[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  g_autoptr (PraxiSequence) a = read_and_remove (
      write_npy (HEADER ("<f4", "False", "(2, 3, 2)"), narrow, sizeof narrow, 0), NULL);
  g_autoptr (PraxiSequence) b = read_and_remove (
      write_npy (HEADER ("<f8", "False", "(2, 2, 3)"), wide, sizeof wide, 0), NULL);
  g_assert_nonnull (a);
  g_assert_nonnull (b);
  g_assert_cmpint (a->frames, ==, 2);
  g_assert_cmpint (a->joints, ==, 3);
  g_assert_cmpint (a->dims, ==, 2);
  g_assert_cmpint (b->dims, ==, 3);
  g_assert_true (isnan (a->values[10]));
  g_assert_cmpfloat (a->values[11], ==, 11);
  g_assert_cmpfloat (b->values[11], ==, 11);
}

/* Each is refused with a sentence. */
static void
test_refuses (void)
{
  static const float values[24];
  static const struct {
    const char *header;
    gsize cut;
    int code;
  } cases[] = {
      {HEADER ("<f4", "False", "(2, 3, 2)"), 1, PRAXI_ERROR_FORMAT},
      {HEADER ("<f4", "False", "(3, 3, 2)"), 0, PRAXI_ERROR_FORMAT},
      {HEADER ("<f4", "False", "(2147483647, 1024, 3)"), 0, PRAXI_ERROR_FORMAT},
      {HEADER ("<f4", "False", "(9223372036854775807, 9223372036854775807, 3)"), 0,
       PRAXI_ERROR_FORMAT},
      {HEADER ("<f4", "False", "(-2, 3, 2)"), 0, PRAXI_ERROR_FORMAT},
      {HEADER ("<f4", "False", "(2, 1, 4)"), 0, PRAXI_ERROR_FORMAT},
      {HEADER ("<f4", "False", "(12,)"), 0, PRAXI_ERROR_UNSUPPORTED},
      {HEADER ("<f4", "False", "(2, 3, 2"), 0, PRAXI_ERROR_UNSUPPORTED},
      {HEADER ("<f4", "True", "(2, 3, 2)"), 0, PRAXI_ERROR_UNSUPPORTED},
      {HEADER ("|O", "False", "(2, 3, 2)"), 0, PRAXI_ERROR_UNSUPPORTED},
      {"{}\n", 0, PRAXI_ERROR_FORMAT},
      {"", 0, PRAXI_ERROR_FORMAT},
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (read_and_remove (write_npy (cases[i].header, values, 48, cases[i].cut), &error));
    g_assert_error (error, PRAXI_ERROR, cases[i].code);
  }
  g_autoptr (GError) error = NULL;
  g_assert_null (praxi_sequence_read ("/nowhere/a.npy", &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND);
}

enum { FRAMES = 30, JOINTS = 5, FIT = 12, WIDTH = JOINTS * 3 };

/* A figure that swings, seen at a place and in a size. */
static PraxiSequence *
swing (double place, double size)
{
  PraxiSequence *sequence = g_new0 (PraxiSequence, 1);
  *sequence = (PraxiSequence){FRAMES, JOINTS, 3, g_new (float, FRAMES *WIDTH)};
  for (int t = 0; t < FRAMES; t++)
    for (int i = 0; i < WIDTH; i++)
      sequence->values[t * WIDTH + i] =
          (float) (place * (i % 3 + 1) + size * (i / 3 + sin (t * 0.2 + i)));
  return sequence;
}

static void
test_place_and_size_do_not_matter (void)
{
  g_autoptr (PraxiSequence) near = swing (0, 1), far = swing (40, 0.2);
  float a[FIT * WIDTH], b[FIT * WIDTH];
  praxi_sequence_fit (near, 0, FRAMES, FIT, a);
  praxi_sequence_fit (far, 0, FRAMES, FIT, b);
  for (int i = 0; i < FIT * WIDTH; i++)
    g_assert_cmpfloat_with_epsilon (a[i], b[i], 1e-4);
}

static void
test_time_is_linear (void)
{
  PraxiSequence line = {3, 1, 2, (float[]){0, 0, 2, 0, 4, 0}};
  float out[10];
  praxi_sequence_fit (&line, 0, 3, 5, out);
  for (int t = 1; t < 5; t++)
    g_assert_cmpfloat_with_epsilon (out[2 * t] - out[2 * (t - 1)], out[2] - out[0], 1e-6);
  g_assert_cmpfloat (out[2], >, out[0]);
  praxi_sequence_fit (&line, 99, 100, 5, out); /* beyond its end: the last two */
  g_assert_cmpfloat (out[8], >, out[0]);
}

static void
test_unseen_joints_stay (void)
{
  g_autoptr (PraxiSequence) sequence = swing (0, 1);
  for (int t = 0; t < 10; t++)
    for (int d = 0; d < 3; d++)
      sequence->values[t * WIDTH + d] = NAN;
  float out[FIT * WIDTH];
  praxi_sequence_fit (sequence, 0, FRAMES, FIT, out);
  for (int i = 0; i < FIT * WIDTH; i++)
    g_assert_true (isfinite (out[i]));
  g_assert_cmpfloat_with_epsilon (out[0], out[WIDTH], 1e-6);
}

static void
test_augment (void)
{
  g_autoptr (PraxiSequence) sequence = swing (0, 1);
  g_autoptr (GRand) random = g_rand_new_with_seed (3), same = g_rand_new_with_seed (3);
  float in[FIT * WIDTH], a[FIT * WIDTH], b[FIT * WIDTH];
  double change = 0;
  praxi_sequence_fit (sequence, 0, FRAMES, FIT, in);
  praxi_sequence_augment (in, FIT, JOINTS, 3, random, a);
  praxi_sequence_augment (in, FIT, JOINTS, 3, same, b);
  for (int i = 0; i < FIT * WIDTH; i++) {
    g_assert_cmpfloat (a[i], ==, b[i]);
    change = fmax (change, fabs ((double) (a[i] - in[i])));
  }
  g_assert_cmpfloat (change, >, 0.01);
  g_assert_cmpfloat (change, <, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sequence/read", test_read);
  g_test_add_func ("/sequence/refuses", test_refuses);
  g_test_add_func ("/sequence/place-and-size", test_place_and_size_do_not_matter);
  g_test_add_func ("/sequence/time", test_time_is_linear);
  g_test_add_func ("/sequence/unseen-joints", test_unseen_joints_stay);
  g_test_add_func ("/sequence/augment", test_augment);
  return g_test_run ();
}
