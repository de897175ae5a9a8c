/* Pictures of bodies in a room, seen by a camera. All of it is drawn by chance: what a net of
 * motion shall not depend on.
 */
#pragma once

#include "engine/train/render-motion.h"

G_BEGIN_DECLS

typedef struct {
  int width, height;
  PraxiPoint eye, forward, right, up;
  double focal; /* px */
} PraxiViewpoint;

enum { PRAXI_BONES = 14, PRAXI_STRIPES = 3, PRAXI_CLOTHES = 4 };

/* Colours of a person: of parts, and how bright each piece of a limb is. */
typedef struct {
  double clothes[PRAXI_CLOTHES][3];
  double stripes[PRAXI_BONES][PRAXI_STRIPES];
} PraxiLook;

typedef struct PraxiRoom PraxiRoom;

/* At a random place, towards somebody at the origin, more or less. */
PraxiViewpoint praxi_viewpoint_new (int width, int height, GRand *random);
/* The way to the right of what the camera sees, level. */
PraxiPoint praxi_viewpoint_aside (const PraxiViewpoint *camera);

PraxiLook praxi_look_new (GRand *random);

/* Floor, wall, furniture, texture; a camera's contrast and grain. */
PraxiRoom *praxi_room_new (int width, int height, GRand *random);
void praxi_room_free (PraxiRoom *room);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiRoom, praxi_room_free)

/* One picture. rgb: u8 [height][width][3]; random: of the grain */
void praxi_room_draw (const PraxiRoom *room,
                      const PraxiViewpoint *camera,
                      const PraxiPose *people,
                      const PraxiLook *looks,
                      int n,
                      GRand *random,
                      guint8 *rgb);

G_END_DECLS
