/* Model files that lie. Each is refused with a sentence that names what is wrong. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "engine/core/error.h"
#include "engine/model/model.h"
#include "tests/model/model-support.h"

typedef struct {
  const char *why; /* part of the message */
  void (*spoil) (Onnx__ModelProto *model);
} Case;

static Onnx__TensorProto *
weights (Onnx__ModelProto *model)
{
  return model->graph->initializer[0];
}

static void
replace_text (char **text, const char *by)
{
  free (*text);
  *text = strdup (by);
}

static void
dims_larger_than_data (Onnx__ModelProto *model)
{
  weights (model)->dims[0] = (int64_t) 1 << 40;
}

static void
dims_that_wrap (Onnx__ModelProto *model)
{
  weights (model)->dims[0] = (int64_t) 1 << 32;
  weights (model)->dims[1] = (int64_t) 1 << 32;
}

static void
negative_dim (Onnx__ModelProto *model)
{
  weights (model)->dims[0] = -3;
}

static void
short_data (Onnx__ModelProto *model)
{
  weights (model)->raw_data.len -= 1;
}

static void
data_twice (Onnx__ModelProto *model)
{
  weights (model)->n_float_data = 1;
  weights (model)->float_data = calloc (1, sizeof (float));
}

static void
set_weight (Onnx__ModelProto *model, float value)
{
  memcpy (weights (model)->raw_data.data + 8, &value, sizeof value);
}

static void
weight_not_a_number (Onnx__ModelProto *model)
{
  set_weight (model, NAN);
}

static void
infinite_weight (Onnx__ModelProto *model)
{
  set_weight (model, -INFINITY);
}

static void
strange_type (Onnx__ModelProto *model)
{
  weights (model)->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__COMPLEX64;
}

static void
external_data (Onnx__ModelProto *model)
{
  Onnx__StringStringEntryProto *entry = calloc (1, sizeof *entry);
  onnx__string_string_entry_proto__init (entry);
  entry->key = strdup ("location");
  entry->value = strdup ("../../../etc/passwd");
  weights (model)->has_data_location = TRUE;
  weights (model)->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
  weights (model)->n_external_data = 1;
  weights (model)->external_data = calloc (1, sizeof entry);
  weights (model)->external_data[0] = entry;
}

static void
tensor_twice (Onnx__ModelProto *model)
{
  replace_text (&model->graph->initializer[1]->name, weights (model)->name);
}

static void
cycle (Onnx__ModelProto *model)
{
  replace_text (&model->graph->node[0]->input[0], "scores");
}

static void
nobody_makes_it (Onnx__ModelProto *model)
{
  replace_text (&model->graph->node[1]->input[0], "ghost");
}

static void
made_twice (Onnx__ModelProto *model)
{
  replace_text (&model->graph->node[0]->output[0], "scores");
}

static void
output_of_nobody (Onnx__ModelProto *model)
{
  replace_text (&model->graph->output[0]->name, "elsewhere");
}

static void
unknown_operator (Onnx__ModelProto *model)
{
  replace_text (&model->graph->node[0]->op_type, "Frobnicate");
}

static void
fused_operator (Onnx__ModelProto *model)
{
  replace_text (&model->graph->node[0]->op_type, "QTable");
}

static void
foreign_domain (Onnx__ModelProto *model)
{
  free (model->graph->node[0]->domain);
  model->graph->node[0]->domain = strdup ("com.example");
}

static void
branch (Onnx__ModelProto *model)
{
  replace_text (&model->graph->node[0]->op_type, "If");
}

static void
old_operator_set (Onnx__ModelProto *model)
{
  model->opset_import[0]->version = 0;
}

static void
future_operator_set (Onnx__ModelProto *model)
{
  model->opset_import[0]->version = 99;
}

static void
no_operator_set (Onnx__ModelProto *model)
{
  replace_text (&model->opset_import[0]->domain, "com.example");
}

static void
no_graph (Onnx__ModelProto *model)
{
  onnx__graph_proto__free_unpacked (model->graph, NULL);
  model->graph = NULL;
}

static void
unknown_attribute (Onnx__ModelProto *model)
{
  replace_text (&model->graph->node[1]->attribute[0]->name, "speed");
}

static void
wrong_input_rank (Onnx__ModelProto *model)
{
  model->graph->node[1]->attribute[0]->i = 0; /* transB */
}

static void
input_twice (Onnx__ModelProto *model)
{
  Onnx__ValueInfoProto **inputs = calloc (2, sizeof *inputs);
  inputs[0] = model->graph->input[0];
  inputs[1] = calloc (1, sizeof **inputs);
  onnx__value_info_proto__init (inputs[1]);
  inputs[1]->name = strdup (inputs[0]->name);
  free (model->graph->input);
  model->graph->input = inputs;
  model->graph->n_input = 2;
}

static const Case cases[] = {
    {"has other data than its shape", dims_larger_than_data},
    {"claims an impossible size", dims_that_wrap},
    {"claims an impossible size", negative_dim},
    {"has other data than its shape", short_data},
    {"has other data than its shape", data_twice},
    {"not a finite number", weight_not_a_number},
    {"not a finite number", infinite_weight},
    {"type that is not supported", strange_type},
    {"another file, which is never opened", external_data},
    {"is given twice", tensor_twice},
    {"cycle", cycle},
    {"nothing makes 'ghost'", nobody_makes_it},
    {"'scores' is made twice", made_twice},
    {"nothing makes the output 'elsewhere'", output_of_nobody},
    {"unsupported: Frobnicate", unknown_operator},
    {"unsupported: QTable", fused_operator},
    {"unsupported: Flatten", foreign_domain},
    {"unsupported: If", branch},
    {"operator set 0", old_operator_set},
    {"operator set 99", future_operator_set},
    {"names no operator set", no_operator_set},
    {"holds no graph", no_graph},
    {"attribute 'speed' is not supported", unknown_attribute},
    {"Gemm 'head'", wrong_input_rank},
    {"input 'frames' is named twice", input_twice},
};

static void
assert_refused (GBytes *bytes, const char *why)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = praxi_model_load_bytes (bytes, "bad.onnx", &error);
  g_assert_null (model);
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, "bad.onnx: "));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  if (strstr (error->message, why) == NULL)
    g_error ("'%s' does not say '%s'", error->message, why);
}

static void
test_lies (void)
{
  g_autoptr (PraxiGraph) graph = praxi_test_classifier ();
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    Onnx__ModelProto *model = praxi_onnx_write_graph (graph, NULL);
    cases[i].spoil (model);
    g_autoptr (GBytes) bytes = praxi_onnx_pack (model, NULL);
    onnx__model_proto__free_unpacked (model, NULL);
    assert_refused (bytes, cases[i].why);
  }
}

static void
test_scales (void)
{
  static const float scales[] = {0, -0.5f, 1e-45f};
  for (gsize i = 0; i < G_N_ELEMENTS (scales); i++) {
    g_autoptr (PraxiGraph) graph = praxi_test_quantized (scales[i]);
    g_autoptr (GBytes) bytes = praxi_test_pack (graph, NULL);
    assert_refused (bytes, "is not above zero");
  }
  g_autoptr (PraxiGraph) graph = praxi_test_quantized (NAN);
  g_autoptr (GBytes) bytes = praxi_test_pack (graph, NULL);
  assert_refused (bytes, "not a finite number");
}

/* A few bytes that ask for terabytes. */
static void
test_bomb (void)
{
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  const int64_t dims[2] = {1 << 20, 1 << 20}, x_dims[1] = {1};
  const PraxiOp fill = {.kind = PRAXI_OP_CONSTANT_OF_SHAPE, .to = PRAXI_F32};
  const int shape = praxi_builder_ints (builder, dims, 2);
  const int x = praxi_builder_input (builder, "x", PRAXI_F32, 1, x_dims);
  const int big = praxi_builder_op (builder, &fill, "big", &shape, 1);
  praxi_builder_output (builder, praxi_builder_binary (builder, PRAXI_OP_ADD, x, big), "y");
  g_autoptr (PraxiGraph) graph = praxi_builder_finish (builder);
  g_autoptr (GBytes) bytes = praxi_test_pack (graph, NULL);
  assert_refused (bytes, "impossible amount of memory");
}

static void
test_truncated (void)
{
  g_autoptr (PraxiGraph) graph = praxi_test_classifier ();
  g_autoptr (GBytes) whole = praxi_test_pack (graph, praxi_test_spec ());
  for (gsize size = 0; size < g_bytes_get_size (whole); size++) {
    g_autoptr (GBytes) part = g_bytes_new_from_bytes (whole, 0, size);
    g_autoptr (PraxiModel) model = praxi_model_load_bytes (part, "cut.onnx", NULL);
    g_assert_null (model);
  }
}

static void
append_varint (GByteArray *bytes, guint64 value)
{
  do {
    const guint8 byte = (guint8) ((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    g_byte_array_append (bytes, &byte, 1);
    value >>= 7;
  } while (value != 0);
}

/* graph { node { attribute { g { node { … } } } } }, 10^5 deep: built from the inside out. */
static GBytes *
make_nest (int depth)
{
  static const guint8 tags[] = {0x0a, 0x2a, 0x32}; /* Graph.node, Node.attribute, Attribute.g */
  GByteArray *inner = g_byte_array_new ();
  gsize length = 0;
  for (int i = 0; i < depth; i++) {
    g_autoptr (GByteArray) head = g_byte_array_new ();
    g_byte_array_append (head, &tags[2 - i % 3], 1);
    append_varint (head, length);
    length += head->len;
    for (guint k = head->len; k-- > 0;) /* backwards; turned round below */
      g_byte_array_append (inner, &head->data[k], 1);
  }
  g_autoptr (GByteArray) head = g_byte_array_new ();
  append_varint (head, length);
  for (guint k = head->len; k-- > 0;)
    g_byte_array_append (inner, &head->data[k], 1);
  const guint8 graph = 0x3a;
  g_byte_array_append (inner, &graph, 1);
  for (guint i = 0; i < inner->len / 2; i++) {
    const guint8 swap = inner->data[i];
    inner->data[i] = inner->data[inner->len - 1 - i];
    inner->data[inner->len - 1 - i] = swap;
  }
  return g_byte_array_free_to_bytes (inner);
}

static void
test_nesting (void)
{
  g_autoptr (GBytes) nest = make_nest (100002);
  assert_refused (nest, "not an ONNX file, or a damaged one");
}

static gint64
peak_rss_bytes (void)
{
  struct rusage usage = {0};
  getrusage (RUSAGE_SELF, &usage);
  return (gint64) usage.ru_maxrss * 1024;
}

/* Millions of empty nodes, two bytes each, would unpack to 70 times the file. */
static void
test_many_nodes (void)
{
  enum { NODES = 4000000 };
  g_autoptr (GByteArray) file = g_byte_array_new ();
  const guint8 graph = 0x3a, node[2] = {0x0a, 0};
  g_byte_array_append (file, &graph, 1);
  append_varint (file, 2 * NODES);
  for (int i = 0; i < NODES; i++)
    g_byte_array_append (file, node, 2);
  g_autoptr (GBytes) bytes = g_bytes_new (file->data, file->len);
  const gint64 before = peak_rss_bytes ();
  assert_refused (bytes, "not an ONNX file, or a damaged one");
  const gint64 limit = (gint64) file->len + PRAXI_ONNX_SLACK_BYTES;
  g_test_message ("grew by %" G_GINT64_FORMAT " bytes of %" G_GINT64_FORMAT,
                  peak_rss_bytes () - before, limit);
#ifndef __SANITIZE_ADDRESS__
  g_assert_cmpint (peak_rss_bytes () - before, <=, limit + (4 << 20));
#endif
}

static void
test_not_a_model (void)
{
  static const char *const files[] = {"", "a", "<html>", "PK\003\004archive/data.pkl",
                                      "\x80\x02}q."};
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autoptr (GBytes) bytes = g_bytes_new_static (files[i], strlen (files[i]));
    assert_refused (bytes, "ONNX");
  }
}

/* Random changes never crash; whether they are refused is up to them, for there is no checksum. */
static void
test_random_changes (void)
{
  g_autoptr (PraxiGraph) graph = praxi_test_classifier ();
  g_autoptr (GBytes) whole = praxi_test_pack (graph, NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed (11);
  gsize size;
  const guint8 *data = g_bytes_get_data (whole, &size);
  int n_refused = 0;
  for (int i = 0; i < 20000; i++) {
    guint8 *copy = g_memdup2 (data, size);
    for (int k = g_rand_int_range (random, 1, 4); k > 0; k--)
      copy[g_rand_int_range (random, 0, (gint32) size)] = (guint8) g_rand_int (random);
    g_autoptr (GBytes) bytes = g_bytes_new_take (copy, size);
    g_autoptr (PraxiModel) model = praxi_model_load_bytes (bytes, "changed", NULL);
    n_refused += model == NULL;
  }
  g_assert_cmpint (n_refused, >, 1000);
}

/* One bit of a bundled model, anywhere: it is refused, never run. PRAXI_TEST_FLIPS sets how many.
 */
static void
test_bit_flips (void)
{
  const char *wanted = g_getenv ("PRAXI_TEST_FLIPS");
  const int n_flips = wanted != NULL ? atoi (wanted) : 1000;
  g_autofree char *data = NULL;
  gsize size = 0;
  g_assert_true (
      g_file_get_contents (PRAXI_SOURCE_ROOT "/data/models/light.onnx", &data, &size, NULL));
  g_autoptr (GRand) random = g_rand_new_with_seed (10);
  for (int i = -1; i < n_flips; i++) {
    guint8 *copy = g_memdup2 (data, size);
    const gsize bit = (gsize) (g_rand_double (random) * (double) size * 8);
    if (i >= 0)
      copy[bit / 8] ^= (guint8) (1 << bit % 8);
    g_autoptr (GBytes) bytes = g_bytes_new_take (copy, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (PraxiModel) model = praxi_model_load_bytes (bytes, "flipped", &error);
    g_assert_true ((model != NULL) == (i < 0));
    g_assert_true (model != NULL || error != NULL);
  }
  g_test_message ("%d bits turned, each refused", n_flips);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hostile/lies", test_lies);
  g_test_add_func ("/hostile/scales", test_scales);
  g_test_add_func ("/hostile/bomb", test_bomb);
  g_test_add_func ("/hostile/truncated", test_truncated);
  g_test_add_func ("/hostile/nesting", test_nesting);
  g_test_add_func ("/hostile/many-nodes", test_many_nodes);
  g_test_add_func ("/hostile/not-a-model", test_not_a_model);
  g_test_add_func ("/hostile/random-changes", test_random_changes);
  g_test_add_func ("/hostile/bit-flips", test_bit_flips);
  return g_test_run ();
}
