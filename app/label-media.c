/* The commands of `praxi label` that look at footage. */
#include "app/label-media.h"

#include "engine/media/media.h"

/* Keeps the last file open, since labels come in runs of one file. Zero to begin with. */
typedef struct {
  char *path;
  PraxiMedia *media; /* NULL when the file cannot be opened */
} KnownMedia;

static void
clear (KnownMedia *known)
{
  g_clear_pointer (&known->path, g_free);
  g_clear_pointer (&known->media, praxi_media_unref);
}

static void
open_media (KnownMedia *known, const char *path)
{
  if (g_strcmp0 (known->path, path) == 0)
    return;
  clear (known);
  known->path = g_strdup (path);
  if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
    known->media = praxi_media_open (path, NULL);
}

static void
fill_media (PraxiMediaRow *media, const PraxiMediaInfo *info)
{
  media->frames = info->frames;
  media->first_pts_ns = info->first_pts_ns;
  media->duration_ns = info->duration_ns;
  media->width_px = info->width;
  media->height_px = info->height;
}

static void
fill_times (PraxiLabel *label, const PraxiFrameIndex *index)
{
  const int length = praxi_frame_index_length (index);
  if (label->start_frame < 0 || label->end_frame < 0) {
    label->start_frame = 0;
    label->end_frame = length;
  }
  label->start_ns = praxi_frame_index_pts_ns (index, label->start_frame);
  label->end_ns = praxi_frame_index_end_ns (index, label->end_frame - 1);
}

static void
fill_frames (PraxiLabel *label, const PraxiFrameIndex *index)
{
  label->start_frame = praxi_frame_index_ordinal_at (index, label->start_ns);
  label->end_frame = praxi_frame_index_ordinal_at (index, label->end_ns - 1) + 1;
}

/* A PraxiExchangeProbe; data is a KnownMedia. Times become frames (those on screen at some moment
 * of the range), frames become times, neither becomes the whole footage.
 */
static gboolean
probe (PraxiMediaRow *media, PraxiLabel *label, gpointer data)
{
  KnownMedia *known = data;
  open_media (known, media->path);
  if (known->media == NULL)
    return FALSE;
  fill_media (media, praxi_media_info (known->media));
  const PraxiFrameIndex *index = praxi_media_index (known->media);
  if (label->start_ns >= label->end_ns)
    fill_times (label, index);
  else if (label->start_frame < 0 || label->end_frame < 0)
    fill_frames (label, index);
  return TRUE;
}

PraxiExit
praxi_cli_label (int argc, char **argv)
{
  KnownMedia known = {0};
  const PraxiExit status = praxi_label_run (argc, argv, probe, &known);
  clear (&known);
  return status;
}
