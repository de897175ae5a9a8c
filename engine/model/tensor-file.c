#include "engine/model/tensor-file.h"

#include "engine/core/text.h"
#include "engine/model/onnx-tensor.h"

gboolean
praxi_tensor_file_read (const char *path,
                        char **name,
                        PraxiTensor *tensor,
                        GBytes **bytes,
                        GError **error)
{
  gsize size;
  g_autoptr (GBytes) file = praxi_onnx_read_file (path, error);
  if (file == NULL)
    return FALSE;
  const guint8 *data = g_bytes_get_data (file, &size);
  GError *why = NULL;
  Onnx__TensorProto *proto = praxi_onnx_unpack_tensor (data, size, &why);
  gboolean good = FALSE;
  if (proto != NULL) {
    *name = g_utf8_make_valid (proto->name != NULL ? proto->name : "", -1);
    good = praxi_onnx_tensor_read_any (proto, tensor, bytes, &why);
    onnx__tensor_proto__free_unpacked (proto, NULL);
    if (!good)
      g_clear_pointer (name, g_free);
  }
  if (!good) {
    g_autofree char *shown = praxi_text_file_name (path);
    g_propagate_prefixed_error (error, why, "%s: ", shown);
  }
  return good;
}
