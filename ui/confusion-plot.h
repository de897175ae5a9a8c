/* A confusion matrix drawn with Cairo, the same for the screen and for a file. */
#pragma once

#include <gdk/gdk.h>

G_BEGIN_DECLS

enum { PRAXI_CONFUSION_MAX_CLASSES = 12 };

typedef struct {
  int n_classes;
  char *names[PRAXI_CONFUSION_MAX_CLASSES];
  double counts[PRAXI_CONFUSION_MAX_CLASSES][PRAXI_CONFUSION_MAX_CLASSES]; /* [truth][said] */
} PraxiConfusion;

/* Rows are the truth, columns what the model said; shade is the share of the row.
 * ink: colour of text and shade
 * Thread: any
 */
void praxi_confusion_draw (const PraxiConfusion *confusion,
                           cairo_t *cr,
                           double width,
                           double height,
                           GdkRGBA ink);

/* The matrix in words, for screen readers. Free with g_free. */
char *praxi_confusion_text (const PraxiConfusion *confusion);

void praxi_confusion_clear (PraxiConfusion *confusion);

G_END_DECLS
