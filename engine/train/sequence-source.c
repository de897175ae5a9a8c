#include "engine/train/sequence-source.h"

#include <math.h>

#include "engine/core/error.h"

typedef struct {
  const PraxiSequences *sequences;
  const PraxiTrainable *trainable;
  const PraxiModelSpec *spec;
  PraxiBalance balance;
  gboolean augments;
  GPtrArray *by_class; /* of GArray of guint */
  float *changed;
} SequenceSource;

/* --- reading -------------------------------------------------------------------------------- */

static void
sample_clear (gpointer data)
{
  PraxiSequenceSample *sample = data;
  g_free (sample->values);
  g_free (sample->group);
}

void
praxi_sequences_free (PraxiSequences *sequences)
{
  if (sequences == NULL)
    return;
  g_array_unref (sequences->samples);
  g_ptr_array_unref (sequences->warnings);
  g_free (sequences);
}

static int
frame_at (gint64 time_ns)
{
  return (int) CLAMP (llround ((double) time_ns / 1e9 * PRAXI_SEQUENCE_RATE_HZ), 0, G_MAXINT / 2);
}

static void
add_sample (PraxiSequences *sequences,
            const PraxiModelSpec *spec,
            const PraxiSequence *sequence,
            const PraxiSample *label)
{
  PraxiSequenceSample sample = {.class_index = label->class_index,
                                .group = g_strdup (label->group)};
  sample.values = g_new (float, (gsize) spec->frames *(gsize) (spec->height * spec->width));
  praxi_sequence_fit (sequence, label->is_timed ? frame_at (label->start_ns) : 0,
                      label->is_timed ? frame_at (label->end_ns) : sequence->frames, spec->frames,
                      sample.values);
  g_array_append_val (sequences->samples, sample);
}

PraxiSequences *
praxi_sequences_load (const PraxiModelSpec *spec, const PraxiDataset *dataset, GError **error)
{
  g_autoptr (PraxiSequences) sequences = g_new0 (PraxiSequences, 1);
  sequences->samples = g_array_new (FALSE, FALSE, sizeof (PraxiSequenceSample));
  g_array_set_clear_func (sequences->samples, sample_clear);
  sequences->warnings = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < dataset->samples->len; i++) {
    const PraxiSample *label = dataset->samples->pdata[i];
    g_autoptr (GError) failed = NULL;
    g_autoptr (PraxiSequence) sequence = praxi_sequence_read (label->path, &failed);
    if (sequence == NULL)
      g_ptr_array_add (sequences->warnings, g_strdup (failed->message));
    else if (sequence->joints != spec->height || sequence->dims != spec->width)
      g_ptr_array_add (sequences->warnings,
                       g_strdup_printf ("%s: has %d joints of %d coordinates, the model %d of %d",
                                        label->file, sequence->joints, sequence->dims, spec->height,
                                        spec->width));
    else
      add_sample (sequences, spec, sequence, label);
  }
  if (sequences->samples->len > 0)
    return g_steal_pointer (&sequences);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "no labelled sequence could be read%s%s",
               sequences->warnings->len > 0 ? ": " : "",
               sequences->warnings->len > 0 ? (char *) sequences->warnings->pdata[0] : "");
  return NULL;
}

/* --- the source ----------------------------------------------------------------------------- */

static const PraxiSequenceSample *
sample_at (const SequenceSource *source, guint i)
{
  return &g_array_index (source->sequences->samples, PraxiSequenceSample, i);
}

static guint
draw_cb (gpointer data, GRand *random)
{
  const SequenceSource *source = data;
  return praxi_source_draw (source->by_class, source->balance, random);
}

static gboolean
load_cb (gpointer data, PraxiStepper *stepper, guint i, GRand *random, int place, GError **error)
{
  const SequenceSource *source = data;
  const PraxiModelSpec *spec = source->spec;
  const float *values = sample_at (source, i)->values;
  if (random != NULL && source->augments) {
    praxi_sequence_augment (values, spec->frames, spec->height, spec->width, random,
                            source->changed);
    values = source->changed;
  }
  praxi_source_set_class (source->trainable, spec, stepper, sample_at (source, i)->class_index,
                          place);
  return praxi_stepper_see (stepper, values, place, error);
}

static int
class_cb (gpointer data, guint i)
{
  return sample_at (data, i)->class_index;
}

static const char *
group_cb (gpointer data, guint i)
{
  return sample_at (data, i)->group;
}

static void
free_cb (gpointer data)
{
  SequenceSource *source = data;
  g_ptr_array_unref (source->by_class);
  g_free (source->changed);
  g_free (source);
}

PraxiSource *
praxi_source_of_sequences (const PraxiSequences *sequences,
                           const PraxiTrainable *trainable,
                           const PraxiModelSpec *spec,
                           PraxiBalance balance,
                           gboolean augments)
{
  SequenceSource *own = g_new0 (SequenceSource, 1);
  *own = (SequenceSource){
      .sequences = sequences,
      .trainable = trainable,
      .spec = spec,
      .balance = balance,
      .augments = augments,
      .changed = g_new (float, (gsize) spec->frames *(gsize) (spec->height * spec->width))};
  own->by_class = praxi_source_pools (own, sequences->samples->len, class_cb, spec->n_classes);
  PraxiSource *source = g_new0 (PraxiSource, 1);
  *source = (PraxiSource){.data = own,
                          .n = sequences->samples->len,
                          .draw = draw_cb,
                          .load = load_cb,
                          .class_of = class_cb,
                          .group_of = group_cb,
                          .free = free_cb};
  return source;
}
