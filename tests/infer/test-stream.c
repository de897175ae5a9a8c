/* Streaming equals the windowed run: nets with causal, centred, strided, dilated and shifted time,
 * in floats and in bytes, and the bundled models, at many hops.
 */
#include "engine/infer/stream.h"

#include <math.h>
#include <string.h>

#include "engine/infer/executor.h"
#include "kernels/cpu/cpu.h"
#include "tests/infer/time-nets.h"

enum { CLIPS = 6 };

static void
check_hop (const TimeNet *kind, const PraxiBackend *backend, int hop)
{
  enum { FRAME = SIDE * SIDE * CHANNELS };
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) hop);
  TimeNetRunner whole = time_net_runner (kind, 1, backend, (PraxiProgramOptions){.joins = FALSE}),
                streamed =
                    time_net_runner (kind, 1, backend, (PraxiProgramOptions){.joins = FALSE});
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
    const double apart = time_net_difference (praxi_program_output (whole.program, 0),
                                              praxi_program_output (streamed.program, 0), &range);
    g_assert_cmpfloat (apart, <=, kind->limit);
  }
  g_assert_true (stream == NULL || range > 0.1);
  g_clear_pointer (&stream, praxi_stream_free);
  time_net_runner_clear (&whole);
  time_net_runner_clear (&streamed);
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
    TimeNetRunner apart = time_net_runner (data, 1, backend, (PraxiProgramOptions){.joins = FALSE}),
                  joined = time_net_runner (data, 1, backend, (PraxiProgramOptions){.joins = TRUE});
    double range = 0;
    g_assert_false (praxi_program_is_apart (joined.program));
    g_assert_true (praxi_program_is_apart (apart.program));
    g_assert_true (praxi_stream_pays (joined.program, &options));
    praxi_program_set_input (apart.program, 0, clip);
    praxi_program_set_input (joined.program, 0, clip);
    for (int run = 0; run < 2; run++) {
      g_assert_true (praxi_program_run (apart.program, 0, &error));
      g_assert_true (praxi_program_run (joined.program, 0, &error));
      g_assert_cmpfloat (time_net_difference (praxi_program_output (apart.program, 0),
                                              praxi_program_output (joined.program, 0), &range),
                         ==, 0);
    }
    g_assert_cmpfloat (range, >, 0.1);
    for (int i = 0; i < joined.program->n_steps; i++)
      g_assert_true (joined.program->steps[i].backend == backend);
    time_net_runner_clear (&apart);
    time_net_runner_clear (&joined);
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
  for (gsize i = 0; i < TIME_NETS; i++) {
    g_autofree char *name = g_strconcat ("/stream/", time_nets[i].name, NULL);
    g_test_add_data_func (name, &time_nets[i], test_kind);
  }
  g_test_add_data_func ("/stream/joined/branches", &time_nets[BRANCHES], test_joined);
  g_test_add_data_func ("/stream/joined/byte-branches", &time_nets[BYTE_BRANCHES], test_joined);
  g_test_add_data_func ("/stream/light", "light.onnx", test_bundled);
  g_test_add_data_func ("/stream/original", "original.onnx", test_bundled);
  g_test_add_func ("/stream/still", test_still);
  return g_test_run ();
}
