/* A model file: read, checked, made ready to run, and run if it is small. */
#include "engine/infer/executor.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_MACS = 1 << 20, MAX_ELEMENTS = 1 << 16 };

static gboolean
is_small (const PraxiTensor *tensor)
{
  int64_t count = 0;
  return praxi_tensor_count (tensor, &count) == PRAXI_OK && count <= MAX_ELEMENTS;
}

/* Whether every tensor that goes in or out is small; they get data then. */
static gboolean
make (PraxiExecutor *executor, PraxiTensor *tensors, int n, gboolean is_input)
{
  for (int i = 0; i < n; i++) {
    tensors[i] =
        is_input ? *praxi_executor_input (executor, i) : *praxi_executor_output (executor, i);
    gsize bytes = 0;
    if (!is_small (&tensors[i]))
      return FALSE;
    praxi_tensor_bytes (&tensors[i], &bytes);
    tensors[i].data = g_malloc0 (bytes + 1);
  }
  return TRUE;
}

static void
run (PraxiExecutor *executor)
{
  const int n_in = praxi_executor_n_inputs (executor), n_out = praxi_executor_n_outputs (executor);
  g_autofree PraxiTensor *in = g_new0 (PraxiTensor, n_in + 1);
  g_autofree PraxiTensor *out = g_new0 (PraxiTensor, n_out + 1);
  if (praxi_executor_macs (executor) <= MAX_MACS && make (executor, in, n_in, TRUE) &&
      make (executor, out, n_out, FALSE))
    praxi_executor_run_tensors (executor, in, out, NULL);
  for (int i = 0; i < n_in; i++)
    g_free (in[i].data);
  for (int i = 0; i < n_out; i++)
    g_free (out[i].data);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (PraxiModel) model = praxi_model_load_bytes (bytes, "fuzz", NULL);
  if (model == NULL)
    return 0;
  const PraxiExecutorOptions options = {.threads = 1};
  g_autoptr (PraxiExecutor) executor = praxi_executor_new (model, &options, NULL);
  if (executor != NULL)
    run (executor);
  return 0;
}
