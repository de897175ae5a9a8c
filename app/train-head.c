/* The last layer of praxi train: drawn anew for other classes, fitted to features. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "app/train-job.h"
#include "engine/core/error.h"
#include "engine/infer/events.h"
#include "engine/model/spec.h"
#include "engine/train/head-fit.h"
#include "engine/train/new-head.h"

enum { CHANGED_VIEWS = 3 };

/* --- which classes -------------------------------------------------------------------------- */

static char **
labelled_classes (const PraxiTrainJob *job, GError **error)
{
  if (job->data != NULL)
    return praxi_dataset_folder_classes (job->data, error);
  g_autoptr (PraxiStore) store = praxi_store_open (job->project, PRAXI_STORE_READ_ONLY, error);
  return store != NULL ? praxi_dataset_project_classes (store, error) : NULL;
}

static gboolean
has_class (char **classes, const char *name)
{
  g_autofree char *wanted = g_utf8_casefold (name, -1);
  for (; *classes != NULL; classes++) {
    g_autofree char *class = g_utf8_casefold (*classes, -1);
    if (g_str_equal (wanted, class))
      return TRUE;
  }
  return FALSE;
}

/* Events of the labels that the model knows, or does not. Free with g_strfreev. */
static char **
list_events (char **labelled, char **known, gboolean are_known)
{
  GPtrArray *events = g_ptr_array_new ();
  for (; *labelled != NULL; labelled++)
    if (!praxi_events_is_background (*labelled) && has_class (known, *labelled) == are_known)
      g_ptr_array_add (events, g_strdup (*labelled));
  g_ptr_array_add (events, NULL);
  return (char **) g_ptr_array_free (events, FALSE);
}

/* The classes labelled. A model that says normal where nothing else is goes on doing so. */
static char **
with_background (char **labelled, const PraxiModelSpec *spec)
{
  const gboolean adds = praxi_events_is_background (spec->classes[0]) &&
                        !has_class (labelled, spec->classes[0]) && g_strv_length (labelled) > 1;
  GPtrArray *classes = g_ptr_array_new ();
  if (adds)
    g_ptr_array_add (classes, g_strdup (spec->classes[0]));
  for (; *labelled != NULL; labelled++)
    g_ptr_array_add (classes, g_strdup (*labelled));
  g_ptr_array_add (classes, NULL);
  return (char **) g_ptr_array_free (classes, FALSE);
}

/* *classes: NULL where the model keeps its own */
static gboolean
choose_classes (const PraxiTrainJob *job, char ***classes, GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (job->model);
  *classes = NULL;
  if (job->classes != NULL && !g_str_equal (job->classes, "labels")) {
    *classes = g_strsplit (job->classes, ",", -1);
    return TRUE;
  }
  g_auto (GStrv) labelled = labelled_classes (job, error);
  if (labelled == NULL)
    return FALSE;
  g_auto (GStrv) known = list_events (labelled, spec->classes, TRUE);
  g_auto (GStrv) unknown = list_events (labelled, spec->classes, FALSE);
  if (*unknown == NULL)
    return TRUE;
  if (job->classes != NULL || *known == NULL) {
    *classes = with_background (labelled, spec);
    return TRUE;
  }
  g_autofree char *list = g_strjoinv (", ", unknown);
  fprintf (
      stderr,
      "praxi: the model does not tell apart: %s; '--classes labels' gives it a last layer that "
      "does\n",
      list);
  return TRUE;
}

/* Each has a name, and only one each. */
static const char *
find_problem (char **classes)
{
  if (g_strv_length (classes) < 2)
    return "train: only one class is labelled; label another one too, such as normal";
  if (g_strv_length (classes) > PRAXI_SPEC_MAX_CLASSES)
    return "train: there are more classes than a model can have";
  for (char **class = classes; *class != NULL; class ++)
    if (**class == '\0' || has_class (class + 1, *class))
      return "--classes: give every class a name of its own, as in normal,lifting,running";
  return NULL;
}

static gboolean
put_new_head (PraxiTrainJob *job, char **classes, GError **error)
{
  const char *const *list = (const char *const *) classes;
  g_autoptr (PraxiGraph) graph = praxi_new_head (job->model, list, (guint32) job->seed, error);
  if (graph == NULL)
    return FALSE;
  g_autofree char *spec = praxi_new_head_spec (job->model, list);
  g_autofree char *names = g_strjoinv (", ", classes);
  PraxiModel *model = praxi_train_model_of (graph, spec, error);
  if (model == NULL)
    return FALSE;
  fprintf (stderr, "praxi: %s gets a new last layer for %s\n", praxi_model_name (job->model),
           names);
  praxi_model_unref (job->model);
  job->model = model;
  job->has_new_head = TRUE;
  return TRUE;
}

/* Whether the last layer can be fitted as it is. */
static gboolean
has_single_head (const PraxiTrainJob *job, gboolean *is_single, GError **error)
{
  const PraxiTrainableOptions how = {.batch = 1, .head_only = TRUE};
  g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (job->model, &how, error);
  *is_single = trainable != NULL && praxi_head_is_single (trainable);
  return trainable != NULL;
}

gboolean
praxi_train_job_choose_head (PraxiTrainJob *job, GError **error)
{
  g_auto (GStrv) classes = NULL;
  gboolean is_single = TRUE;
  job->has_new_head = FALSE;
  if (job->judged != NULL)
    return TRUE;
  if (job->arch == NULL && !choose_classes (job, &classes, error))
    return FALSE;
  if ((job->smote || job->ensemble > 0) && classes == NULL &&
      !has_single_head (job, &is_single, error))
    return FALSE;
  if (!is_single)
    classes = g_strdupv (praxi_model_spec (job->model)->classes);
  if (classes == NULL)
    return TRUE;
  const char *problem = find_problem (classes);
  return problem == NULL ? put_new_head (job, classes, error)
                         : praxi_error_fail (error, PRAXI_ERROR_USAGE, "%s", problem);
}

/* --- fitted --------------------------------------------------------------------------------- */

/* What the trainer draws from files has no order: windows of motion come one by one. */
static PraxiSource *
windows_of_motion (const PraxiTrainJob *job)
{
  const PraxiFlowSourceOptions options = {.clips = job->train_flow,
                                          .trainable = job->trainable,
                                          .spec = praxi_model_spec (job->model),
                                          .files = job->files};
  return praxi_flow_source_new_val (&options);
}

gboolean
praxi_train_job_fit_head (PraxiTrainJob *job, double *loss, GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (job->model);
  const gboolean is_plain = !job->smote && job->ensemble <= 0;
  g_autoptr (PraxiSource) motion = job->train_flow != NULL ? windows_of_motion (job) : NULL;
  g_autoptr (PraxiStepper) stepper =
      praxi_stepper_new (job->trainable, job->options.threads, error);
  if (stepper == NULL)
    return FALSE;
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) job->seed);
  const int n_views =
      1 + (is_plain && motion == NULL && !job->options.no_augment ? CHANGED_VIEWS : 0);
  g_autoptr (PraxiFeatures) features = praxi_head_features (
      job->trainable, spec, stepper, motion != NULL ? motion : job->train_source, n_views, random,
      job->options.threads, error);
  if (features == NULL)
    return FALSE;
  const PraxiHeadFit how = {.n_outputs = job->trainable->n_outputs,
                            .is_exclusive = job->trainable->is_exclusive,
                            .balance = job->options.balance,
                            .smote = job->smote,
                            .ensemble = job->ensemble,
                            .seed = (guint32) job->seed};
  g_autofree float *weights = g_new (float, (gsize) features->width *(gsize) how.n_outputs + 1);
  g_autofree float *bias = g_new (float, how.n_outputs + 1);
  *loss = praxi_head_fit (features, &how, weights, bias);
  praxi_head_put (job->trainable, weights, bias);
  return TRUE;
}
