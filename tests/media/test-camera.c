/* What of a camera needs none: its address, the ring of live pictures. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/media/camera.h"

static void
test_credentials (void)
{
  static const struct {
    const char *given, *stripped;
  } urls[] = {
      {"rtsp://user:secret@10.0.0.7:554/a@b", "rtsp://10.0.0.7:554/a@b"},
      {"rtsp://u@host", "rtsp://host"},
      {"rtsp://p@ss:w@rd@host/x?y=@", "rtsp://host/x?y=@"},
      {"http://host/path", "http://host/path"},
      {"/dev/video0", "/dev/video0"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (urls); i++) {
    g_autofree char *stripped = praxi_camera_strip_credentials (urls[i].given);
    g_assert_cmpstr (stripped, ==, urls[i].stripped);
  }
  g_autofree char *added = praxi_camera_add_credentials ("rtsp://host/x", "me@home", "a/b:c");
  g_assert_cmpstr (added, ==, "rtsp://me%40home:a%2Fb%3Ac@host/x");
  g_autofree char *replaced = praxi_camera_add_credentials ("rtsp://old:one@host/x", "new", "");
  g_assert_cmpstr (replaced, ==, "rtsp://new:@host/x");
  g_autofree char *same = praxi_camera_add_credentials ("rtsp://host/x", "", "secret");
  g_assert_cmpstr (same, ==, "rtsp://host/x");
}

static void
test_ring (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiLiveRing) reader = praxi_live_ring_new (&error);
  g_assert_no_error (error);
  g_autoptr (PraxiLiveRing) writer =
      praxi_live_ring_open (dup (praxi_live_ring_fd (reader)), &error);
  g_assert_no_error (error);
  PraxiLivePicture picture;
  g_assert_false (praxi_live_ring_take (reader, &picture));
  g_assert_false (praxi_live_ring_is_watched (writer));
  praxi_live_ring_set_watched (reader, TRUE);
  g_assert_true (praxi_live_ring_is_watched (writer));
  for (int i = 0; i < 10; i++) {
    memset (praxi_live_ring_begin (writer), i, 8 * 4 * 4);
    praxi_live_ring_publish (writer, &(PraxiLivePicture){8, 4, 1000 + i, i, NULL});
  }
  g_assert_true (praxi_live_ring_take (reader, &picture));
  g_assert_cmpint (picture.frame, ==, 9);
  g_assert_cmpint (picture.clock_us, ==, 1009);
  g_assert_cmpuint (g_bytes_get_size (picture.pixels), ==, 8 * 4 * 4);
  g_assert_cmpint (((const guint8 *) g_bytes_get_data (picture.pixels, NULL))[127], ==, 9);
  g_bytes_unref (picture.pixels);
  g_assert_false (praxi_live_ring_take (reader, &picture));
}

/* A writer that lies about sizes, or is in the middle of a picture, is not believed. */
static void
test_lies (void)
{
  g_autoptr (PraxiLiveRing) reader = praxi_live_ring_new (NULL);
  g_autoptr (PraxiLiveRing) writer = praxi_live_ring_open (dup (praxi_live_ring_fd (reader)), NULL);
  static const int sizes[][2] = {{0, 4}, {-8, 4}, {1 << 20, 4}, {8, 721}, {G_MAXINT, G_MAXINT}};
  PraxiLivePicture picture;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    praxi_live_ring_begin (writer);
    praxi_live_ring_publish (writer, &(PraxiLivePicture){sizes[i][0], sizes[i][1], 0, 0, NULL});
    g_assert_false (praxi_live_ring_take (reader, &picture));
  }
}

static void
test_no_ring (void)
{
  g_autoptr (GError) error = NULL;
  const int small = memfd_create ("small", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  g_assert_null (praxi_live_ring_open (small, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_null (praxi_live_ring_open (open ("/dev/null", O_RDWR | O_CLOEXEC), &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_null (praxi_live_ring_open (-1, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/camera/credentials", test_credentials);
  g_test_add_func ("/camera/ring", test_ring);
  g_test_add_func ("/camera/lies", test_lies);
  g_test_add_func ("/camera/no-ring", test_no_ring);
  return g_test_run ();
}
