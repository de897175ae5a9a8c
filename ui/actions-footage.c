/* What a person can do with files, projects and jobs. */
#include <glib/gi18n.h>

#include "ui/actions.h"
#include "ui/project-folder.h"
#include "ui/session-analysis.h"
#include "ui/session-labels.h"
#include "ui/session-project.h"
#include "ui/session-report.h"
#include "ui/window-private.h"

static void
chosen_videos_cb (GtkNativeDialog *dialog, int response, gpointer user_data)
{
  PraxiWindow *self = user_data;
  if (response == GTK_RESPONSE_ACCEPT) {
    g_autoptr (GListModel) files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
    g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
    for (guint i = 0; i < g_list_model_get_n_items (files); i++) {
      g_autoptr (GFile) file = g_list_model_get_item (files, i);
      if (g_file_peek_path (file) != NULL)
        g_ptr_array_add (paths, g_strdup (g_file_peek_path (file)));
    }
    g_ptr_array_add (paths, NULL);
    praxi_window_open (self, (const char *const *) paths->pdata);
  }
  g_object_unref (dialog);
}

static void
add_filter (GtkFileChooser *chooser, const char *name, const char *mime, const char *suffix)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
  gtk_file_filter_set_name (filter, name);
  if (mime != NULL)
    gtk_file_filter_add_mime_type (filter, mime);
  if (suffix != NULL)
    gtk_file_filter_add_suffix (filter, suffix);
  if (mime == NULL && suffix == NULL)
    gtk_file_filter_add_pattern (filter, "*");
  gtk_file_chooser_add_filter (chooser, filter);
}

static void
open_cb (PraxiWindow *self)
{
  GtkFileChooserNative *dialog =
      gtk_file_chooser_native_new (_ ("Open videos"), GTK_WINDOW (self),
                                   GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), TRUE);
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("Videos"), "video/*", NULL);
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("All files"), NULL, NULL);
  g_signal_connect (dialog, "response", G_CALLBACK (chosen_videos_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
chosen_project_cb (GtkNativeDialog *dialog, int response, gpointer user_data)
{
  PraxiWindow *self = user_data;
  g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  const char *path = file != NULL ? g_file_peek_path (file) : NULL;
  if (response == GTK_RESPONSE_ACCEPT && path != NULL && praxi_project_path_is_lent (path)) {
    g_autofree char *name = g_path_get_basename (path);
    g_autofree char *text = g_strdup_printf (
        _ ("%s: no project can be kept there from inside Flatpak; choose a place in the folder "
           "Praxiscope of your documents"),
        name);
    g_signal_emit_by_name (self->session, "message", TRUE, text);
  } else if (response == GTK_RESPONSE_ACCEPT && path != NULL) {
    g_autofree char *named =
        g_str_has_suffix (path, ".praxi") ? g_strdup (path) : g_strconcat (path, ".praxi", NULL);
    praxi_window_open_project (self, named);
  }
  g_object_unref (dialog);
}

static void
choose_project (PraxiWindow *self, gboolean is_new)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      is_new ? _ ("New project") : _ ("Open a project"), GTK_WINDOW (self),
      is_new ? GTK_FILE_CHOOSER_ACTION_SAVE : GTK_FILE_CHOOSER_ACTION_OPEN,
      is_new ? _ ("_Create") : _ ("_Open"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_autofree char *place = praxi_project_folder ();
  g_autoptr (GFile) folder = place != NULL ? g_file_new_for_path (place) : NULL;
  if (folder != NULL)
    gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), folder, NULL);
  if (is_new)
    gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), _ ("project.praxi"));
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("Projects"), NULL, "praxi");
  g_signal_connect (dialog, "response", G_CALLBACK (chosen_project_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
open_project_cb (PraxiWindow *self)
{
  choose_project (self, FALSE);
}

static void
new_project_cb (PraxiWindow *self)
{
  choose_project (self, TRUE);
}

static void
analyse_items (PraxiWindow *self, GPtrArray *items)
{
  for (guint i = 0; i < items->len; i++)
    praxi_session_analyse_media (self->session, items->pdata[i]);
}

static void
analyse_selected_cb (PraxiWindow *self)
{
  g_autoptr (GPtrArray) items = praxi_media_list_selected (self->media_list);
  analyse_items (self, items);
}

/* What is shown and not analysed to its end. */
static void
analyse_all_cb (PraxiWindow *self)
{
  g_autoptr (GPtrArray) items = praxi_media_list_shown (self->media_list);
  for (guint i = items->len; i > 0; i--)
    if (praxi_media_item_is_analysed (items->pdata[i - 1]))
      g_ptr_array_remove_index (items, i - 1);
  analyse_items (self, items);
  if (items->len == 0)
    praxi_window_say (self, _ ("Everything in the list is analysed"));
}

static void
remove_media_cb (PraxiWindow *self)
{
  g_autoptr (GPtrArray) items = praxi_media_list_selected (self->media_list);
  for (guint i = 0; i < items->len; i++)
    praxi_session_remove_media (self->session, items->pdata[i]);
}

static void
found_media_cb (GtkNativeDialog *dialog, int response, gpointer user_data)
{
  PraxiWindow *self = user_data;
  PraxiMediaItem *item = g_object_get_data (G_OBJECT (dialog), "praxi-item");
  g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  if (response == GTK_RESPONSE_ACCEPT && file != NULL && g_file_peek_path (file) != NULL)
    praxi_session_find_media (self->session, item, g_file_peek_path (file));
  g_object_unref (dialog);
}

static void
find_media_cb (PraxiWindow *self)
{
  g_autoptr (GPtrArray) items = praxi_media_list_selected (self->media_list);
  PraxiMediaItem *item = NULL;
  for (guint i = 0; i < items->len && item == NULL; i++)
    if (praxi_media_item_is_missing (items->pdata[i]))
      item = items->pdata[i];
  if (item == NULL) {
    praxi_window_say (self, _ ("Select footage whose file is missing"));
    return;
  }
  g_autofree char *title = g_strdup_printf (_ ("Where is %s?"), praxi_media_item_name (item));
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      title, GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Use this file"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("Videos"), "video/*", NULL);
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("All files"), NULL, NULL);
  g_object_set_data_full (G_OBJECT (dialog), "praxi-item", g_object_ref (item), g_object_unref);
  g_signal_connect (dialog, "response", G_CALLBACK (found_media_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
chosen_report_cb (GtkNativeDialog *dialog, int response, gpointer user_data)
{
  PraxiWindow *self = user_data;
  g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  if (response == GTK_RESPONSE_ACCEPT && file != NULL && g_file_peek_path (file) != NULL)
    praxi_session_write_report (self->session, g_file_peek_path (file), NULL, NULL);
  g_object_unref (dialog);
}

static void
report_cb (PraxiWindow *self)
{
  PraxiMediaItem *media = praxi_session_media (self->session);
  if (media == NULL)
    return;
  GtkFileChooserNative *dialog =
      gtk_file_chooser_native_new (_ ("Report as PDF, timeline as PNG or SVG"), GTK_WINDOW (self),
                                   GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Export"), _ ("_Cancel"));
  g_autofree char *name = g_strconcat (praxi_media_item_name (media), ".pdf", NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("Report (PDF)"), NULL, "pdf");
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("Timeline (PNG)"), NULL, "png");
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("Timeline (SVG)"), NULL, "svg");
  g_signal_connect (dialog, "response", G_CALLBACK (chosen_report_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
jobs_cb (PraxiWindow *self)
{
  gtk_menu_button_popup (self->jobs_button);
}

static void
next_cb (PraxiWindow *self)
{
  praxi_media_list_step (self->media_list, 1);
}

static void
previous_cb (PraxiWindow *self)
{
  praxi_media_list_step (self->media_list, -1);
}

static const PraxiAction actions[] = {
    {"open", N_ ("Open videos"), open_cb, NULL, "<Control>o"},
    {"open-project", N_ ("Open a project"), open_project_cb, NULL, "<Control><Shift>o"},
    {"new-project", N_ ("New project"), new_project_cb, NULL, "<Control><Shift>n"},
    {"sample", N_ ("Open the sample"), praxi_window_open_sample, NULL, NULL},
    {"next-media", N_ ("Open the next video"), next_cb, NULL, "Page_Down"},
    {"previous-media", N_ ("Open the previous video"), previous_cb, NULL, "Page_Up"},
    {"analyse", N_ ("Analyse the video"), NULL, praxi_session_analyse, "<Control>r"},
    {"analyse-selected", N_ ("Analyse the selected footage"), analyse_selected_cb, NULL, NULL},
    {"analyse-all", N_ ("Analyse all footage"), analyse_all_cb, NULL, "<Control><Shift>r"},
    {"find-media", N_ ("Find a missing file"), find_media_cb, NULL, NULL},
    {"remove-media", N_ ("Remove footage from the project"), remove_media_cb, NULL, NULL},
    {"export-report", N_ ("Export a report of the footage"), report_cb, NULL, "<Control>e"},
    {"jobs", N_ ("Show the jobs"), jobs_cb, NULL, "<Control>j"},
    {"cancel-job", N_ ("Cancel the running job"), NULL, praxi_session_cancel_job, NULL},
    {"retry", N_ ("Try again to keep refused changes"), NULL, praxi_session_retry, NULL},
};

const PraxiActionGroup praxi_actions_footage = {N_ ("Footage and projects"), actions,
                                                G_N_ELEMENTS (actions)};
