/* Verdicts: what a person said of a model's events without making a label. */
#pragma once

#include "engine/store/store.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_VERDICT_REJECTED, /* it did not happen */
  PRAXI_VERDICT_REVIEWED, /* looked at */
} PraxiVerdictKind;

typedef struct {
  gint64 id;
  gint64 media_id;
  char *model_sha256; /* of the model whose event it was; NULL stands for "" */
  char *cls;          /* as the model names it; "" with "" as model: the whole media */
  gint64 start_ns;    /* pts of the footage; half-open [start, end) */
  gint64 end_ns;
  PraxiVerdictKind kind;
  char *author;      /* NULL when adding: praxi_store_author */
  gint64 created_us; /* since 1970, UTC; 0 when adding: now */
} PraxiVerdict;

PraxiVerdict *praxi_verdict_copy (const PraxiVerdict *verdict);
void praxi_verdict_free (PraxiVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiVerdict, praxi_verdict_free)

/* Adds a verdict, as one step of undo.
 * verdict: id is ignored; borrowed
 * id:      out, may be NULL
 * Errors:  USAGE (start not before end, text that is not UTF-8 or too long), NOT_FOUND (media), and
 *          those of praxi_store_begin
 */
gboolean praxi_store_add_verdict (PraxiStore *store,
                                  const PraxiVerdict *verdict,
                                  gint64 *id,
                                  GError **error);

/* Errors: NOT_FOUND, and those of praxi_store_begin */
gboolean praxi_store_remove_verdict (PraxiStore *store, gint64 id, GError **error);

/* The verdicts on one media (0: on all), by media, start and id: PraxiVerdict, freed with the
 * array. NULL on error.
 */
GPtrArray *praxi_store_list_verdicts (PraxiStore *store, gint64 media_id, GError **error);

/* Errors: NOT_FOUND, FORMAT */
PraxiVerdict *praxi_store_get_verdict (PraxiStore *store, gint64 id, GError **error);

G_END_DECLS
