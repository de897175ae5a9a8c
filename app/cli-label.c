/* praxi label: labels in a project, from scripts and for the workbench's checks. */
#include <stdio.h>
#include <string.h>

#include "app/cli.h"
#include "app/label-media.h"
#include "app/label-print.h"
#include "engine/core/error.h"
#include "engine/core/text.h"
#include "engine/store/classes.h"
#include "engine/store/history.h"

/* What any of the subcommands can be told; each offers its part. */
typedef struct {
  char *project;
  gboolean json;
  char *media;
  char *cls;
  char *start;
  char *end;
  int start_frame;
  int end_frame;
  char *note;
  char *author;
  char *format;
  char *out;
  char **words; /* what stands behind the options; borrowed */
  int n_words;
  PraxiExchangeProbe probe; /* looks at footage, with probe_data */
  gpointer probe_data;
} Options;

#define OPTION_PROJECT(o)                                                                          \
  {                                                                                                \
    "project", 'p', 0, G_OPTION_ARG_FILENAME, &(o)->project, "The project (.praxi)", "FILE"        \
  }
#define OPTION_JSON(o)                                                                             \
  {                                                                                                \
    "json", 0, 0, G_OPTION_ARG_NONE, &(o)->json, "One JSON document on standard output", NULL      \
  }
#define OPTION_FORMAT(o)                                                                           \
  {                                                                                                \
    "format", 0, 0, G_OPTION_ARG_STRING, &(o)->format, "csv, dataset (labels.csv) or json", "F"    \
  }
#define OPTION_AUTHOR(o)                                                                           \
  {                                                                                                \
    "author", 0, 0, G_OPTION_ARG_STRING, &(o)->author, "Who says so; default: the login name", "N" \
  }

static gboolean
fail_usage (GError **error, const char *subject, const char *what)
{
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, "%s: %s", subject, what);
  return FALSE;
}

/* The project is the one of --project, or the first word that ends in .praxi. */
static gboolean
find_project (Options *options, GError **error)
{
  if (options->project != NULL)
    return TRUE;
  if (options->n_words > 0 && g_str_has_suffix (options->words[0], ".praxi")) {
    options->project = g_strdup (options->words[0]);
    options->words++;
    options->n_words--;
    return TRUE;
  }
  return fail_usage (error, "label", "which project; give it with --project FILE");
}

static PraxiStore *
open_project (Options *options, PraxiStoreFlags flags, GError **error)
{
  if (!find_project (options, error))
    return NULL;
  const gboolean is_new = !g_file_test (options->project, G_FILE_TEST_EXISTS);
  g_autoptr (PraxiStore) store = praxi_store_open (options->project, flags, error);
  if (store == NULL)
    return NULL;
  if (options->author != NULL && !praxi_store_set_author (store, options->author, error))
    return NULL;
  if (is_new && !options->json) {
    g_autofree char *shown = praxi_text_file_name (options->project);
    printf ("made the project %s\n", shown);
  }
  return g_steal_pointer (&store);
}

static gboolean
parse_time (const char *text, gint64 *time_ns, GError **error)
{
  const gboolean is_negative = text[0] == '-';
  if (!praxi_text_parse_time (text + is_negative, time_ns))
    return fail_usage (error, text, "not a time; write seconds (63.5) or 1:03.5");
  if (is_negative)
    *time_ns = -*time_ns;
  return TRUE;
}

static gboolean
read_range (const Options *options, PraxiLabel *label, GError **error)
{
  const gboolean has_times = options->start != NULL && options->end != NULL;
  const gboolean has_frames = options->start_frame >= 0 && options->end_frame >= 0;
  if (!has_times && !has_frames)
    return fail_usage (error, "label add",
                       "from when to when; give --start and --end, or --start-frame "
                       "and --end-frame");
  if (has_frames && options->start_frame >= options->end_frame)
    return fail_usage (error, "label add", "--start-frame must be before --end-frame; swap them");
  label->start_frame = has_frames ? options->start_frame : -1;
  label->end_frame = has_frames ? options->end_frame : -1;
  if (!has_times)
    return TRUE;
  if (!parse_time (options->start, &label->start_ns, error) ||
      !parse_time (options->end, &label->end_ns, error))
    return FALSE;
  if (label->start_ns >= label->end_ns)
    return fail_usage (error, "label add", "--start must be before --end; swap them");
  return TRUE;
}

/* A range that the footage, once seen, cannot hold is a slip of the hand. */
static gboolean
check_range (const PraxiMediaRow *media, const PraxiLabel *label, gboolean is_seen, GError **error)
{
  g_autofree char *shown = praxi_text_file_name (media->path);
  if (!is_seen && label->start_ns >= label->end_ns)
    return fail_usage (error, shown,
                       "cannot be opened to turn frames into times; give --start and "
                       "--end");
  if (!is_seen || media->frames == 0)
    return TRUE;
  g_autofree char *length = praxi_text_time (media->duration_ns, 2);
  if (label->start_ns < media->first_pts_ns + media->duration_ns &&
      label->start_frame < media->frames)
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
               "%s: the label starts behind its end (%s, %d frames); give an earlier start", shown,
               length, (int) media->frames);
  return FALSE;
}

static gboolean
find_or_add_class (PraxiStore *store, const char *name, gint64 *id, GError **error)
{
  g_autoptr (PraxiClass) found = praxi_store_find_class (store, name, NULL);
  if (found == NULL) {
    const PraxiClass added = {.name = (char *) name};
    return praxi_store_add_class (store, &added, TRUE, id, error);
  }
  *id = found->id;
  return TRUE;
}

/* Footage that is neither there nor known is a slip as well. */
static gboolean
check_footage (PraxiStore *store, const char *path, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_autoptr (PraxiMediaRow) known = praxi_store_find_media (store, path, NULL);
  if (known != NULL)
    return TRUE;
  return praxi_error_fail_file (error, PRAXI_ERROR_NOT_FOUND, path, "no such file; check the name");
}

static gboolean
write_label (PraxiStore *store,
             const PraxiMediaRow *media,
             PraxiLabel *label,
             const char *cls,
             GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  if (praxi_store_add_media (store, media, &label->media_id, error) &&
      find_or_add_class (store, cls, &label->class_id, error) &&
      praxi_store_add_label (store, label, &label->id, error))
    return praxi_store_commit (store, error);
  praxi_store_rollback (store);
  return FALSE;
}

static gboolean
run_add (Options *options, GError **error)
{
  if (options->media == NULL || options->cls == NULL)
    return fail_usage (error, "label add",
                       "which footage and class; give --media FILE and --class NAME");
  PraxiLabel label = {.note = options->note, .author = options->author};
  if (!read_range (options, &label, error) || !find_project (options, error))
    return FALSE;
  g_autofree char *path = g_canonicalize_filename (options->media, NULL);
  PraxiMediaRow media = {.path = path};
  const gboolean is_seen = options->probe (&media, &label, options->probe_data);
  if (!check_range (&media, &label, is_seen, error))
    return FALSE;
  const gboolean is_there = g_file_test (path, G_FILE_TEST_EXISTS);
  g_autoptr (PraxiStore) store =
      open_project (options, is_there ? PRAXI_STORE_CREATE : PRAXI_STORE_DEFAULT, error);
  if (store == NULL || !check_footage (store, path, error) ||
      !write_label (store, &media, &label, options->cls, error))
    return FALSE;
  const gint64 ids[] = {label.id, 0};
  return praxi_label_print_ids (store, ids, options->json, "added ", error);
}

static gboolean
parse_ids (const Options *options, GArray *ids, GError **error)
{
  for (int i = 0; i < options->n_words; i++) {
    gint64 id = 0;
    if (!g_ascii_string_to_signed (options->words[i], 10, 1, G_MAXINT64, &id, NULL))
      return fail_usage (error, options->words[i],
                         "not the number of a label; 'praxi label list' shows them");
    g_array_append_val (ids, id);
  }
  if (ids->len == 0)
    return fail_usage (error, "label remove", "which labels; give their numbers");
  return TRUE;
}

static gboolean
remove_labels (PraxiStore *store, const GArray *ids, GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    if (!praxi_store_remove_label (store, g_array_index (ids, gint64, i), error)) {
      praxi_store_rollback (store);
      return FALSE;
    }
  return praxi_store_commit (store, error);
}

static gboolean
run_remove (Options *options, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (TRUE, TRUE, sizeof (gint64));
  g_autoptr (PraxiStore) store = open_project (options, PRAXI_STORE_DEFAULT, error);
  if (store == NULL || !parse_ids (options, ids, error))
    return FALSE;
  g_autoptr (PraxiLabelPrinter) printer = praxi_label_printer_new (store, error);
  if (printer == NULL || !remove_labels (store, ids, error))
    return FALSE;
  praxi_label_printer_only (printer, (const gint64 *) ids->data);
  praxi_label_printer_print (printer, options->json, "removed ");
  return TRUE;
}

static gboolean
run_list (Options *options, GError **error)
{
  g_autoptr (PraxiStore) store = open_project (options, PRAXI_STORE_DEFAULT, error);
  g_autoptr (PraxiLabelPrinter) printer =
      store != NULL ? praxi_label_printer_new (store, error) : NULL;
  if (printer == NULL)
    return FALSE;
  praxi_label_printer_filter (printer, options->media, options->cls);
  praxi_label_printer_print (printer, options->json, "");
  return TRUE;
}

static gboolean
run_undo_or_redo (Options *options, gboolean is_undo, GError **error)
{
  g_autofree char *what = NULL;
  g_autoptr (PraxiStore) store = open_project (options, PRAXI_STORE_DEFAULT, error);
  if (store == NULL)
    return FALSE;
  if (is_undo ? !praxi_store_undo (store, &what, error) : !praxi_store_redo (store, &what, error))
    return FALSE;
  praxi_label_print_text (is_undo ? "undone" : "redone", what, options->json);
  return TRUE;
}

static gboolean
run_undo (Options *options, GError **error)
{
  return run_undo_or_redo (options, TRUE, error);
}

static gboolean
run_redo (Options *options, GError **error)
{
  return run_undo_or_redo (options, FALSE, error);
}

/* The format that is asked for, else the one that the file's name ends in. */
static gboolean
find_format (const Options *options, const char *file, PraxiExchangeFormat *format, GError **error)
{
  const gboolean is_json = file != NULL && g_str_has_suffix (file, ".json");
  const char *name = options->format != NULL ? options->format : is_json ? "json" : "csv";
  if (praxi_exchange_format_from_name (name, format))
    return TRUE;
  return fail_usage (error, name, "no such format; use csv, dataset or json");
}

static gboolean
run_import (Options *options, GError **error)
{
  PraxiExchangeFormat format;
  guint n_labels = 0;
  const PraxiImportOptions import = {.probe = options->probe, .probe_data = options->probe_data};
  if (!find_project (options, error))
    return FALSE;
  if (options->n_words != 1)
    return fail_usage (error, "label import", "which file; give one");
  const char *file = options->words[0];
  if (!find_format (options, file, &format, error))
    return FALSE;
  const gboolean is_there = g_file_test (file, G_FILE_TEST_EXISTS);
  g_autoptr (PraxiStore) store =
      open_project (options, is_there ? PRAXI_STORE_CREATE : PRAXI_STORE_DEFAULT, error);
  if (store == NULL || !praxi_store_import (store, file, format, &import, &n_labels, error))
    return FALSE;
  praxi_label_print_count ("imported", n_labels, options->json);
  return TRUE;
}

static gboolean
run_export (Options *options, GError **error)
{
  PraxiExchangeFormat format;
  guint n_labels = 0;
  if (!find_project (options, error))
    return FALSE;
  const char *file = options->out != NULL   ? options->out
                     : options->n_words > 0 ? options->words[0]
                                            : NULL;
  const char *target = g_strcmp0 (file, "-") == 0 ? NULL : file;
  if (!find_format (options, target, &format, error))
    return FALSE;
  g_autoptr (PraxiStore) store = open_project (options, PRAXI_STORE_DEFAULT, error);
  if (store == NULL || !praxi_store_export (store, target, format, &n_labels, error))
    return FALSE;
  if (target != NULL)
    praxi_label_print_count ("exported", n_labels, options->json);
  return TRUE;
}

static gboolean
run_verify (Options *options, GError **error)
{
  g_autoptr (PraxiVerifyReport) report = NULL;
  if (!find_project (options, error) || !praxi_store_verify_file (options->project, &report, error))
    return FALSE;
  praxi_label_print_report (report, options->json);
  if (report->is_intact)
    return TRUE;
  return praxi_error_fail_file (
      error, PRAXI_ERROR_FORMAT, options->project,
      "was changed from outside or is damaged (%d findings); go back to a copy from before",
      (int) report->n_problems);
}

enum { MAX_ENTRIES = 12 };

typedef struct {
  const char *name;
  const char *words;
  const char *summary;
  gboolean (*run) (Options *options, GError **error);
  const char *const options[MAX_ENTRIES]; /* long names */
  gboolean wants_footage;
} Subcommand;

static const Subcommand subcommands[] = {
    {"label add",
     "",
     "Adds a label, its class and its footage; makes the project if there is none.",
     run_add,
     {"project", "media", "class", "start", "end", "start-frame", "end-frame", "note", "author",
      "json"},
     TRUE},
    {"label remove",
     "ID…",
     "Removes labels, as one step of undo.",
     run_remove,
     {"project", "author", "json"}},
    {"label list",
     "",
     "Lists labels, of all footage or one file, of all classes or one.",
     run_list,
     {"project", "media", "class", "json"}},
    {"label import",
     "FILE",
     "Adds the labels of a file, all or none; makes the project if there is none.",
     run_import,
     {"project", "format", "author", "json"},
     TRUE},
    {"label export",
     "[FILE]",
     "Writes all labels to a file or to standard output.",
     run_export,
     {"project", "format", "out", "json"}},
    {"label verify",
     "",
     "Checks that nobody changed a label unseen; exit status 1 if somebody did.",
     run_verify,
     {"project", "json"}},
    {"label undo", "", "Takes back the newest change.", run_undo, {"project", "author", "json"}},
    {"label redo",
     "",
     "Makes the change undone last again.",
     run_redo,
     {"project", "author", "json"}},
};

static void
choose_entries (const Subcommand *subcommand, Options *o, GOptionEntry *entries)
{
  const GOptionEntry all[] = {
      OPTION_PROJECT (o),
      OPTION_JSON (o),
      OPTION_FORMAT (o),
      OPTION_AUTHOR (o),
      {"media", 'm', 0, G_OPTION_ARG_FILENAME, &o->media, "The footage", "FILE"},
      {"class", 'c', 0, G_OPTION_ARG_STRING, &o->cls, "What happens (fight, fall, …)", "NAME"},
      {"start", 's', 0, G_OPTION_ARG_STRING, &o->start, "When it begins (63.5 or 1:03.5)", "TIME"},
      {"end", 'e', 0, G_OPTION_ARG_STRING, &o->end, "When it has ended", "TIME"},
      {"start-frame", 0, 0, G_OPTION_ARG_INT, &o->start_frame, "Its first frame, from 0", "N"},
      {"end-frame", 0, 0, G_OPTION_ARG_INT, &o->end_frame, "One past its last frame", "N"},
      {"note", 'n', 0, G_OPTION_ARG_STRING, &o->note, "A remark", "TEXT"},
      {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o->out, "The file to write", "FILE"},
  };
  int n = 0;
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    for (int k = 0; k < MAX_ENTRIES && subcommand->options[k] != NULL; k++)
      if (strcmp (subcommand->options[k], all[i].long_name) == 0)
        entries[n++] = all[i];
}

static void
clear_options (Options *options)
{
  g_free (options->project);
  g_free (options->media);
  g_free (options->cls);
  g_free (options->start);
  g_free (options->end);
  g_free (options->note);
  g_free (options->author);
  g_free (options->format);
  g_free (options->out);
}

static PraxiExit
run_subcommand (const Subcommand *subcommand, Options options, int argc, char **argv)
{
  PraxiExit status = PRAXI_EXIT_DONE;
  GOptionEntry entries[MAX_ENTRIES + 1] = {0};
  choose_entries (subcommand, &options, entries);
  argv[0] = (char *) subcommand->name;
  if (praxi_cli_parse (&argc, &argv, entries, subcommand->words, subcommand->summary, &status)) {
    g_autoptr (GError) error = NULL;
    options.words = argv + 1;
    options.n_words = argc - 1;
    if (options.n_words > 0 && strcmp (options.words[0], "--") == 0) {
      options.words++;
      options.n_words--;
    }
    if (!subcommand->run (&options, &error))
      status = praxi_cli_fail (&error);
  }
  clear_options (&options);
  return status;
}

static void
print_help (FILE *stream)
{
  fputs ("usage: praxi label COMMAND --project FILE.praxi [OPTION…]\n\n", stream);
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++)
    fprintf (stream, "  %-14s %s\n", subcommands[i].name, subcommands[i].summary);
  fputs ("\n'praxi label COMMAND --help' tells more of one.\n", stream);
}

static const Subcommand *
find_subcommand (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++)
    if (strcmp (subcommands[i].name + strlen ("label "), word) == 0)
      return &subcommands[i];
  return NULL;
}

gboolean
praxi_label_wants_footage (int argc, char **argv)
{
  const Subcommand *subcommand = argc > 1 ? find_subcommand (argv[1]) : NULL;
  return subcommand != NULL && subcommand->wants_footage;
}

PraxiExit
praxi_label_run (int argc, char **argv, PraxiExchangeProbe probe, gpointer probe_data)
{
  const char *word = argc > 1 ? argv[1] : "";
  const Subcommand *subcommand = find_subcommand (word);
  const Options options = {
      .start_frame = -1, .end_frame = -1, .probe = probe, .probe_data = probe_data};
  if (subcommand != NULL)
    return run_subcommand (subcommand, options, argc - 1, argv + 1);
  const gboolean wants_help = strcmp (word, "--help") == 0 || strcmp (word, "-h") == 0;
  if (!wants_help && *word != '\0')
    fprintf (stderr, "praxi: label %s: no such command; see 'praxi label --help'\n", word);
  else
    print_help (wants_help ? stdout : stderr);
  return wants_help ? PRAXI_EXIT_DONE : PRAXI_EXIT_USAGE;
}
