/* Model files: written and read again, specs, checksums. */
#include "engine/model/model.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/core/error.h"
#include "engine/model/builder.h"
#include "tests/model/model-support.h"

static char *
temporary_file (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("praxi-model-XXXXXX", &error);
  g_assert_no_error (error);
  return g_build_filename (folder, name, NULL);
}

static void
remove_file (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_remove (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_round_trip (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = praxi_test_classifier ();
  g_autofree char *path = temporary_file ("tiny.onnx");
  float data[24];
  int n_before, n_after;
  for (int i = 0; i < 24; i++)
    data[i] = sinf ((float) i);
  g_assert_true (praxi_model_save (graph, praxi_test_spec (), path, &error));
  g_assert_no_error (error);
  g_autoptr (PraxiModel) model = praxi_model_load (path, &error);
  g_assert_no_error (error);

  g_autofree float *before = praxi_test_evaluate (graph, data, &n_before);
  g_autofree float *after = praxi_test_evaluate (praxi_model_graph (model), data, &n_after);
  g_assert_cmpmem (before, sizeof (float) * (gsize) n_before, after,
                   sizeof (float) * (gsize) n_after);
  const PraxiModelSpec *spec = praxi_model_spec (model);
  g_assert_cmpint (spec->n_classes, ==, 3);
  g_assert_cmpstr (spec->classes[2], ==, "fall");
  g_assert_cmpint (spec->frames, ==, 2);
  g_assert_cmpfloat (spec->rate_hz, ==, 10);
  g_assert_cmpfloat (spec->enter[1], ==, 0.6);
  g_assert_true (isnan (spec->enter[0]));
  g_assert_cmpstr (spec->lineage[0].step, ==, "made up");
  g_assert_cmpstr (praxi_model_name (model), ==, "tiny");
  g_assert_cmpint (praxi_model_params (model), ==, 75);
  g_assert_cmpint (praxi_model_macs (model), ==, 72);
  g_assert_cmpstr (praxi_model_precision (model), ==, "f32");
  remove_file (path);
}

/* A model stays what it is when its file is cut or replaced later: it was read, not mapped. */
static void
test_file_changes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = praxi_test_classifier ();
  g_autofree char *path = temporary_file ("tiny.onnx");
  float data[24] = {1, 2, 3};
  int n;
  g_assert_true (praxi_model_save (graph, NULL, path, &error));
  g_autoptr (PraxiModel) model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (path, "", 0, &error));
  g_autofree float *scores = praxi_test_evaluate (praxi_model_graph (model), data, &n);
  g_assert_cmpint (n, ==, 3);
  g_assert_cmpfloat_with_epsilon (scores[0] + scores[1] + scores[2], 1, 1e-6);
  remove_file (path);
}

static void
test_convert (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = praxi_test_classifier ();
  g_autofree char *path = temporary_file ("tiny.onnx");
  g_assert_true (praxi_model_save (graph, NULL, path, &error));
  g_autoptr (PraxiModel) plain = praxi_model_load (path, &error);
  g_assert_null (praxi_model_spec (plain));
  g_assert_true (praxi_model_convert (path, praxi_test_spec (), path, &error));
  g_assert_no_error (error);
  g_autoptr (PraxiModel) model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (praxi_model_spec (model)->n_classes, ==, 3);
  /* once more, over its own spec */
  g_assert_true (praxi_model_convert (path, praxi_test_spec (), path, &error));
  remove_file (path);
}

/* Nothing is written, and what stood there stays, when the spec does not fit. */
static void
test_refused_save (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = praxi_test_classifier ();
  g_autofree char *path = temporary_file ("tiny.onnx");
  g_autofree char *kept = NULL;
  g_assert_true (g_file_set_contents (path, "before", -1, NULL));
  g_assert_false (praxi_model_save (graph, "{\"classes\":[\"one\"]}", path, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  g_assert_true (g_file_get_contents (path, &kept, NULL, NULL));
  g_assert_cmpstr (kept, ==, "before");
  remove_file (path);
}

static void
test_no_file (void)
{
  g_autoptr (GError) missing = NULL, folder_error = NULL, fifo_error = NULL;
  g_autofree char *path = temporary_file ("fifo");
  g_autofree char *folder = g_path_get_dirname (path);
  g_assert_null (praxi_model_load ("/nowhere/model.onnx", &missing));
  g_assert_error (missing, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND);
  g_assert_null (praxi_model_load (folder, &folder_error));
  g_assert_nonnull (strstr (folder_error->message, "not a regular file"));
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  g_assert_null (praxi_model_load (path, &fifo_error)); /* and does not wait for a writer */
  g_assert_nonnull (strstr (fifo_error->message, "not a regular file"));
  remove_file (path);
}

typedef struct {
  const char *from, *to; /* what is replaced in the spec */
  const char *why;
} SpecCase;

static void
test_specs (void)
{
  static const SpecCase cases[] = {
      {"\"fall\"]", "\"fall\",\"run\"]", "has 4 classes, but the output is 3 wide"},
      {"\"fall\"]", "\"fight\"]", "names the class 'fight' twice"},
      {"\"fall\"]", "\"\"]", "a class without a usable name"},
      {"[\"normal\",\"fight\",\"fall\"]", "[]", "names 0 classes"},
      {"\"frames\":2", "\"frames\":3", "describes another input"},
      {"\"frames\":2", "\"frames\":-2", "no usable input.frames"},
      {"\"frames\":2", "\"frames\":2.5", "no usable input.frames"},
      {"\"height\":2", "\"height\":1e9", "no usable input.height"},
      {"\"rate_hz\":10", "\"rate_hz\":0", "no usable input.rate_hz"},
      {"NCTHW", "NCHWT", "unknown layout"},
      {"float32", "float33", "unknown input type"},
      {"[0.2,0.2,0.2]", "[0.2,0,0.2]", "not above zero"},
      {"[0.2,0.2,0.2]", "[0.2]", "not three numbers"},
      {"\"exit\":0.4", "\"exit\":0.7", "not 0 ≤ exit ≤ enter ≤ 1"},
      {"\"scores\"", "\"score\"", "does not name an output"},
      {"\"name\":\"frames\"", "\"name\":\"frame\"", "does not name the graph's only input"},
      {"{\"name\"", "[\"name\"", "is not a JSON object"},
  };
  g_autoptr (PraxiGraph) graph = praxi_test_classifier ();
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GString) spec = g_string_new (praxi_test_spec ());
    g_assert_cmpint (g_string_replace (spec, cases[i].from, cases[i].to, 1), ==, 1);
    g_autoptr (GBytes) bytes = praxi_test_pack (graph, spec->str);
    g_assert_null (praxi_model_load_bytes (bytes, "tiny.onnx", &error));
    g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
    if (strstr (error->message, cases[i].why) == NULL)
      g_error ("'%s' does not say '%s'", error->message, cases[i].why);
    g_assert_true (g_str_has_prefix (error->message, "tiny.onnx: "));
  }
}

/* Spec without checksum, checksum without spec, another checksum. */
static void
test_checksum (void)
{
  g_autoptr (PraxiGraph) graph = praxi_test_classifier ();
  static const char *const hidden[] = {"praxi.spec", "praxi.sha256"};
  for (int i = 0; i < 3; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) packed = praxi_test_pack (graph, praxi_test_spec ());
    gsize size;
    guint8 *data = g_bytes_unref_to_data (g_steal_pointer (&packed), &size);
    if (i < 2)
      *(guint8 *) memmem (data, size, hidden[i], strlen (hidden[i])) = 'q';
    else
      data[praxi_onnx_find_sum (data, size)] ^= 1;
    g_autoptr (GBytes) changed = g_bytes_new_take (data, size);
    g_assert_null (praxi_model_load_bytes (changed, "tiny.onnx", &error));
    g_assert_nonnull (strstr (error->message, "damaged"));
  }
}

/* One flipped bit is always refused. On the bundled model where it is there, else on a small one.
 */
static void
test_bit_flips (void)
{
  enum { FLIPS = 10000 };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (PRAXI_SOURCE_ROOT, "data/models/light.onnx", NULL);
  g_autoptr (PraxiGraph) graph = praxi_test_classifier ();
  g_autoptr (GBytes) whole = g_file_test (path, G_FILE_TEST_EXISTS)
                                 ? praxi_onnx_read_file (path, &error)
                                 : praxi_test_pack (graph, praxi_test_spec ());
  g_assert_no_error (error);
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  gsize size;
  const guint8 *data = g_bytes_get_data (whole, &size);
  g_autofree guint8 *copy = g_memdup2 (data, size);
  g_autoptr (PraxiModel) good = praxi_model_load_bytes (whole, "whole", &error);
  g_assert_no_error (error);
  int n_silent = 0;
  for (int i = 0; i < FLIPS; i++) {
    const guint32 at = (guint32) g_rand_int_range (random, 0, (gint32) size);
    const guint8 bit = (guint8) (1 << g_rand_int_range (random, 0, 8));
    copy[at] ^= bit;
    g_autoptr (GBytes) bytes = g_bytes_new_static (copy, size);
    g_autoptr (PraxiModel) model = praxi_model_load_bytes (bytes, "flipped", NULL);
    n_silent += model != NULL;
    copy[at] ^= bit;
  }
  g_assert_cmpint (n_silent, ==, 0);
}

/* Where the key of the spec stands: behind the graph, and behind what announces it. */
static gsize
find_spec (const guint8 *data, gsize size)
{
  static const char key[] = "praxi.spec";
  gsize at = size - strlen (key);
  while (memcmp (data + at, key, strlen (key)) != 0)
    at--;
  return at;
}

/* A bundled file that is cut behind its graph is no whole model without a spec. */
static void
test_cut_behind_graph (void)
{
  static const char *const names[] = {"light.onnx", "original.onnx"};
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *path = g_build_filename (PRAXI_SOURCE_ROOT, "data/models", names[i], NULL);
    g_autoptr (GBytes) whole = praxi_onnx_read_file (path, &error);
    g_assert_no_error (error);
    gsize size;
    const guint8 *data = g_bytes_get_data (whole, &size);
    for (gsize end = find_spec (data, size) - 16; end < size; end++) {
      g_autoptr (GBytes) cut = g_bytes_new_static (data, end);
      g_assert_null (praxi_model_load_bytes (cut, names[i], NULL));
    }
  }
}

/* Whether bytes stand in others. */
static gboolean
holds (GBytes *bytes, const char *text)
{
  gsize size, length = strlen (text);
  const char *data = g_bytes_get_data (bytes, &size);
  for (gsize i = 0; i + length <= size; i++)
    if (memcmp (data + i, text, length) == 0)
      return TRUE;
  return FALSE;
}

/* AveragePool of operator set 17 has no dilations, and runtimes refuse a file that names them. */
static void
test_average_pool (void)
{
  for (int dilation = 1; dilation <= 2; dilation++) {
    const PraxiOp op = {
        .kind = PRAXI_OP_AVERAGE_POOL,
        .window = {.n_spatial = 2, .kernel = {2, 2}, .stride = {1, 1}, .dilation = {1, dilation}}};
    g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
    const int x = praxi_builder_input (builder, "x", PRAXI_F32, 4, (const int64_t[]){1, 1, 8, 8});
    praxi_builder_output (builder, praxi_builder_op (builder, &op, NULL, &x, 1), "y");
    g_autoptr (PraxiGraph) graph = praxi_builder_finish (builder);
    g_autoptr (GError) error = NULL;
    g_autofree char *path = temporary_file ("pool.onnx");
    g_assert_true (praxi_model_save (graph, NULL, path, &error));
    g_autoptr (GBytes) bytes = praxi_onnx_read_file (path, &error);
    g_assert_no_error (error);
    g_assert_true (holds (bytes, "kernel_shape"));
    g_assert_cmpint (holds (bytes, "dilations"), ==, dilation > 1);
    remove_file (path);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/round-trip", test_round_trip);
  g_test_add_func ("/model/file-changes", test_file_changes);
  g_test_add_func ("/model/convert", test_convert);
  g_test_add_func ("/model/refused-save", test_refused_save);
  g_test_add_func ("/model/no-file", test_no_file);
  g_test_add_func ("/model/specs", test_specs);
  g_test_add_func ("/model/checksum", test_checksum);
  g_test_add_func ("/model/bit-flips", test_bit_flips);
  g_test_add_func ("/model/cut-behind-graph", test_cut_behind_graph);
  g_test_add_func ("/model/average-pool", test_average_pool);
  return g_test_run ();
}
