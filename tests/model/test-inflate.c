/* Inflated nets answer a still clip as the net of pictures answers the picture. */
#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/inflate.h"
#include "engine/model/zoo.h"
#include "tests/model/model-support.h"

enum { HEIGHT = 40, WIDTH = 52, FRAMES = 5, CLASSES = 7, PIXELS = HEIGHT * WIDTH };

static PraxiGraph *
picture_net (const char *name)
{
  g_autoptr (GError) error = NULL;
  const PraxiZooOptions options = {.n_classes = CLASSES,
                                   .height_px = HEIGHT,
                                   .width_px = WIDTH,
                                   .width = 0.25,
                                   .depth = 0.5,
                                   .is_image = TRUE};
  PraxiGraph *graph = praxi_zoo_graph (name, &options, &error);
  g_assert_no_error (error);
  return graph;
}

/* [3,H,W] of noise. */
static float *
random_picture (void)
{
  float *picture = g_new (float, 3 * PIXELS);
  for (int i = 0; i < 3 * PIXELS; i++)
    picture[i] = (float) g_test_rand_double_range (-2, 2);
  return picture;
}

/* [3,T,H,W]: the picture in every frame, times 1 + change · t */
static float *
clip_of (const float *picture, float change)
{
  float *clip = g_new (float, 3 * FRAMES * PIXELS);
  for (int c = 0; c < 3; c++)
    for (int t = 0; t < FRAMES; t++)
      for (int i = 0; i < PIXELS; i++)
        clip[(c * FRAMES + t) * PIXELS + i] = picture[c * PIXELS + i] * (1 + change * (float) t);
  return clip;
}

static float
largest_difference (const float *a, const float *b, int n, float *largest)
{
  float difference = 0;
  *largest = 0;
  for (int i = 0; i < n; i++) {
    difference = MAX (difference, fabsf (a[i] - b[i]));
    *largest = MAX (*largest, fabsf (a[i]));
  }
  return difference;
}

static void
check_net (const char *name, PraxiInflateKind kind, int time)
{
  g_autoptr (GError) error = NULL;
  const PraxiInflateOptions options = {.kind = kind, .frames = FRAMES, .time = time};
  g_autoptr (PraxiGraph) graph = picture_net (name);
  g_autoptr (PraxiGraph) inflated = praxi_inflate (graph, &options, &error);
  g_assert_no_error (error);
  g_autofree float *picture = random_picture ();
  g_autofree float *still = clip_of (picture, 0), *moving = clip_of (picture, 0.3f);
  int n, n_still, n_moving;
  float largest;
  g_autofree float *want = praxi_test_evaluate (graph, picture, &n);
  g_autofree float *got = praxi_test_evaluate (inflated, still, &n_still);
  g_autofree float *other = praxi_test_evaluate (inflated, moving, &n_moving);
  g_assert_cmpint (n, ==, CLASSES);
  g_assert_cmpint (n_still, ==, CLASSES);
  const float difference = largest_difference (want, got, n, &largest);
  g_test_message ("%s %d: %g of %g", name, kind, (double) difference, (double) largest);
  g_assert_cmpfloat (largest, >, 0);
  g_assert_cmpfloat (difference, <=, 1e-5f * largest);
  g_assert_cmpfloat (largest_difference (want, other, n_moving, &largest), >, 1e-3f * largest);
}

static void
test_still (void)
{
  static const char *const nets[] = {"mobilenetv2", "mobilenetv3-small", "mobilenetv3-large",
                                     "shufflenetv2", "efficientnet-lite0"};
  for (gsize i = 0; i < G_N_ELEMENTS (nets); i++) {
    check_net (nets[i], PRAXI_INFLATE_3D, 0);
    check_net (nets[i], PRAXI_INFLATE_2PLUS1D, 0);
  }
  check_net ("shufflenetv2", PRAXI_INFLATE_3D, 5);
  check_net ("mobilenetv2", PRAXI_INFLATE_2PLUS1D, 1);
}

/* The batch stays open, and clips keep their frames up to the last pool. */
static void
test_shape (void)
{
  g_autoptr (GError) error = NULL;
  const PraxiInflateOptions options = {.frames = FRAMES};
  g_autoptr (PraxiGraph) graph = picture_net ("shufflenetv2");
  g_autoptr (PraxiGraph) flat = praxi_graph_resolve (graph, NULL, 0, 1, &error);
  g_autoptr (PraxiGraph) inflated = praxi_inflate (graph, &options, &error);
  g_autoptr (PraxiGraph) two = praxi_graph_resolve (inflated, NULL, 0, 2, &error);
  g_assert_no_error (error);
  const int input = g_array_index (two->inputs, int, 0);
  const int output = g_array_index (two->outputs, int, 0);
  g_assert_cmpint (praxi_graph_value (two, input)->tensor.dims[0], ==, 2);
  g_assert_cmpint (praxi_graph_value (two, input)->tensor.dims[2], ==, FRAMES);
  g_assert_cmpint (praxi_graph_value (two, output)->tensor.dims[0], ==, 2);
  /* two clips of frames, and depthwise kernels three times as deep */
  g_assert_cmpint (praxi_graph_macs (two), >, 2 * FRAMES * praxi_graph_macs (flat) * 9 / 10);
}

static void
test_refused (void)
{
  g_autoptr (GError) error = NULL, frames_error = NULL, time_error = NULL;
  g_autoptr (PraxiGraph) graph = picture_net ("mobilenetv2");
  g_autoptr (PraxiGraph) clips = praxi_test_classifier ();
  const PraxiInflateOptions good = {.frames = 4}, none = {0}, even = {.frames = 4, .time = 2};
  g_assert_null (praxi_inflate (clips, &good, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "no picture"));
  g_assert_null (praxi_inflate (graph, &none, &frames_error));
  g_assert_error (frames_error, PRAXI_ERROR, PRAXI_ERROR_USAGE);
  g_assert_null (praxi_inflate (graph, &even, &time_error));
  g_assert_error (time_error, PRAXI_ERROR, PRAXI_ERROR_USAGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/inflate/still", test_still);
  g_test_add_func ("/inflate/shape", test_shape);
  g_test_add_func ("/inflate/refused", test_refused);
  return g_test_run ();
}
