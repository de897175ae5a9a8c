/* Motions of a body for rendered footage: recorded ones, and falls and what looks like one made
 * from them. A motion is an array of PraxiPose at PRAXI_RENDER_HZ, in metres, y up, floor at 0.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum {
  PRAXI_JOINT_PELVIS,
  PRAXI_JOINT_CHEST,
  PRAXI_JOINT_NECK,
  PRAXI_JOINT_HEAD,
  PRAXI_JOINT_L_SHOULDER,
  PRAXI_JOINT_L_ELBOW,
  PRAXI_JOINT_L_WRIST,
  PRAXI_JOINT_R_SHOULDER,
  PRAXI_JOINT_R_ELBOW,
  PRAXI_JOINT_R_WRIST,
  PRAXI_JOINT_L_HIP,
  PRAXI_JOINT_L_KNEE,
  PRAXI_JOINT_L_ANKLE,
  PRAXI_JOINT_L_TOE,
  PRAXI_JOINT_R_HIP,
  PRAXI_JOINT_R_KNEE,
  PRAXI_JOINT_R_ANKLE,
  PRAXI_JOINT_R_TOE,
  PRAXI_JOINTS,
  PRAXI_RENDER_HZ = 30
};

typedef struct {
  double x, y, z;
} PraxiPoint;

typedef struct {
  PraxiPoint at[PRAXI_JOINTS];
} PraxiPose;

/* Recordings that bodies are moved by. */
typedef struct {
  GPtrArray *motions;          /* of GArray of PraxiPose, standing on the floor */
  GArray *calm, *walks, *lows; /* of guint: without falls and acrobatics; walking; getting up */
} PraxiMocap;

/* Reads folder/index.csv, whose columns name and label say what folder/NAME.npy shows: float
 * [T,18,3] at 30 Hz in the order of the joints above.
 * Errors: NOT_FOUND, FORMAT; FAILED: nobody walks, or nobody gets up ("getup_face…"), in any
 */
PraxiMocap *praxi_mocap_load (const char *folder, GError **error);
void praxi_mocap_free (PraxiMocap *mocap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiMocap, praxi_mocap_free)

/* Somebody walks or stands, then topples, crumples or slides down, or tips over on a seat.
 * start_s, end_s: of the fall
 * Returns  to free with g_array_unref, as below
 */
GArray *praxi_render_fall (const PraxiMocap *mocap, GRand *random, double *start_s, double *end_s);

/* Nobody falls: somebody sits down, lies down, crouches, gets up, or does what was recorded. */
GArray *praxi_render_calm (const PraxiMocap *mocap, GRand *random);

/* So many poses of somebody who walks by. */
GArray *praxi_render_walk (const PraxiMocap *mocap, GRand *random, guint n);

/* The motion moved along the floor until the pelvis of a pose stands at x, z. */
void praxi_render_move (GArray *motion, guint pose, double x, double z);

double praxi_render_uniform (GRand *random, double low, double high);
double praxi_render_normal (GRand *random, double deviation);

G_END_DECLS
