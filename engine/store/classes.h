/* What a label can say: classes with a name, a colour and a key. A new project has normal, fight
 * and fall.
 */
#pragma once

#include "engine/store/store.h"

G_BEGIN_DECLS

typedef struct {
  gint64 id;
  char *name;    /* unique, valid UTF-8, 1 byte to 64 kB */
  char color[8]; /* "#rrggbb"; "" when adding: the next of the palette */
  char key;      /* '1'…'9', '0' or 0 for none; unique */
  /* out, of the whole project; ignored when adding */
  gint64 n_labels, n_media; /* labels, and how many media they are of */
  gint64 labelled_ns;       /* all labels' time */
} PraxiClass;

void praxi_class_free (PraxiClass *cls);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiClass, praxi_class_free)

enum { PRAXI_CLASS_PALETTE = 10 };

/* The n-th colour (from 0, repeating) of a palette that stays distinct for colour-blind people.
 * Source: M. Okabe, K. Ito, "Color Universal Design", 2008; the last two: P. Tol, "Colour Schemes",
 *         2021
 */
const char *praxi_class_palette (guint n);

/* Adds a class, as one step of undo. key 0 takes the next free key when key_if_free, else none.
 * id:     out, may be NULL
 * Errors: USAGE (name taken or empty, not UTF-8, bad colour, key taken), and those of
 *         praxi_store_begin
 */
gboolean praxi_store_add_class (PraxiStore *store,
                                const PraxiClass *cls,
                                gboolean key_if_free,
                                gint64 *id,
                                GError **error);

/* Replaces name, colour and key of the class cls->id, as one step of undo.
 * Errors: as praxi_store_add_class, and NOT_FOUND
 */
gboolean praxi_store_update_class (PraxiStore *store, const PraxiClass *cls, GError **error);

/* Shorthands of praxi_store_update_class. */
gboolean praxi_store_rename_class (PraxiStore *store, gint64 id, const char *name, GError **error);
gboolean
praxi_store_recolor_class (PraxiStore *store, gint64 id, const char *color, GError **error);

/* Removes a class that no label uses.
 * Errors: NOT_FOUND, USAGE (labels use it), and those of praxi_store_begin
 */
gboolean praxi_store_remove_class (PraxiStore *store, gint64 id, GError **error);

/* Removes a class with all its labels, as one step of undo.
 * Errors: NOT_FOUND, and those of praxi_store_begin
 */
gboolean praxi_store_remove_class_and_labels (PraxiStore *store, gint64 id, GError **error);

/* How many labels use the class, -1 on error. */
gint64 praxi_store_count_class (PraxiStore *store, gint64 id, GError **error);

/* Puts classes in an order, as one step of undo. Classes left out come after them, in the order
 * they were added.
 * ids: [n_ids], borrowed
 */
gboolean
praxi_store_order_classes (PraxiStore *store, const gint64 *ids, guint n_ids, GError **error);

/* All classes in their order: PraxiClass, freed with the array. NULL on error. */
GPtrArray *praxi_store_list_classes (PraxiStore *store, GError **error);

/* The class of that name. Errors: NOT_FOUND, FORMAT */
PraxiClass *praxi_store_find_class (PraxiStore *store, const char *name, GError **error);

G_END_DECLS
