/* Streaming equals the windowed run: nets with causal, centred, strided, dilated and shifted time,
 * in floats and in bytes, and the bundled models, at many hops.
 */
#include "engine/infer/stream.h"

#include <math.h>
#include <string.h>

#include "engine/infer/executor.h"
#include "engine/infer/fuse.h"
#include "engine/model/builder.h"
#include "kernels/cpu/cpu.h"

enum { FRAMES = 24, SIDE = 6, CHANNELS = 3, CLIPS = 6 };

typedef struct {
  PraxiBuilder *builder;
  GRand *random;
  int channels;
} Net;

static int
floats (Net *net, int rank, const int64_t *dims, double low, double high)
{
  int64_t count = 1;
  for (int d = 0; d < rank; d++)
    count *= dims[d];
  g_autofree float *data = g_new (float, count);
  for (int64_t i = 0; i < count; i++)
    data[i] = (float) g_rand_double_range (net->random, low, high);
  return praxi_builder_constant (net->builder, PRAXI_F32, rank, dims, data);
}

typedef struct {
  int64_t kernel, stride, dilation, before, after; /* along time */
  int64_t side;                                    /* of the kernel in space */
} Taps;

static const Taps centred = {3, 1, 1, 1, 1, 1}, causal = {3, 1, 1, 2, 0, 1},
                  cube = {3, 1, 1, 1, 1, 3}, dilated = {3, 1, 2, 2, 2, 1},
                  halving = {3, 2, 1, 1, 1, 3}, flat = {1, 1, 1, 0, 0, 3},
                  bare = {4, 1, 1, 0, 0, 1};

static PraxiOp
conv_op (const Taps *taps, int64_t group)
{
  const PraxiWindow window = {.n_spatial = 3,
                              .kernel = {taps->kernel, taps->side, taps->side},
                              .stride = {taps->stride, 1, 1},
                              .dilation = {taps->dilation, 1, 1},
                              .pad_begin = {taps->before, taps->side / 2, taps->side / 2},
                              .pad_end = {taps->after, taps->side / 2, taps->side / 2},
                              .group = group};
  return (PraxiOp){.kind = PRAXI_OP_CONV, .window = window};
}

static int
conv (Net *net, int x, int out, const Taps *taps, gboolean is_depthwise)
{
  const int64_t group = is_depthwise ? net->channels : 1;
  const int64_t dims[5] = {out, net->channels / group, taps->kernel, taps->side, taps->side};
  const int64_t bias[1] = {out};
  const PraxiOp op = conv_op (taps, group);
  const int in[3] = {x, floats (net, 5, dims, -0.4, 0.4), floats (net, 1, bias, -1, 1)};
  net->channels = out;
  return praxi_builder_op (net->builder, &op, NULL, in, 3);
}

static int
relu (Net *net, int x)
{
  return praxi_builder_unary (net->builder, PRAXI_OP_RELU, x);
}

/* (2+1)D with a residual over it, then half the rate, and a mean over all. */
static int
residual_net (Net *net, int x)
{
  x = relu (net, conv (net, x, 8, &flat, FALSE));
  const int skip = x;
  x = relu (net, conv (net, x, 8, &centred, TRUE));
  x = conv (net, x, 8, &flat, FALSE);
  x = relu (net, praxi_builder_binary (net->builder, PRAXI_OP_ADD, x, skip));
  x = relu (net, conv (net, x, 8, &halving, FALSE));
  return relu (net, conv (net, x, 8, &cube, FALSE));
}

static int
causal_net (Net *net, int x)
{
  x = relu (net, conv (net, x, 8, &causal, FALSE));
  x = relu (net, conv (net, x, 8, &causal, TRUE));
  x = relu (net, conv (net, x, 8, &dilated, FALSE));
  return conv (net, x, 5, &bare, FALSE);
}

static int
cut (Net *net, int x, int axis, int64_t start, int64_t end)
{
  const PraxiOp op = {.kind = PRAXI_OP_SLICE};
  const int64_t starts[1] = {start}, ends[1] = {end}, axes[1] = {axis};
  const int in[4] = {x, praxi_builder_ints (net->builder, starts, 1),
                     praxi_builder_ints (net->builder, ends, 1),
                     praxi_builder_ints (net->builder, axes, 1)};
  return praxi_builder_op (net->builder, &op, NULL, in, 4);
}

static int
concat (Net *net, const int *parts, int n)
{
  const PraxiOp op = {.kind = PRAXI_OP_CONCAT, .axis = 1};
  return praxi_builder_op (net->builder, &op, NULL, parts, n);
}

/* Moves x along time by one frame, zeros fill the gap. */
static int
shifted (Net *net, int x, gboolean forward)
{
  const PraxiOp op = {.kind = PRAXI_OP_PAD};
  const int64_t pads[10] = {0, 0, forward, 0, 0, 0, 0, !forward, 0, 0};
  x = forward ? cut (net, x, 2, 0, -1) : cut (net, x, 2, 1, FRAMES);
  const int in[2] = {x, praxi_builder_ints (net->builder, pads, 10)};
  return praxi_builder_op (net->builder, &op, NULL, in, 2);
}

/* The temporal shift module, and differences of neighbours. */
static int
shift_net (Net *net, int x)
{
  x = relu (net, conv (net, x, 8, &flat, FALSE));
  const int parts[3] = {shifted (net, cut (net, x, 1, 0, 2), TRUE),
                        shifted (net, cut (net, x, 1, 2, 4), FALSE), cut (net, x, 1, 4, 8)};
  x = concat (net, parts, 3);
  x = relu (net, conv (net, x, 8, &flat, FALSE));
  return praxi_builder_binary (net->builder, PRAXI_OP_SUB, cut (net, x, 2, 1, FRAMES),
                               cut (net, x, 2, 0, -1));
}

/* Pictures as a batch, then time again: views in between; a pool along time. */
static int
folded_net (Net *net, int x)
{
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 5, .perm = {0, 2, 1, 3, 4}};
  const PraxiOp reshape = {.kind = PRAXI_OP_RESHAPE};
  const int64_t batch[4] = {FRAMES, CHANNELS, SIDE, SIDE}, back[5] = {1, FRAMES, 8, SIDE, SIDE};
  const PraxiOp pool = {.kind = PRAXI_OP_MAX_POOL,
                        .window = {.n_spatial = 3, .kernel = {2, 2, 2}, .stride = {2, 2, 2}}};
  x = praxi_builder_op (net->builder, &turn, NULL, &x, 1);
  const int in[2] = {x, praxi_builder_ints (net->builder, batch, 4)};
  x = praxi_builder_op (net->builder, &reshape, NULL, in, 2);
  const PraxiOp op = {.kind = PRAXI_OP_CONV,
                      .window = {.n_spatial = 2,
                                 .kernel = {3, 3},
                                 .stride = {1, 1},
                                 .dilation = {1, 1},
                                 .pad_begin = {1, 1},
                                 .pad_end = {1, 1},
                                 .group = 1}};
  const int64_t dims[4] = {8, CHANNELS, 3, 3};
  const int conv_in[2] = {x, floats (net, 4, dims, -0.4, 0.4)};
  x = relu (net, praxi_builder_op (net->builder, &op, NULL, conv_in, 2));
  net->channels = 8;
  const int back_in[2] = {x, praxi_builder_ints (net->builder, back, 5)};
  x = praxi_builder_op (net->builder, &reshape, NULL, back_in, 2);
  x = praxi_builder_op (net->builder, &turn, NULL, &x, 1);
  x = conv (net, x, 8, &centred, FALSE);
  return praxi_builder_op (net->builder, &pool, NULL, &x, 1);
}

static int
bytes (Net *net, int x, float scale, int zero)
{
  return praxi_builder_dequantize (
      net->builder, praxi_builder_quantize (net->builder, x, scale, zero), scale, zero);
}

static int
byte_conv (Net *net, int x, int out, const Taps *taps, gboolean is_depthwise)
{
  const int64_t group = is_depthwise ? net->channels : 1;
  const int64_t dims[5] = {out, net->channels / group, taps->kernel, taps->side, taps->side};
  const gsize count = (gsize) (out * dims[1] * taps->kernel * taps->side * taps->side);
  g_autofree gint8 *data = g_new (gint8, count), *zeros = g_new0 (gint8, out);
  for (gsize i = 0; i < count; i++)
    data[i] = (gint8) g_rand_int_range (net->random, -63, 64);
  const PraxiOp dequantize = {.kind = PRAXI_OP_DEQUANTIZE_LINEAR, .axis = 0};
  const int64_t list[1] = {out};
  const int w[3] = {praxi_builder_constant (net->builder, PRAXI_S8, 5, dims, data),
                    floats (net, 1, list, 0.002, 0.01),
                    praxi_builder_constant (net->builder, PRAXI_S8, 1, list, zeros)};
  const PraxiOp op = conv_op (taps, group);
  const int in[3] = {x, praxi_builder_op (net->builder, &dequantize, NULL, w, 3),
                     floats (net, 1, list, -1, 1)};
  net->channels = out;
  return praxi_builder_op (net->builder, &op, NULL, in, 3);
}

static int
byte_net (Net *net, int x)
{
  x = bytes (net, x, 0.02f, 110);
  x = bytes (net, relu (net, byte_conv (net, x, 16, &flat, FALSE)), 0.03f, 0);
  const int skip = x;
  x = bytes (net, byte_conv (net, x, 16, &centred, TRUE), 0.03f, 120);
  x = bytes (net, praxi_builder_binary (net->builder, PRAXI_OP_ADD, x, skip), 0.04f, 90);
  x = bytes (net, relu (net, byte_conv (net, x, 16, &cube, FALSE)), 0.05f, 0);
  return bytes (net, byte_conv (net, x, 16, &halving, FALSE), 0.1f, 128);
}

static int
pool_near (Net *net, int x)
{
  const PraxiOp pool = {.kind = PRAXI_OP_MAX_POOL,
                        .window = {.n_spatial = 3,
                                   .kernel = {3, 3, 3},
                                   .stride = {1, 1, 1},
                                   .pad_begin = {1, 1, 1},
                                   .pad_end = {1, 1, 1}}};
  return praxi_builder_op (net->builder, &pool, NULL, &x, 1);
}

/* As Inception has them. */
static int
branches_net (Net *net, int x)
{
  int parts[3];
  x = relu (net, conv (net, x, 16, &flat, FALSE));
  parts[0] = relu (net, conv (net, x, 13, &flat, FALSE));
  net->channels = 16;
  parts[1] = relu (net, conv (net, x, 40, &cube, FALSE));
  parts[2] = pool_near (net, x);
  x = concat (net, parts, 3);
  net->channels = 13 + 40 + 16;
  return conv (net, x, 8, &centred, FALSE);
}

/* One part has the scale of the whole, others get another through a table. */
static int
byte_branches_net (Net *net, int x)
{
  int parts[4];
  x = bytes (net, x, 0.02f, 110);
  x = bytes (net, relu (net, byte_conv (net, x, 16, &flat, FALSE)), 0.03f, 0);
  parts[0] = bytes (net, byte_conv (net, x, 13, &flat, FALSE), 0.04f, 100);
  net->channels = 16;
  parts[1] = bytes (net, byte_conv (net, x, 48, &cube, FALSE), 0.05f, 128);
  parts[2] = pool_near (net, x);
  net->channels = 16;
  parts[3] = bytes (net, byte_conv (net, x, 16, &flat, FALSE), 0.03f, 120);
  parts[3] =
      bytes (net, praxi_builder_binary (net->builder, PRAXI_OP_ADD, x, parts[3]), 0.05f, 128);
  x = bytes (net, concat (net, parts, 4), 0.05f, 128);
  net->channels = 13 + 48 + 16 + 16;
  return bytes (net, byte_conv (net, x, 16, &halving, FALSE), 0.1f, 128);
}

typedef struct {
  const char *name;
  int (*build) (Net *net, int x);
  double limit;       /* of the difference */
  double least_saved; /* of the multiply-adds, at a hop of 2 */
} Kind;

/* Floats are summed in an order that depends on how many pixels there are: last bits may differ. */
static const Kind kinds[] = {{"residual", residual_net, 1e-4, 0.3},
                             {"causal", causal_net, 1e-4, 0.3},
                             {"shift", shift_net, 1e-4, 0.6},
                             {"folded", folded_net, 1e-4, 0.6},
                             {"bytes", byte_net, 0, 0.4},
                             {"branches", branches_net, 1e-4, 0.3},
                             {"byte-branches", byte_branches_net, 0, 0.3}};

static PraxiGraph *
build (const Kind *kind)
{
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (77);
  g_autoptr (GError) error = NULL;
  Net net = {builder, random, CHANNELS};
  const int64_t dims[5] = {1, CHANNELS, FRAMES, SIDE, SIDE};
  const int x = praxi_builder_input (builder, "x", PRAXI_F32, 5, dims);
  praxi_builder_output (builder, kind->build (&net, x), "y");
  g_autoptr (PraxiGraph) graph = praxi_builder_finish (builder);
  PraxiGraph *resolved = praxi_graph_resolve (graph, NULL, 0, 1, &error);
  g_assert_no_error (error);
  /* as the executor tells inputs of models it knows */
  praxi_tensor_set_channels_last (&praxi_graph_value (resolved, 0)->tensor);
  g_assert_true (praxi_fuse (resolved, &error));
  return resolved;
}

typedef struct {
  PraxiPool *pool;
  PraxiProgram *program;
} Runner;

static Runner
runner (const Kind *kind, const PraxiBackend *backend, gboolean joins)
{
  Runner self = {NULL};
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = build (kind);
  g_assert_cmpint (praxi_pool_new (2, &self.pool), ==, PRAXI_OK);
  self.program =
      praxi_program_new (graph, backend, self.pool, &(PraxiProgramOptions){.joins = joins}, &error);
  g_assert_no_error (error);
  return self;
}

static void
runner_clear (Runner *self)
{
  praxi_program_free (self->program);
  praxi_pool_free (self->pool);
}

static double
difference (const PraxiTensor *a, const PraxiTensor *b, double *range)
{
  int64_t count = 0;
  double largest = 0;
  praxi_tensor_count (a, &count);
  g_assert_cmpint (count, >, 0);
  for (int64_t i = 0; i < count; i++) {
    largest = fmax (largest, fabs (praxi_tensor_get (a, i) - praxi_tensor_get (b, i)));
    *range = fmax (*range, fabs (praxi_tensor_get (a, i)));
  }
  return largest;
}

static void
check_hop (const Kind *kind, const PraxiBackend *backend, int hop)
{
  enum { FRAME = SIDE * SIDE * CHANNELS };
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) hop);
  Runner whole = runner (kind, backend, FALSE), streamed = runner (kind, backend, FALSE);
  const int n_frames = FRAMES + CLIPS * hop;
  g_autofree float *frames = g_new (float, FRAME *n_frames);
  for (int i = 0; i < FRAME * n_frames; i++)
    frames[i] = (float) g_rand_double_range (random, -2, 2);
  const PraxiStreamOptions options = {.time_axis = 2, .hop_frames = hop};
  g_autoptr (PraxiStream) stream = praxi_stream_new (streamed.program, &options, &error);
  g_assert_no_error (error);
  if (hop == 2) {
    g_assert_nonnull (stream);
    g_assert_cmpfloat (praxi_stream_share (stream), <=, 1 - kind->least_saved);
    g_assert_cmpfloat (praxi_stream_share (stream), >, 0);
  }
  double range = 0;
  for (int k = 0; stream != NULL && k < CLIPS; k++) {
    float *clip = frames + k * hop * FRAME;
    praxi_program_set_input (whole.program, 0, clip);
    praxi_program_set_input (streamed.program, 0, clip);
    g_assert_true (praxi_program_run (whole.program, 0, &error));
    if (k > 0)
      praxi_stream_shift (stream);
    g_assert_true (k == 0 ? praxi_program_run (streamed.program, 0, &error)
                          : praxi_stream_run (stream, 0, &error));
    const double apart = difference (praxi_program_output (whole.program, 0),
                                     praxi_program_output (streamed.program, 0), &range);
    g_assert_cmpfloat (apart, <=, kind->limit);
  }
  g_assert_true (stream == NULL || range > 0.1);
  g_clear_pointer (&stream, praxi_stream_free);
  runner_clear (&whole);
  runner_clear (&streamed);
}

static void
test_kind (gconstpointer data)
{
  static const int hops[] = {1, 2, 3, 4, 6, 8, 12, 20, 23};
  for (gsize i = 0; i < G_N_ELEMENTS (hops); i++) {
    check_hop (data, praxi_backend_cpu (), hops[i]);
    check_hop (data, praxi_backend_ref (), hops[i]);
  }
}

/* Made where a Concat puts them, parts are the same bits, and a stream pays as it does for them
 * apart.
 */
static void
test_joined (gconstpointer data)
{
  const PraxiStreamOptions options = {.time_axis = 2, .hop_frames = 2};
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  float clip[FRAMES * SIDE * SIDE * CHANNELS];
  for (gsize i = 0; i < G_N_ELEMENTS (clip); i++)
    clip[i] = (float) g_rand_double_range (random, -2, 2);
  const PraxiBackend *backend;
  for (int level = 0; (backend = praxi_backend_cpu_level (level)) != NULL; level++) {
    Runner apart = runner (data, backend, FALSE), joined = runner (data, backend, TRUE);
    double range = 0;
    g_assert_true (praxi_program_is_joined (joined.program));
    g_assert_false (praxi_program_is_joined (apart.program));
    g_assert_true (praxi_stream_pays (joined.program, &options));
    praxi_program_set_input (apart.program, 0, clip);
    praxi_program_set_input (joined.program, 0, clip);
    for (int run = 0; run < 2; run++) {
      g_assert_true (praxi_program_run (apart.program, 0, &error));
      g_assert_true (praxi_program_run (joined.program, 0, &error));
      g_assert_cmpfloat (difference (praxi_program_output (apart.program, 0),
                                     praxi_program_output (joined.program, 0), &range),
                         ==, 0);
    }
    g_assert_cmpfloat (range, >, 0.1);
    for (int i = 0; i < joined.program->n_steps; i++)
      g_assert_true (joined.program->steps[i].backend == backend);
    runner_clear (&apart);
    runner_clear (&joined);
  }
}

/* The bundled models through the executor, the hop changing on the way. */
static void
test_bundled (gconstpointer data)
{
  static const int hops[] = {5, 5, 5, 1, 5, 2, 2, 2, 2, 2, 19, 20, 21, 5, 5, 5, 5, 5, 5, 3};
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  g_autofree char *path = g_build_filename (PRAXI_SOURCE_ROOT, "data/models", data, NULL);
  g_autoptr (PraxiModel) model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  const PraxiModelSpec *spec = praxi_model_spec (model);
  const gsize frame = (gsize) spec->height * (gsize) spec->width * 3;
  int n_frames = spec->frames;
  for (gsize i = 0; i < G_N_ELEMENTS (hops); i++)
    n_frames += hops[i];
  g_autofree guint8 *frames = g_malloc (frame * (gsize) n_frames);
  for (gsize i = 0; i < frame * (gsize) n_frames; i++) /* noise over a ramp that moves */
    frames[i] = (guint8) ((i / 3 + i / frame * 2) % 200 + (gsize) g_rand_int_range (random, 0, 40));
  const PraxiExecutorOptions options = {.threads = 2};
  g_autoptr (PraxiExecutor) a = praxi_executor_new (model, &options, &error);
  g_autoptr (PraxiExecutor) b = praxi_executor_new (model, &options, &error);
  g_assert_no_error (error);
  const gsize bytes = sizeof (float) * (gsize) spec->n_classes;
  g_autofree float *whole = g_malloc (bytes), *streamed = g_malloc (bytes);
  const guint8 *clip = frames;
  gboolean has_saved = FALSE;
  for (gsize k = 0; k <= G_N_ELEMENTS (hops); k++) {
    const int hop = k == 0 ? spec->frames : hops[k - 1];
    clip += k == 0 ? 0 : frame * (gsize) hop;
    g_assert_true (praxi_executor_run (a, clip, 1, whole, &error));
    g_assert_true (praxi_executor_run_shifted (b, clip, hop, streamed, &error));
    g_assert_cmpmem (whole, bytes, streamed, bytes);
    has_saved = has_saved || praxi_executor_stream_share (b) < 0.7;
  }
  g_assert_true (has_saved);
}

/* A picture freezes and moves again: clips in which nothing moves get a still picture's scores, the
 * others those of a whole run.
 */
static void
test_still (void)
{
  enum { CLIPS_IN_ALL = 16, HOP = 5, FREEZES = 25, THAWS = 65 };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (PRAXI_SOURCE_ROOT, "data/models/light.onnx", NULL);
  g_autoptr (PraxiModel) model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  const PraxiModelSpec *spec = praxi_model_spec (model);
  const gsize frame = (gsize) spec->height * (gsize) spec->width * 3;
  const int n_frames = spec->frames + CLIPS_IN_ALL * HOP;
  g_autofree guint8 *frames = g_malloc (frame * (gsize) n_frames);
  for (int t = 0; t < n_frames; t++) {
    const int at = t < FREEZES ? t : MAX (FREEZES, FREEZES + t - THAWS);
    for (gsize i = 0; i < frame; i++) {
      const gsize x = i / 3 % (gsize) spec->width, y = i / 3 / (gsize) spec->width;
      /* the upper left quarter moves; what all of the picture does is the camera's */
      const gboolean moves = x < (gsize) spec->width / 2 && y < (gsize) spec->height / 2;
      const double phase = (double) (x + (moves ? (gsize) at * 2 : 0)) / 9;
      frames[frame * (gsize) t + i] = (guint8) (128 + 60 * sin (phase) + 50 * cos ((double) y / 7));
    }
  }
  g_autoptr (PraxiExecutor) a = praxi_executor_new (model, NULL, &error);
  g_autoptr (PraxiExecutor) b = praxi_executor_new (model, NULL, &error);
  g_assert_no_error (error);
  float whole[3], gated[3], still[3];
  g_assert_cmpint (spec->n_classes, ==, 3);
  g_assert_true (praxi_executor_run (a, frames + frame * (FREEZES + 5), 1, still, &error));
  g_assert_true (praxi_executor_set_still_limit (b, 0.1f, &error));
  int n_still = 0;
  for (int k = 0; k <= CLIPS_IN_ALL; k++) {
    const guint8 *clip = frames + frame * (gsize) (k * HOP);
    g_assert_true (praxi_executor_run (a, clip, 1, whole, &error));
    g_assert_true (praxi_executor_run_shifted (b, clip, k > 0 ? HOP : spec->frames, gated, &error));
    const gboolean is_still = praxi_executor_motion (b) < 0.1f;
    g_assert_true (is_still == (k * HOP >= FREEZES && k * HOP + spec->frames - 1 <= THAWS));
    n_still += is_still;
    g_assert_cmpmem (gated, sizeof gated, is_still ? still : whole, sizeof whole);
  }
  g_assert_cmpint (n_still, >=, 3);
  g_assert_cmpint (praxi_executor_n_still (b), ==, n_still);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree char *name = g_strconcat ("/stream/", kinds[i].name, NULL);
    g_test_add_data_func (name, &kinds[i], test_kind);
  }
  g_test_add_data_func ("/stream/joined/branches", &kinds[5], test_joined);
  g_test_add_data_func ("/stream/joined/byte-branches", &kinds[6], test_joined);
  g_test_add_data_func ("/stream/light", "light.onnx", test_bundled);
  g_test_add_data_func ("/stream/original", "original.onnx", test_bundled);
  g_test_add_func ("/stream/still", test_still);
  return g_test_run ();
}
