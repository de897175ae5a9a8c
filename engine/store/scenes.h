/* Scenes: footage that shows the same thing at the same time, with the offsets that bring it in
 * sync. Changes are recorded; undo passes over them, as over footage itself.
 */
#pragma once

#include "engine/store/store.h"

G_BEGIN_DECLS

/* Other footage of a scene. */
typedef struct {
  gint64 media_id;
  char *path;      /* absolute */
  gint64 delta_ns; /* its pts minus the pts of the footage asked about, at the same moment */
} PraxiSceneMedia;

void praxi_scene_media_free (PraxiSceneMedia *media);

/* The other footage in the scene of this one, in the order it joined: PraxiSceneMedia, freed with
 * the array; empty when it is in none. NULL on error.
 */
GPtrArray *praxi_store_list_scene (PraxiStore *store, gint64 media_id, GError **error);

/* Puts two media into one scene, or changes how far they are apart. The other joins the scene of
 * the first and leaves its own; where only the other is in a scene, the first joins that.
 * delta_ns: as in PraxiSceneMedia
 * Errors:   NOT_FOUND (either media), USAGE (both are the same), and those of praxi_store_begin
 */
gboolean praxi_store_join_scene (PraxiStore *store,
                                 gint64 media_id,
                                 gint64 other_id,
                                 gint64 delta_ns,
                                 GError **error);

/* Takes footage out of its scene; nothing happens when it is in none.
 * Errors: those of praxi_store_begin
 */
gboolean praxi_store_leave_scene (PraxiStore *store, gint64 media_id, GError **error);

G_END_DECLS
