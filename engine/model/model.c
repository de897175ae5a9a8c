#include "engine/model/model.h"

#include <string.h>

#include "engine/core/error.h"
#include "engine/core/text.h"
#include "engine/model/onnx-read.h"
#include "engine/model/spec.h"

struct PraxiModel {
  int ref_count;
  char *name;
  PraxiGraph *graph;
  PraxiModelSpec *spec;
  const char *precision;
  gint64 params, macs, weights_bytes, file_bytes;
  char *sha256;
};

/* Digests take a second for 300 MB: of files as large as this on a thread beside reading. */
enum { LARGE_FILE_BYTES = 1 << 20 };

static void
take_metadata (PraxiModel *model, const Onnx__ModelProto *proto, GError **error)
{
  for (gsize i = 0; i < proto->n_metadata_props; i++) {
    const Onnx__StringStringEntryProto *entry = proto->metadata_props[i];
    if (g_strcmp0 (entry->key, "praxi.spec") == 0 && model->spec == NULL)
      model->spec = praxi_model_spec_parse (entry->value != NULL ? entry->value : "", error);
  }
}

static gboolean
has_quantization (const PraxiGraph *graph)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiOpKind kind = praxi_graph_node (graph, (int) i)->op.kind;
    if (kind == PRAXI_OP_QUANTIZE_LINEAR || kind == PRAXI_OP_QLINEAR_CONV ||
        kind == PRAXI_OP_QLINEAR_MATMUL)
      return TRUE;
  }
  return FALSE;
}

/* Whether an input leaves more than the batch open, or can be a shape itself, as in operator tests.
 */
static gboolean
shapes_may_be_open (const PraxiGraph *graph)
{
  gboolean is_open = graph->inputs->len > 1;
  for (guint i = 0; i < graph->inputs->len; i++) {
    const int input = g_array_index (graph->inputs, int, i);
    const PraxiTensor *tensor = &praxi_graph_value (graph, input)->tensor;
    is_open = is_open || tensor->rank < 0 || tensor->dtype == 0 || tensor->dtype == PRAXI_S64;
    for (int d = 1; d < tensor->rank; d++)
      is_open = is_open || tensor->dims[d] < 0;
  }
  return is_open;
}

/* Shapes of a foreign model may stay open until it is run; those of a model with a spec may not. */
static gboolean
check_shapes (PraxiModel *model, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (PraxiGraph) resolved = praxi_graph_resolve (model->graph, NULL, 0, 1, &why);
  if (resolved == NULL) {
    if (model->spec == NULL && shapes_may_be_open (model->graph))
      return TRUE;
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  if (model->spec != NULL && !praxi_model_spec_fits (model->spec, resolved, error))
    return FALSE;
  model->macs = praxi_graph_macs (resolved);
  model->params = praxi_graph_params (resolved);
  model->weights_bytes = praxi_graph_constant_bytes (resolved);
  return TRUE;
}

/* A pickle runs code when it is read: it is never opened, only known by its first bytes. */
static gboolean
is_pickle (const guint8 *data, gsize size)
{
  return size >= 4 && (memcmp (data, "PK\003\004", 4) == 0 || (data[0] == 0x80 && data[1] <= 5));
}

static gboolean
load (PraxiModel *model, const guint8 *data, gsize size, GError **error)
{
  gint64 at;
  if (is_pickle (data, size)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "a PyTorch file or an archive, not ONNX; export the model with torch.onnx.export");
    return FALSE;
  }
  if (!praxi_onnx_check_sum (data, size, &at, error))
    return FALSE;
  Onnx__ModelProto *proto = praxi_onnx_unpack (data, size, error);
  if (proto == NULL)
    return FALSE;
  g_autoptr (GError) why = NULL;
  model->graph = praxi_onnx_read_graph (proto, &why);
  if (model->graph != NULL)
    take_metadata (model, proto, &why);
  onnx__model_proto__free_unpacked (proto, NULL);
  if (why != NULL) {
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  /* Damage may hide the spec from the reader but not from the checksum. */
  if ((at >= 0) != (model->spec != NULL)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "damaged: its spec cannot be read");
    return FALSE;
  }
  model->params = praxi_graph_params (model->graph);
  model->weights_bytes = praxi_graph_constant_bytes (model->graph);
  model->file_bytes = (gint64) size;
  model->precision = has_quantization (model->graph) ? "int8" : "f32";
  return check_shapes (model, error);
}

/* "FILE: " before what went wrong, and nothing in it that is not text. */
static void
name_file (GError **error, const char *file)
{
  if (error == NULL || *error == NULL)
    return;
  g_autofree char *name = praxi_text_file_name (file);
  g_autofree char *text = g_utf8_make_valid ((*error)->message, -1);
  g_free ((*error)->message);
  (*error)->message = g_strdup_printf ("%s: %s", name, text);
}

static gpointer
hash_cb (gpointer data)
{
  return g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, data);
}

PraxiModel *
praxi_model_load_bytes (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (PraxiModel) model = g_new0 (PraxiModel, 1);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  model->ref_count = 1;
  GThread *hashing = size >= LARGE_FILE_BYTES ? g_thread_new ("hash", hash_cb, bytes) : NULL;
  GError *why = NULL;
  const gboolean is_good = load (model, data, size, &why);
  model->sha256 = hashing != NULL ? g_thread_join (hashing) : hash_cb (bytes);
  if (!is_good) {
    name_file (&why, name);
    g_propagate_error (error, why);
    return NULL;
  }
  g_autofree char *file = g_path_get_basename (name);
  g_autofree char *shown = praxi_text_file_name (file);
  model->name =
      g_strdup (model->spec != NULL && model->spec->name[0] != '\0' ? model->spec->name : shown);
  return g_steal_pointer (&model);
}

PraxiModel *
praxi_model_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = praxi_onnx_read_file (path, error);
  return bytes != NULL ? praxi_model_load_bytes (bytes, path, error) : NULL;
}

PraxiModel *
praxi_model_ref (PraxiModel *model)
{
  g_atomic_int_inc (&model->ref_count);
  return model;
}

void
praxi_model_unref (PraxiModel *model)
{
  if (!g_atomic_int_dec_and_test (&model->ref_count))
    return;
  g_free (model->name);
  g_free (model->sha256);
  g_clear_pointer (&model->graph, praxi_graph_unref);
  g_clear_pointer (&model->spec, praxi_model_spec_free);
  g_free (model);
}

const PraxiModelSpec *
praxi_model_spec (const PraxiModel *model)
{
  return model->spec;
}

const char *
praxi_model_name (const PraxiModel *model)
{
  return model->name;
}

PraxiGraph *
praxi_model_graph (const PraxiModel *model)
{
  return model->graph;
}

const char *
praxi_model_precision (const PraxiModel *model)
{
  return model->precision;
}

gint64
praxi_model_params (const PraxiModel *model)
{
  return model->params;
}

gint64
praxi_model_macs (const PraxiModel *model)
{
  return model->macs;
}

gint64
praxi_model_weights_bytes (const PraxiModel *model)
{
  return model->weights_bytes;
}

gint64
praxi_model_file_bytes (const PraxiModel *model)
{
  return model->file_bytes;
}

const char *
praxi_model_sha256 (const PraxiModel *model)
{
  return model->sha256;
}
