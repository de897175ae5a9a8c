#include "ui/strip.h"

#include <math.h>

#include "ui/session-labels.h"

/* Texts differ in few ways: names, times, percentages. More than this many at once are many times,
 * and a timeline that grows has new ones all the while. */
enum { MAX_TEXTS = 256, CUT_STEP_PX = 8 };

/* What was not wanted again while as many others were goes. */
struct PraxiTextCache {
  GHashTable *recent; /* TextKey → PangoLayout */
  GHashTable *older;
};

typedef struct {
  char *text;
  int width_px; /* cut to it; -1: whole */
} TextKey;

static guint
hash_key (gconstpointer data)
{
  const TextKey *key = data;
  return g_str_hash (key->text) * 31 + (guint) key->width_px;
}

static gboolean
is_same_key (gconstpointer a, gconstpointer b)
{
  const TextKey *first = a, *second = b;
  return first->width_px == second->width_px && g_str_equal (first->text, second->text);
}

static void
free_key (gpointer data)
{
  g_free (((TextKey *) data)->text);
  g_free (data);
}

static GHashTable *
new_table (void)
{
  return g_hash_table_new_full (hash_key, is_same_key, free_key, g_object_unref);
}

PraxiTextCache *
praxi_text_cache_new (void)
{
  PraxiTextCache *cache = g_new0 (PraxiTextCache, 1);
  cache->recent = new_table ();
  cache->older = new_table ();
  return cache;
}

void
praxi_text_cache_free (PraxiTextCache *cache)
{
  g_hash_table_unref (cache->recent);
  g_hash_table_unref (cache->older);
  g_free (cache);
}

void
praxi_text_cache_clear (PraxiTextCache *cache)
{
  g_hash_table_remove_all (cache->recent);
  g_hash_table_remove_all (cache->older);
}

static void
add_layout (PraxiTextCache *cache, TextKey *key, PangoLayout *layout)
{
  if (g_hash_table_size (cache->recent) >= MAX_TEXTS) {
    GHashTable *emptied = cache->older;
    g_hash_table_remove_all (emptied);
    cache->older = cache->recent;
    cache->recent = emptied;
  }
  g_hash_table_insert (cache->recent, key, layout);
}

static PangoLayout *
make_layout (const PraxiStripContext *context, const char *text, int width_px)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (context->widget, text);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  if (width_px < 0)
    return layout;
  pango_layout_set_width (layout, width_px * PANGO_SCALE);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  return layout;
}

/* width_px: the text is cut to it; -1: whole. Free with g_object_unref. */
static PangoLayout *
get_layout (const PraxiStripContext *context, const char *text, int width_px)
{
  if (context->texts == NULL)
    return make_layout (context, text, width_px);
  const TextKey wanted = {(char *) text, width_px};
  PangoLayout *layout = g_hash_table_lookup (context->texts->recent, &wanted);
  if (layout != NULL)
    return g_object_ref (layout);
  gpointer key, kept;
  if (g_hash_table_steal_extended (context->texts->older, &wanted, &key, &kept)) {
    layout = kept;
  } else {
    layout = make_layout (context, text, width_px);
    key = g_memdup2 (&(TextKey){g_strdup (text), width_px}, sizeof (TextKey));
  }
  add_layout (context->texts, key, layout);
  return g_object_ref (layout);
}

void
praxi_strip_text (const PraxiStripContext *context,
                  GtkSnapshot *snapshot,
                  const char *text,
                  const GdkRGBA *color,
                  graphene_rect_t box,
                  PraxiTextSide side)
{
  int width, height;
  const int room_px = MAX (1, (int) box.size.width);
  g_autoptr (PangoLayout) layout = get_layout (context, text, -1);
  pango_layout_get_pixel_size (layout, &width, &height);
  if (width > room_px) {
    g_object_unref (layout);
    layout = get_layout (context, text, MAX (room_px / CUT_STEP_PX * CUT_STEP_PX, CUT_STEP_PX / 2));
    pango_layout_get_pixel_size (layout, &width, &height);
  }
  const float room = MAX (0, box.size.width - (float) width);
  const float x = box.origin.x + floorf (side == PRAXI_TEXT_LEFT     ? 0
                                         : side == PRAXI_TEXT_CENTRE ? room / 2
                                                                     : room);
  const float y = box.origin.y + floorf ((box.size.height - (float) height) / 2);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x, y));
  gtk_snapshot_append_layout (snapshot, layout, color);
  gtk_snapshot_restore (snapshot);
}

void
praxi_strip_name (const PraxiStripContext *context,
                  GtkSnapshot *snapshot,
                  const char *name,
                  float y,
                  float height)
{
  const graphene_rect_t box = GRAPHENE_RECT_INIT (0, y, (float) context->gutter_px - 14, height);
  praxi_strip_text (context, snapshot, name, &context->dim_text, box, PRAXI_TEXT_RIGHT);
}

void
praxi_strip_bed (const PraxiStripContext *context, GtkSnapshot *snapshot, float y, float height)
{
  gtk_snapshot_append_color (snapshot, &context->bed,
                             &GRAPHENE_RECT_INIT ((float) context->time.left_px, y,
                                                  (float) context->time.width_px, height));
}

void
praxi_strip_surface (GtkSnapshot *snapshot, cairo_surface_t *surface, const graphene_rect_t *box)
{
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, box);
  cairo_translate (cr, (double) box->origin.x, (double) box->origin.y);
  cairo_scale (cr, (double) box->size.width / cairo_image_surface_get_width (surface),
               (double) box->size.height / cairo_image_surface_get_height (surface));
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_paint (cr);
  cairo_destroy (cr);
}

GskRenderNode *
praxi_strip_rasterise (const PraxiStripContext *context, GskRenderNode *node, graphene_size_t area)
{
  const int scale = (int) context->scale_factor;
  const graphene_rect_t box = GRAPHENE_RECT_INIT (0, 0, area.width, area.height);
  cairo_surface_t *surface = cairo_image_surface_create (
      CAIRO_FORMAT_ARGB32, (int) area.width * scale, (int) area.height * scale);
  cairo_surface_set_device_scale (surface, scale, scale);
  cairo_t *cr = cairo_create (surface);
  gsk_render_node_draw (node, cr);
  cairo_destroy (cr);
  cairo_surface_set_device_scale (surface, 1, 1);
  GtkSnapshot *drawing = gtk_snapshot_new ();
  praxi_strip_surface (drawing, surface, &box);
  cairo_surface_destroy (surface);
  return gtk_snapshot_free_to_node (drawing);
}

enum { SMOOTH_FROM_PX = 96, CORNER_PX = 3 };

static void
append_rect (GtkSnapshot *snapshot, const GdkRGBA *color, float x, float y, float w, float h)
{
  gtk_snapshot_append_color (snapshot, color, &GRAPHENE_RECT_INIT (x, y, w, h));
}

/* Corners with a step of one pixel. */
static void
append_stepped_box (GtkSnapshot *snapshot,
                    const graphene_rect_t *box,
                    const GdkRGBA *fill,
                    const GdkRGBA *rim,
                    float edge)
{
  const float x = box->origin.x, y = box->origin.y, w = box->size.width, h = box->size.height;
  append_rect (snapshot, fill, x + 1, y, w - 2, h);
  append_rect (snapshot, fill, x, y + 1, 1, h - 2);
  append_rect (snapshot, fill, x + w - 1, y + 1, 1, h - 2);
  if (rim == NULL)
    return;
  append_rect (snapshot, rim, x + 1, y, w - 2, edge);
  append_rect (snapshot, rim, x + 1, y + h - edge, w - 2, edge);
  append_rect (snapshot, rim, x, y + 1, edge, h - 2);
  append_rect (snapshot, rim, x + w - edge, y + 1, edge, h - 2);
}

void
praxi_strip_round_box (GtkSnapshot *snapshot,
                       const graphene_rect_t *box,
                       const GdkRGBA *fill,
                       const GdkRGBA *rim,
                       float edge)
{
  GskRoundedRect frame;
  if (box->size.width < SMOOTH_FROM_PX) {
    append_stepped_box (snapshot, box, fill, rim, edge);
    return;
  }
  gsk_rounded_rect_init_from_rect (&frame, box, CORNER_PX);
  gtk_snapshot_push_rounded_clip (snapshot, &frame);
  gtk_snapshot_append_color (snapshot, fill, box);
  gtk_snapshot_pop (snapshot);
  if (rim != NULL)
    gtk_snapshot_append_border (snapshot, &frame, (const float[]){edge, edge, edge, edge},
                                (const GdkRGBA[]){*rim, *rim, *rim, *rim});
}

static guint32
premultiplied (const GdkRGBA *color)
{
  const float scale = color->alpha * 255;
  return (guint32) lroundf (scale) << 24 | (guint32) lroundf (color->red * scale) << 16 |
         (guint32) lroundf (color->green * scale) << 8 | (guint32) lroundf (color->blue * scale);
}

void
praxi_thin_boxes_add (PraxiThinBoxes *boxes,
                      const PraxiStripContext *context,
                      const graphene_rect_t *box,
                      const GdkRGBA *color)
{
  const double scale = context->scale_factor;
  const int width = MAX (1, (int) round (context->time.width_px * scale));
  if (boxes->pixels == NULL)
    boxes->pixels = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, 1);
  guint32 *pixels = (guint32 *) (void *) cairo_image_surface_get_data (boxes->pixels);
  const double left = ((double) box->origin.x - context->time.left_px) * scale;
  const int from = CLAMP ((int) left, 0, width);
  const int to = CLAMP ((int) (left + (double) box->size.width * scale), from, width);
  const guint32 pixel = premultiplied (color);
  for (int x = from; pixels != NULL && x < to; x++)
    pixels[x] = pixel;
}

void
praxi_thin_boxes_draw (PraxiThinBoxes *boxes,
                       const PraxiStripContext *context,
                       GtkSnapshot *snapshot,
                       float y,
                       float height)
{
  const graphene_rect_t box =
      GRAPHENE_RECT_INIT ((float) context->time.left_px, y, (float) context->time.width_px, height);
  if (boxes->pixels == NULL)
    return;
  cairo_surface_mark_dirty (boxes->pixels);
  praxi_strip_surface (snapshot, boxes->pixels, &box);
  g_clear_pointer (&boxes->pixels, cairo_surface_destroy);
}

gboolean
praxi_strip_box (const PraxiStripContext *context,
                 PraxiTimeSpan span,
                 float y,
                 float height,
                 graphene_rect_t *box)
{
  if (!praxi_time_span_overlaps (span, context->time.span))
    return FALSE;
  const double left = context->time.left_px, right = left + context->time.width_px;
  const double x0 = CLAMP (praxi_time_scale_x (&context->time, span.start_ns), left, right);
  const double x1 = CLAMP (praxi_time_scale_x (&context->time, span.end_ns), left, right);
  const double x = MIN (round (x0), right - 2);
  *box = GRAPHENE_RECT_INIT ((float) x, y, (float) MAX (2, round (x1) - x), height);
  return TRUE;
}

static double
linear (double value)
{
  return value <= 0.04045 ? value / 12.92 : pow ((value + 0.055) / 1.055, 2.4);
}

GdkRGBA
praxi_strip_text_on (const GdkRGBA *color)
{
  const double luminance =
      0.2126 * linear (color->red) + 0.7152 * linear (color->green) + 0.0722 * linear (color->blue);
  /* (L + 0.05) / 0.05 against 1.05 / (L + 0.05) are equal at 0.179 */
  const float level = luminance > 0.179 ? 0 : 1;
  return (GdkRGBA){level, level, level, 1};
}

GdkRGBA
praxi_strip_class_color (PraxiSession *session, const char *class_name)
{
  const PraxiUiClass *cls = praxi_session_find_class_named (session, class_name);
  return cls != NULL ? cls->color : (GdkRGBA){0.55f, 0.55f, 0.55f, 1};
}
