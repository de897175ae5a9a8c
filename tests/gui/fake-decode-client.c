/* A decode client without a process: 750 frames at 25 frames per second, a grey ramp that moves;
 * in "day.mp4" ten hours of them. Answers come from the main loop, as the real ones do. The file
 * "missing.mp4" cannot be opened.
 */
#include "engine/media/decode-client.h"

#include <string.h>

#include "engine/core/error.h"

enum { FRAMES = 750, DAY_FRAMES = 10 * 3600 * 25, WIDTH = 320, HEIGHT = 180, GOP = 25 };
#define FRAME_NS G_GINT64_CONSTANT (40000000)

struct PraxiDecodeClient {
  PraxiDecodeCallbacks callbacks;
  gpointer user_data;
  PraxiFrameIndex *index;
  int requested;
  gboolean exact;
  guint ready_source, picture_source;
};

static gboolean
ready_cb (gpointer user_data)
{
  PraxiDecodeClient *client = user_data;
  client->ready_source = 0;
  const int n_frames = praxi_frame_index_length (client->index);
  PraxiDecodeInfo info = {.width = WIDTH,
                          .height = HEIGHT,
                          .display_width = WIDTH,
                          .display_height = HEIGHT,
                          .frames = n_frames,
                          .keyframes = n_frames / GOP,
                          .duration_ns = n_frames * FRAME_NS,
                          .avg_rate = 25};
  client->callbacks.ready (client, &info, client->index, client->user_data);
  return G_SOURCE_REMOVE;
}

static void
answer (PraxiDecodeClient *client, int ordinal)
{
  guint8 *pixels = g_malloc (WIDTH * HEIGHT * 4);
  for (int i = 0; i < WIDTH * HEIGHT; i++) {
    memset (pixels + 4 * i, ((i % WIDTH) + 3 * ordinal) & 0xff, 3);
    pixels[4 * i + 3] = 255;
  }
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, WIDTH * HEIGHT * 4);
  const PraxiDecodePicture picture = {.requested = client->requested,
                                      .ordinal = ordinal,
                                      .pts_ns = ordinal * FRAME_NS,
                                      .is_exact = ordinal == client->requested,
                                      .width = WIDTH,
                                      .height = HEIGHT,
                                      .stride_bytes = WIDTH * 4,
                                      .pixels = bytes};
  client->callbacks.picture (client, &picture, client->user_data);
}

static gboolean
picture_cb (gpointer user_data)
{
  PraxiDecodeClient *client = user_data;
  if (!client->exact && client->requested % GOP != 0) {
    client->exact = TRUE;
    answer (client, client->requested / GOP * GOP);
    return G_SOURCE_CONTINUE;
  }
  client->picture_source = 0;
  answer (client, client->requested);
  return G_SOURCE_REMOVE;
}

PraxiDecodeClient *
praxi_decode_client_new (const char *praxi_path,
                         const char *media_path,
                         const PraxiDecodeCallbacks *callbacks,
                         gpointer user_data,
                         GError **error)
{
  const int n_frames = g_str_has_suffix (media_path, "day.mp4") ? DAY_FRAMES : FRAMES;
  g_autofree gint64 *pts_ns = g_new (gint64, n_frames);
  g_autofree guint8 *is_keyframe = g_new (guint8, n_frames);
  if (g_str_has_suffix (media_path, "missing.mp4")) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND, "%s: not found; choose another",
                 media_path);
    return NULL;
  }
  for (int i = 0; i < n_frames; i++) {
    pts_ns[i] = i * FRAME_NS;
    is_keyframe[i] = i % GOP == 0;
  }
  PraxiDecodeClient *client = g_new0 (PraxiDecodeClient, 1);
  client->callbacks = *callbacks;
  client->user_data = user_data;
  client->index = praxi_frame_index_new (pts_ns, is_keyframe, n_frames, n_frames * FRAME_NS);
  client->ready_source = g_timeout_add (1, ready_cb, client);
  return client;
}

void
praxi_decode_client_free (PraxiDecodeClient *client)
{
  if (client == NULL)
    return;
  g_clear_handle_id (&client->ready_source, g_source_remove);
  g_clear_handle_id (&client->picture_source, g_source_remove);
  praxi_frame_index_unref (client->index);
  g_free (client);
}

void
praxi_decode_client_request (PraxiDecodeClient *client,
                             int ordinal,
                             int max_width_px,
                             int max_height_px,
                             gboolean exact)
{
  client->requested = ordinal;
  client->exact = exact;
  if (client->picture_source == 0)
    client->picture_source = g_timeout_add (2, picture_cb, client);
}

/* Small and of one grey, at once. */
void
praxi_decode_client_preview (PraxiDecodeClient *client,
                             int ordinal,
                             int max_width_px,
                             int max_height_px)
{
  guint8 *pixels = g_malloc (16 * 9 * 4);
  memset (pixels, 0x60, 16 * 9 * 4);
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, 16 * 9 * 4);
  const PraxiDecodePicture picture = {.requested = ordinal,
                                      .ordinal = ordinal / GOP * GOP,
                                      .pts_ns = ordinal / GOP * GOP * FRAME_NS,
                                      .width = 16,
                                      .height = 9,
                                      .stride_bytes = 16 * 4,
                                      .pixels = bytes};
  if (client->callbacks.preview != NULL)
    client->callbacks.preview (client, &picture, client->user_data);
}

GPid
praxi_decode_client_pid (const PraxiDecodeClient *client)
{
  return 0;
}
