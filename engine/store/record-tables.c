#include <string.h>

#include "engine/store/history-private.h"

#define MEDIA_COLUMNS                                                                              \
  "id, path, name, size_bytes, mtime_us, sha256, frames, first_pts_ns, duration_ns, width_px,"     \
  " height_px, group_name, split, added_us, hash"
#define CLASS_COLUMNS "id, name, color, key, hash"
#define LABEL_COLUMNS                                                                              \
  "id, media_id, class_id, start_ns, end_ns, start_frame, end_frame, author, source, note,"        \
  " created_us, hash"
#define MODEL_COLUMNS "id, name, sha256, path, hash"
#define RUN_COLUMNS                                                                                \
  "id, media_id, model_id, params, state, track, begun_us, finished_us, events_sha256, hash"
#define VERDICT_COLUMNS                                                                            \
  "id, media_id, model_sha256, class, start_ns, end_ns, verdict, author, created_us, hash"
#define CLASS_ORDER_COLUMNS "id, ids, hash"
#define SCENE_MEDIA_COLUMNS "id, media_id, scene, offset_ns, hash"

#define SELECT_ONE(table, columns) "SELECT " columns " FROM " table " WHERE id = ?1"
#define SELECT_ALL(table, columns) "SELECT " columns " FROM " table " ORDER BY id"
#define REMOVE(table) "DELETE FROM " table " WHERE id = ?1"

/* An upsert and not a replace: a replace deletes first, which other rows that point here forbid. */
#define PUT(table, columns, values, updates)                                                       \
  "INSERT INTO " table " (" columns ") VALUES (" values ") ON CONFLICT (id) DO UPDATE "            \
  "SET " updates

const PraxiRecordTable praxi_record_tables[PRAXI_N_KINDS] = {
    [PRAXI_KIND_MEDIA] =
        {.name = "media",
         .n_columns = 14,
         .select = SELECT_ONE ("media", MEDIA_COLUMNS),
         .select_all = SELECT_ALL ("media", MEDIA_COLUMNS),
         .put = PUT ("media",
                     MEDIA_COLUMNS,
                     "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15",
                     "path = ?2, name = ?3, size_bytes = ?4, mtime_us = ?5, sha256 = ?6,"
                     " frames = ?7, first_pts_ns = ?8, duration_ns = ?9, width_px = ?10,"
                     " height_px = ?11, group_name = ?12, split = ?13, added_us = ?14, hash = ?15"),
         .remove = REMOVE ("media")},
    [PRAXI_KIND_CLASS] = {.name = "class",
                          .n_columns = 4,
                          .is_undoable = TRUE,
                          .select = SELECT_ONE ("class", CLASS_COLUMNS),
                          .select_all = SELECT_ALL ("class", CLASS_COLUMNS),
                          .put = PUT ("class",
                                      CLASS_COLUMNS,
                                      "?1, ?2, ?3, ?4, ?5",
                                      "name = ?2, color = ?3, key = ?4, hash = ?5"),
                          .remove = REMOVE ("class")},
    [PRAXI_KIND_LABEL] =
        {.name = "label",
         .n_columns = 11,
         .is_undoable = TRUE,
         .select = SELECT_ONE ("label", LABEL_COLUMNS),
         .select_all = SELECT_ALL ("label", LABEL_COLUMNS),
         .put = PUT ("label",
                     LABEL_COLUMNS,
                     "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12",
                     "media_id = ?2, class_id = ?3, start_ns = ?4, end_ns = ?5, start_frame = ?6,"
                     " end_frame = ?7, author = ?8, source = ?9, note = ?10, created_us = ?11,"
                     " hash = ?12"),
         .remove = REMOVE ("label")},
    [PRAXI_KIND_MODEL] = {.name = "model",
                          .n_columns = 4,
                          .select = SELECT_ONE ("model", MODEL_COLUMNS),
                          .select_all = SELECT_ALL ("model", MODEL_COLUMNS),
                          .put = PUT ("model",
                                      MODEL_COLUMNS,
                                      "?1, ?2, ?3, ?4, ?5",
                                      "name = ?2, sha256 = ?3, path = ?4, hash = ?5"),
                          .remove = REMOVE ("model")},
    [PRAXI_KIND_RUN] = {.name = "run",
                        .n_columns = 9,
                        .select = SELECT_ONE ("run", RUN_COLUMNS),
                        .select_all = SELECT_ALL ("run", RUN_COLUMNS),
                        .put =
                            PUT ("run",
                                 RUN_COLUMNS,
                                 "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10",
                                 "media_id = ?2, model_id = ?3, params = ?4, state = ?5,"
                                 " track = ?6, begun_us = ?7, finished_us = ?8, events_sha256 = ?9,"
                                 " hash = ?10"),
                        .remove = REMOVE ("run")},
    [PRAXI_KIND_VERDICT] =
        {.name = "verdict",
         .n_columns = 9,
         .is_undoable = TRUE,
         .since = 2,
         .select = SELECT_ONE ("verdict", VERDICT_COLUMNS),
         .select_all = SELECT_ALL ("verdict", VERDICT_COLUMNS),
         .put = PUT ("verdict",
                     VERDICT_COLUMNS,
                     "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10",
                     "media_id = ?2, model_sha256 = ?3, class = ?4, start_ns = ?5, end_ns = ?6,"
                     " verdict = ?7, author = ?8, created_us = ?9, hash = ?10"),
         .remove = REMOVE ("verdict")},
    [PRAXI_KIND_CLASS_ORDER] =
        {.name = "class_order",
         .n_columns = 2,
         .is_undoable = TRUE,
         .since = 2,
         .select = SELECT_ONE ("class_order", CLASS_ORDER_COLUMNS),
         .select_all = SELECT_ALL ("class_order", CLASS_ORDER_COLUMNS),
         .put = PUT ("class_order", CLASS_ORDER_COLUMNS, "?1, ?2, ?3", "ids = ?2, hash = ?3"),
         .remove = REMOVE ("class_order")},
    [PRAXI_KIND_SCENE_MEDIA] = {.name = "scene_media",
                                .n_columns = 4,
                                .since = 3,
                                .select = SELECT_ONE ("scene_media", SCENE_MEDIA_COLUMNS),
                                .select_all = SELECT_ALL ("scene_media", SCENE_MEDIA_COLUMNS),
                                .put = PUT ("scene_media",
                                            SCENE_MEDIA_COLUMNS,
                                            "?1, ?2, ?3, ?4, ?5",
                                            "media_id = ?2, scene = ?3, offset_ns = ?4, hash = ?5"),
                                .remove = REMOVE ("scene_media")},
};

PraxiKind
praxi_kind_from_name (const char *name)
{
  for (int kind = 0; kind < PRAXI_N_KINDS; kind++)
    if (strcmp (praxi_record_tables[kind].name, name) == 0)
      return (PraxiKind) kind;
  return PRAXI_N_KINDS;
}
