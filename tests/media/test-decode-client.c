/* The preview client against the real helper: argv[1] is the program `praxi`. */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/media/decode-client.h"
#include "engine/media/decoder.h"
#include "engine/media/frame-paint.h"

#define SKIP 77
#define WIDTH 320
#define HEIGHT 240
#define PATIENCE_S 30

static const char *praxi;
static char *folder;
static char *video; /* 120 frames, B pictures, a keyframe every 40 */

typedef struct {
  PraxiDecodeClient *client;
  PraxiFrameIndex *index;
  GPtrArray *pictures; /* of Picture */
  char *failure;
  int n_failures;
  gboolean is_late;
  int n_previews, previewed;
  GBytes *previews[3]; /* the first of each keyframe */
} Fixture;

typedef struct {
  PraxiDecodePicture picture;
  GBytes *pixels;
} Picture;

static void
picture_free (gpointer data)
{
  Picture *picture = data;
  g_bytes_unref (picture->pixels);
  g_free (picture);
}

static void
ready_cb (PraxiDecodeClient *client,
          const PraxiDecodeInfo *info,
          PraxiFrameIndex *index,
          gpointer user_data)
{
  Fixture *fixture = user_data;
  g_assert_null (fixture->index);
  g_assert_cmpint (info->frames, ==, praxi_frame_index_length (index));
  fixture->index = praxi_frame_index_ref (index);
}

static void
picture_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  Fixture *fixture = user_data;
  Picture *kept = g_new0 (Picture, 1);
  kept->picture = *picture;
  kept->pixels = g_bytes_ref (picture->pixels);
  g_ptr_array_add (fixture->pictures, kept);
}

static void
beside_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  Fixture *fixture = user_data;
  fixture->n_previews++;
  fixture->previewed = picture->requested;
  g_assert_false (picture->is_damaged);
  g_assert_cmpint (picture->ordinal, ==, picture->requested / 40 * 40);
  g_assert_cmpint (picture->width, ==, WIDTH / 4);
  g_assert_cmpint (picture->height, ==, HEIGHT / 4);
  GBytes **first = &fixture->previews[picture->ordinal / 40];
  if (*first == NULL)
    *first = g_bytes_ref (picture->pixels);
  g_assert_true (g_bytes_equal (*first, picture->pixels)); /* decoded, or shown again */
}

static void
failed_cb (PraxiDecodeClient *client, const GError *error, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_assert_null (fixture->failure);
  fixture->failure = g_strdup (error->message);
}

static gboolean
late_cb (gpointer user_data)
{
  Fixture *fixture = user_data;
  fixture->is_late = TRUE;
  return G_SOURCE_REMOVE;
}

static void
begin (Fixture *fixture, const char *program, const char *path)
{
  const PraxiDecodeCallbacks callbacks = {
      .ready = ready_cb, .picture = picture_cb, .preview = beside_cb, .failed = failed_cb};
  g_autoptr (GError) error = NULL;
  *fixture = (Fixture){.pictures = g_ptr_array_new_with_free_func (picture_free)};
  fixture->client = praxi_decode_client_new (program, path, &callbacks, fixture, &error);
  g_assert_no_error (error);
  g_assert_nonnull (fixture->client);
}

static void
end (Fixture *fixture)
{
  praxi_decode_client_free (fixture->client);
  praxi_frame_index_unref (fixture->index);
  g_ptr_array_unref (fixture->pictures);
  g_free (fixture->failure);
  for (guint i = 0; i < G_N_ELEMENTS (fixture->previews); i++)
    g_clear_pointer (&fixture->previews[i], g_bytes_unref);
}

/* The last picture, if it is the exact answer for ordinal. */
static const Picture *
answer (const Fixture *fixture, int ordinal)
{
  if (fixture->pictures->len == 0)
    return NULL;
  const Picture *last = g_ptr_array_index (fixture->pictures, fixture->pictures->len - 1);
  return last->picture.is_exact && last->picture.ordinal == ordinal ? last : NULL;
}

static const Picture *
wait_for (Fixture *fixture, int ordinal)
{
  fixture->is_late = FALSE;
  const guint timer = g_timeout_add_seconds (PATIENCE_S, late_cb, fixture);
  while (answer (fixture, ordinal) == NULL && !fixture->is_late && fixture->failure == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (fixture->is_late);
  g_assert_null (fixture->failure);
  g_source_remove (timer);
  return answer (fixture, ordinal);
}

static void
wait_for_failure (Fixture *fixture)
{
  const guint timer = g_timeout_add_seconds (PATIENCE_S, late_cb, fixture);
  while (fixture->failure == NULL && !fixture->is_late)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (fixture->is_late);
  g_source_remove (timer);
}

/* What a sequential decode shows, the way the helper paints it. */
static void
assert_shows (const Picture *picture, int ordinal)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiMedia) media = praxi_media_open (video, &error);
  g_autoptr (PraxiDecoder) decoder = praxi_decoder_new (media, NULL, &error);
  g_assert_no_error (error);
  for (;;) {
    g_autoptr (PraxiFrame) frame = praxi_decoder_next (decoder, &error);
    g_assert_nonnull (frame);
    if (praxi_frame_ordinal (frame) < ordinal)
      continue;
    const int width = picture->picture.width, height = picture->picture.height;
    g_autofree guint8 *expected = g_malloc ((gsize) width * (gsize) height * 4);
    g_assert_true (praxi_frame_paint (frame, width, height, NULL, expected, width * 4, &error));
    g_assert_cmpmem (expected, (gsize) width * (gsize) height * 4,
                     g_bytes_get_data (picture->pixels, NULL), g_bytes_get_size (picture->pixels));
    return;
  }
}

static void
test_exact (void)
{
  Fixture fixture;
  begin (&fixture, praxi, video);
  const int ordinals[] = {0, 119, 57, 58, 56, 3, 80, 79, 41, 40, 39};
  for (guint i = 0; i < G_N_ELEMENTS (ordinals); i++) {
    praxi_decode_client_request (fixture.client, ordinals[i], WIDTH, HEIGHT, TRUE);
    const Picture *picture = wait_for (&fixture, ordinals[i]);
    g_assert_false (picture->picture.is_damaged);
    g_assert_cmpint (picture->picture.requested, ==, ordinals[i]);
    g_assert_cmpint (picture->picture.width, ==, WIDTH);
    g_assert_cmpint (picture->picture.pts_ns, ==,
                     praxi_frame_index_pts_ns (fixture.index, ordinals[i]));
    assert_shows (picture, ordinals[i]);
  }
  g_assert_cmpuint (fixture.pictures->len, ==, G_N_ELEMENTS (ordinals));
  end (&fixture);
}

static void
test_steps (void)
{
  Fixture fixture;
  begin (&fixture, praxi, video);
  const int steps[] = {1, -1, -3, 4};
  int at = 60;
  for (guint s = 0; s < G_N_ELEMENTS (steps); s++)
    for (int i = 0; i < 14; i++, at += steps[s]) {
      praxi_decode_client_request (fixture.client, at, WIDTH / 2, HEIGHT, TRUE);
      const Picture *picture = wait_for (&fixture, at);
      g_assert_cmpint (picture->picture.width, ==, WIDTH / 2);
      g_assert_cmpint (picture->picture.height, ==, HEIGHT / 2);
    }
  assert_shows (g_ptr_array_index (fixture.pictures, 20),
                ((Picture *) g_ptr_array_index (fixture.pictures, 20))->picture.ordinal);
  end (&fixture);
}

static void
test_latest_wins (void)
{
  Fixture fixture;
  begin (&fixture, praxi, video);
  praxi_decode_client_request (fixture.client, 0, WIDTH, HEIGHT, TRUE);
  wait_for (&fixture, 0);
  g_ptr_array_set_size (fixture.pictures, 0);
  for (int i = 0; i < 2000; i++)
    praxi_decode_client_request (fixture.client, i % 2 == 0 ? 110 : 5, WIDTH, HEIGHT, TRUE);
  praxi_decode_client_request (fixture.client, 33, WIDTH, HEIGHT, TRUE);
  assert_shows (wait_for (&fixture, 33), 33);
  g_assert_cmpuint (fixture.pictures->len, <, 500);
  end (&fixture);
}

static void
test_preview (void)
{
  Fixture fixture;
  begin (&fixture, praxi, video);
  praxi_decode_client_request (fixture.client, 70, WIDTH, HEIGHT, FALSE);
  assert_shows (wait_for (&fixture, 70), 70);
  g_assert_cmpuint (fixture.pictures->len, ==, 2);
  const Picture *first = g_ptr_array_index (fixture.pictures, 0);
  g_assert_false (first->picture.is_exact);
  g_assert_cmpint (first->picture.ordinal, ==, 40);
  g_assert_cmpint (first->picture.requested, ==, 70);
  assert_shows (first, 40);
  end (&fixture);
}

/* The memory grows with the picture, and pictures are never enlarged. */
/* Previews come beside the pictures of a movement, and neither disturbs the other. */
static void
test_beside (void)
{
  Fixture fixture;
  begin (&fixture, praxi, video);
  for (int at = 30; at < 60; at++) {
    praxi_decode_client_preview (fixture.client, 119 - at, WIDTH / 4, HEIGHT);
    praxi_decode_client_request (fixture.client, at, WIDTH, HEIGHT, TRUE);
    wait_for (&fixture, at);
    while (fixture.previewed != 119 - at) /* the next would overtake it, by the clock */
      g_main_context_iteration (NULL, TRUE);
  }
  g_assert_cmpuint (fixture.pictures->len, ==, 30);
  for (int i = 0; i < 500; i++)
    praxi_decode_client_preview (fixture.client, i % 120, WIDTH / 4, HEIGHT);
  praxi_decode_client_request (fixture.client, 3, WIDTH * 20, HEIGHT * 20, TRUE); /* a new ring */
  wait_for (&fixture, 3);
  while (fixture.previewed != 499 % 120)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (fixture.n_previews, >=, 20);
  g_assert_cmpint (fixture.n_previews, <, 200); /* the latest wins */
  end (&fixture);
}

static void
test_sizes (void)
{
  Fixture fixture;
  begin (&fixture, praxi, video);
  const int sides[] = {16, 4000, 200, 1};
  for (guint i = 0; i < G_N_ELEMENTS (sides); i++) {
    praxi_decode_client_request (fixture.client, 50 + (int) i, sides[i], sides[i], TRUE);
    const Picture *picture = wait_for (&fixture, 50 + (int) i);
    g_assert_cmpint (picture->picture.width, ==, MIN (sides[i], WIDTH));
    assert_shows (picture, 50 + (int) i);
  }
  end (&fixture);
}

static void
test_killed (void)
{
  Fixture fixture;
  begin (&fixture, praxi, video);
  for (int i = 0; i < 12; i++) {
    const GPid pid = praxi_decode_client_pid (fixture.client);
    g_assert_cmpint (pid, >, 0);
    praxi_decode_client_request (fixture.client, 7 * i, WIDTH, HEIGHT, TRUE);
    if (i % 3 != 0)
      wait_for (&fixture, 7 * i);
    kill (pid, SIGKILL);
    praxi_decode_client_request (fixture.client, 7 * i + 3, WIDTH, HEIGHT, TRUE);
    assert_shows (wait_for (&fixture, 7 * i + 3), 7 * i + 3);
    g_assert_cmpint (praxi_decode_client_pid (fixture.client), !=, pid);
  }
  end (&fixture);
}

static void
test_hangs (void)
{
  Fixture fixture;
  begin (&fixture, praxi, video);
  praxi_decode_client_request (fixture.client, 9, WIDTH, HEIGHT, TRUE);
  wait_for (&fixture, 9);
  const GPid pid = praxi_decode_client_pid (fixture.client);
  kill (pid, SIGSTOP);
  praxi_decode_client_request (fixture.client, 91, WIDTH, HEIGHT, TRUE);
  assert_shows (wait_for (&fixture, 91), 91);
  g_assert_cmpint (praxi_decode_client_pid (fixture.client), !=, pid);
  end (&fixture);
}

static void
test_crashes_always (void)
{
  Fixture fixture;
  begin (&fixture, "/bin/false", video);
  wait_for_failure (&fixture);
  g_assert_true (g_str_has_prefix (fixture.failure, video));
  g_assert_null (strchr (fixture.failure, '\n'));
  praxi_decode_client_request (fixture.client, 1, WIDTH, HEIGHT, TRUE); /* harmless */
  end (&fixture);
}

static void
test_no_video (void)
{
  g_autofree char *path = g_build_filename (folder, "-text\n.mp4", NULL);
  g_assert_true (g_file_set_contents (path, "this is no video\n", -1, NULL));
  Fixture fixture;
  begin (&fixture, praxi, path);
  wait_for_failure (&fixture);
  g_assert_nonnull (strstr (fixture.failure, "not a video"));
  g_assert_null (strchr (fixture.failure, '\n'));
  end (&fixture);

  g_autoptr (GError) error = NULL;
  g_assert_null (
      praxi_decode_client_new (praxi, "/no/such.mp4", &(PraxiDecodeCallbacks){0}, NULL, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (
      praxi_decode_client_new ("/no/praxi", video, &(PraxiDecodeCallbacks){0}, NULL, &error));
  g_assert_nonnull (error);
}

static void
free_in_picture_cb (PraxiDecodeClient *client,
                    const PraxiDecodePicture *picture,
                    gpointer user_data)
{
  PraxiDecodeClient **place = user_data;
  praxi_decode_client_free (client);
  *place = NULL;
}

static void
test_freed_in_callback (void)
{
  PraxiDecodeClient *client = NULL;
  const PraxiDecodeCallbacks callbacks = {.picture = free_in_picture_cb};
  client = praxi_decode_client_new (praxi, video, &callbacks, &client, NULL);
  praxi_decode_client_request (client, 12, WIDTH, HEIGHT, FALSE);
  while (client != NULL)
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
make_video (void)
{
  const char *const argv[] = {
      "ffmpeg", "-v",       "error",   "-f",  "lavfi", "-i", "testsrc2=s=320x240:r=25:d=4.8",
      "-c:v",   "libx264",  "-bf",     "3",   "-g",    "40", "-sc_threshold",
      "0",      "-pix_fmt", "yuv420p", video, NULL};
  int status = 1;
  return g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                       &status, NULL) &&
         status == 0;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  praxi = argv[1];
  folder = g_dir_make_tmp ("praxi-decode-XXXXXX", NULL);
  video = g_build_filename (folder, "video.mp4", NULL);
  if (!make_video ()) {
    g_rmdir (folder);
    g_print ("1..0 # SKIP ffmpeg with libx264 is missing\n");
    return SKIP;
  }
  g_test_add_func ("/media/decode-client/exact", test_exact);
  g_test_add_func ("/media/decode-client/steps", test_steps);
  g_test_add_func ("/media/decode-client/latest-wins", test_latest_wins);
  g_test_add_func ("/media/decode-client/preview", test_preview);
  g_test_add_func ("/media/decode-client/beside", test_beside);
  g_test_add_func ("/media/decode-client/sizes", test_sizes);
  g_test_add_func ("/media/decode-client/killed", test_killed);
  g_test_add_func ("/media/decode-client/hangs", test_hangs);
  g_test_add_func ("/media/decode-client/crashes-always", test_crashes_always);
  g_test_add_func ("/media/decode-client/no-video", test_no_video);
  g_test_add_func ("/media/decode-client/freed-in-callback", test_freed_in_callback);
  const int result = g_test_run ();
  g_autofree char *text = g_build_filename (folder, "-text\n.mp4", NULL);
  g_remove (text);
  g_remove (video);
  g_rmdir (folder);
  g_free (video);
  g_free (folder);
  return result;
}
