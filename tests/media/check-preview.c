/* usage: check-preview PRAXI VIDEO: opens the video through the decode helper and has it show the
 * first, the last and the middle frame. Prints "N frames", or why not and exits with 1; with 3 when
 * the helper had to be started again or gave no answer.
 */
#include <stdio.h>

#include "engine/media/decode-client.h"

#define PATIENCE_S 60

typedef struct {
  PraxiDecodeClient *client;
  GMainLoop *loop;
  GPid pid;
  int frames;
  int step;
  gboolean is_late;
  char *failure;
} Viewer;

static void
ask (Viewer *viewer)
{
  const int wanted[] = {0, viewer->frames - 1, viewer->frames / 2};
  if (viewer->step == G_N_ELEMENTS (wanted))
    g_main_loop_quit (viewer->loop);
  else
    praxi_decode_client_request (viewer->client, wanted[viewer->step], 160, 120, TRUE);
}

static void
ready_cb (PraxiDecodeClient *client,
          const PraxiDecodeInfo *info,
          PraxiFrameIndex *index,
          gpointer user_data)
{
  Viewer *viewer = user_data;
  viewer->frames = info->frames;
  ask (viewer);
}

static void
picture_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  Viewer *viewer = user_data;
  viewer->step += picture->is_exact;
  if (picture->is_exact)
    ask (viewer);
}

static void
failed_cb (PraxiDecodeClient *client, const GError *error, gpointer user_data)
{
  Viewer *viewer = user_data;
  viewer->failure = g_strdup (error->message);
  g_main_loop_quit (viewer->loop);
}

static gboolean
late_cb (gpointer user_data)
{
  Viewer *viewer = user_data;
  viewer->is_late = TRUE;
  g_main_loop_quit (viewer->loop);
  return G_SOURCE_CONTINUE;
}

static void
view (Viewer *viewer, const char *praxi, const char *path)
{
  const PraxiDecodeCallbacks callbacks = {
      .ready = ready_cb, .picture = picture_cb, .failed = failed_cb};
  g_autoptr (GError) error = NULL;
  viewer->client = praxi_decode_client_new (praxi, path, &callbacks, viewer, &error);
  if (viewer->client == NULL) {
    viewer->failure = g_strdup (error->message);
    return;
  }
  viewer->pid = praxi_decode_client_pid (viewer->client);
  const guint timer = g_timeout_add_seconds (PATIENCE_S, late_cb, viewer);
  g_main_loop_run (viewer->loop);
  g_source_remove (timer);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Viewer viewer = {.loop = loop};
  view (&viewer, argv[1], argv[2]);
  const gboolean is_restarted = viewer.client != NULL && viewer.failure == NULL &&
                                praxi_decode_client_pid (viewer.client) != viewer.pid;
  if (viewer.failure != NULL)
    printf ("%s\n", viewer.failure);
  else
    printf ("%d frames%s%s\n", viewer.frames, viewer.is_late ? ", no answer" : "",
            is_restarted ? ", the helper died" : "");
  const int status = viewer.is_late || is_restarted ? 3 : viewer.failure != NULL;
  praxi_decode_client_free (viewer.client);
  g_free (viewer.failure);
  return status;
}
