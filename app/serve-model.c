#include "app/serve-model.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "engine/core/error.h"

struct PraxiServeModel {
  PraxiCliModel single;
  PraxiExecutor *executors[PRAXI_SERVE_SIZES]; /* [i]: 2^i clips; the first is single's */
  int n_executors;
  atomic_bool is_lost;
  atomic_ullong sizes[PRAXI_SERVE_SIZES];
};

/* A batch bigger than max_batch is of no use, and a model with a fixed one has it anyhow. */
static gboolean
open_executors (PraxiServeModel *model, const PraxiServeModelOptions *options, GError **error)
{
  model->executors[0] = model->single.executor;
  model->n_executors = 1;
  for (int i = 1; i < PRAXI_SERVE_SIZES && 1 << i <= options->max_batch; i++) {
    PraxiExecutorOptions how = options->executor;
    how.batch = 1 << i;
    model->executors[i] = praxi_executor_new (model->single.model, &how, error);
    if (model->executors[i] == NULL)
      return FALSE;
    model->n_executors++;
    if (praxi_executor_batch (model->executors[i]) != 1 << i)
      break;
  }
  return TRUE;
}

static gboolean
try_all (PraxiServeModel *model, GError **error)
{
  const int n = 1 << (model->n_executors - 1);
  g_autofree guint8 *clips = g_malloc0 (praxi_serve_model_clip_bytes (model) * (gsize) n);
  g_autofree float *scores = g_new (float, n * model->single.scorer.n_classes);
  for (int i = 0; i < model->n_executors; i++)
    if (!praxi_executor_run (model->executors[i], clips, 1 << i, scores, error))
      return FALSE;
  return TRUE;
}

PraxiServeModel *
praxi_serve_model_new (const PraxiServeModelOptions *options, GError **error)
{
  g_autoptr (PraxiServeModel) model = g_new0 (PraxiServeModel, 1);
  atomic_init (&model->is_lost, false);
  for (int i = 0; i < PRAXI_SERVE_SIZES; i++)
    atomic_init (&model->sizes[i], 0);
  if (!praxi_cli_model_open (&model->single, options->name, &options->executor, error) ||
      !open_executors (model, options, error) || !try_all (model, error))
    return NULL;
  return g_steal_pointer (&model);
}

void
praxi_serve_model_free (PraxiServeModel *model)
{
  if (model == NULL)
    return;
  for (int i = 1; i < model->n_executors; i++)
    praxi_executor_free (model->executors[i]);
  praxi_cli_model_close (&model->single);
  g_free (model);
}

static int
size_class (int n_clips)
{
  int i = 0;
  while (1 << i < n_clips && i < PRAXI_SERVE_SIZES - 1)
    i++;
  return i;
}

/* The biggest executor that n_clips fill. */
static int
choose (const PraxiServeModel *model, int n_clips)
{
  int i = model->n_executors - 1;
  while (i > 0 && praxi_executor_batch (model->executors[i]) > n_clips)
    i--;
  return i;
}

gboolean
praxi_serve_model_run (gpointer data,
                       const guint8 *clips,
                       int n_clips,
                       float *scores,
                       GError **error)
{
  PraxiServeModel *model = data;
  atomic_fetch_add (&model->sizes[size_class (n_clips)], 1);
  for (int done = 0; done < n_clips;) {
    PraxiExecutor *executor = model->executors[choose (model, n_clips - done)];
    const int n = MIN (praxi_executor_batch (executor), n_clips - done);
    GError *problem = NULL;
    if (!praxi_executor_run (executor, clips + praxi_serve_model_clip_bytes (model) * (gsize) done,
                             n, scores + done * model->single.scorer.n_classes, &problem)) {
      if (g_error_matches (problem, PRAXI_ERROR, PRAXI_ERROR_DEVICE))
        atomic_store (&model->is_lost, true);
      g_propagate_error (error, problem);
      return FALSE;
    }
    done += n;
  }
  return TRUE;
}

gboolean
praxi_serve_model_is_lost (PraxiServeModel *model)
{
  return atomic_load (&model->is_lost);
}

const PraxiScorer *
praxi_serve_model_scorer (const PraxiServeModel *model)
{
  return &model->single.scorer;
}

gsize
praxi_serve_model_clip_bytes (const PraxiServeModel *model)
{
  const PraxiScorer *scorer = &model->single.scorer;
  return (gsize) scorer->frames * (gsize) scorer->height * (gsize) scorer->width * 3;
}

const char *
praxi_serve_model_name (const PraxiServeModel *model)
{
  return praxi_model_name (model->single.model);
}

const PraxiExecutor *
praxi_serve_model_executor (const PraxiServeModel *model)
{
  return model->executors[0];
}

void
praxi_serve_model_sizes (PraxiServeModel *model, guint64 *sizes)
{
  for (int i = 0; i < PRAXI_SERVE_SIZES; i++)
    sizes[i] = atomic_load (&model->sizes[i]);
}
