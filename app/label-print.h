/* Labels as `praxi label` prints them: lines for people, JSON for programs. */
#pragma once

#include "engine/store/history.h"
#include "engine/store/store.h"

G_BEGIN_DECLS

/* All labels of a project with the names of their footage and classes, read at once. */
typedef struct PraxiLabelPrinter PraxiLabelPrinter;
PraxiLabelPrinter *praxi_label_printer_new (PraxiStore *store, GError **error);
void praxi_label_printer_free (PraxiLabelPrinter *printer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiLabelPrinter, praxi_label_printer_free)

/* Keeps only labels with these ids (ended by 0), or of this footage and class (NULL: any). */
void praxi_label_printer_only (PraxiLabelPrinter *printer, const gint64 *ids);
void
praxi_label_printer_filter (PraxiLabelPrinter *printer, const char *media_path, const char *cls);

/* verb: begins each line for people ("added "). */
void praxi_label_printer_print (PraxiLabelPrinter *printer, gboolean json, const char *verb);

/* The labels with these ids (ended by 0) as the project has them now. */
gboolean praxi_label_print_ids (PraxiStore *store,
                                const gint64 *ids,
                                gboolean json,
                                const char *verb,
                                GError **error);

/* {"undone":"add label"} or "undone: add label". */
void praxi_label_print_text (const char *name, const char *value, gboolean json);

/* {"imported":12} or "imported 12 labels". */
void praxi_label_print_count (const char *name, guint n_labels, gboolean json);

void praxi_label_print_report (const PraxiVerifyReport *report, gboolean json);

G_END_DECLS
