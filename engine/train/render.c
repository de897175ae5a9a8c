#include "engine/train/render.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>

#include "engine/core/error.h"
#include "engine/core/replace-file.h"
#include "engine/train/render-picture.h"

/* Every third pose is drawn: pictures at 10 Hz, as the nets of motion see them. */
enum { POSE_STEP = 3, RATE_HZ = PRAXI_RENDER_HZ / POSE_STEP, MOST_PEOPLE = 2 };

#define SECOND_PERSON 0.2 /* share of clips with somebody who walks by */

/* What is seen in one clip. */
typedef struct {
  PraxiViewpoint camera;
  PraxiRoom *room;
  GArray *motions[MOST_PEOPLE];
  PraxiLook looks[MOST_PEOPLE];
  int n;
  guint length;          /* poses */
  double start_s, end_s; /* of the fall; 0: nobody falls */
  GRand *random;
} Scene;

typedef struct {
  PraxiRenderOptions options;
  PraxiMocap *mocap;
  const char *folder;
  GString *labels;
  guint8 *rgb, *yuv;
  int n_falls;
} Render;

/* --- a clip --------------------------------------------------------------------------------- */

static void
scene_clear (Scene *scene)
{
  praxi_room_free (scene->room);
  for (int i = 0; i < scene->n; i++)
    g_array_unref (scene->motions[i]);
  g_rand_free (scene->random);
}

/* Each clip has a seed of its own, so that no clip depends on how many there are. */
static void
scene_init (Scene *scene, const Render *render, int number)
{
  const guint32 seeds[2] = {render->options.seed, (guint32) number};
  GRand *random = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  *scene = (Scene){.random = random, .n = 1};
  scene->motions[0] =
      g_rand_double (random) < render->options.falls
          ? praxi_render_fall (render->mocap, random, &scene->start_s, &scene->end_s)
          : praxi_render_calm (render->mocap, random);
  scene->length = scene->motions[0]->len;
  scene->camera = praxi_viewpoint_new (render->options.width, render->options.height, random);
  scene->room = praxi_room_new (render->options.width, render->options.height, random);
  praxi_render_move (scene->motions[0], scene->length / 2, 0, 0);
  if (g_rand_double (random) < SECOND_PERSON) {
    const PraxiPoint aside = praxi_viewpoint_aside (&scene->camera);
    const double far = praxi_render_uniform (random, 0.8, 2) * (g_rand_boolean (random) ? 1 : -1);
    scene->motions[1] = praxi_render_walk (render->mocap, random, scene->length);
    praxi_render_move (scene->motions[1], scene->length - 1, aside.x * far, aside.z * far);
    scene->n = 2;
  }
  for (int i = 0; i < scene->n; i++)
    scene->looks[i] = praxi_look_new (random);
}

/* ITU-R BT.601, 16 … 235, colours of four pixels as one. */
static void
to_yuv (const guint8 *rgb, int width, int height, guint8 *yuv)
{
  guint8 *u = yuv + width * height, *v = u + width * height / 4;
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      const guint8 *p = rgb + (y * width + x) * 3;
      *yuv++ = (guint8) ((16829 * p[0] + 33039 * p[1] + 6416 * p[2] + 1081344) >> 16);
      if (y % 2 != 0 || x % 2 != 0)
        continue;
      int sum[3];
      for (int i = 0; i < 3; i++)
        sum[i] = p[i] + p[i + 3] + p[i + width * 3] + p[i + width * 3 + 3];
      *u++ = (guint8) ((-9714 * sum[0] - 19071 * sum[1] + 28784 * sum[2] + 33685504) >> 18);
      *v++ = (guint8) ((28784 * sum[0] - 24103 * sum[1] - 4681 * sum[2] + 33685504) >> 18);
    }
}

static gboolean
write_frames (const Render *render, Scene *scene, FILE *file)
{
  const int width = render->options.width, height = render->options.height;
  gboolean good =
      fprintf (file, "YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420jpeg\n", width, height, RATE_HZ) > 0;
  for (guint t = 0; good && t < scene->length; t += POSE_STEP) {
    PraxiPose people[MOST_PEOPLE];
    for (int i = 0; i < scene->n; i++)
      people[i] = g_array_index (scene->motions[i], PraxiPose, t);
    praxi_room_draw (scene->room, &scene->camera, people, scene->looks, scene->n, scene->random,
                     render->rgb);
    to_yuv (render->rgb, width, height, render->yuv);
    const gsize bytes = (gsize) width * (gsize) height * 3 / 2;
    good = fputs ("FRAME\n", file) >= 0 && fwrite (render->yuv, 1, bytes, file) == bytes;
  }
  return good;
}

static gboolean
write_clip (const Render *render, Scene *scene, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (render->folder, name, NULL);
  FILE *file = g_fopen (path, "wb");
  if (file == NULL)
    return praxi_error_fail_file (error, PRAXI_ERROR_DISK, path, "%s", g_strerror (errno));
  const gboolean is_written = write_frames (render, scene, file);
  if (fclose (file) == 0 && is_written)
    return TRUE;
  return praxi_error_fail_file (error, PRAXI_ERROR_DISK, path, "%s", g_strerror (errno));
}

/* --- labels --------------------------------------------------------------------------------- */

static void
add_label (Render *render, const char *name, const char *class, double start_s, double end_s)
{
  char start[G_ASCII_DTOSTR_BUF_SIZE], end[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (start, sizeof start, "%.2f", start_s);
  g_ascii_formatd (end, sizeof end, "%.2f", end_s);
  g_string_append_printf (render->labels, "%s,%s,%s,%s,%s,train\n", name, class, start, end, name);
}

static void
label_clip (Render *render, const Scene *scene, const char *name)
{
  const double length_s = scene->length / (double) PRAXI_RENDER_HZ;
  if (!(scene->end_s > 0)) {
    g_string_append_printf (render->labels, "%s,normal,,,%s,train\n", name, name);
    return;
  }
  const double end_s = MIN (scene->end_s, length_s);
  add_label (render, name, "normal", 0, scene->start_s);
  add_label (render, name, "fall", scene->start_s, end_s);
  if (end_s < length_s)
    add_label (render, name, "normal", end_s, length_s);
  render->n_falls++;
}

/* --- the whole ------------------------------------------------------------------------------ */

static gboolean
render_clip (Render *render, int number, GError **error)
{
  Scene scene;
  scene_init (&scene, render, number);
  g_autofree char *name =
      g_strdup_printf ("%s/%04d.y4m", scene.end_s > 0 ? "drop" : "calm", number);
  label_clip (render, &scene, name);
  const gboolean good = write_clip (render, &scene, name, error);
  scene_clear (&scene);
  return good;
}

static gboolean
make_folders (const char *folder, GError **error)
{
  static const char *const names[] = {"drop", "calm"};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);
    if (g_mkdir_with_parents (path, 0777) != 0)
      return praxi_error_fail_file (error, PRAXI_ERROR_DISK, path, "%s", g_strerror (errno));
  }
  return TRUE;
}

static gboolean
render_all (Render *render, GError **error)
{
  const PraxiRenderOptions *options = &render->options;
  if (!make_folders (render->folder, error))
    return FALSE;
  for (int i = 0; i < options->n; i++) {
    if (!render_clip (render, i, error))
      return FALSE;
    if (options->tick != NULL && !options->tick (options->data, i + 1, options->n)) {
      g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED, "cancelled");
      return FALSE;
    }
  }
  g_autofree char *path = g_build_filename (render->folder, "labels.csv", NULL);
  g_autoptr (GError) why = NULL;
  if (praxi_replace_file (path, render->labels->str, render->labels->len, &why))
    return TRUE;
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_DISK, why->message);
  return FALSE;
}

gboolean
praxi_render (const char *mocap,
              const char *folder,
              const PraxiRenderOptions *options,
              int *n_falls,
              GError **error)
{
  Render render = {.options = *options, .folder = folder};
  PraxiRenderOptions *all = &render.options;
  all->n = all->n > 0 ? all->n : 300;
  all->falls = all->falls > 0 ? all->falls : 0.42;
  all->width = all->width > 0 ? all->width : 192;
  all->height = all->height > 0 ? all->height : 144;
  render.mocap = praxi_mocap_load (mocap, error);
  if (render.mocap == NULL)
    return FALSE;
  const gsize n_pixels = (gsize) all->width * (gsize) all->height;
  render.rgb = g_malloc (n_pixels * 3);
  render.yuv = g_malloc (n_pixels * 3 / 2);
  render.labels = g_string_new ("file,class,start_s,end_s,group,split\n");
  const gboolean good = render_all (&render, error);
  if (n_falls != NULL)
    *n_falls = render.n_falls;
  g_string_free (render.labels, TRUE);
  g_free (render.yuv);
  g_free (render.rgb);
  praxi_mocap_free (render.mocap);
  return good;
}
