#include "tests/kernels/device-support.h"

#include <glib.h>
#include <stdlib.h>

enum { MAX_TENSORS = 8 };

struct PraxiKernel {
  void *kernel; /* of the device */
  void *weights, *scratch;
  bool is_constant[MAX_TENSORS];
  int n_in, n_out;
};

static PraxiBackend *device;

/* Offsets, in bytes, of the lowest element from the first and of the end from the lowest. */
static void
span_of (const PraxiTensor *tensor, int64_t *low, int64_t *length)
{
  int64_t least = 0, most = 0;
  for (int d = 0; d < tensor->rank; d++) {
    const int64_t reach = tensor->strides[d] * (tensor->dims[d] - 1);
    least += MIN (reach, 0);
    most += MAX (reach, 0);
  }
  const int64_t size = (int64_t) praxi_dtype_size (tensor->dtype);
  *low = least * size;
  *length = (most - least + 1) * size;
}

static PraxiTensor
copy_there (const PraxiTensor *tensor, void **memory)
{
  PraxiTensor there = *tensor;
  int64_t low, length;
  span_of (tensor, &low, &length);
  g_assert_cmpint (device->device->reserve (device, (size_t) length, memory), ==, PRAXI_OK);
  g_assert_cmpint (
      device->device->upload (device, *memory, (char *) tensor->data + low, (size_t) length), ==,
      PRAXI_OK);
  there.data = (char *) *memory - low;
  return there;
}

static void
copy_back (const PraxiTensor *tensor, const void *memory)
{
  int64_t low, length;
  span_of (tensor, &low, &length);
  g_assert_cmpint (
      device->device->download (device, (char *) tensor->data + low, memory, (size_t) length), ==,
      PRAXI_OK);
}

/* The first input, and a residual, are never known beforehand in a net. */
static PraxiStatus
prepare (const PraxiBackend *backend,
         const PraxiOp *op,
         const PraxiTensor *const *in,
         int n_in,
         const PraxiTensor *const *out,
         int n_out,
         PraxiPool *pool,
         PraxiKernel **kernel)
{
  PraxiTensor shapes[MAX_TENSORS];
  const PraxiTensor *known[MAX_TENSORS];
  if (n_in > MAX_TENSORS || n_out > MAX_TENSORS)
    return PRAXI_STATUS_UNSUPPORTED;
  PraxiKernel *made = g_new0 (PraxiKernel, 1);
  for (int i = 0; i < n_in; i++) {
    known[i] = in[i];
    made->is_constant[i] = in[i] && in[i]->data && i > 0 && !(op->has_residual && i == n_in - 1);
    if (!in[i] || made->is_constant[i])
      continue;
    shapes[i] = *in[i];
    shapes[i].data = NULL;
    known[i] = &shapes[i];
  }
  made->n_in = n_in;
  made->n_out = n_out;
  const PraxiStatus status =
      device->prepare (device, op, known, n_in, out, n_out, pool, (PraxiKernel **) &made->kernel);
  *kernel = made;
  if (status != PRAXI_OK) {
    g_free (made);
    *kernel = NULL;
    return status;
  }
  g_assert_cmpint (
      device->device->reserve (device, device->kernel_scratch_bytes (made->kernel), &made->scratch),
      ==, PRAXI_OK);
  g_assert_cmpint (
      device->device->reserve (device, device->kernel_weight_bytes (made->kernel), &made->weights),
      ==, PRAXI_OK);
  g_assert_cmpint (device->device->place (made->kernel, made->weights), ==, PRAXI_OK);
  return PRAXI_OK;
}

static PraxiStatus
run (PraxiKernel *kernel,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  PraxiTensor ins[MAX_TENSORS], outs[MAX_TENSORS];
  const PraxiTensor *there[MAX_TENSORS] = {NULL}, *made[MAX_TENSORS] = {NULL};
  void *in_memory[MAX_TENSORS] = {NULL}, *out_memory[MAX_TENSORS] = {NULL};
  for (int i = 0; i < kernel->n_in; i++) {
    there[i] = in[i];
    if (!in[i] || kernel->is_constant[i])
      continue;
    ins[i] = copy_there (in[i], &in_memory[i]);
    there[i] = &ins[i];
  }
  for (int i = 0; i < kernel->n_out; i++)
    if (out[i]) {
      outs[i] = copy_there (out[i], &out_memory[i]);
      made[i] = &outs[i];
    }
  const PraxiStatus status = device->run (kernel->kernel, there, made, kernel->scratch, pool);
  g_assert_cmpint (device->device->wait (device), ==, PRAXI_OK);
  for (int i = 0; i < kernel->n_out; i++)
    if (out[i])
      copy_back (out[i], out_memory[i]);
  for (int i = 0; i < MAX_TENSORS; i++) {
    device->device->release (device, in_memory[i]);
    device->device->release (device, out_memory[i]);
  }
  return status;
}

static size_t
none (const PraxiKernel *kernel)
{
  return 0;
}

static const char *
kernel_name (const PraxiKernel *kernel)
{
  return device->kernel_name (kernel->kernel);
}

static void
kernel_free (PraxiKernel *kernel)
{
  if (!kernel)
    return;
  device->device->release (device, kernel->weights);
  device->device->release (device, kernel->scratch);
  device->kernel_free (kernel->kernel);
  g_free (kernel);
}

bool
test_is_half (void)
{
  return g_getenv ("PRAXI_TEST_HALF") != NULL;
}

const PraxiBackend *
test_device_backend (void)
{
  static PraxiBackend adapter = {
      PRAXI_BACKEND_ABI, "cuda", "", prepare, run, none, none, kernel_name, kernel_free, NULL,
  };
  char why[PRAXI_WHY_BYTES] = "";
  if (device)
    return &adapter;
  const PraxiPlugin *plugin = praxi_plugin_cuda (why);
  const PraxiDeviceOptions options = {.is_half = test_is_half ()};
  if (!plugin || plugin->open (&options, &device, why) != PRAXI_OK)
    g_error ("no device to test: %s", why);
  adapter.level = device->level;
  return &adapter;
}
