#include "engine/infer/program-device.h"

#include "engine/core/error.h"
#include "engine/infer/program.h"

enum { ALIGN = 256, RUNS_BEFORE_RECORDING = 1 };

struct PraxiProgramDevice {
  PraxiProgram *program;
  const PraxiBackend *backend;
  const PraxiDeviceTable *table;
  PraxiTensor *tensors; /* of the program, as they lie on the device */
  guint8 *memory;
  gsize bytes;
  gboolean is_whole; /* every step runs on the device */
  int runs;
  PraxiRecording *recording;
};

static gsize
aligned (gsize bytes)
{
  return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static gboolean
fail (const PraxiProgramDevice *device, PraxiStatus status, GError **error)
{
  const char *failure = device->table->failure (device->backend);
  if (status == PRAXI_STATUS_DEVICE && failure[0] != '\0') {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DEVICE, "%s", failure);
    return FALSE;
  }
  if (status == PRAXI_STATUS_MEMORY) {
    g_autofree char *bytes = g_format_size_full (device->bytes, G_FORMAT_SIZE_IEC_UNITS);
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY,
                 "the model needs %s on the GPU, more than there is or --vram allows", bytes);
    return FALSE;
  }
  return praxi_error_from_status (status, device->backend->name, error);
}

static gsize
input_bytes (const PraxiProgram *program, guint i)
{
  gsize bytes = 0;
  praxi_tensor_bytes (&program->tensors[g_array_index (program->graph->inputs, int, i)], &bytes);
  return aligned (bytes);
}

static gboolean
is_on_device (const PraxiStep *step)
{
  return step->kernel != NULL && step->backend->device != NULL;
}

static gsize
count_bytes (PraxiProgramDevice *device)
{
  const PraxiProgram *program = device->program;
  gsize bytes = aligned (program->arena_bytes) + aligned (program->device_scratch_bytes);
  for (guint i = 0; i < program->graph->inputs->len; i++)
    bytes += input_bytes (program, i);
  device->is_whole = TRUE;
  for (int i = 0; i < program->n_steps; i++) {
    const PraxiStep *step = &program->steps[i];
    if (is_on_device (step))
      bytes += aligned (step->backend->kernel_weight_bytes (step->kernel));
    device->is_whole = device->is_whole && (step->kernel == NULL || is_on_device (step));
  }
  return bytes;
}

/* The device's view of every value: arena at the front, inputs behind it. */
static guint8 *
place_values (PraxiProgramDevice *device)
{
  const PraxiProgram *program = device->program;
  guint8 *at = device->memory + aligned (program->arena_bytes);
  g_autofree guint8 **inputs = g_new0 (guint8 *, program->graph->values->len + 1);
  for (guint i = 0; i < program->graph->inputs->len; i++) {
    inputs[g_array_index (program->graph->inputs, int, i)] = at;
    at += input_bytes (program, i);
  }
  for (guint i = 0; i < program->graph->values->len; i++) {
    const PraxiPlace *place = &program->places[i];
    PraxiTensor *tensor = &device->tensors[i];
    *tensor = program->tensors[i];
    const gint64 offset = place->offset * (gint64) praxi_dtype_size (tensor->dtype);
    if (inputs[place->root] != NULL)
      tensor->data = inputs[place->root] + offset;
    else if (praxi_program_is_in_arena (program, place->root))
      tensor->data = device->memory +
                     ((guint8 *) program->tensors[place->root].data - program->arena) + offset;
  }
  return at;
}

/* Tensors of a step on the device are the device's. */
static void
turn (const PraxiProgramDevice *device, const PraxiTensor **tensors, int n)
{
  for (int i = 0; i < n; i++)
    if (tensors[i] != NULL)
      tensors[i] = device->tensors + (tensors[i] - device->program->tensors);
}

static PraxiStatus
place_kernels (PraxiProgramDevice *device, guint8 *at)
{
  PraxiProgram *program = device->program;
  PraxiStatus status = PRAXI_OK;
  program->device_scratch = at;
  at += aligned (program->device_scratch_bytes);
  for (int i = 0; i < program->n_steps && status == PRAXI_OK; i++) {
    PraxiStep *step = &program->steps[i];
    if (!is_on_device (step))
      continue;
    turn (device, step->in, step->node->n_in);
    turn (device, step->out, step->node->n_out);
    const gsize bytes = step->backend->kernel_weight_bytes (step->kernel);
    status = device->table->place (step->kernel, at);
    at += aligned (bytes);
  }
  return status;
}

PraxiProgramDevice *
praxi_program_device_new (PraxiProgram *program, GError **error)
{
  PraxiProgramDevice *device = g_new0 (PraxiProgramDevice, 1);
  device->program = program;
  device->backend = program->backend;
  device->table = program->backend->device;
  device->tensors = g_new0 (PraxiTensor, program->graph->values->len + 1);
  device->bytes = count_bytes (device);
  PraxiStatus status =
      device->table->reserve (device->backend, device->bytes, (void **) &device->memory);
  if (status == PRAXI_OK)
    status = place_kernels (device, place_values (device));
  if (status == PRAXI_OK)
    return device;
  fail (device, status, error);
  praxi_program_device_free (device);
  return NULL;
}

void
praxi_program_device_free (PraxiProgramDevice *device)
{
  if (device->recording != NULL)
    device->table->recording_free (device->backend, device->recording);
  if (device->memory != NULL)
    device->table->release (device->backend, device->memory);
  g_free (device->tensors);
  g_free (device);
}

gsize
praxi_program_device_bytes (const PraxiProgramDevice *device)
{
  return device->bytes;
}

/* Copies the memory that a value shares, all of it: views may lie anywhere in it. */
static PraxiStatus
copy_root (const PraxiProgramDevice *device, int value, gboolean up)
{
  const PraxiProgram *program = device->program;
  const int root = program->places[value].root;
  gsize bytes = 0;
  praxi_tensor_bytes (&program->tensors[root], &bytes);
  void *here = program->tensors[root].data, *there = device->tensors[root].data;
  return up ? device->table->upload (device->backend, there, here, bytes)
            : device->table->download (device->backend, here, there, bytes);
}

static PraxiStatus
upload_inputs (const PraxiProgramDevice *device)
{
  const GArray *inputs = device->program->graph->inputs;
  PraxiStatus status = PRAXI_OK;
  for (guint i = 0; i < inputs->len && status == PRAXI_OK; i++)
    if (device->program->tensors[g_array_index (inputs, int, i)].data != NULL)
      status = copy_root (device, g_array_index (inputs, int, i), TRUE);
  return status;
}

static PraxiStatus
download_outputs (const PraxiProgramDevice *device)
{
  const PraxiProgram *program = device->program;
  PraxiStatus status = device->table->wait (device->backend);
  for (guint i = 0; i < program->graph->outputs->len && status == PRAXI_OK; i++) {
    const int value = g_array_index (program->graph->outputs, int, i);
    if (praxi_program_is_in_arena (program, program->places[value].root))
      status = copy_root (device, value, FALSE);
  }
  return status;
}

static PraxiStatus
run_here (const PraxiProgramDevice *device, const PraxiStep *step)
{
  const PraxiProgram *program = device->program;
  const PraxiNode *node = step->node;
  PraxiStatus status = PRAXI_OK;
  for (int i = 0; i < node->n_in && status == PRAXI_OK; i++)
    if (node->in[i] >= 0 && praxi_program_is_in_arena (program, program->places[node->in[i]].root))
      status = copy_root (device, node->in[i], FALSE);
  if (status == PRAXI_OK)
    status =
        step->backend->run (step->kernel, step->in, step->out, program->scratch, program->pool);
  for (int i = 0; i < node->n_out && status == PRAXI_OK; i++)
    if (node->out[i] >= 0)
      status = copy_root (device, node->out[i], TRUE);
  return status;
}

static PraxiStatus
run_step (const PraxiProgramDevice *device, PraxiStep *step)
{
  const PraxiProgram *program = device->program;
  const gint64 begin_us = g_get_monotonic_time ();
  PraxiStatus status = step->kernel == NULL ? PRAXI_OK
                       : is_on_device (step)
                           ? step->backend->run (step->kernel, step->in, step->out,
                                                 program->device_scratch, program->pool)
                           : run_here (device, step);
  if (program->is_timing && status == PRAXI_OK)
    status = device->table->wait (device->backend);
  step->seconds += program->is_timing ? (double) (g_get_monotonic_time () - begin_us) / 1e6 : 0;
  return status;
}

static PraxiStatus
run_steps (const PraxiProgramDevice *device)
{
  PraxiStatus status = PRAXI_OK;
  for (int i = 0; i < device->program->n_steps && status == PRAXI_OK; i++)
    status = run_step (device, &device->program->steps[i]);
  return status;
}

/* The first run loads the kernels and may try several; then all launches become one. */
static PraxiStatus
run_recorded (PraxiProgramDevice *device)
{
  if (device->recording == NULL) {
    PraxiStatus status = device->table->recording_begin (device->backend);
    if (status == PRAXI_OK)
      status = run_steps (device);
    const PraxiStatus ended = device->table->recording_end (device->backend, &device->recording);
    if (status != PRAXI_OK || ended != PRAXI_OK)
      return status != PRAXI_OK ? status : ended;
  }
  return device->table->recording_run (device->backend, device->recording);
}

/* What was tried in vain while kernels were chosen. */
static void
say_remark (const PraxiProgramDevice *device)
{
  char said[PRAXI_WHY_BYTES];
  if (device->table->remark (device->backend, said))
    g_printerr ("praxi: %s\n", said);
}

gboolean
praxi_program_device_run (PraxiProgramDevice *device, GError **error)
{
  PraxiProgram *program = device->program;
  const gboolean records =
      device->is_whole && !program->is_timing && device->runs >= RUNS_BEFORE_RECORDING;
  PraxiStatus status = upload_inputs (device);
  if (status == PRAXI_OK)
    status = records ? run_recorded (device) : run_steps (device);
  if (!records)
    say_remark (device);
  if (status == PRAXI_OK)
    status = download_outputs (device);
  if (status != PRAXI_OK)
    return fail (device, status, error);
  device->runs += device->runs < RUNS_BEFORE_RECORDING;
  program->timed_runs += program->is_timing;
  return TRUE;
}
