/* A strip of the timeline. Strips only draw and answer what is at (x, y); gestures and keys are the
 * timeline's. Each kind is one static table of functions; the timeline owns the strips.
 */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

/* Laid out texts, kept between frames: laying out is what drawing a strip would mostly cost. */
typedef struct PraxiTextCache PraxiTextCache;

/* What strips draw with; filled by the timeline once per frame. */
typedef struct {
  PraxiSession *session;
  GtkWidget *widget;   /* for text */
  PraxiTimeScale time; /* x of every strip */
  double gutter_px;    /* left of it stand names, right of it time */
  double scale_factor; /* device pixels per pixel */
  gboolean is_dark;
  gboolean is_high_contrast; /* rims in the colour of text, scores from black to white */
  GdkRGBA text, dim_text, bed, line, accent;
  /* a label whose edge is being dragged shows these frames; 0 for none */
  gint64 dragged_label;
  int dragged_start, dragged_end;
  int threshold_class;   /* the class whose threshold is in hand or under the pointer, else -1 */
  PraxiTextCache *texts; /* may be NULL */
} PraxiStripContext;

typedef enum {
  PRAXI_HIT_NOTHING,
  PRAXI_HIT_TIME,     /* bare time */
  PRAXI_HIT_RULER,    /* pressing seeks, dragging scrubs */
  PRAXI_HIT_OVERVIEW, /* time of the whole footage */
  PRAXI_HIT_VIEW,     /* on the overview: what is visible, and its two ends */
  PRAXI_HIT_VIEW_START,
  PRAXI_HIT_VIEW_END,
  PRAXI_HIT_SCORE,
  PRAXI_HIT_THRESHOLD, /* of class_index: dragging up and down moves it */
  PRAXI_HIT_EVENT,
  PRAXI_HIT_LABEL,
  PRAXI_HIT_LABEL_START,
  PRAXI_HIT_LABEL_END,
} PraxiHitKind;

typedef struct {
  PraxiHitKind kind;
  gint64 time_ns;
  int class_index; /* of a score row, or -1 */
  int event_index;
  gint64 label_id;
} PraxiHit;

typedef struct PraxiStrip PraxiStrip;

typedef struct {
  int (*height) (PraxiStrip *strip, const PraxiStripContext *context);
  /* The origin is the strip's top left corner; area is its size. Budget: cost ∝ pixels. */
  void (*draw) (PraxiStrip *strip,
                const PraxiStripContext *context,
                GtkSnapshot *snapshot,
                graphene_size_t area);
  PraxiHit (*hit) (PraxiStrip *strip, const PraxiStripContext *context, double x, double y);
  void (*free) (PraxiStrip *strip);
  /* The PraxiChange bits that make a drawing old; 0: all but those of the playhead, the picture,
   * the pointer, playing and reports. Another size, span, theme or drag always does.
   */
  guint redraws_on;
  /* The session changed: what was kept of it is old. May be NULL. */
  void (*forget) (PraxiStrip *strip, guint changes);
} PraxiStripKind;

/* The head of every strip's own struct. */
struct PraxiStrip {
  const PraxiStripKind *kind;
};

PraxiStrip *praxi_ruler_strip_new (void);
PraxiStrip *praxi_overview_strip_new (void);
PraxiStrip *praxi_heat_strip_new (void);
PraxiStrip *praxi_event_strip_new (void);
PraxiStrip *praxi_label_strip_new (void);
PraxiStrip *praxi_camera_strip_new (void);
PraxiStrip *praxi_coverage_strip_new (void);

PraxiTextCache *praxi_text_cache_new (void);
void praxi_text_cache_free (PraxiTextCache *cache);

/* After a change of font or scale. */
void praxi_text_cache_clear (PraxiTextCache *cache);

/* --- shared by the strips ------------------------------------------------------------------ */

typedef enum { PRAXI_TEXT_LEFT, PRAXI_TEXT_CENTRE, PRAXI_TEXT_RIGHT } PraxiTextSide;

/* Draws one line of small text inside the box, vertically centred, cut with an ellipsis. */
void praxi_strip_text (const PraxiStripContext *context,
                       GtkSnapshot *snapshot,
                       const char *text,
                       const GdkRGBA *color,
                       graphene_rect_t box,
                       PraxiTextSide side);

/* The strip's name in the gutter. */
void praxi_strip_name (const PraxiStripContext *context,
                       GtkSnapshot *snapshot,
                       const char *name,
                       float y,
                       float height);

/* The empty bed on which a strip draws: from the gutter to the end of time. */
void
praxi_strip_bed (const PraxiStripContext *context, GtkSnapshot *snapshot, float y, float height);

/* Draws an image surface into the box, its pixels sharp. A surface and no texture: GTK's Cairo
 * renderer takes a texture to a surface again at every drawing, which costs more than all else.
 */
void
praxi_strip_surface (GtkSnapshot *snapshot, cairo_surface_t *surface, const graphene_rect_t *box);

/* The node in pixels: thousands of boxes are painted once and then copied. Free with
 * gsk_render_node_unref.
 */
GskRenderNode *
praxi_strip_rasterise (const PraxiStripContext *context, GskRenderNode *node, graphene_size_t area);

/* A box with a rim and round corners: real ones cost twenty times as much, and only a wide box
 * shows the difference. Integers only, so that all falls on pixels.
 * rim: NULL for none
 */
void praxi_strip_round_box (GtkSnapshot *snapshot,
                            const graphene_rect_t *box,
                            const GdkRGBA *fill,
                            const GdkRGBA *rim,
                            float edge);

/* Boxes too narrow for a shape, as one line of pixels that is stretched to their height: a thousand
 * of them cost little more than one.
 */
typedef struct {
  cairo_surface_t *pixels; /* NULL before the first */
} PraxiThinBoxes;

void praxi_thin_boxes_add (PraxiThinBoxes *boxes,
                           const PraxiStripContext *context,
                           const graphene_rect_t *box,
                           const GdkRGBA *color);

/* Draws what was added from y on, and forgets it. */
void praxi_thin_boxes_draw (PraxiThinBoxes *boxes,
                            const PraxiStripContext *context,
                            GtkSnapshot *snapshot,
                            float y,
                            float height);

/* The box of a time span, cut to what is visible; FALSE when none of it is. */
gboolean praxi_strip_box (const PraxiStripContext *context,
                          PraxiTimeSpan span,
                          float y,
                          float height,
                          graphene_rect_t *box);

/* Black or white, whichever is easier to read on the colour. Source: WCAG 2.1, contrast ratio */
GdkRGBA praxi_strip_text_on (const GdkRGBA *color);

/* The colour of the class with the name, from the project, else a grey. */
GdkRGBA praxi_strip_class_color (PraxiSession *session, const char *class_name);

G_END_DECLS
