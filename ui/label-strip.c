/* People's intervals; overlapping ones stand in lanes below each other. */
#include <glib/gi18n.h>
#include <math.h>

#include "ui/lanes.h"
#include "ui/session-labelling.h"
#include "ui/strip.h"

enum {
  LANE_PX = 24,
  GAP_PX = 2,
  EDGE_PX = 6,
  ROUND_FROM_PX = 16,
  TEXT_FROM_PX = 28,
  MAX_LANES = 6,
  MAX_LAYOUTS = 512,
  MAX_TEXT_PX = 400,
  TEXT_STEP_PX = 8
};

typedef struct {
  PraxiStrip base;
  int *lanes; /* of each label */
  int n_lanes;
  guint revision;      /* of the labels the lanes are made from */
  GHashTable *layouts; /* "width text" → PangoLayout: most labels say the same */
  guint pango_serial;  /* of the font they are made for */
} LabelStrip;

static PraxiTimeSpan
shown_span (const PraxiStripContext *context, const PraxiUiLabel *label)
{
  if (label->id != context->dragged_label)
    return label->span;
  return praxi_session_frames_span (context->session, context->dragged_start, context->dragged_end);
}

static void
update_lanes (LabelStrip *self, const PraxiStripContext *context)
{
  const GPtrArray *labels = praxi_session_labels (context->session);
  const guint revision = praxi_session_labels_revision (context->session);
  if (self->lanes != NULL && self->revision == revision)
    return;
  self->revision = revision;
  g_autofree PraxiTimeSpan *spans = g_new (PraxiTimeSpan, labels->len + 1);
  for (guint i = 0; i < labels->len; i++)
    spans[i] = ((const PraxiUiLabel *) labels->pdata[i])->span;
  self->lanes = g_renew (int, self->lanes, labels->len + 1);
  self->n_lanes = CLAMP (praxi_lanes_assign (spans, (int) labels->len, self->lanes), 1, MAX_LANES);
}

static int
height (PraxiStrip *strip, const PraxiStripContext *context)
{
  LabelStrip *self = (LabelStrip *) strip;
  update_lanes (self, context);
  return self->n_lanes * (LANE_PX + GAP_PX) - GAP_PX;
}

static gboolean
label_box (LabelStrip *self,
           const PraxiStripContext *context,
           guint index,
           const PraxiUiLabel *label,
           graphene_rect_t *box)
{
  const int lane = MIN (self->lanes[index], MAX_LANES - 1);
  return praxi_strip_box (context, shown_span (context, label),
                          (float) (lane * (LANE_PX + GAP_PX)) + 1, LANE_PX - 2, box);
}

/* FALSE: it has none */
static gboolean
find_rim (const PraxiStripContext *context, const PraxiUiLabel *label, GdkRGBA *rim, float *edge)
{
  const GdkRGBA refused = {0.88f, 0.11f, 0.14f, 1};
  const gboolean is_selected = label->id == praxi_session_selected_label (context->session);
  const gboolean is_refused = label->state == PRAXI_LABEL_NOT_KEPT;
  *rim = is_refused ? refused : context->text;
  *edge = is_selected && context->is_high_contrast ? 3 : 2;
  return is_selected || is_refused || context->is_high_contrast;
}

static char *
label_text (const PraxiUiLabel *label, const PraxiUiClass *cls)
{
  if (label->state == PRAXI_LABEL_NOT_KEPT)
    return g_strdup_printf (_ ("%s (not kept)"), cls->name);
  return *label->note != '\0' ? g_strdup_printf ("%s · %s", cls->name, label->note)
                              : g_strdup (cls->name);
}

static PangoLayout *
find_layout (LabelStrip *self, const PraxiStripContext *context, const char *text, int width_px)
{
  const guint serial = pango_context_get_serial (gtk_widget_get_pango_context (context->widget));
  if (serial != self->pango_serial || g_hash_table_size (self->layouts) > MAX_LAYOUTS)
    g_hash_table_remove_all (self->layouts);
  self->pango_serial = serial;
  width_px = MIN (width_px, MAX_TEXT_PX) / TEXT_STEP_PX * TEXT_STEP_PX;
  g_autofree char *key = g_strdup_printf ("%d %s", width_px, text);
  PangoLayout *layout = g_hash_table_lookup (self->layouts, key);
  if (layout != NULL)
    return layout;
  layout = gtk_widget_create_pango_layout (context->widget, text);
  pango_layout_set_width (layout, width_px * PANGO_SCALE);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  g_hash_table_insert (self->layouts, g_steal_pointer (&key), layout);
  return layout;
}

static void
draw_text (LabelStrip *self,
           const PraxiStripContext *context,
           GtkSnapshot *snapshot,
           const char *text,
           const GdkRGBA *ink,
           const graphene_rect_t *box)
{
  int height = 0;
  PangoLayout *layout = find_layout (self, context, text, (int) box->size.width - 8);
  pango_layout_get_pixel_size (layout, NULL, &height);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (
      snapshot,
      &GRAPHENE_POINT_INIT (box->origin.x + 6,
                            box->origin.y + floorf ((box->size.height - (float) height) / 2)));
  gtk_snapshot_append_layout (snapshot, layout, ink);
  gtk_snapshot_restore (snapshot);
}

static void
draw_label (LabelStrip *self,
            const PraxiStripContext *context,
            GtkSnapshot *snapshot,
            const graphene_rect_t *box,
            const PraxiUiLabel *label)
{
  const PraxiUiClass *cls = praxi_session_find_class (context->session, label->class_id);
  if (cls == NULL)
    return;
  GdkRGBA fill = cls->color;
  fill.alpha = label->state == PRAXI_LABEL_KEPT ? 1 : 0.5f;
  GdkRGBA rim;
  float edge;
  const gboolean has_rim = find_rim (context, label, &rim, &edge);
  praxi_strip_round_box (snapshot, box, &fill, has_rim ? &rim : NULL, edge);
  if (box->size.width < TEXT_FROM_PX)
    return;
  const GdkRGBA ink = fill.alpha < 1 ? context->text : praxi_strip_text_on (&cls->color);
  g_autofree char *text = label_text (label, cls);
  draw_text (self, context, snapshot, text, &ink, box);
}

static void
add_thin (const PraxiStripContext *context,
          PraxiThinBoxes *thin,
          const graphene_rect_t *box,
          const PraxiUiLabel *label)
{
  const PraxiUiClass *cls = praxi_session_find_class (context->session, label->class_id);
  if (cls != NULL)
    praxi_thin_boxes_add (thin, context, box, &cls->color);
}

/* Narrow labels become pixels of their lane: the cost follows the width, not the number of labels.
 * The selected one comes last, over its neighbours.
 */
static void
draw_labels (LabelStrip *self, const PraxiStripContext *context, GtkSnapshot *snapshot)
{
  const GPtrArray *labels = praxi_session_labels (context->session);
  const gint64 selected = praxi_session_selected_label (context->session);
  const PraxiUiLabel *last = NULL;
  graphene_rect_t box, last_box = GRAPHENE_RECT_INIT (0, 0, 0, 0);
  PraxiThinBoxes thin[MAX_LANES] = {{NULL}};
  float drawn_to = 0; /* in the last lane, where all that found no room lie upon each other */
  for (guint i = praxi_session_first_label (context->session, context->time.span.start_ns);
       i < labels->len; i++) {
    const PraxiUiLabel *label = labels->pdata[i];
    const int lane = MIN (self->lanes[i], MAX_LANES - 1);
    if (label->span.start_ns >= context->time.span.end_ns)
      break;
    if (!label_box (self, context, i, label, &box))
      continue;
    if (label->id == selected) {
      last = label;
      last_box = box;
    } else if (box.size.width < ROUND_FROM_PX && label->state == PRAXI_LABEL_KEPT) {
      add_thin (context, &thin[lane], &box, label);
    } else if (lane < MAX_LANES - 1 || box.origin.x >= drawn_to) {
      draw_label (self, context, snapshot, &box, label);
      drawn_to = lane == MAX_LANES - 1 ? box.origin.x + box.size.width : drawn_to;
    }
  }
  for (int lane = 0; lane < MAX_LANES; lane++)
    praxi_thin_boxes_draw (&thin[lane], context, snapshot, (float) (lane * (LANE_PX + GAP_PX)) + 1,
                           LANE_PX - 2);
  if (last != NULL)
    draw_label (self, context, snapshot, &last_box, last);
}

static void
draw (PraxiStrip *strip,
      const PraxiStripContext *context,
      GtkSnapshot *snapshot,
      graphene_size_t area)
{
  LabelStrip *self = (LabelStrip *) strip;
  const GPtrArray *labels = praxi_session_labels (context->session);
  praxi_strip_name (context, snapshot, _ ("Labels"), 0, LANE_PX);
  praxi_strip_bed (context, snapshot, 0, area.height);
  if (labels->len == 0 && praxi_session_n_frames (context->session) > 0)
    praxi_strip_text (context, snapshot,
                      _ ("Mark the start with I and the end with O, then press a class key"),
                      &context->dim_text,
                      GRAPHENE_RECT_INIT ((float) context->time.left_px + 8, 0,
                                          (float) context->time.width_px - 16, area.height),
                      PRAXI_TEXT_CENTRE);
  update_lanes (self, context);
  draw_labels (self, context, snapshot);
}

/* The edge nearer to x wins; in a label too narrow for two edges and a middle, only edges are left.
 */
static PraxiHitKind
part_at (const graphene_rect_t *box, double x)
{
  const double to_start = fabs (x - box->origin.x);
  const double to_end = fabs (x - (box->origin.x + box->size.width));
  if (MIN (to_start, to_end) > EDGE_PX)
    return PRAXI_HIT_LABEL;
  return to_start < to_end ? PRAXI_HIT_LABEL_START : PRAXI_HIT_LABEL_END;
}

static PraxiHit
hit (PraxiStrip *strip, const PraxiStripContext *context, double x, double y)
{
  LabelStrip *self = (LabelStrip *) strip;
  const GPtrArray *labels = praxi_session_labels (context->session);
  PraxiHit hit = {.kind = PRAXI_HIT_TIME,
                  .time_ns = praxi_time_scale_time (&context->time, x),
                  .class_index = -1,
                  .event_index = -1};
  update_lanes (self, context);
  for (guint i = 0; i < labels->len; i++) {
    const PraxiUiLabel *label = labels->pdata[i];
    graphene_rect_t box;
    if (!label_box (self, context, i, label, &box))
      continue;
    if (y < box.origin.y || y >= box.origin.y + box.size.height || x < box.origin.x - EDGE_PX ||
        x > box.origin.x + box.size.width + EDGE_PX)
      continue;
    hit.kind = part_at (&box, x);
    hit.label_id = label->id;
    if (x >= box.origin.x && x < box.origin.x + box.size.width)
      break; /* inside beats near */
  }
  return hit;
}

static void
label_free (PraxiStrip *strip)
{
  g_free (((LabelStrip *) strip)->lanes);
  g_hash_table_unref (((LabelStrip *) strip)->layouts);
  g_free (strip);
}

static const PraxiStripKind kind = {height, draw, hit, label_free};

PraxiStrip *
praxi_label_strip_new (void)
{
  LabelStrip *self = g_new0 (LabelStrip, 1);
  self->base.kind = &kind;
  self->layouts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  return &self->base;
}
