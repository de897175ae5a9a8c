#include "engine/lighten/footage.h"

#include <string.h>

PraxiFootage *
praxi_footage_new (const PraxiModelSpec *spec, const PraxiClips *clips, int most_clips)
{
  PraxiFootage *footage = g_new0 (PraxiFootage, 1);
  footage->spec = spec;
  footage->clips = clips;
  footage->n_clips = (int) clips->clips->len;
  if (most_clips > 0)
    footage->n_clips = MIN (footage->n_clips, most_clips);
  footage->pixels = g_malloc (clips->clip_bytes + 1);
  footage->converted = spec->is_float ? g_new (float, clips->clip_bytes) : NULL;
  return footage;
}

void
praxi_footage_free (PraxiFootage *footage)
{
  if (footage == NULL)
    return;
  g_free (footage->pixels);
  g_free (footage->converted);
  g_free (footage);
}

static gboolean
fill (gpointer data, int i, const PraxiTensor *input, GError **error)
{
  PraxiFootage *footage = data;
  const guint64 at = (guint64) i * footage->clips->clips->len / (guint64) footage->n_clips;
  gsize bytes = 0;
  praxi_tensor_bytes (input, &bytes);
  if (!praxi_clips_read (footage->clips, (guint) at, footage->pixels, error))
    return FALSE;
  memcpy (input->data, praxi_clip_convert (footage->spec, footage->pixels, footage->converted),
          bytes);
  return TRUE;
}

PraxiCalibrationClips
praxi_footage_calibration (PraxiFootage *footage)
{
  return (PraxiCalibrationClips){.n_clips = footage->n_clips, .fill = fill, .data = footage};
}

void
praxi_footage_thin (PraxiDataset *dataset, guint most_samples)
{
  const guint n = dataset->samples->len;
  for (guint i = n; n > most_samples && i-- > 0;)
    if ((guint64) i * most_samples / n == (guint64) (i + 1) * most_samples / n)
      g_ptr_array_remove_index (dataset->samples, i);
}
