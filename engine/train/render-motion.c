#include "engine/train/render-motion.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/train/csv.h"
#include "engine/train/sequence.h"

#define GRAVITY 9.81
#define FLOOR 0.09   /* m: how low a joint can lie */
#define FLOOR_PART 5 /* of the lowest points of a recording, those below the floor: a fifth */
enum { JOIN_POSES = 5 };

static const int ankles[] = {PRAXI_JOINT_L_ANKLE, PRAXI_JOINT_R_ANKLE};
static const int knees[] = {PRAXI_JOINT_L_KNEE, PRAXI_JOINT_R_KNEE};

typedef struct {
  const PraxiMocap *mocap;
  GRand *random;
} Stage;

double
praxi_render_uniform (GRand *random, double low, double high)
{
  return low + (high - low) * g_rand_double (random);
}

/* Box and Muller's */
double
praxi_render_normal (GRand *random, double deviation)
{
  const double u = 1 - g_rand_double (random), v = g_rand_double (random);
  return deviation * sqrt (-2 * log (u)) * cos (2 * G_PI * v);
}

static double
uniform (const Stage *stage, double low, double high)
{
  return praxi_render_uniform (stage->random, low, high);
}

/* Poses in so many seconds between low and high. */
static guint
draw_poses (const Stage *stage, double low, double high)
{
  return (guint) (uniform (stage, low, high) * PRAXI_RENDER_HZ);
}

/* --- recordings ----------------------------------------------------------------------------- */

void
praxi_mocap_free (PraxiMocap *mocap)
{
  if (mocap == NULL)
    return;
  g_ptr_array_unref (mocap->motions);
  g_array_unref (mocap->calm);
  g_array_unref (mocap->walks);
  g_array_unref (mocap->lows);
  g_free (mocap);
}

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

/* Recordings are not all measured from the floor: what the feet stand on is. */
static void
put_on_floor (GArray *motion)
{
  PraxiPose *poses = (PraxiPose *) (void *) motion->data;
  g_autofree double *lowest = g_new (double, motion->len);
  for (guint t = 0; t < motion->len; t++) {
    lowest[t] = INFINITY;
    for (int j = 0; j < PRAXI_JOINTS; j++)
      lowest[t] = MIN (lowest[t], poses[t].at[j].y);
  }
  qsort (lowest, motion->len, sizeof *lowest, compare_doubles);
  const double floor = lowest[motion->len / FLOOR_PART];
  for (guint t = 0; t < motion->len; t++)
    for (int j = 0; j < PRAXI_JOINTS; j++)
      poses[t].at[j].y -= floor;
}

static GArray *
read_motion (const char *path, GError **error)
{
  g_autoptr (PraxiSequence) sequence = praxi_sequence_read (path, error);
  if (sequence == NULL)
    return NULL;
  if (sequence->joints != PRAXI_JOINTS || sequence->dims != 3 || sequence->frames < 2) {
    praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path, "is not a motion of %d joints in space",
                           PRAXI_JOINTS);
    return NULL;
  }
  GArray *motion = g_array_new (FALSE, FALSE, sizeof (PraxiPose));
  const float *value = sequence->values;
  for (int t = 0; t < sequence->frames; t++) {
    PraxiPose pose;
    for (int j = 0; j < PRAXI_JOINTS; j++, value += 3)
      pose.at[j] = (PraxiPoint){(double) value[0], (double) value[1], (double) value[2]};
    g_array_append_val (motion, pose);
  }
  put_on_floor (motion);
  return motion;
}

/* Lists a motion under what it shows. */
static void
sort_in (PraxiMocap *mocap, guint number, const char *label)
{
  static const char *const odd[] = {"getup", "roll", "crawl", "flip", "climb"};
  gboolean is_odd = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    is_odd = is_odd || strstr (label, odd[i]) != NULL;
  if (!is_odd)
    g_array_append_val (mocap->calm, number);
  if (g_str_has_prefix (label, "walk"))
    g_array_append_val (mocap->walks, number);
  if (g_str_has_prefix (label, "getup"))
    g_array_append_val (mocap->lows, number);
}

static int
column_of (char **header, const char *name)
{
  for (int i = 0; header[i] != NULL; i++)
    if (g_str_equal (header[i], name))
      return i;
  return G_MAXINT;
}

static gboolean
read_rows (PraxiMocap *mocap, const char *folder, const GPtrArray *rows, GError **error)
{
  const int name = rows->len > 0 ? column_of (rows->pdata[0], "name") : G_MAXINT;
  const int label = rows->len > 0 ? column_of (rows->pdata[0], "label") : G_MAXINT;
  for (guint i = 1; i < rows->len; i++) {
    char **row = rows->pdata[i];
    if (MAX (name, label) >= (int) g_strv_length (row))
      continue;
    g_autofree char *base = g_path_get_basename (row[name]);
    g_autofree char *file = g_strconcat (base, ".npy", NULL);
    g_autofree char *path = g_build_filename (folder, file, NULL);
    GArray *motion = read_motion (path, error);
    if (motion == NULL)
      return FALSE;
    g_ptr_array_add (mocap->motions, motion);
    sort_in (mocap, mocap->motions->len - 1, row[label]);
  }
  if (mocap->calm->len > 0 && mocap->walks->len > 0 && mocap->lows->len > 0)
    return TRUE;
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
                       "index.csv: needs motions with a label that begins with walk, and with "
                       "getup, under the columns name and label");
  return FALSE;
}

PraxiMocap *
praxi_mocap_load (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "index.csv", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) why = NULL;
  if (!g_file_get_contents (path, &text, NULL, &why)) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND, why->message);
    return NULL;
  }
  g_autoptr (PraxiMocap) mocap = g_new0 (PraxiMocap, 1);
  mocap->motions = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  mocap->calm = g_array_new (FALSE, FALSE, sizeof (guint));
  mocap->walks = g_array_new (FALSE, FALSE, sizeof (guint));
  mocap->lows = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GPtrArray) rows = praxi_csv_parse (text);
  return read_rows (mocap, folder, rows, error) ? g_steal_pointer (&mocap) : NULL;
}

/* --- poses ---------------------------------------------------------------------------------- */

static PraxiPose *
pose_at (const GArray *motion, guint i)
{
  return &g_array_index (motion, PraxiPose, i);
}

static const PraxiPose *
last_of (const GArray *motion)
{
  return pose_at (motion, motion->len - 1);
}

static GArray *
motion_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (PraxiPose));
}

static void
append (GArray *to, const GArray *motion)
{
  g_array_append_vals (to, motion->data, motion->len);
}

/* The other way round. */
static void
reverse (GArray *motion)
{
  for (guint i = 0; i < motion->len / 2; i++) {
    PraxiPose *a = pose_at (motion, i), *b = pose_at (motion, motion->len - 1 - i);
    const PraxiPose pose = *a;
    *a = *b;
    *b = pose;
  }
}

/* About the vertical axis. */
static void
turn (GArray *motion, double angle)
{
  const double c = cos (angle), s = sin (angle);
  for (guint t = 0; t < motion->len; t++)
    for (int j = 0; j < PRAXI_JOINTS; j++) {
      PraxiPoint *at = &pose_at (motion, t)->at[j];
      *at = (PraxiPoint){at->x * c + at->z * s, at->y, at->z * c - at->x * s};
    }
}

static void
turn_anywhere (const Stage *stage, GArray *motion)
{
  turn (motion, uniform (stage, -G_PI, G_PI));
}

void
praxi_render_move (GArray *motion, guint pose, double x, double z)
{
  const PraxiPoint pelvis = pose_at (motion, pose)->at[PRAXI_JOINT_PELVIS];
  for (guint t = 0; t < motion->len; t++)
    for (int j = 0; j < PRAXI_JOINTS; j++) {
      pose_at (motion, t)->at[j].x += x - pelvis.x;
      pose_at (motion, t)->at[j].z += z - pelvis.z;
    }
}

/* Nothing lies below the floor. */
static void
ground (PraxiPose *pose)
{
  for (int j = 0; j < PRAXI_JOINTS; j++)
    pose->at[j].y = MAX (pose->at[j].y, FLOOR);
}

static PraxiPose
between (const PraxiPose *a, const PraxiPose *b, double share)
{
  PraxiPose pose;
  for (int j = 0; j < PRAXI_JOINTS; j++)
    pose.at[j] = (PraxiPoint){a->at[j].x + (b->at[j].x - a->at[j].x) * share,
                              a->at[j].y + (b->at[j].y - a->at[j].y) * share,
                              a->at[j].z + (b->at[j].z - a->at[j].z) * share};
  return pose;
}

static PraxiPoint
middle (const PraxiPose *pose, const int joints[2])
{
  const PraxiPoint *a = &pose->at[joints[0]], *b = &pose->at[joints[1]];
  return (PraxiPoint){(a->x + b->x) / 2, (a->y + b->y) / 2, (a->z + b->z) / 2};
}

/* Where the hips face, level and of length 1. */
static PraxiPoint
facing (const PraxiPose *pose)
{
  const PraxiPoint *l = &pose->at[PRAXI_JOINT_L_HIP], *r = &pose->at[PRAXI_JOINT_R_HIP];
  const PraxiPoint forward = {r->z - l->z, 0, l->x - r->x};
  const double length = hypot (forward.x, forward.z) + 1e-9;
  return (PraxiPoint){forward.x / length, 0, forward.z / length};
}

/* From a to b in n poses, soft at both ends. */
static void
append_soft (GArray *to, const PraxiPose *a, const PraxiPose *b, guint n)
{
  n = MAX (n, 2);
  const PraxiPose from = *a, until = *b; /* they may lie in the array that grows */
  for (guint i = 0; i < n; i++) {
    const double s = (double) i / (n - 1);
    const PraxiPose pose = between (&from, &until, s * s * (3 - 2 * s));
    g_array_append_val (to, pose);
  }
}

/* A pose that is held and sways a little. */
static void
append_still (const Stage *stage, GArray *to, const PraxiPose *held, guint n, double sway)
{
  const PraxiPose pose = *held;
  double phase[PRAXI_JOINTS][3], rate[PRAXI_JOINTS][3];
  for (int j = 0; j < PRAXI_JOINTS; j++)
    for (int d = 0; d < 3; d++) {
      phase[j][d] = uniform (stage, 0, 2 * G_PI);
      rate[j][d] = uniform (stage, 1, 4);
    }
  for (guint i = 0; i < n; i++) {
    const double t = (double) i / PRAXI_RENDER_HZ;
    PraxiPose now = pose;
    for (int j = 0; j < PRAXI_JOINTS; j++) {
      const double far = sway * CLAMP (pose.at[j].y / 1.2, 0.1, 1) * MIN (1, 2 * t);
      now.at[j].x += far * sin (rate[j][0] * t + phase[j][0]);
      now.at[j].y += far * sin (rate[j][1] * t + phase[j][1]);
      now.at[j].z += far * sin (rate[j][2] * t + phase[j][2]);
    }
    g_array_append_val (to, now);
  }
}

/* --- what people do ------------------------------------------------------------------------- */

/* A piece of a recording from a list, turned, whose last pelvis stands above the origin. */
static GArray *
excerpt (const Stage *stage, const GArray *list, guint n)
{
  const guint which = (guint) g_rand_int_range (stage->random, 0, (gint32) list->len);
  const GArray *all = stage->mocap->motions->pdata[g_array_index (list, guint, which)];
  GArray *motion = motion_new ();
  n = MAX (n, 1);
  /* Too short a recording is played there and back. */
  const guint most = MAX (n, all->len),
              start = (guint) g_rand_int_range (stage->random, 0, (gint32) (most - n + 1));
  for (guint i = 0; i < n; i++) {
    const guint at = (start + i) % (2 * all->len);
    g_array_append_val (motion, *pose_at (all, at < all->len ? at : 2 * all->len - 1 - at));
  }
  turn_anywhere (stage, motion);
  praxi_render_move (motion, motion->len - 1, 0, 0);
  return motion;
}

/* What comes before: walking, or standing upright. */
static GArray *
lead (const Stage *stage, double low, double high)
{
  const guint n = draw_poses (stage, low, high);
  if (g_rand_double (stage->random) < 0.55)
    return excerpt (stage, stage->mocap->walks, n);
  g_autoptr (GArray) step = excerpt (stage, stage->mocap->walks, 1);
  GArray *motion = motion_new ();
  append_still (stage, motion, last_of (step), MAX (n, 1), 0.012);
  return motion;
}

/* On a seat of some height behind; the feet stay where they are. */
static PraxiPose
seated (const Stage *stage, const PraxiPose *pose, double height)
{
  const PraxiPoint forward = facing (pose), *pelvis = &pose->at[PRAXI_JOINT_PELVIS];
  const PraxiPoint stand = middle (pose, ankles);
  const double back = uniform (stage, 0.3, 0.45), lean = uniform (stage, 0, 0.3);
  const PraxiPoint shift = {stand.x - forward.x * back - pelvis->x, height - pelvis->y,
                            stand.z - forward.z * back - pelvis->z};
  PraxiPose out = *pose;
  for (int j = 0; j < PRAXI_JOINTS; j++) {
    if (j == PRAXI_JOINT_L_KNEE || j == PRAXI_JOINT_R_KNEE || j == PRAXI_JOINT_L_ANKLE ||
        j == PRAXI_JOINT_R_ANKLE || j == PRAXI_JOINT_L_TOE || j == PRAXI_JOINT_R_TOE)
      continue;
    const double ahead = CLAMP ((pose->at[j].y - pelvis->y) * lean, 0, 1);
    out.at[j].x += shift.x + forward.x * ahead;
    out.at[j].y += shift.y;
    out.at[j].z += shift.z + forward.z * ahead;
  }
  for (int i = 0; i < 2; i++) {
    const PraxiPoint *ankle = &pose->at[ankles[i]];
    out.at[knees[i]] =
        (PraxiPoint){ankle->x + forward.x * 0.06, height, ankle->z + forward.z * 0.06};
  }
  return out;
}

/* Low on the heels, the trunk bent forward. */
static PraxiPose
crouched (const Stage *stage, const PraxiPose *pose)
{
  const PraxiPoint forward = facing (pose);
  PraxiPose out = seated (stage, pose, uniform (stage, 0.3, 0.5));
  for (int j = 0; j < PRAXI_JOINTS; j++)
    if (out.at[j].y > 0.35) {
      out.at[j].x += forward.x * 0.25;
      out.at[j].z += forward.z * 0.25;
    }
  return out;
}

static const GArray *
some_low (const Stage *stage)
{
  const GArray *lows = stage->mocap->lows;
  const guint which = (guint) g_rand_int_range (stage->random, 0, (gint32) lows->len);
  return stage->mocap->motions->pdata[g_array_index (lows, guint, which)];
}

/* As somebody lay before getting up, near the feet of a pose, in any direction. */
static PraxiPose
lying (const Stage *stage, const PraxiPose *pose)
{
  const GArray *all = some_low (stage);
  g_autoptr (GArray) one = motion_new ();
  const guint early = MIN (all->len, 6);
  g_array_append_val (one,
                      *pose_at (all, (guint) g_rand_int_range (stage->random, 0, (gint32) early)));
  turn_anywhere (stage, one);
  const PraxiPoint *pelvis = &pose->at[PRAXI_JOINT_PELVIS];
  praxi_render_move (one, 0, pelvis->x + praxi_render_normal (stage->random, 0.25),
                     pelvis->z + praxi_render_normal (stage->random, 0.25));
  ground (pose_at (one, 0));
  return *pose_at (one, 0);
}

/* Over like a pole about the feet, while the knees give way. */
static GArray *
topple (const Stage *stage, const PraxiPose *pose)
{
  const double way = uniform (stage, -G_PI, G_PI), ax = sin (way), az = cos (way);
  const double give = uniform (stage, 0, 0.45), pull = GRAVITY / uniform (stage, 0.9, 1.9);
  const double begin = uniform (stage, 0.02, 0.12);
  const PraxiPoint pivot = middle (pose, ankles);
  double angle = begin, speed = uniform (stage, 0.4, 1.6);
  GArray *motion = motion_new ();
  for (int i = 0; angle < 1.48; i++) {
    const double a = angle - begin * MAX (0, 1 - i / 6.0), c = cos (a), s = sin (a);
    PraxiPose now;
    for (int j = 0; j < PRAXI_JOINTS; j++) {
      const double x = pose->at[j].x - pivot.x, z = pose->at[j].z - pivot.z;
      const double ahead = x * ax + z * az, height = pose->at[j].y * (1 - give * sin (2 * a));
      const double moved = ahead * c + height * s - ahead;
      now.at[j] = (PraxiPoint){pose->at[j].x + moved * ax, height * c - ahead * s,
                               pose->at[j].z + moved * az};
    }
    ground (&now);
    g_array_append_val (motion, now);
    speed += pull * sin (angle) / PRAXI_RENDER_HZ;
    angle += speed / PRAXI_RENDER_HZ;
  }
  return motion;
}

/* Down on the spot, faster and faster. */
static GArray *
crumple (const Stage *stage, const PraxiPose *pose)
{
  const guint n = draw_poses (stage, 0.45, 1.1);
  const double power = uniform (stage, 1.4, 2.2);
  const PraxiPose low = lying (stage, pose);
  GArray *motion = motion_new ();
  for (guint i = 0; i < n; i++) {
    PraxiPose now = between (pose, &low, pow ((double) i / (n - 1), power));
    ground (&now);
    g_array_append_val (motion, now);
  }
  return motion;
}

/* As it was recorded, so many times as fast, to stand above the origin. */
static GArray *
get_up (const Stage *stage, double speed)
{
  const GArray *all = some_low (stage);
  GArray *motion = motion_new ();
  for (double at = 0; at < all->len - 1; at += speed)
    g_array_append_val (motion, *pose_at (all, (guint) at));
  turn_anywhere (stage, motion);
  praxi_render_move (motion, motion->len - 1, 0, 0);
  for (guint i = 0; i < motion->len; i++)
    ground (pose_at (motion, i));
  return motion;
}

/* Getting up backwards, after a few poses from those before. */
static GArray *
slide (const Stage *stage, GArray *before)
{
  GArray *motion = get_up (stage, uniform (stage, 2.6, 6));
  reverse (motion);
  praxi_render_move (motion, 0, 0, 0);
  const PraxiPose from = *last_of (before);
  for (int i = 0; i < JOIN_POSES; i++) {
    const PraxiPose pose = between (&from, pose_at (motion, 0), i / (JOIN_POSES - 1.0));
    g_array_append_val (before, pose);
  }
  return motion;
}

GArray *
praxi_render_fall (const PraxiMocap *mocap, GRand *random, double *start_s, double *end_s)
{
  const Stage stage = {mocap, random};
  const double way = g_rand_double (random); /* topple, crumple, slide down, off a seat */
  GArray *motion = lead (&stage, 0.4, 2.2);
  g_autoptr (GArray) down = NULL;
  if (way < 0.40) {
    down = topple (&stage, last_of (motion));
  } else if (way < 0.65) {
    down = crumple (&stage, last_of (motion));
  } else if (way < 0.80) {
    down = slide (&stage, motion);
  } else {
    const PraxiPose seat = seated (&stage, last_of (motion), uniform (&stage, 0.42, 0.55));
    g_array_set_size (motion, 0);
    append_still (&stage, motion, &seat, draw_poses (&stage, 0.5, 2), 0.012);
    down = topple (&stage, last_of (motion));
  }
  *start_s = (double) motion->len / PRAXI_RENDER_HZ;
  append (motion, down);
  *end_s = (double) motion->len / PRAXI_RENDER_HZ + 0.5;
  append_still (&stage, motion, last_of (motion), draw_poses (&stage, 1.4, 2.6),
                uniform (&stage, 0.01, 0.05));
  return motion;
}

/* Sitting down, lying down, crouching or getting up from a seat, after what came before. */
static void
append_lowering (const Stage *stage, GArray *motion, gboolean lies, gboolean rises, gboolean bends)
{
  const PraxiPose stood = *last_of (motion);
  const PraxiPose low =
      bends ? crouched (stage, &stood) : seated (stage, &stood, uniform (stage, 0.4, 0.55));
  append_soft (motion, &stood, &low, draw_poses (stage, 0.5, 1.6));
  if (lies) {
    const PraxiPose bed = lying (stage, &stood);
    append_soft (motion, &low, &bed, draw_poses (stage, 1.2, 2.6));
    append_still (stage, motion, &bed, PRAXI_RENDER_HZ, 0.012);
  } else if (rises || bends) {
    append_still (stage, motion, &low, draw_poses (stage, 0.2, 1), 0.012);
    append_soft (motion, last_of (motion), &stood, draw_poses (stage, 0.6, 1.4));
    append_still (stage, motion, &stood, draw_poses (stage, 0.7, 0.7), 0.012);
  } else {
    append_still (stage, motion, &low, draw_poses (stage, 1.2, 2.5), uniform (stage, 0.01, 0.04));
  }
}

GArray *
praxi_render_calm (const PraxiMocap *mocap, GRand *random)
{
  const Stage stage = {mocap, random};
  const double way = g_rand_double (random); /* anything, get up, sit, rise, lie, crouch */
  if (way < 0.32)
    return excerpt (&stage, mocap->calm, draw_poses (&stage, 3, 5));
  if (way < 0.40) {
    g_autoptr (GArray) up = get_up (&stage, uniform (&stage, 0.8, 1.8));
    GArray *motion = motion_new ();
    append_still (&stage, motion, pose_at (up, 0), draw_poses (&stage, 0.3, 1.2), 0.012);
    append (motion, up);
    append_still (&stage, motion, last_of (up), PRAXI_RENDER_HZ, 0.012);
    return motion;
  }
  GArray *motion = lead (&stage, 0.4, 1.8);
  append_lowering (&stage, motion, way >= 0.76 && way < 0.86, way >= 0.66 && way < 0.76,
                   way >= 0.86);
  return motion;
}

GArray *
praxi_render_walk (const PraxiMocap *mocap, GRand *random, guint n)
{
  const Stage stage = {mocap, random};
  return excerpt (&stage, mocap->walks, n);
}
