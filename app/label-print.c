#include "app/label-print.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/store/classes.h"
#include "engine/store/exchange.h"

struct PraxiLabelPrinter {
  GPtrArray *labels;
  GPtrArray *media;
  GPtrArray *classes;
};

PraxiLabelPrinter *
praxi_label_printer_new (PraxiStore *store, GError **error)
{
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, error);
  g_autoptr (GPtrArray) media = labels != NULL ? praxi_store_list_media (store, error) : NULL;
  g_autoptr (GPtrArray) classes = media != NULL ? praxi_store_list_classes (store, error) : NULL;
  if (classes == NULL)
    return NULL;
  PraxiLabelPrinter *printer = g_new (PraxiLabelPrinter, 1);
  printer->labels = g_steal_pointer (&labels);
  printer->media = g_steal_pointer (&media);
  printer->classes = g_steal_pointer (&classes);
  return printer;
}

void
praxi_label_printer_free (PraxiLabelPrinter *printer)
{
  if (printer == NULL)
    return;
  g_ptr_array_unref (printer->labels);
  g_ptr_array_unref (printer->media);
  g_ptr_array_unref (printer->classes);
  g_free (printer);
}

static const PraxiMediaRow *
media_of (const PraxiLabelPrinter *printer, const PraxiLabel *label)
{
  for (guint i = 0; i < printer->media->len; i++)
    if (((const PraxiMediaRow *) printer->media->pdata[i])->id == label->media_id)
      return printer->media->pdata[i];
  return NULL;
}

static const char *
class_of (const PraxiLabelPrinter *printer, const PraxiLabel *label)
{
  for (guint i = 0; i < printer->classes->len; i++)
    if (((const PraxiClass *) printer->classes->pdata[i])->id == label->class_id)
      return ((const PraxiClass *) printer->classes->pdata[i])->name;
  return "?";
}

void
praxi_label_printer_only (PraxiLabelPrinter *printer, const gint64 *ids)
{
  for (guint i = printer->labels->len; i > 0; i--) {
    const gint64 id = ((const PraxiLabel *) printer->labels->pdata[i - 1])->id;
    const gint64 *at = ids;
    while (*at != 0 && *at != id)
      at++;
    if (*at == 0)
      g_ptr_array_remove_index (printer->labels, i - 1);
  }
}

void
praxi_label_printer_filter (PraxiLabelPrinter *printer, const char *media_path, const char *cls)
{
  g_autofree char *full = media_path != NULL ? g_canonicalize_filename (media_path, NULL) : NULL;
  for (guint i = printer->labels->len; i > 0; i--) {
    const PraxiLabel *label = printer->labels->pdata[i - 1];
    const PraxiMediaRow *media = media_of (printer, label);
    const gboolean is_media = full == NULL || (media != NULL && strcmp (media->path, full) == 0);
    if (!is_media || (cls != NULL && strcmp (class_of (printer, label), cls) != 0))
      g_ptr_array_remove_index (printer->labels, i - 1);
  }
}

static void
add_label (const PraxiLabelPrinter *printer, const PraxiLabel *label, JsonBuilder *builder)
{
  const PraxiMediaRow *media = media_of (printer, label);
  g_autofree char *path = media != NULL ? g_filename_display_name (media->path) : g_strdup ("?");
  g_autofree char *created = praxi_exchange_date (label->created_us);
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "id", label->id);
  praxi_json_add_string (builder, "media", path);
  praxi_json_add_string (builder, "class", class_of (printer, label));
  praxi_json_add_double (builder, "start_s", (double) label->start_ns / 1e9);
  praxi_json_add_double (builder, "end_s", (double) label->end_ns / 1e9);
  praxi_json_add_frame (builder, "start_frame", label->start_frame);
  praxi_json_add_frame (builder, "end_frame", label->end_frame);
  praxi_json_add_string (builder, "author", label->author);
  praxi_json_add_string (builder, "source", label->source);
  praxi_json_add_string (builder, "note", label->note);
  praxi_json_add_string (builder, "created", created);
  if (label->is_damaged)
    praxi_json_add_boolean (builder, "damaged", TRUE);
  json_builder_end_object (builder);
}

static void
print_json (const PraxiLabelPrinter *printer)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "labels");
  json_builder_begin_array (builder);
  for (guint i = 0; i < printer->labels->len; i++)
    add_label (printer, printer->labels->pdata[i], builder);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, TRUE);
}

static void
print_line (const PraxiLabelPrinter *printer, const PraxiLabel *label, const char *verb)
{
  const PraxiMediaRow *media = media_of (printer, label);
  g_autofree char *cls = praxi_text_file_name (class_of (printer, label));
  g_autofree char *start = praxi_text_time (label->start_ns, 2);
  g_autofree char *end = praxi_text_time (label->end_ns, 2);
  g_autofree char *file = praxi_text_file_name (media != NULL ? media->path : "?");
  g_autofree char *note = praxi_text_file_name (label->note);
  char frames[64] = "frames not known";
  if (label->start_frame >= 0)
    g_snprintf (frames, sizeof frames, "frames %d to %d", label->start_frame, label->end_frame - 1);
  printf ("%slabel %" G_GINT64_FORMAT ": %s from %s to %s (%s) in %s%s%s%s\n", verb, label->id, cls,
          start, end, frames, file, *note != '\0' ? ": " : "", note,
          label->is_damaged ? " DAMAGED, see 'praxi label verify'" : "");
}

void
praxi_label_printer_print (PraxiLabelPrinter *printer, gboolean json, const char *verb)
{
  if (json) {
    print_json (printer);
    return;
  }
  for (guint i = 0; i < printer->labels->len; i++)
    print_line (printer, printer->labels->pdata[i], verb);
  if (printer->labels->len == 0)
    puts ("no labels");
}

gboolean
praxi_label_print_ids (PraxiStore *store,
                       const gint64 *ids,
                       gboolean json,
                       const char *verb,
                       GError **error)
{
  g_autoptr (PraxiLabelPrinter) printer = praxi_label_printer_new (store, error);
  if (printer == NULL)
    return FALSE;
  praxi_label_printer_only (printer, ids);
  praxi_label_printer_print (printer, json, verb);
  return TRUE;
}

void
praxi_label_print_text (const char *name, const char *value, gboolean json)
{
  if (!json) {
    printf ("%s: %s\n", name, value);
    return;
  }
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, name, value);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, TRUE);
}

void
praxi_label_print_count (const char *name, guint n_labels, gboolean json)
{
  if (!json) {
    printf ("%s %u label%s\n", name, n_labels, n_labels == 1 ? "" : "s");
    return;
  }
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, name, n_labels);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, TRUE);
}

static void
print_report_json (const PraxiVerifyReport *report)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_boolean (builder, "intact", report->is_intact);
  praxi_json_add_int (builder, "labels", report->n_labels);
  praxi_json_add_int (builder, "history", report->n_history);
  praxi_json_add_string (builder, "head", report->head);
  json_builder_set_member_name (builder, "problems");
  json_builder_begin_array (builder);
  for (guint i = 0; i < report->problems->len; i++)
    json_builder_add_string_value (builder, report->problems->pdata[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, TRUE);
}

void
praxi_label_print_report (const PraxiVerifyReport *report, gboolean json)
{
  if (json) {
    print_report_json (report);
    return;
  }
  for (guint i = 0; i < report->problems->len; i++)
    printf ("%s\n", (const char *) report->problems->pdata[i]);
  printf ("%s: %" G_GINT64_FORMAT " labels, %" G_GINT64_FORMAT " changes, chain %.16s\n",
          report->is_intact ? "intact" : "not intact", report->n_labels, report->n_history,
          report->head);
}
