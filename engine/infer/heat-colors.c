#include "engine/infer/heat-colors.h"

#include <math.h>
#include <string.h>

/* Ten evenly spaced anchors, linear between them. */
enum { N_ANCHORS = 10 };

static const guint32 anchors[][N_ANCHORS] = {
    [PRAXI_HEAT_INFERNO] = {0x000004, 0x1b0c42, 0x4b0c6b, 0x781c6d, 0xa52c60, 0xcf4446, 0xed6925,
                            0xfb9a06, 0xf7d03c, 0xfcffa4},
    [PRAXI_HEAT_VIRIDIS] = {0x440154, 0x482878, 0x3e4a89, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779,
                            0x6dcd59, 0xb4de2c, 0xfde725},
    [PRAXI_HEAT_CONTRAST] = {0x000000, 0x1e1e1e, 0x353535, 0x4e4e4e, 0x696969, 0x858585, 0xa2a2a2,
                             0xc0c0c0, 0xdfdfdf, 0xffffff},
};

/* share: of b, in 65536ths. Red and blue go through one multiplication, 32 bits apart. */
static guint32
mix (guint32 a, guint32 b, guint32 share)
{
  const guint64 half = 32768, rest = 65536 - share;
  const guint64 a_rb = (guint64) (a & 0xff0000) << 16 | (a & 0xff);
  const guint64 b_rb = (guint64) (b & 0xff0000) << 16 | (b & 0xff);
  const guint64 rb = a_rb * rest + b_rb * share + (half << 32 | half);
  const guint64 green = (a >> 8 & 0xff) * rest + (b >> 8 & 0xff) * share + half;
  return 0xff000000u | (guint32) (rb >> 48) << 16 | (guint32) (green >> 16) << 8 |
         (guint32) (rb >> 16 & 0xff);
}

guint32
praxi_heat_color (PraxiHeatPalette palette, float score)
{
  if (isnan (score) || (guint) palette >= G_N_ELEMENTS (anchors))
    return 0xff808080u;
  const double at = CLAMP ((double) score, 0, 1) * (N_ANCHORS - 1);
  const int i = MIN ((int) at, N_ANCHORS - 2);
  return mix (anchors[palette][i], anchors[palette][i + 1], (guint32) ((at - i) * 65536 + 0.5));
}

/* The first line is painted, the others are copies of it but where stripes cross them. */
static void
copy_lines (const PraxiHeatRow *row,
            guint32 *pixels,
            int width_px,
            int height_px,
            int stride_px,
            gboolean has_stripes)
{
  for (int y = 1; y < height_px; y++) {
    guint32 *line = pixels + (gsize) y * stride_px;
    memcpy (line, pixels, (gsize) width_px * sizeof *line);
    for (int x = 0; has_stripes && x < width_px; x++)
      if (pixels[x] == PRAXI_HEAT_MISSING_LIGHT || pixels[x] == PRAXI_HEAT_MISSING_DARK)
        line[x] = praxi_heat_hatch (row->x_px + x, y) ? PRAXI_HEAT_MISSING_DARK
                                                      : PRAXI_HEAT_MISSING_LIGHT;
  }
}

/* The highest score of column x, an eighth of a pixel more or less. */
static float
column_score (const PraxiScoreTrack *track, const PraxiHeatRow *row, int x, int width_px)
{
  const double span_ns = (double) (row->end_ns - row->start_ns);
  const gint64 t0_ns = row->start_ns + (gint64) (span_ns * x / width_px);
  const gint64 t1_ns = row->start_ns + (gint64) (span_ns * (x + 1) / width_px);
  return praxi_score_track_max_about (track, row->class_index, t0_ns, MAX (t1_ns, t0_ns + 1));
}

void
praxi_heat_raster (const PraxiScoreTrack *track,
                   const PraxiHeatRow *row,
                   guint32 *pixels,
                   int width_px,
                   int height_px,
                   int stride_px)
{
  gboolean has_stripes = FALSE;
  float last = NAN; /* seen from near, a window is many columns */
  guint32 color = 0;
  for (int x = 0; x < width_px; x++) {
    const float score = column_score (track, row, x, width_px);
    const guint32 missing =
        praxi_heat_hatch (row->x_px + x, 0) ? PRAXI_HEAT_MISSING_DARK : PRAXI_HEAT_MISSING_LIGHT;
    if (score != last)
      color = praxi_heat_color (row->palette, score);
    last = score;
    pixels[x] = isnan (score) ? missing : color;
    has_stripes |= isnan (score);
  }
  copy_lines (row, pixels, width_px, height_px, stride_px, has_stripes);
}

void
praxi_heat_raster_estimate (const PraxiScoreTrack *estimate,
                            const PraxiHeatRow *row,
                            guint32 *pixels,
                            int width_px,
                            int height_px,
                            int stride_px)
{
  for (int x = 0; x < width_px; x++) {
    if (pixels[x] != PRAXI_HEAT_MISSING_LIGHT && pixels[x] != PRAXI_HEAT_MISSING_DARK)
      continue;
    const float score = column_score (estimate, row, x, width_px);
    const guint32 color = praxi_heat_color (row->palette, score);
    for (int y = 0; y < height_px && !isnan (score); y++)
      if (!praxi_heat_hatch (row->x_px + x, y))
        pixels[(gsize) y * stride_px + x] = color;
  }
}
