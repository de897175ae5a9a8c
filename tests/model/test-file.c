/* The bytes of a model's file: its digest, tensors that stay in it, weights that are shed. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/model/builder.h"
#include "engine/model/model.h"
#include "engine/model/onnx-large.h"
#include "tests/model/model-support.h"

enum { LARGE = 20011 };

static char *
temporary_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("praxi-file-XXXXXX", &error);
  g_assert_no_error (error);
  return folder;
}

/* Large and small constants of several types, their names as long as it takes to put them on odd
 * addresses.
 */
static PraxiGraph *
large_graph (guint32 seed)
{
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  static const PraxiDType types[] = {PRAXI_F32, PRAXI_S8, PRAXI_S64, PRAXI_F32, PRAXI_F32};
  const int64_t dims[1] = {LARGE};
  g_autofree void *data = g_malloc0 (sizeof (int64_t) * LARGE);
  int sum = praxi_builder_input (builder, "x", PRAXI_F32, 1, dims);
  for (int i = 0; i < 16; i++) {
    const PraxiDType type = types[i % 5];
    PraxiTensor tensor = {.dtype = type, .rank = 1, .dims = {LARGE}, .data = data};
    praxi_tensor_set_row_major (&tensor);
    for (int k = 0; k < LARGE; k++)
      praxi_tensor_set (&tensor, k, g_rand_int_range (random, -100, 100));
    const PraxiOp cast = {.kind = PRAXI_OP_CAST, .to = PRAXI_F32};
    int value = praxi_builder_constant (builder, type, 1, dims, data);
    g_autofree char *name = g_strdup_printf ("cast%.*s%d", i % 7, "xxxxxxx", i);
    value = praxi_builder_op (builder, &cast, name, &value, 1);
    sum = praxi_builder_binary (builder, PRAXI_OP_ADD, sum, value);
  }
  praxi_builder_output (builder, sum, "y");
  return praxi_builder_finish (builder);
}

/* How many large constants a graph holds; they equal those of the other, which has them all. */
static int
count_equal (const PraxiGraph *graph, const PraxiGraph *all)
{
  int n = 0;
  g_assert_cmpint (graph->values->len, ==, all->values->len);
  for (int i = 0; i < (int) graph->values->len; i++) {
    const PraxiValue *value = praxi_graph_value (graph, i);
    const PraxiValue *other = praxi_graph_value (all, praxi_graph_find (all, value->name));
    if (value->bytes == NULL)
      continue;
    g_assert_true (g_bytes_equal (value->bytes, other->bytes));
    g_assert_true (value->tensor.data == g_bytes_get_data (value->bytes, NULL));
    g_assert_cmpint ((guintptr) value->tensor.data % praxi_dtype_size (value->tensor.dtype), ==, 0);
    n += g_bytes_get_size (value->bytes) >= 1 << 15;
  }
  return n;
}

static void
test_large_tensors (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = temporary_folder ();
  g_autofree char *path = g_build_filename (folder, "large.onnx", NULL);
  g_autoptr (PraxiGraph) graph = large_graph (3);
  g_assert_true (praxi_model_save (graph, NULL, path, &error));
  g_autoptr (GBytes) bytes = praxi_onnx_read_file (path, &error);
  g_assert_no_error (error);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  GArray *spans = NULL;
  GByteArray *rest = praxi_onnx_leave_large (data, size, &spans);
  g_assert_nonnull (rest);
  g_assert_cmpuint (rest->len, <, size / 2);
  g_byte_array_unref (rest);
  g_array_unref (spans);
  g_autoptr (PraxiModel) model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiModel) copied = praxi_model_load_bytes (bytes, path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (count_equal (praxi_model_graph (model), praxi_model_graph (copied)), >=, 12);
  g_assert_cmpstr (praxi_model_sha256 (model), ==, praxi_model_sha256 (copied));
  /* Cut anywhere, it is no model; what is cut behind the walk is found by the reader. */
  for (gsize end = 0; end < size; end += 997) {
    g_assert_true (g_file_set_contents (path, (const char *) data, (gssize) end, &error));
    g_assert_null (praxi_model_load (path, NULL));
  }
  g_remove (path);
  g_rmdir (folder);
}

static void
write_over (const char *path, goffset at, guint8 byte)
{
  const int fd = open (path, O_WRONLY);
  g_assert_cmpint (pwrite (fd, &byte, 1, at), ==, 1);
  close (fd);
}

static void
test_shed (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = temporary_folder ();
  g_autofree char *path = g_build_filename (folder, "large.onnx", NULL);
  g_autoptr (PraxiGraph) graph = large_graph (3), other = large_graph (4);
  g_assert_true (praxi_model_save (graph, NULL, path, &error));
  g_autoptr (PraxiModel) kept = praxi_model_load (path, &error);
  g_autoptr (PraxiModel) model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  const PraxiGraph *all = praxi_model_graph (kept);
  const int n_large = count_equal (all, all);
  praxi_model_shed_weights (model);
  g_assert_true (praxi_model_sheds_weights (model));
  for (int k = 0; k < 3; k++) {
    g_autoptr (PraxiGraph) whole = praxi_model_whole_graph (model, &error);
    g_assert_no_error (error);
    g_assert_cmpint (count_equal (whole, all), ==, n_large);
    g_assert_cmpint (count_equal (praxi_model_graph (model), all), ==, 0);
    /* Another file under the same name does no harm. */
    if (k == 1)
      g_assert_true (praxi_model_save (other, NULL, path, &error));
  }
  /* What is written over in place is no longer what was loaded, cut short or not. */
  g_autoptr (PraxiModel) again = praxi_model_load (path, &error);
  g_assert_no_error (error);
  praxi_model_shed_weights (again);
  g_clear_pointer (&graph, praxi_graph_unref);
  graph = praxi_model_whole_graph (again, &error);
  g_assert_no_error (error);
  write_over (path, praxi_model_file_bytes (again) / 2, 0x55);
  g_assert_null (praxi_model_whole_graph (again, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "was changed while it was in use"));
  g_clear_error (&error);
  g_assert_cmpint (truncate (path, 1000), ==, 0);
  g_assert_null (praxi_model_whole_graph (again, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  g_remove (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/file/large-tensors", test_large_tensors);
  g_test_add_func ("/file/shed", test_shed);
  return g_test_run ();
}
