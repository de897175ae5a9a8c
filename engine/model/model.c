#include "engine/model/model.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/core/text.h"
#include "engine/model/digest.h"
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
  /* of a large file: to read it again, and so that whoever writes over its name does no harm */
  int fd; /* −1: none */
  char *path;
  pthread_mutex_t lock;
  gboolean sheds, has_shed; /* has_shed: graph is without its large constants */
};

/* Weights of files as large as this may be shed. */
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

/* A file as it lies in memory, its large tensors still in there. */
typedef struct {
  GBytes *bytes;
  gboolean is_own; /* read for this alone: its tensors may be taken out of it */
  PraxiDigest *digest;
  char *sha256;
  gint64 at; /* of the digits of praxi.sha256 */
  Onnx__ModelProto *proto;
  GArray *spans; /* NULL: no tensor stayed in the file */
} File;

static void
file_clear (File *file)
{
  g_clear_pointer (&file->digest, praxi_digest_free);
  g_clear_pointer (&file->bytes, g_bytes_unref);
  if (file->proto != NULL)
    onnx__model_proto__free_unpacked (file->proto, NULL);
  g_clear_pointer (&file->spans, g_array_unref);
  g_free (file->sha256);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (File, file_clear)

static gboolean
file_read (File *file, int fd, gsize size, const char *path, GError **error)
{
  file->is_own = TRUE;
  file->bytes = praxi_onnx_allocate_file (size, path, error);
  if (file->bytes == NULL)
    return FALSE;
  guint8 *data = (guint8 *) g_bytes_get_data (file->bytes, NULL); /* nobody else's yet */
  file->digest = praxi_digest_read (data, size, fd, path, error);
  return file->digest != NULL;
}

static void
file_take (File *file, GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  file->bytes = g_bytes_ref (bytes);
  file->digest = praxi_digest_new (data, size);
}

/* Unpacks a file and checks its digest. Where both fail, it is damaged first of all. */
static gboolean
file_open (File *file, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (file->bytes, &size);
  if (is_pickle (data, size)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "a PyTorch file or an archive, not ONNX; export the model with torch.onnx.export");
    return FALSE;
  }
  g_autoptr (GError) why = NULL;
  g_autoptr (GByteArray) rest =
      file->is_own ? praxi_onnx_leave_large (data, size, &file->spans) : NULL;
  file->proto = rest != NULL ? praxi_onnx_unpack (rest->data, rest->len, &why)
                             : praxi_onnx_unpack (data, size, &why);
  file->sha256 = praxi_digest_finish (file->digest, &file->at, error);
  if (file->sha256 != NULL && why != NULL)
    g_propagate_error (error, g_steal_pointer (&why));
  return file->sha256 != NULL && file->proto != NULL;
}

static gboolean
load (PraxiModel *model, File *file, GError **error)
{
  if (!file_open (file, error))
    return FALSE;
  g_autoptr (GError) why = NULL;
  model->sha256 = g_steal_pointer (&file->sha256);
  model->graph = praxi_onnx_read_graph (file->proto, file->bytes, file->spans, &why);
  if (model->graph != NULL)
    take_metadata (model, file->proto, &why);
  if (why != NULL) {
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  /* Damage may hide the spec from the reader but not from the checksum. */
  if ((file->at >= 0) != (model->spec != NULL)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "damaged: its spec cannot be read");
    return FALSE;
  }
  model->params = praxi_graph_params (model->graph);
  model->weights_bytes = praxi_graph_constant_bytes (model->graph);
  model->file_bytes = (gint64) g_bytes_get_size (file->bytes);
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

static PraxiModel *
model_new (File *file, const char *name, GError **error)
{
  g_autoptr (PraxiModel) model = g_new0 (PraxiModel, 1);
  model->ref_count = 1;
  model->fd = -1;
  model->path = g_strdup (name);
  pthread_mutex_init (&model->lock, NULL);
  GError *why = NULL;
  if (!load (model, file, &why)) {
    name_file (&why, name);
    g_propagate_error (error, why);
    return NULL;
  }
  g_autofree char *base = g_path_get_basename (name);
  g_autofree char *shown = praxi_text_file_name (base);
  model->name =
      g_strdup (model->spec != NULL && model->spec->name[0] != '\0' ? model->spec->name : shown);
  return g_steal_pointer (&model);
}

PraxiModel *
praxi_model_load_bytes (GBytes *bytes, const char *name, GError **error)
{
  g_auto (File) file = {0};
  file_take (&file, bytes);
  return model_new (&file, name, error);
}

PraxiModel *
praxi_model_load (const char *path, GError **error)
{
  gsize size;
  g_auto (File) file = {0};
  const int fd = praxi_onnx_open_file (path, &size, error);
  if (fd < 0)
    return NULL;
  PraxiModel *model =
      file_read (&file, fd, size, path, error) ? model_new (&file, path, error) : NULL;
  if (model != NULL && size >= LARGE_FILE_BYTES)
    model->fd = fd;
  else
    close (fd);
  return model;
}

void
praxi_model_shed_weights (PraxiModel *model)
{
  model->sheds = model->fd >= 0;
}

gboolean
praxi_model_sheds_weights (const PraxiModel *model)
{
  return model->sheds;
}

static void
drop_large_constants (PraxiGraph *graph)
{
  for (guint i = 0; i < graph->values->len; i++) {
    PraxiValue *value = praxi_graph_value (graph, (int) i);
    if (value->bytes != NULL && g_bytes_get_size (value->bytes) >= PRAXI_ONNX_LARGE_BYTES)
      praxi_value_set_bytes (value, NULL);
  }
}

/* The graph as it was, from the file, if that is the same still. */
static PraxiGraph *
read_again (PraxiModel *model, GError **error)
{
  g_auto (File) file = {0};
  g_autoptr (GError) why = NULL;
  const gboolean is_read =
      file_read (&file, model->fd, (gsize) model->file_bytes, model->path, &why) &&
      file_open (&file, &why);
  if (why != NULL && !g_error_matches (why, PRAXI_ERROR, PRAXI_ERROR_FORMAT)) {
    g_propagate_error (error, g_steal_pointer (&why));
    return NULL;
  }
  if (!is_read || !g_str_equal (file.sha256, model->sha256)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                 "%s: was changed while it was in use; start again", model->name);
    return NULL;
  }
  return praxi_onnx_read_graph (file.proto, file.bytes, file.spans, error);
}

PraxiGraph *
praxi_model_whole_graph (PraxiModel *model, GError **error)
{
  if (!model->sheds)
    return praxi_graph_ref (model->graph);
  pthread_mutex_lock (&model->lock);
  PraxiGraph *whole = model->has_shed ? read_again (model, error) : praxi_graph_copy (model->graph);
  if (!model->has_shed)
    drop_large_constants (model->graph);
  if (whole != NULL)
    whole->own_bytes = PRAXI_ONNX_LARGE_BYTES;
  model->has_shed = TRUE;
  pthread_mutex_unlock (&model->lock);
  return whole;
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
  g_free (model->path);
  if (model->fd >= 0)
    close (model->fd);
  pthread_mutex_destroy (&model->lock);
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
