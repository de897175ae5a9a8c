#include "engine/model/model.h"

#include "engine/core/error.h"
#include "engine/core/replace-file.h"
#include "engine/core/text.h"
#include "engine/model/onnx-write.h"

/* What is written has to load: a spec that does not fit its graph never reaches the disk. */
static gboolean
write_checked (GBytes *bytes, const char *path, GError **error)
{
  gsize size;
  g_autoptr (PraxiModel) model = praxi_model_load_bytes (bytes, path, error);
  if (model == NULL)
    return FALSE;
  g_autoptr (GError) why = NULL;
  const char *data = g_bytes_get_data (bytes, &size);
  if (praxi_replace_file (path, data, size, &why))
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "%s; choose another place", why->message);
  return FALSE;
}

gboolean
praxi_model_save (const PraxiGraph *graph, const char *spec_json, const char *path, GError **error)
{
  Onnx__ModelProto *model = praxi_onnx_write_graph (graph, error);
  if (model == NULL)
    return FALSE;
  g_autoptr (GBytes) bytes = praxi_onnx_pack (model, spec_json);
  onnx__model_proto__free_unpacked (model, NULL);
  return write_checked (bytes, path, error);
}

gboolean
praxi_model_convert (const char *from, const char *spec_json, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = praxi_onnx_read_file (from, error);
  if (bytes == NULL)
    return FALSE;
  /* Loading finds what is wrong with it, and says so better than what follows. */
  g_autoptr (PraxiModel) foreign = praxi_model_load_bytes (bytes, from, error);
  if (foreign == NULL)
    return FALSE;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  Onnx__ModelProto *model = praxi_onnx_unpack (data, size, error);
  if (model == NULL)
    return FALSE;
  g_autoptr (GBytes) with_spec = praxi_onnx_pack (model, spec_json);
  onnx__model_proto__free_unpacked (model, NULL);
  return write_checked (with_spec, path, error);
}
