/* Footage as labels need it: how long it is, and which frames a time range covers. */
#pragma once

#include "engine/media/media.h"
#include "engine/store/exchange.h"

G_BEGIN_DECLS

/* Keeps the last file open, since labels come in runs of one file. Zero to begin with. */
typedef struct {
  char *path;
  PraxiMedia *media; /* NULL when the file cannot be opened */
} PraxiLabelMedia;

void praxi_label_media_clear (PraxiLabelMedia *known);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PraxiLabelMedia, praxi_label_media_clear)

/* A PraxiExchangeProbe; data is a PraxiLabelMedia. Times become frames (those on screen at some
 * moment of the range), frames become times, neither becomes the whole footage.
 */
gboolean praxi_label_media_probe (PraxiMediaRow *media, PraxiLabel *label, gpointer data);

G_END_DECLS
