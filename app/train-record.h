/* How far a training of several models came, in a file beside them, so that one that was cut off
 * goes on with the model it was at.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Reads how many models are made, 0 where nothing was kept.
 * key:    what the models are made with; other words, and nothing goes on
 * Errors: FORMAT (it belongs to another training), DISK
 */
gboolean praxi_train_record_read (const char *path, const char *key, int *n_done, GError **error);

/* Errors: DISK */
gboolean praxi_train_record_write (const char *path, const char *key, int n_done, GError **error);

G_END_DECLS
