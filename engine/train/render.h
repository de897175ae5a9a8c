/* Footage that is drawn: bodies that fall, and bodies that do what looks like it, in random rooms
 * before random cameras. It is a folder that praxi_dataset_load_folder reads: labels.csv, and clips
 * as YUV4MPEG2 without compression, which need no encoder.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  int n;             /* clips; 0: 300 */
  double falls;      /* share of clips in which somebody falls; 0: 0.42 */
  int width, height; /* px, even; 0: 192 × 144 */
  guint32 seed;      /* the same seed draws the same pixels */
  /* Called after every clip; FALSE stops. */
  gboolean (*tick) (gpointer data, int n_done, int n);
  gpointer data;
} PraxiRenderOptions;

/* mocap: a folder as praxi_mocap_load takes it
 * folder: is made where it is not there
 * n_falls: how many clips show one; NULL possible
 * Errors: those of praxi_mocap_load; DISK, CANCELLED
 */
gboolean praxi_render (const char *mocap,
                       const char *folder,
                       const PraxiRenderOptions *options,
                       int *n_falls,
                       GError **error);

G_END_DECLS
