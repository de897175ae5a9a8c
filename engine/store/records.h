/* Reading rows as records, alike for every table. Inside the store only. */
#pragma once

#include "engine/store/history-private.h"

G_BEGIN_DECLS

/* Makes a record of the statement's current row; the caller owns it. */
typedef gpointer (*PraxiReadRecord) (PraxiStore *store, PraxiStatement *select);

/* Every row of a statement that is prepared and bound, oldest first as it orders them.
 * select:    taken; NULL (praxi_sql_prepare failed) returns NULL
 * free_func: of a record
 */
GPtrArray *praxi_store_read_records (PraxiStore *store,
                                     PraxiStatement *select,
                                     PraxiReadRecord read,
                                     GDestroyNotify free_func,
                                     GError **error);

/* The record of that id in the kind's table, with the columns of its `select`.
 * Errors: NOT_FOUND
 */
gpointer praxi_store_read_record (PraxiStore *store,
                                  PraxiKind kind,
                                  gint64 id,
                                  PraxiReadRecord read,
                                  GError **error);

/* Refuses an id that the kind's table lacks. Asked again in the same group, it costs no query.
 * Errors: NOT_FOUND
 */
gboolean praxi_store_check_record (PraxiStore *store, PraxiKind kind, gint64 id, GError **error);

G_END_DECLS
