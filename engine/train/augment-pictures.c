#include "engine/train/augment-pictures.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 8, LOWEST_QUALITY = 20, HIGHEST_QUALITY = 70, MOST_PASSES = 3 };
#define MOST_GAIN 0.15
#define SATURATION_RANGE 0.5
#define SLOWEST 0.6
#define DROPPED 0.2
#define SPEED_CHANCE 0.3
#define DROP_CHANCE 0.2
#define BLUR_CHANCE 0.2
#define COMPRESS_CHANCE 0.25

static gsize
frame_bytes (const PraxiClipShape *shape)
{
  return (gsize) shape->height * (gsize) shape->width * 3;
}

static guint8
byte_of (double x)
{
  return (guint8) CLAMP (lrint (x), 0, 255);
}

void
praxi_augment_color (guint8 *clip,
                     const PraxiClipShape *shape,
                     const double gains[3],
                     double saturation)
{
  const gsize n = frame_bytes (shape) * (gsize) shape->frames;
  const float s = (float) saturation;
  const float g[3] = {(float) gains[0], (float) gains[1], (float) gains[2]};
  for (gsize i = 0; i < n; i += 3) {
    const float red = clip[i] * g[0], green = clip[i + 1] * g[1], blue = clip[i + 2] * g[2];
    const float grey = 0.299f * red + 0.587f * green + 0.114f * blue; /* ITU-R BT.601 */
    clip[i] = byte_of ((double) (grey + s * (red - grey)));
    clip[i + 1] = byte_of ((double) (grey + s * (green - grey)));
    clip[i + 2] = byte_of ((double) (grey + s * (blue - grey)));
  }
}

void
praxi_augment_speed (guint8 *clip,
                     guint8 *room,
                     const PraxiClipShape *shape,
                     double begin,
                     double length)
{
  const gsize bytes = frame_bytes (shape);
  memcpy (room, clip, bytes * (gsize) shape->frames);
  for (int t = 0; t < shape->frames; t++) {
    const int from = CLAMP ((int) (begin + t * length / shape->frames), 0, shape->frames - 1);
    memcpy (clip + (gsize) t * bytes, room + (gsize) from * bytes, bytes);
  }
}

void
praxi_augment_drop (guint8 *clip, const PraxiClipShape *shape, double share, GRand *random)
{
  const gsize bytes = frame_bytes (shape);
  for (int t = 1; t < shape->frames; t++)
    if (g_rand_double (random) < share)
      memcpy (clip + (gsize) t * bytes, clip + (gsize) (t - 1) * bytes, bytes);
}

/* (1 2 1) / 4 over n places that lie `step` bytes apart; the ends repeat. */
static void
blur_line (const guint8 *from, guint8 *to, int n, gsize step)
{
  for (int i = 0; i < n; i++) {
    const int before = from[(gsize) MAX (i - 1, 0) * step];
    const int after = from[(gsize) MIN (i + 1, n - 1) * step];
    to[(gsize) i * step] = (guint8) ((before + 2 * from[(gsize) i * step] + after + 2) >> 2);
  }
}

void
praxi_augment_blur (guint8 *clip, guint8 *room, const PraxiClipShape *shape, int passes)
{
  const gsize row = (gsize) shape->width * 3, bytes = frame_bytes (shape);
  for (int t = 0; t < shape->frames * passes; t++) {
    guint8 *frame = clip + (gsize) (t / passes) * bytes;
    for (int y = 0; y < shape->height; y++)
      for (int c = 0; c < 3; c++)
        blur_line (frame + (gsize) y * row + c, room + (gsize) y * row + c, shape->width, 3);
    for (gsize x = 0; x < row; x++)
      blur_line (room + x, frame + x, shape->height, row);
  }
}

/* --- compression ---------------------------------------------------------------------------- */

static const guint8 brightness_steps[BLOCK * BLOCK] = {
    16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
    14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
    18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};

typedef struct {
  float cosines[BLOCK][BLOCK]; /* [frequency][place], orthonormal */
  float steps[BLOCK * BLOCK];
} Codec;

static void
make_codec (Codec *codec, int quality)
{
  const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  for (int k = 0; k < BLOCK; k++)
    for (int i = 0; i < BLOCK; i++)
      codec->cosines[k][i] =
          (float) (cos ((2 * i + 1) * k * G_PI / (2 * BLOCK)) * (k == 0 ? sqrt (0.125) : 0.5));
  for (int i = 0; i < BLOCK * BLOCK; i++)
    codec->steps[i] = (float) CLAMP ((brightness_steps[i] * scale + 50) / 100, 1, 255);
}

/* out = cosines · in where is_forward, its transpose · in else; then transposed, so that twice is
 * both axes.
 */
static void
transform (const Codec *codec, float in[BLOCK][BLOCK], float out[BLOCK][BLOCK], gboolean is_forward)
{
  for (int k = 0; k < BLOCK; k++)
    for (int j = 0; j < BLOCK; j++) {
      float sum = 0;
      for (int i = 0; i < BLOCK; i++)
        sum += (is_forward ? codec->cosines[k][i] : codec->cosines[i][k]) * in[i][j];
      out[j][k] = sum;
    }
}

/* One block of one colour from (y, x) on; what stands over the edge repeats the edge. */
static void
compress_block (guint8 *frame, const PraxiClipShape *shape, const Codec *codec, int y, int x, int c)
{
  float a[BLOCK][BLOCK], b[BLOCK][BLOCK];
  const gsize row = (gsize) shape->width * 3;
  for (int i = 0; i < BLOCK; i++)
    for (int j = 0; j < BLOCK; j++) {
      const int from_y = MIN (y + i, shape->height - 1), from_x = MIN (x + j, shape->width - 1);
      a[i][j] = (float) frame[(gsize) from_y * row + (gsize) from_x * 3 + (gsize) c] - 128;
    }
  transform (codec, a, b, TRUE);
  transform (codec, b, a, TRUE);
  for (int i = 0; i < BLOCK; i++)
    for (int j = 0; j < BLOCK; j++) {
      const float step = codec->steps[i * BLOCK + j];
      a[i][j] = rintf (a[i][j] / step) * step;
    }
  transform (codec, a, b, FALSE);
  transform (codec, b, a, FALSE);
  for (int i = 0; i < MIN (BLOCK, shape->height - y); i++)
    for (int j = 0; j < MIN (BLOCK, shape->width - x); j++)
      frame[(gsize) (y + i) * row + (gsize) (x + j) * 3 + (gsize) c] =
          byte_of ((double) a[i][j] + 128);
}

void
praxi_augment_compress (guint8 *clip, const PraxiClipShape *shape, int quality)
{
  Codec codec;
  make_codec (&codec, quality);
  for (int t = 0; t < shape->frames; t++)
    for (int y = 0; y < shape->height; y += BLOCK)
      for (int x = 0; x < shape->width; x += BLOCK)
        for (int c = 0; c < 3; c++)
          compress_block (clip + (gsize) t * frame_bytes (shape), shape, &codec, y, x, c);
}

/* --- by chance ------------------------------------------------------------------------------ */

void
praxi_augment_pictures (guint8 *clip, guint8 *room, const PraxiClipShape *shape, GRand *random)
{
  double gains[3];
  for (int c = 0; c < 3; c++)
    gains[c] = 1 + g_rand_double_range (random, -MOST_GAIN, MOST_GAIN);
  praxi_augment_color (clip, shape, gains,
                       1 + g_rand_double_range (random, -SATURATION_RANGE, SATURATION_RANGE));
  if (g_rand_double (random) < SPEED_CHANCE) {
    const double length = shape->frames * g_rand_double_range (random, SLOWEST, 1);
    praxi_augment_speed (clip, room, shape, g_rand_double (random) * (shape->frames - length),
                         length);
  }
  if (g_rand_double (random) < DROP_CHANCE)
    praxi_augment_drop (clip, shape, DROPPED, random);
  if (g_rand_double (random) < BLUR_CHANCE)
    praxi_augment_blur (clip, room, shape, g_rand_int_range (random, 1, MOST_PASSES + 1));
  if (g_rand_double (random) < COMPRESS_CHANCE)
    praxi_augment_compress (clip, shape,
                            g_rand_int_range (random, LOWEST_QUALITY, HIGHEST_QUALITY + 1));
}
