#include "engine/train/render-picture.h"

#include <cairo.h>
#include <math.h>

enum { TOP, SKIN, LEGS, SHOES };

typedef struct {
  int from, to;
  double radius; /* m */
  int part;
} Bone;

static const Bone bones[PRAXI_BONES] = {
    {PRAXI_JOINT_PELVIS, PRAXI_JOINT_CHEST, 0.16, TOP},
    {PRAXI_JOINT_CHEST, PRAXI_JOINT_NECK, 0.15, TOP},
    {PRAXI_JOINT_L_SHOULDER, PRAXI_JOINT_R_SHOULDER, 0.10, TOP},
    {PRAXI_JOINT_L_SHOULDER, PRAXI_JOINT_L_ELBOW, 0.065, TOP},
    {PRAXI_JOINT_L_ELBOW, PRAXI_JOINT_L_WRIST, 0.05, SKIN},
    {PRAXI_JOINT_R_SHOULDER, PRAXI_JOINT_R_ELBOW, 0.065, TOP},
    {PRAXI_JOINT_R_ELBOW, PRAXI_JOINT_R_WRIST, 0.05, SKIN},
    {PRAXI_JOINT_L_HIP, PRAXI_JOINT_R_HIP, 0.12, LEGS},
    {PRAXI_JOINT_L_HIP, PRAXI_JOINT_L_KNEE, 0.095, LEGS},
    {PRAXI_JOINT_L_KNEE, PRAXI_JOINT_L_ANKLE, 0.07, LEGS},
    {PRAXI_JOINT_R_HIP, PRAXI_JOINT_R_KNEE, 0.095, LEGS},
    {PRAXI_JOINT_R_KNEE, PRAXI_JOINT_R_ANKLE, 0.07, LEGS},
    {PRAXI_JOINT_L_ANKLE, PRAXI_JOINT_L_TOE, 0.05, SHOES},
    {PRAXI_JOINT_R_ANKLE, PRAXI_JOINT_R_TOE, 0.05, SHOES},
};
static const PraxiPoint light = {0.45, 0.8, -0.35};

/* --- the camera ----------------------------------------------------------------------------- */

static double
dot (PraxiPoint a, PraxiPoint b)
{
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

static PraxiPoint
cross (PraxiPoint a, PraxiPoint b)
{
  return (PraxiPoint){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

static PraxiPoint
unit (PraxiPoint a)
{
  const double length = sqrt (dot (a, a));
  return (PraxiPoint){a.x / length, a.y / length, a.z / length};
}

static PraxiPoint
towards (PraxiPoint a, PraxiPoint b, double share)
{
  return (PraxiPoint){a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share,
                      a.z + (b.z - a.z) * share};
}

PraxiViewpoint
praxi_viewpoint_new (int width, int height, GRand *random)
{
  const double far = praxi_render_uniform (random, 2, 5.5);
  const double way = praxi_render_uniform (random, -G_PI, G_PI);
  const PraxiPoint eye = {far * sin (way), praxi_render_uniform (random, 0.8, 3.4),
                          far * cos (way)};
  const PraxiPoint aim = {praxi_render_normal (random, 0.35), praxi_render_uniform (random, 0.5, 1),
                          praxi_render_normal (random, 0.35)};
  PraxiViewpoint camera = {.width = width, .height = height, .eye = eye};
  camera.forward = unit ((PraxiPoint){aim.x - eye.x, aim.y - eye.y, aim.z - eye.z});
  camera.right = unit (cross (camera.forward, (PraxiPoint){0, 1, 0}));
  camera.up = cross (camera.right, camera.forward);
  camera.focal = width * praxi_render_uniform (random, 0.75, 1.1);
  return camera;
}

PraxiPoint
praxi_viewpoint_aside (const PraxiViewpoint *camera)
{
  return camera->right;
}

/* A point in the picture: px, px a metre there, metres away. */
typedef struct {
  double x, y, scale, depth;
} Spot;

static Spot
project (const PraxiViewpoint *camera, PraxiPoint point)
{
  const PraxiPoint d = {point.x - camera->eye.x, point.y - camera->eye.y, point.z - camera->eye.z};
  const double depth = MAX (dot (d, camera->forward), 0.3), scale = camera->focal / depth;
  return (Spot){camera->width / 2.0 + dot (d, camera->right) * scale,
                camera->height / 2.0 - dot (d, camera->up) * scale, scale, depth};
}

/* --- people --------------------------------------------------------------------------------- */

PraxiLook
praxi_look_new (GRand *random)
{
  PraxiLook look;
  for (int part = 0; part < PRAXI_CLOTHES; part++)
    for (int i = 0; i < 3; i++)
      look.clothes[part][i] = praxi_render_uniform (random, 0.05, 0.9);
  for (int bone = 0; bone < PRAXI_BONES; bone++)
    for (int i = 0; i < PRAXI_STRIPES; i++)
      look.stripes[bone][i] = praxi_render_uniform (random, -0.2, 0.2);
  return look;
}

static void
stroke (cairo_t *c, const Spot *from, const Spot *to, double width)
{
  cairo_set_line_width (c, width);
  cairo_move_to (c, from->x, from->y);
  cairo_line_to (c, to->x, to->y);
  cairo_stroke (c);
}

static void
set_color (cairo_t *c, const double color[3], double bright)
{
  cairo_set_source_rgb (c, MIN (1, color[0] * bright), MIN (1, color[1] * bright),
                        MIN (1, color[2] * bright));
}

/* The body's shadow on the floor, along the light. */
static void
draw_shadow (cairo_t *c, const PraxiViewpoint *camera, const PraxiPose *pose)
{
  cairo_push_group (c);
  cairo_set_source_rgb (c, 0, 0, 0);
  for (int i = 0; i < PRAXI_BONES; i++) {
    Spot ends[2];
    for (int end = 0; end < 2; end++) {
      const PraxiPoint at = pose->at[end == 0 ? bones[i].from : bones[i].to];
      const double down = at.y / light.y;
      ends[end] =
          project (camera, (PraxiPoint){at.x - light.x * down, 0.005, at.z - light.z * down});
    }
    stroke (c, &ends[0], &ends[1], 1.6 * bones[i].radius * ends[0].scale);
  }
  cairo_pop_group_to_source (c);
  cairo_paint_with_alpha (c, 0.3);
}

/* A limb in pieces of slightly different cloth, so that its motion can be seen. */
static void
draw_bone (cairo_t *c,
           const PraxiViewpoint *camera,
           const PraxiPose *pose,
           const Bone *bone,
           const double *color,
           const double *stripes)
{
  static const double shades[][2] = {{1.0, 0.72}, {0.62, 1.0}, {0.25, 1.15}};
  for (int i = 0; i < PRAXI_STRIPES; i++) {
    const PraxiPoint a = pose->at[bone->from], b = pose->at[bone->to];
    const Spot p = project (camera, towards (a, b, (double) i / PRAXI_STRIPES));
    const Spot q = project (camera, towards (a, b, (i + 1.0) / PRAXI_STRIPES));
    for (guint s = 0; s < G_N_ELEMENTS (shades); s++) {
      set_color (c, color, (0.85 + stripes[i]) * shades[s][1]);
      stroke (c, &p, &q, 2 * bone->radius * p.scale * shades[s][0]);
    }
  }
}

static void
draw_head (cairo_t *c, const PraxiViewpoint *camera, const PraxiPose *pose, const double *color)
{
  static const double shades[][2] = {{0.125, 0.75}, {0.09, 1.0}, {0.04, 1.1}};
  const PraxiPoint neck = pose->at[PRAXI_JOINT_NECK], head = pose->at[PRAXI_JOINT_HEAD];
  const Spot spot = project (camera, towards (neck, head, 1.35));
  for (guint s = 0; s < G_N_ELEMENTS (shades); s++) {
    set_color (c, color, shades[s][1]);
    cairo_arc (c, spot.x, spot.y, shades[s][0] * spot.scale, 0, 2 * G_PI);
    cairo_fill (c);
  }
}

typedef struct {
  double depth;
  int number;
} Order;

static gint
compare_depths (gconstpointer a, gconstpointer b)
{
  const double x = ((const Order *) a)->depth, y = ((const Order *) b)->depth;
  return (x < y) - (x > y);
}

/* What is farther is drawn first. */
static void
draw_person (cairo_t *c, const PraxiViewpoint *camera, const PraxiPose *pose, const PraxiLook *look)
{
  Order order[PRAXI_BONES];
  for (int i = 0; i < PRAXI_BONES; i++) {
    const PraxiPoint a = pose->at[bones[i].from], b = pose->at[bones[i].to];
    order[i] = (Order){project (camera, towards (a, b, 0.5)).depth, i};
  }
  qsort (order, PRAXI_BONES, sizeof *order, compare_depths);
  for (int i = 0; i < PRAXI_BONES; i++) {
    const int bone = order[i].number;
    draw_bone (c, camera, pose, &bones[bone], look->clothes[bones[bone].part], look->stripes[bone]);
  }
  draw_head (c, camera, pose, look->clothes[SKIN]);
}

/* --- the room ------------------------------------------------------------------------------- */

struct PraxiRoom {
  int width, height;
  double *paint; /* [height][width][3], 0 … 255 and beyond */
  double contrast, grain;
};

static void
fill (PraxiRoom *room,
      int left,
      int top,
      int width,
      int height,
      double dark,
      double bright,
      GRand *random)
{
  double color[3];
  for (int i = 0; i < 3; i++)
    color[i] = praxi_render_uniform (random, dark, bright);
  for (int y = top; y < MIN (top + height, room->height); y++)
    for (int x = left; x < MIN (left + width, room->width); x++)
      for (int i = 0; i < 3; i++)
        room->paint[(y * room->width + x) * 3 + i] = color[i];
}

/* Squares that are a little brighter or darker. */
static void
add_texture (PraxiRoom *room, int square, GRand *random)
{
  const double deviation = praxi_render_uniform (random, 2, 14);
  const int columns = (room->width + square - 1) / square;
  g_autofree double *row = g_new (double, columns);
  for (int y = 0; y < room->height; y++) {
    for (int i = 0; y % square == 0 && i < columns; i++)
      row[i] = praxi_render_normal (random, deviation);
    for (int x = 0; x < room->width; x++)
      for (int i = 0; i < 3; i++)
        room->paint[(y * room->width + x) * 3 + i] += row[x / square];
  }
}

PraxiRoom *
praxi_room_new (int width, int height, GRand *random)
{
  PraxiRoom *room = g_new0 (PraxiRoom, 1);
  room->width = width;
  room->height = height;
  room->paint = g_new0 (double, (gsize) width *(gsize) height * 3);
  const int edge = (int) (praxi_render_uniform (random, 0.25, 0.6) * height);
  fill (room, 0, 0, width, edge, 50, 200, random);
  fill (room, 0, edge, width, height - edge, 40, 190, random);
  for (int n = g_rand_int_range (random, 3, 12); n > 0; n--) {
    const int left = g_rand_int_range (random, 0, MAX (width - 8, 1));
    const int top = g_rand_int_range (random, 0, MAX (height - 8, 1));
    const int wide = g_rand_int_range (random, 6, 70), high = g_rand_int_range (random, 6, 70);
    fill (room, left, top, wide, high, 30, 220, random);
  }
  add_texture (room, 48, random);
  add_texture (room, 16, random);
  add_texture (room, 4, random);
  room->contrast = praxi_render_uniform (random, 0.6, 1.1);
  room->grain = praxi_render_uniform (random, 0.5, 5);
  return room;
}

void
praxi_room_free (PraxiRoom *room)
{
  if (room == NULL)
    return;
  g_free (room->paint);
  g_free (room);
}

static guint8
to_byte (double value)
{
  return (guint8) CLAMP (value, 0, 255);
}

void
praxi_room_draw (const PraxiRoom *room,
                 const PraxiViewpoint *camera,
                 const PraxiPose *people,
                 const PraxiLook *looks,
                 int n,
                 GRand *random,
                 guint8 *rgb)
{
  const int width = room->width, height = room->height;
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  const int stride = cairo_image_surface_get_stride (surface) / (int) sizeof (guint32);
  guint32 *pixels = (guint32 *) (void *) cairo_image_surface_get_data (surface);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      const double *from = room->paint + (y * width + x) * 3;
      pixels[y * stride + x] =
          (guint32) to_byte (from[0]) << 16 | (guint32) to_byte (from[1]) << 8 | to_byte (from[2]);
    }
  cairo_surface_mark_dirty (surface);
  cairo_t *c = cairo_create (surface);
  cairo_set_line_cap (c, CAIRO_LINE_CAP_ROUND);
  g_autofree Order *order = g_new (Order, n + 1);
  for (int i = 0; i < n; i++) {
    draw_shadow (c, camera, &people[i]);
    order[i] = (Order){project (camera, people[i].at[PRAXI_JOINT_PELVIS]).depth, i};
  }
  qsort (order, (gsize) n, sizeof *order, compare_depths);
  for (int i = 0; i < n; i++)
    draw_person (c, camera, &people[order[i].number], &looks[order[i].number]);
  cairo_destroy (c);
  cairo_surface_flush (surface);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      const double grain = praxi_render_normal (random, room->grain);
      for (int i = 0; i < 3; i++) {
        const double value = (double) (pixels[y * stride + x] >> (16 - 8 * i) & 0xff);
        rgb[(y * width + x) * 3 + i] = to_byte ((value - 128) * room->contrast + 128 + grain);
      }
    }
  cairo_surface_destroy (surface);
}
