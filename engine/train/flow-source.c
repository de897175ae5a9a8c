#include "engine/train/flow-source.h"

#include <math.h>
#include <string.h>

#include "engine/model/flow-net.h"
#include "engine/train/flow-augment.h"

#define CORE_S 2.5        /* of a brief event that shows it */
#define SHARED_S 1.0      /* that a window has to share with an event */
#define SHARED_PART 0.7   /* or of the event */
#define OTHER_EVENT 0.5   /* weight of brief events in footage of another one */
#define TURNED_WEIGHT 0.7 /* of a brief event turned into none */
#define EXTRA_SHARE 0.125 /* of extra footage in what is drawn */
#define COVERED_PART 0.5  /* of a window that labels have to cover */
enum { MOST_PLACES = 4096, MOST_TRIES = 20 };

typedef struct {
  guint file;
  int start;
} Window;

typedef struct {
  PraxiFlowSourceOptions options;
  GPtrArray *pools, *extra; /* of GArray of guint: files, by class and kind */
  GArray *windows;          /* of Window; of validation */
  PraxiFlowPlace *places;
  float *room;
  int maps, statistics; /* features; −1: the model does not read them */
} FlowSource;

static const PraxiFlowFile *
file_at (const PraxiFlowClips *clips, guint i)
{
  return clips->files->pdata[i];
}

static const PraxiSample *
sample_at (const PraxiFlowClips *clips, guint i)
{
  return clips->dataset->samples->pdata[i];
}

static gboolean
is_brief (const PraxiModelSpec *spec, int class_index)
{
  return praxi_flow_is_brief (spec->classes[class_index]);
}

/* --- targets -------------------------------------------------------------------------------- */

/* A span of seconds of pts. */
typedef struct {
  double from, to;
} Span;

static double
shared (Span a, Span b)
{
  return MAX (MIN (a.to, b.to) - MAX (a.from, b.from), 0);
}

static Span
span_of (const PraxiFlowClips *clips, const PraxiSample *sample, const PraxiFlowTrack *first)
{
  const double origin = clips->dataset->starts_at_0 ? first->begin_s : 0;
  if (!sample->is_timed)
    return (Span){-G_MAXDOUBLE, G_MAXDOUBLE};
  return (Span){origin + (double) sample->start_ns / 1e9, origin + (double) sample->end_ns / 1e9};
}

/* 1: the window shows the event; 0: it does not touch it; −1: nobody can say. */
static int
shows (Span window, Span event, gboolean brief)
{
  const Span core = {event.from, brief ? MIN (event.to, event.from + CORE_S) : event.to};
  const double both = shared (window, core), length = core.to - core.from;
  const double enough =
      MIN (MIN (SHARED_S, SHARED_PART * length), SHARED_PART * (window.to - window.from));
  if (both >= enough && both > 0)
    return 1;
  return shared (window, event) > 0 ? -1 : 0;
}

void
praxi_flow_target (const PraxiFlowClips *clips,
                   const PraxiModelSpec *spec,
                   guint number,
                   int view,
                   int start,
                   double pairs,
                   float *target,
                   float *weight)
{
  const PraxiFlowFile *file = file_at (clips, number);
  const PraxiFlowTrack *track = &file->tracks[view];
  const double begin = track->begin_s + start * track->pair_s;
  const Span window = {begin, begin + pairs * track->pair_s};
  const int n = spec->n_classes - 1;
  double covered = 0;
  gboolean any = FALSE;
  for (int k = 0; k < n; k++) {
    target[k] = 0;
    weight[k] = 1;
  }
  for (guint i = file->first; i < file->end; i++) {
    const PraxiSample *sample = sample_at (clips, i);
    const Span span = span_of (clips, sample, &file->tracks[0]);
    const int k = sample->class_index - 1;
    covered += shared (window, span) / (window.to - window.from);
    if (sample->class_index == clips->background || k < 0)
      continue;
    const int sees = shows (window, span, is_brief (spec, sample->class_index));
    target[k] = sees > 0 ? 1 : target[k];
    weight[k] = sees < 0 && target[k] <= 0 ? 0 : weight[k];
    any = any || sees > 0;
  }
  const gboolean is_extra = praxi_flow_clips_is_extra (clips, number);
  for (int k = 0; k < n; k++) {
    if ((!any && covered < COVERED_PART) || (is_extra && !clips->taught[k + 1]))
      weight[k] = 0;
    if (target[k] > 0)
      weight[k] = 1;
    else if (any && weight[k] > 0 && is_brief (spec, k + 1))
      weight[k] = (float) OTHER_EVENT;
  }
}

/* --- drawing -------------------------------------------------------------------------------- */

static double
random_range (GRand *random, double low, double high)
{
  return low + g_rand_double (random) * (high - low);
}

static gboolean
has_timed (const FlowSource *source, const PraxiFlowFile *file)
{
  for (guint i = file->first; i < file->end; i++)
    if (sample_at (source->options.clips, i)->is_timed)
      return TRUE;
  return FALSE;
}

/* The first brief event of a file; NULL without one. */
static const PraxiSample *
brief_event (const FlowSource *source, const PraxiFlowFile *file)
{
  for (guint i = file->first; i < file->end; i++) {
    const PraxiSample *sample = sample_at (source->options.clips, i);
    if (sample->is_timed && is_brief (source->options.spec, sample->class_index))
      return sample;
  }
  return NULL;
}

/* Anywhere, but three times out of four where a brief event begins. */
static int
draw_start (const FlowSource *source, guint number, int view, double speed, GRand *random)
{
  const PraxiFlowClips *clips = source->options.clips;
  const PraxiFlowFile *file = file_at (clips, number);
  const PraxiFlowTrack *track = &file->tracks[view];
  const int last = MAX (track->n_pairs - (int) (clips->pairs * speed) - 1, 0);
  const PraxiSample *event = brief_event (source, file);
  if (event == NULL || g_rand_double (random) >= 0.75)
    return g_rand_int_range (random, 0, last + 1);
  const Span span = span_of (clips, event, &file->tracks[0]);
  const double shared_pairs = SHARED_S / track->pair_s;
  const double begin = (span.from - track->begin_s) / track->pair_s;
  const double end = (MIN (span.to, span.from + CORE_S) - track->begin_s) / track->pair_s;
  const double low = begin - shared_pairs, high = MAX (low, end - shared_pairs);
  return CLAMP ((int) random_range (random, low, high), 0, last);
}

static int
draw_view (const PraxiFlowClips *clips, guint file, GRand *random)
{
  const int n = praxi_flow_clips_views (clips, file), clean = MIN (n, PRAXI_FLOW_CLEAN_VIEWS);
  if (n == clean || g_rand_double (random) < 0.5)
    return g_rand_int_range (random, 0, clean);
  return g_rand_int_range (random, clean, n);
}

static guint
draw_cb (gpointer data, GRand *random)
{
  const FlowSource *source = data;
  const gboolean is_extra = source->extra->len > 0 && g_rand_double (random) < EXTRA_SHARE;
  return praxi_source_draw (is_extra ? source->extra : source->pools, source->options.balance,
                            random);
}

/* --- loading -------------------------------------------------------------------------------- */

static PraxiFlowWindow
window_of (const FlowSource *source, const PraxiBatch *batch, int place)
{
  const PraxiFlowClips *clips = source->options.clips;
  char *at = batch->features[source->maps];
  return (PraxiFlowWindow){
      (float *) (void *) (at + batch->feature_bytes[source->maps] * (gsize) place), clips->pairs,
      clips->height, clips->width};
}

static gboolean
put (const FlowSource *source,
     const PraxiBatch *batch,
     const PraxiFlowPlace *of,
     double speed,
     int place,
     GError **error)
{
  const PraxiFlowClips *clips = source->options.clips;
  if (source->statistics >= 0) {
    const gsize bytes = batch->feature_bytes[source->statistics];
    memcpy ((char *) batch->features[source->statistics] + bytes * (gsize) place,
            praxi_flow_clips_statistics (clips, of->file, of->view, of->start), bytes);
  }
  return source->maps < 0 || praxi_flow_clips_read (clips, of->file, of->view, of->start, speed,
                                                    window_of (source, batch, place).maps, error);
}

/* A brief event upside down or backwards is none. */
static gboolean
turn_events (const FlowSource *source,
             const PraxiFlowWindow *window,
             float *target,
             float *weight,
             GRand *random)
{
  const PraxiModelSpec *spec = source->options.spec;
  gboolean any = FALSE;
  for (int k = 0; k + 1 < spec->n_classes; k++)
    any = any || (target[k] > 0 && is_brief (spec, k + 1));
  if (!any || g_rand_double (random) >= 0.2)
    return FALSE;
  praxi_flow_turn (window, g_rand_boolean (random) ? PRAXI_FLOW_UPSIDE_DOWN : PRAXI_FLOW_BACKWARDS);
  for (int k = 0; k + 1 < spec->n_classes; k++)
    if (target[k] > 0 && is_brief (spec, k + 1)) {
      target[k] = 0;
      weight[k] = (float) TURNED_WEIGHT;
    }
  return TRUE;
}

static gboolean
knows_nothing (const float *weight, int n)
{
  for (int k = 0; k < n; k++)
    if (weight[k] > 0)
      return FALSE;
  return TRUE;
}

static gboolean
load_cb (gpointer data, PraxiStepper *stepper, guint file, GRand *random, int place, GError **error)
{
  FlowSource *source = data;
  const PraxiFlowSourceOptions *options = &source->options;
  const PraxiFlowClips *clips = options->clips;
  const PraxiBatch *batch = praxi_stepper_batch (stepper);
  const int n = options->trainable->n_outputs;
  float *target = batch->target + place * n, *weight = batch->weight + place * n;
  PraxiFlowPlace *of = &source->places[place % MOST_PLACES];
  double speed = 1;
  for (int i = 0; i < MOST_TRIES; i++) {
    speed = 1;
    if (!options->no_augment && has_timed (source, file_at (clips, file)) &&
        g_rand_double (random) < 0.6)
      speed = exp (random_range (random, -0.25, 0.25));
    *of = (PraxiFlowPlace){.file = file,
                           .view = options->no_augment ? 0 : draw_view (clips, file, random)};
    of->start = draw_start (source, file, of->view, speed, random);
    praxi_flow_target (clips, options->spec, file, of->view, of->start, clips->pairs * speed,
                       target, weight);
    if (!knows_nothing (weight, n))
      break;
  }
  if (!put (source, batch, of, speed, place, error))
    return FALSE;
  if (options->no_augment || source->maps < 0)
    return TRUE;
  const PraxiFlowWindow window = window_of (source, batch, place);
  if (g_rand_boolean (random))
    praxi_flow_turn (&window, PRAXI_FLOW_MIRROR);
  of->is_turned = turn_events (source, &window, target, weight, random);
  praxi_flow_distort (&window, source->room, random);
  return TRUE;
}

static gboolean
load_val_cb (gpointer data,
             PraxiStepper *stepper,
             guint i,
             GRand *random,
             int place,
             GError **error)
{
  const FlowSource *source = data;
  const Window *window = &g_array_index (source->windows, Window, i);
  const PraxiBatch *batch = praxi_stepper_batch (stepper);
  const int n = source->options.trainable->n_outputs;
  const PraxiFlowPlace of = {.file = window->file, .start = window->start};
  praxi_flow_target (source->options.clips, source->options.spec, window->file, 0, window->start,
                     source->options.clips->pairs, batch->target + place * n,
                     batch->weight + place * n);
  return put (source, batch, &of, 1, place, error);
}

/* --- the sources ---------------------------------------------------------------------------- */

/* What a window shows most, else the background. */
static int
class_of_target (const PraxiFlowClips *clips, int n, const float *target)
{
  for (int k = 0; k < n; k++)
    if (target[k] > 0)
      return k + 1;
  return MAX (clips->background, 0);
}

static int
class_val_cb (gpointer data, guint i)
{
  const FlowSource *source = data;
  const PraxiFlowClips *clips = source->options.clips;
  const Window *window = &g_array_index (source->windows, Window, i);
  const int n = source->options.spec->n_classes - 1;
  g_autofree float *target = g_new (float, 2 * n + 1);
  praxi_flow_target (clips, source->options.spec, window->file, 0, window->start, clips->pairs,
                     target, target + n);
  return class_of_target (clips, n, target);
}

/* The rarest thing a file holds: its first event. */
static int
class_of_file (const FlowSource *source, guint number)
{
  const PraxiFlowClips *clips = source->options.clips;
  const PraxiFlowFile *file = file_at (clips, number);
  for (guint i = file->first; i < file->end; i++)
    if (sample_at (clips, i)->class_index != clips->background)
      return sample_at (clips, i)->class_index;
  return clips->background;
}

static int
class_cb (gpointer data, guint file)
{
  return class_of_file (data, file);
}

static const char *
group_cb (gpointer data, guint file)
{
  const FlowSource *source = data;
  return sample_at (source->options.clips, file_at (source->options.clips, file)->first)->group;
}

static const char *
group_val_cb (gpointer data, guint i)
{
  const FlowSource *source = data;
  return group_cb (data, g_array_index (source->windows, Window, i).file);
}

static void
free_cb (gpointer data)
{
  FlowSource *source = data;
  g_ptr_array_unref (source->pools);
  g_ptr_array_unref (source->extra);
  g_array_unref (source->windows);
  g_free (source->places);
  g_free (source->room);
  g_free (source);
}

static gboolean
is_used (const FlowSource *source, guint file)
{
  const PraxiFlowSourceOptions *options = &source->options;
  return (options->files == NULL || options->files[file]) &&
         file_at (options->clips, file)->tracks[0].n_pairs > 0;
}

static void
list_pools (FlowSource *source)
{
  const PraxiFlowClips *clips = source->options.clips;
  g_autoptr (GHashTable) found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < clips->files->len; i++) {
    if (!is_used (source, i))
      continue;
    g_autofree char *key = g_strdup_printf ("%d %d %s", praxi_flow_clips_is_extra (clips, i),
                                            class_of_file (source, i), file_at (clips, i)->kind);
    GArray *pool = g_hash_table_lookup (found, key);
    if (pool == NULL) {
      pool = g_array_new (FALSE, FALSE, sizeof (guint));
      g_ptr_array_add (praxi_flow_clips_is_extra (clips, i) ? source->extra : source->pools, pool);
      g_hash_table_insert (found, g_steal_pointer (&key), pool);
    }
    g_array_append_val (pool, i);
  }
}

static void
list_windows (FlowSource *source)
{
  const PraxiFlowClips *clips = source->options.clips;
  const int n = source->options.spec->n_classes - 1;
  g_autofree float *target = g_new (float, 2 * n + 1);
  for (guint i = 0; i < clips->files->len; i++) {
    const int n_pairs = file_at (clips, i)->tracks[0].n_pairs;
    const gboolean counts = is_used (source, i) && !praxi_flow_clips_is_extra (clips, i);
    for (int start = 0; counts && start + clips->pairs <= n_pairs;
         start += PRAXI_FLOW_STATISTICS_STRIDE) {
      const Window window = {i, start};
      praxi_flow_target (clips, source->options.spec, i, 0, start, clips->pairs, target,
                         target + n);
      gboolean sure = TRUE;
      for (int k = 0; k < n; k++)
        sure = sure && target[n + k] > 0;
      if (sure)
        g_array_append_val (source->windows, window);
    }
  }
}

static FlowSource *
source_new (const PraxiFlowSourceOptions *options)
{
  const PraxiFlowClips *clips = options->clips;
  const PraxiTrainable *trainable = options->trainable;
  FlowSource *source = g_new0 (FlowSource, 1);
  *source = (FlowSource){.options = *options,
                         .pools = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref),
                         .extra = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref),
                         .windows = g_array_new (FALSE, FALSE, sizeof (Window)),
                         .places = g_new0 (PraxiFlowPlace, MOST_PLACES),
                         .room = g_new (float, clips->pair_numbers *(gsize) clips->pairs),
                         .maps = -1,
                         .statistics = -1};
  for (int i = 0; i < trainable->n_features; i++) {
    const int value = g_array_index (trainable->step->inputs, int, i);
    const char *name = praxi_graph_value (trainable->step, value)->name;
    if (g_str_equal (name, PRAXI_MAPS_VALUE))
      source->maps = i;
    else if (g_str_equal (name, PRAXI_STATISTICS_VALUE))
      source->statistics = i;
  }
  list_windows (source);
  return source;
}

PraxiSource *
praxi_flow_source_new (const PraxiFlowSourceOptions *options)
{
  FlowSource *own = source_new (options);
  list_pools (own);
  PraxiSource *source = g_new0 (PraxiSource, 1);
  *source = (PraxiSource){.data = own,
                          .n = own->windows->len,
                          .draw = draw_cb,
                          .load = load_cb,
                          .class_of = class_cb,
                          .group_of = group_cb,
                          .free = free_cb};
  return source;
}

PraxiSource *
praxi_flow_source_new_val (const PraxiFlowSourceOptions *options)
{
  FlowSource *own = source_new (options);
  PraxiSource *source = g_new0 (PraxiSource, 1);
  *source = (PraxiSource){.data = own,
                          .n = own->windows->len,
                          .load = load_val_cb,
                          .class_of = class_val_cb,
                          .group_of = group_val_cb,
                          .free = free_cb};
  return source;
}

const PraxiFlowPlace *
praxi_flow_source_place (const PraxiSource *source, int place)
{
  return &((const FlowSource *) source->data)->places[place % MOST_PLACES];
}
