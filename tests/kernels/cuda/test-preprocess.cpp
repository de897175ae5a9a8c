/* The kernel that makes a picture of a decoded surface, against the formula in double: NV12 and
 * P010, crops, sizes up and down. A rounding may fall to the other side, once in a hundred at most.
 */
#include "kernels/cuda/device/preprocess.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace
{
struct Case {
  int width, height, out_width, out_height;
  float x, y, crop_width, crop_height;
  int is_p010;
};

const Case cases[] = {
    {64, 48, 28, 28, 0, 0, 64, 48, 0},       {64, 48, 28, 28, 0, 0, 64, 48, 1},
    {63, 47, 100, 80, 0, 0, 63, 47, 0},      {40, 30, 17, 9, 5.5f, 3.25f, 20, 15, 0},
    {40, 30, 17, 9, 5.5f, 3.25f, 20, 15, 1}, {2, 2, 5, 5, 0, 0, 2, 2, 0},
};

double
sample_at (const std::vector<uint8_t> &plane,
           int pitch,
           int step,
           int first,
           int x,
           int y,
           bool wide)
{
  const uint8_t *row = plane.data () + y * pitch;
  const int i = x * step + first;
  return wide ? (row[2 * i] + 256 * row[2 * i + 1]) / 256.0 : row[i];
}

double
bilinear (const std::vector<uint8_t> &plane,
          int pitch,
          int step,
          int first,
          int width,
          int height,
          double x,
          double y,
          bool wide)
{
  x = std::clamp (x, 0.0, width - 1.0);
  y = std::clamp (y, 0.0, height - 1.0);
  const int x0 = (int) x, y0 = (int) y, x1 = std::min (x0 + 1, width - 1),
            y1 = std::min (y0 + 1, height - 1);
  auto at = [&] (int i, int j) { return sample_at (plane, pitch, step, first, i, j, wide); };
  return (1 - (y - y0)) * ((1 - (x - x0)) * at (x0, y0) + (x - x0) * at (x1, y0)) +
         (y - y0) * ((1 - (x - x0)) * at (x0, y1) + (x - x0) * at (x1, y1));
}

/* Differences of one are counted, larger ones fail. */
int
count_off (const Case &c)
{
  const int size = c.is_p010 ? 2 : 1, half_w = (c.width + 1) / 2, half_h = (c.height + 1) / 2;
  const int pitch = c.width * size + 12, chroma_pitch = half_w * 2 * size + 20;
  std::vector<uint8_t> luma (pitch * c.height), chroma (chroma_pitch * half_h);
  std::vector<uint8_t> out (c.out_width * c.out_height * 3, 0x55);
  for (auto *plane : {&luma, &chroma})
    for (auto &byte : *plane)
      byte = (uint8_t) rand ();
  CudaPreprocess a = {};
  a.luma = luma.data ();
  a.chroma = chroma.data ();
  a.luma_pitch = pitch;
  a.chroma_pitch = chroma_pitch;
  a.width = c.width;
  a.height = c.height;
  a.is_p010 = c.is_p010;
  a.x = c.x;
  a.y = c.y;
  a.step_x = c.crop_width / c.out_width;
  a.step_y = c.crop_height / c.out_height;
  a.luma_zero = 16;
  a.luma_gain = 255 / 219.f;
  a.r_v = 1.793f;
  a.g_u = 0.213f;
  a.g_v = 0.533f;
  a.b_u = 2.112f;
  for (int k = 0; k < 3; k++)
    a.multiplier[k] = 1;
  a.out = out.data ();
  a.out_width = c.out_width;
  a.out_height = c.out_height;
  const unsigned blocks = (unsigned) (c.out_width * c.out_height + 255) / 256;
  emulation::launch (
      {blocks, 1, 1}, {256, 1, 1}, false,
      [] (const void *args) { preprocess (*(const CudaPreprocess *) args); }, &a);
  int off = 0;
  for (int i = 0; i < c.out_width * c.out_height; i++) {
    const double x = c.x + (i % c.out_width + 0.5) * (double) a.step_x - 0.5;
    const double y = c.y + (i / c.out_width + 0.5) * (double) a.step_y - 0.5;
    const double l =
        (bilinear (luma, pitch, 1, 0, c.width, c.height, x, y, c.is_p010) - 16) * 255 / 219;
    double uv[2];
    for (int k = 0; k < 2; k++)
      uv[k] =
          bilinear (chroma, chroma_pitch, 2, k, half_w, half_h, x / 2, y / 2 - 0.25, c.is_p010) -
          128;
    const double rgb[3] = {l + 1.793 * uv[1], l - 0.213 * uv[0] - 0.533 * uv[1], l + 2.112 * uv[0]};
    for (int k = 0; k < 3; k++) {
      const int expected = (int) std::lrint (std::clamp (rgb[k], 0.0, 255.0));
      const int far = std::abs (expected - out[i * 3 + k]);
      if (far > 1) {
        fprintf (stderr, "pixel %d, colour %d: %d, expected %d\n", i, k, out[i * 3 + k], expected);
        exit (1);
      }
      off += far;
    }
  }
  return off;
}
} // namespace

int
main ()
{
  for (const Case &c : cases) {
    const int off = count_off (c), n = c.out_width * c.out_height * 3;
    printf ("%d×%d %s to %d×%d: %d of %d one off\n", c.width, c.height, c.is_p010 ? "P010" : "NV12",
            c.out_width, c.out_height, off, n);
    if (off * 100 > n)
      return 1;
  }
  return 0;
}
