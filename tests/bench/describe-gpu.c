/* cuDNN's description of this machine's first device, as JSON: with it plans are compiled where the
 * device is not (tests/infer/test-cudnn-shapes.c).
 *
 * usage: describe-gpu > sm_90.json       exit 77 where there is no cuDNN or no device
 */
#include <stdio.h>
#include <stdlib.h>

#include "kernels/backend.h"
#include "kernels/cuda/cudnn.h"

int
main (void)
{
  char said[PRAXI_WHY_BYTES] = "";
  const CudnnLibrary *library = praxi_cudnn_library (said);
  CudnnDescriptor properties = NULL;
  const int32_t device = 0;
  int64_t n = 0;
  if (!library) {
    fprintf (stderr, "describe-gpu: %s\n", said);
    return 77;
  }
  int status = library->descriptor_create (DNN_BACKEND_DEVICEPROP_DESCRIPTOR, &properties);
  if (status == 0)
    status = library->set (properties, DNN_ATTR_DEVICEPROP_DEVICE_ID, DNN_TYPE_INT32, 1, &device);
  if (status == 0)
    status = library->finalize (properties);
  if (status == 0)
    status = library->get (properties, DNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, DNN_TYPE_CHAR, 0,
                           &n, NULL);
  char *json = status == 0 && n > 0 ? calloc (1, (size_t) n + 1) : NULL;
  if (json)
    status = library->get (properties, DNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, DNN_TYPE_CHAR, n,
                           &n, json);
  if (!json || status != 0) {
    fprintf (stderr, "describe-gpu: %s\n", library->error_string (status));
    free (json);
    return 77;
  }
  puts (json);
  free (json);
  return 0;
}
