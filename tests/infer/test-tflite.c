/* TensorFlow Lite files: published nets classify test pictures right; damaged files are refused. */
#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/executor.h"
#include "engine/model/inflate.h"
#include "engine/model/tflite-read.h"

static char *
shared_path (const char *name)
{
  const char *shared = g_getenv ("PRAXI_SHARED");
  g_autofree char *beside = g_build_filename (PRAXI_SOURCE_ROOT, "..", "shared", NULL);
  return g_build_filename (shared != NULL ? shared : beside, "data", "backbones", name, NULL);
}

/* FALSE, and the test is skipped, where the file is not there. */
static gboolean
read_shared (const char *name, char **data, gsize *size)
{
  g_autofree char *path = shared_path (name);
  if (g_file_get_contents (path, data, size, NULL))
    return TRUE;
  g_test_skip ("shared/data/backbones is not here");
  return FALSE;
}

/* --- pictures ------------------------------------------------------------------------------------
 */

typedef struct {
  int width, height;
  guint8 *rgb;
} Picture;

static guint32
little (const char *data, gsize at)
{
  guint32 value;
  memcpy (&value, data + at, sizeof value);
  return GUINT32_FROM_LE (value);
}

/* An uncompressed BMP of 24 bits, bottom row first. */
static Picture
read_picture (const char *name)
{
  g_autofree char *file = g_strconcat ("images/", name, ".bmp", NULL);
  g_autofree char *path = shared_path (file);
  g_autofree char *data = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  Picture picture = {(int) little (data, 18), (int) little (data, 22), NULL};
  const gsize from = little (data, 10), row = ((gsize) picture.width * 3 + 3) / 4 * 4;
  g_assert_cmpuint (from + row * (gsize) picture.height, <=, size);
  picture.rgb = g_malloc ((gsize) picture.width * (gsize) picture.height * 3);
  for (int y = 0; y < picture.height; y++)
    for (int i = 0; i < picture.width * 3; i++)
      picture.rgb[y * picture.width * 3 + i] = (guint8)
          data[from + row * (gsize) (picture.height - 1 - y) + (gsize) (i / 3 * 3 + 2 - i % 3)];
  return picture;
}

/* The mean of the pixels that a smaller one covers. */
static guint8
covered (const Picture *picture, int side, int y, int x, int c)
{
  const int y0 = y * picture->height / side, y1 = MAX ((y + 1) * picture->height / side, y0 + 1);
  const int x0 = x * picture->width / side, x1 = MAX ((x + 1) * picture->width / side, x0 + 1);
  int sum = 0;
  for (int j = y0; j < y1; j++)
    for (int i = x0; i < x1; i++)
      sum += picture->rgb[(j * picture->width + i) * 3 + c];
  return (guint8) (sum / ((y1 - y0) * (x1 - x0)));
}

/* [frames,side,side,3] in the input's type; floats are bytes times scale. */
static void *
make_input (const Picture *picture, const PraxiTensor *tensor, int frames, float scale)
{
  const int side = (int) tensor->dims[tensor->rank - 2];
  const int n = side * side * 3;
  float *floats = g_new (float, n *frames);
  guint8 *bytes = (guint8 *) floats;
  for (int i = 0; i < n; i++) {
    const guint8 value = covered (picture, side, i / 3 / side, i / 3 % side, i % 3);
    for (int t = 0; t < frames; t++)
      if (tensor->dtype == PRAXI_F32)
        floats[t * n + i] = (float) value * scale;
      else
        bytes[t * n + i] = value;
  }
  return floats;
}

static PraxiGraph *
read_net (const char *name)
{
  g_autofree char *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;
  if (!read_shared (name, &data, &size))
    return NULL;
  g_assert_true (praxi_tflite_is ((const guint8 *) data, size));
  PraxiGraph *graph = praxi_tflite_read ((const guint8 *) data, size, &error);
  g_assert_no_error (error);
  return graph;
}

/* Scores of one picture, or of a still clip of it; free with g_free. */
static float *
score (PraxiExecutor *executor, const Picture *picture, int frames, float scale, int *n)
{
  g_autoptr (GError) error = NULL;
  PraxiTensor in = *praxi_executor_input (executor, 0), out = *praxi_executor_output (executor, 0);
  g_autofree void *pixels = make_input (picture, &in, frames, scale);
  *n = (int) out.dims[1];
  float *scores = g_new0 (float, *n);
  in.data = pixels;
  out.data = scores;
  g_assert_true (praxi_executor_run_tensors (executor, &in, &out, &error));
  return scores;
}

static int
best (const float *scores, int n)
{
  int at = 0;
  for (int i = 1; i < n; i++)
    if (scores[i] > scores[at])
      at = i;
  return at;
}

/* --- tests
 * ---------------------------------------------------------------------------------------- */

typedef struct {
  const char *net;
  float scale; /* of bytes, for nets that take floats */
  const char *pictures[7];
  int classes[6];
} Case;

#define IMAGENET                                                                                   \
  {"bird", "cat", "dragonfly", "grace_hopper", "squat", "sunflower"},                              \
  {                                                                                                \
    20, 286, 320, 653, 544, 986                                                                    \
  }

/* ImageNet's names with "background" first: chickadee, Egyptian cat, dragonfly, military uniform,
 * dumbbell, daisy; a person is there or not; CIFAR's bird and cat.
 */
static const Case cases[] = {
    {"tf2_mobilenet_v2_1.0_224_ptq.tflite", 1, IMAGENET},
    {"mobilenet_v2_1.0_224_quant.tflite", 1, IMAGENET},
    {"mlcommons_vww_96_float.tflite",
     1 / 255.f,
     {"cat", "dragonfly", "grace_hopper", "squat", "sunflower"},
     {0, 0, 1, 1, 0}},
    {"mlcommons_vww_96_int8.tflite",
     1,
     {"cat", "dragonfly", "grace_hopper", "squat", "sunflower"},
     {0, 0, 1, 1, 0}},
    {"mlcommons_pretrainedResnet.tflite", 1, {"bird", "cat"}, {2, 3}},
    {"mlcommons_pretrainedResnet_quant.tflite", 1, {"bird", "cat"}, {2, 3}},
};

static void
test_pictures (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = read_net (c->net);
  if (graph == NULL)
    return;
  g_autoptr (PraxiExecutor) executor = praxi_executor_new_for_graph (graph, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  for (int i = 0; c->pictures[i] != NULL; i++) {
    int n;
    Picture picture = read_picture (c->pictures[i]);
    g_autofree float *scores = score (executor, &picture, 1, c->scale, &n);
    g_test_message ("%s %s: %d, %.3f", c->net, c->pictures[i], best (scores, n),
                    (double) scores[best (scores, n)]);
    g_assert_cmpint (best (scores, n), ==, c->classes[i]);
    g_free (picture.rgb);
  }
}

/* A published net with real weights, inflated: the still clip's scores are the picture's. */
static void
test_inflated (void)
{
  static const char *const nets[] = {"mlcommons_vww_96_float.tflite",
                                     "mlcommons_pretrainedResnet.tflite"};
  enum { FRAMES = 4 };
  for (int i = 0; i < 4; i++) {
    g_autoptr (GError) error = NULL;
    const PraxiInflateOptions options = {.kind = i / 2, .frames = FRAMES};
    const float scale = i % 2 == 0 ? 1 / 255.f : 1;
    g_autoptr (PraxiGraph) graph = read_net (nets[i % 2]);
    if (graph == NULL)
      return;
    g_autoptr (PraxiGraph) inflated = praxi_inflate (graph, &options, &error);
    g_assert_no_error (error);
    g_autoptr (PraxiExecutor) flat = praxi_executor_new_for_graph (graph, NULL, 0, NULL, &error);
    g_autoptr (PraxiExecutor) deep = praxi_executor_new_for_graph (inflated, NULL, 0, NULL, &error);
    g_assert_no_error (error);
    int n;
    Picture picture = read_picture ("cat");
    g_autofree float *want = score (flat, &picture, 1, scale, &n);
    g_autofree float *got = score (deep, &picture, FRAMES, scale, &n);
    for (int k = 0; k < n; k++)
      g_assert_cmpfloat (fabsf (want[k] - got[k]), <=, 1e-5f);
    g_free (picture.rgb);
  }
}

/* Whatever a file says, it is read or refused in words; never a crash. */
static void
test_damaged (void)
{
  g_autofree char *data = NULL;
  gsize size;
  int n_refused = 0;
  if (!read_shared ("mlcommons_pretrainedResnet_quant.tflite", &data, &size))
    return;
  for (int round = 0; round < 400; round++) {
    g_autoptr (GError) error = NULL;
    g_autofree guint8 *copy = g_memdup2 (data, size);
    const gsize cut = round % 4 == 0 ? (gsize) g_test_rand_int_range (8, (gint32) size) : size;
    for (int flips = 0; flips < 1 + round % 8; flips++)
      copy[g_test_rand_int_range (8, (gint32) size)] = (guint8) g_test_rand_int ();
    g_autoptr (PraxiGraph) graph = praxi_tflite_read (copy, cut, &error);
    g_assert_true ((graph == NULL) == (error != NULL));
    n_refused += graph == NULL;
    if (graph != NULL) {
      g_autoptr (PraxiGraph) resolved = praxi_graph_resolve (graph, NULL, 0, 1, NULL);
      g_assert_true (resolved == NULL || resolved->values->len > 0);
    }
  }
  g_assert_cmpint (n_refused, >, 50);
}

/* Noise behind the magic, and a root that leads outside. */
static void
test_noise (void)
{
  for (int round = 0; round < 2000; round++) {
    g_autoptr (GError) error = NULL;
    const gsize size = (gsize) g_test_rand_int_range (8, 600);
    g_autofree guint8 *bytes = g_malloc (size);
    for (gsize i = 0; i < size; i++)
      bytes[i] =
          round % 2 == 0 ? (guint8) g_test_rand_int () : (guint8) g_test_rand_int_range (0, 24);
    memcpy (bytes + 4, "TFL3", 4);
    g_autoptr (PraxiGraph) graph = praxi_tflite_read (bytes, size, &error);
    g_assert_null (graph);
    g_assert_nonnull (error);
    g_assert_null (strchr (error->message, '\n'));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strconcat ("/tflite/pictures/", cases[i].net, NULL);
    g_test_add_data_func (path, &cases[i], test_pictures);
  }
  g_test_add_func ("/tflite/inflated", test_inflated);
  g_test_add_func ("/tflite/damaged", test_damaged);
  g_test_add_func ("/tflite/noise", test_noise);
  return g_test_run ();
}
