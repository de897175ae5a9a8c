#include "engine/train/source.h"

#include <math.h>

#include "engine/model/flow-net.h"
#include "engine/train/augment-pictures.h"
#include "engine/train/augment.h"

typedef struct {
  const PraxiClips *clips;
  const PraxiTrainable *trainable;
  const PraxiModelSpec *spec;
  PraxiBalance balance;
  gboolean augments, sees_pictures;
  GPtrArray *by_class; /* of GArray of guint */
  guint8 *clip, *room;
  PraxiClipShape shape; /* of the clips; the spec's may be smaller */
  float *converted;     /* of models that take floats */
} ClipSource;

void
praxi_source_free (PraxiSource *source)
{
  if (source == NULL)
    return;
  source->free (source->data);
  g_free (source);
}

static double
share_of (const GArray *pool, PraxiBalance balance)
{
  if (pool->len == 0 || balance == PRAXI_BALANCE_EQUAL)
    return pool->len > 0;
  return balance == PRAXI_BALANCE_NONE ? pool->len : sqrt (pool->len);
}

guint
praxi_source_draw (const GPtrArray *pools, PraxiBalance balance, GRand *random)
{
  double sum = 0;
  guint chosen = 0;
  for (guint p = 0; p < pools->len; p++)
    sum += share_of (pools->pdata[p], balance);
  double at = g_rand_double (random) * sum;
  for (guint p = 0; p < pools->len; p++) {
    const double share = share_of (pools->pdata[p], balance);
    if (share <= 0)
      continue;
    chosen = p;
    if (at < share)
      break;
    at -= share;
  }
  const GArray *pool = pools->pdata[chosen];
  return g_array_index (pool, guint, g_rand_int_range (random, 0, (gint32) pool->len));
}

GPtrArray *
praxi_source_pools (gpointer data,
                    guint n,
                    int (*class_of) (gpointer data, guint clip),
                    int n_classes)
{
  GPtrArray *pools = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  for (int c = 0; c < n_classes; c++)
    g_ptr_array_add (pools, g_array_new (FALSE, FALSE, sizeof (guint)));
  for (guint i = 0; i < n; i++)
    g_array_append_val ((GArray *) pools->pdata[class_of (data, i)], i);
  return pools;
}

void
praxi_source_set_class (const PraxiTrainable *trainable,
                        const PraxiModelSpec *spec,
                        PraxiStepper *stepper,
                        int class_index,
                        int place)
{
  const PraxiBatch *batch = praxi_stepper_batch (stepper);
  const int n = trainable->n_outputs;
  praxi_trainable_target (trainable, spec, class_index, batch->target + place * n);
  for (int k = 0; k < n; k++)
    batch->weight[place * n + k] = 1;
}

static const PraxiClip *
clip_at (const ClipSource *source, guint i)
{
  return &g_array_index (source->clips->clips, PraxiClip, i);
}

static guint
draw_cb (gpointer data, GRand *random)
{
  const ClipSource *source = data;
  return praxi_source_draw (source->by_class, source->balance, random);
}

static gboolean
load_cb (gpointer data, PraxiStepper *stepper, guint i, GRand *random, int place, GError **error)
{
  const ClipSource *source = data;
  const PraxiModelSpec *spec = source->spec;
  if (!praxi_clips_read (source->clips, i, source->clip, error))
    return FALSE;
  const PraxiClipShape *shape = &source->shape;
  const guint8 *clip = source->clip;
  if (random != NULL && source->augments && source->sees_pictures)
    praxi_augment_pictures (source->clip, source->room, shape, random);
  if (random != NULL && source->augments)
    praxi_augment_clip (source->clip, source->room, shape->frames, shape->height, shape->width,
                        random);
  if (shape->height != spec->height || shape->width != spec->width) {
    praxi_augment_shrink (source->clip, source->room, shape->frames, shape->height, shape->width,
                          spec->height, spec->width);
    clip = source->room;
  }
  praxi_source_set_class (source->trainable, spec, stepper, clip_at (source, i)->class_index,
                          place);
  return praxi_stepper_see (stepper, praxi_clip_convert (spec, clip, source->converted), place,
                            error);
}

static int
class_cb (gpointer data, guint i)
{
  return clip_at (data, i)->class_index;
}

static void
free_cb (gpointer data)
{
  ClipSource *source = data;
  g_ptr_array_unref (source->by_class);
  g_free (source->clip);
  g_free (source->room);
  g_free (source->converted);
  g_free (source);
}

/* Whether the model begins with something else than the motion stem. */
static gboolean
sees_pictures (const PraxiTrainable *trainable)
{
  for (int i = 0; i < trainable->n_features; i++) {
    const int value = g_array_index (trainable->step->inputs, int, i);
    const char *name = praxi_graph_value (trainable->step, value)->name;
    if (g_str_equal (name, PRAXI_MAPS_VALUE) || g_str_equal (name, PRAXI_STATISTICS_VALUE))
      return FALSE;
  }
  return TRUE;
}

PraxiSource *
praxi_source_of_clips (const PraxiClips *clips,
                       const PraxiTrainable *trainable,
                       const PraxiModelSpec *spec,
                       PraxiBalance balance,
                       gboolean augment)
{
  ClipSource *own = g_new0 (ClipSource, 1);
  *own = (ClipSource){.clips = clips,
                      .trainable = trainable,
                      .spec = spec,
                      .balance = balance,
                      .augments = augment,
                      .sees_pictures = sees_pictures (trainable),
                      .shape = {clips->frames, clips->height, clips->width},
                      .clip = g_malloc (clips->clip_bytes),
                      .room = g_malloc (clips->clip_bytes)};
  if (spec->is_float)
    own->converted = g_new (float, clips->clip_bytes);
  own->by_class = praxi_source_pools (own, clips->clips->len, class_cb, spec->n_classes);
  PraxiSource *source = g_new0 (PraxiSource, 1);
  *source = (PraxiSource){.data = own,
                          .n = clips->clips->len,
                          .draw = draw_cb,
                          .load = load_cb,
                          .class_of = class_cb,
                          .free = free_cb};
  return source;
}
