/* What a person can do with files, projects and jobs. */
#include <glib/gi18n.h>

#include "ui/actions.h"
#include "ui/file-dialog.h"
#include "ui/project-folder.h"
#include "ui/session-analysis.h"
#include "ui/session-labels.h"
#include "ui/session-project.h"
#include "ui/session-report.h"
#include "ui/window-private.h"

static void
chosen_videos_cb (const char *const *paths, gpointer user_data)
{
  if (paths != NULL)
    praxi_window_open (user_data, paths);
}

static void
open_cb (PraxiWindow *self)
{
  GtkFileChooserNative *dialog =
      gtk_file_chooser_native_new (_ ("Open videos"), GTK_WINDOW (self),
                                   GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), _ ("_Cancel"));
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), TRUE);
  praxi_file_dialog_add_filter (dialog, _ ("Videos"), "video/*", NULL);
  praxi_file_dialog_add_filter (dialog, _ ("All files"), NULL, NULL);
  praxi_file_dialog_show (dialog, chosen_videos_cb, self);
}

static void
chosen_project_cb (const char *const *paths, gpointer user_data)
{
  PraxiWindow *self = user_data;
  const char *path = paths != NULL ? paths[0] : NULL;
  if (path != NULL && praxi_project_path_is_lent (path)) {
    g_autofree char *name = g_path_get_basename (path);
    g_autofree char *text = g_strdup_printf (
        _ ("%s: no project can be kept there from inside Flatpak; choose a place in the folder "
           "Praxiscope of your documents"),
        name);
    g_signal_emit_by_name (self->session, "message", TRUE, text);
  } else if (path != NULL) {
    g_autofree char *named =
        g_str_has_suffix (path, ".praxi") ? g_strdup (path) : g_strconcat (path, ".praxi", NULL);
    praxi_window_open_project (self, named);
  }
}

static void
choose_project (PraxiWindow *self, gboolean is_new)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      is_new ? _ ("New project") : _ ("Open a project"), GTK_WINDOW (self),
      is_new ? GTK_FILE_CHOOSER_ACTION_SAVE : GTK_FILE_CHOOSER_ACTION_OPEN,
      is_new ? _ ("_Create") : _ ("_Open"), _ ("_Cancel"));
  g_autofree char *place = praxi_project_folder ();
  g_autoptr (GFile) folder = place != NULL ? g_file_new_for_path (place) : NULL;
  if (folder != NULL)
    gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), folder, NULL);
  if (is_new)
    gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), _ ("project.praxi"));
  praxi_file_dialog_add_filter (dialog, _ ("Projects"), NULL, "praxi");
  praxi_file_dialog_show (dialog, chosen_project_cb, self);
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

typedef struct {
  PraxiWindow *window;
  PraxiMediaItem *item;
} Missing;

static void
found_media_cb (const char *const *paths, gpointer user_data)
{
  Missing *missing = user_data;
  if (paths != NULL)
    praxi_session_find_media (missing->window->session, missing->item, paths[0]);
  g_object_unref (missing->item);
  g_free (missing);
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
  praxi_file_dialog_add_filter (dialog, _ ("Videos"), "video/*", NULL);
  praxi_file_dialog_add_filter (dialog, _ ("All files"), NULL, NULL);
  Missing *missing = g_new (Missing, 1);
  *missing = (Missing){self, g_object_ref (item)};
  praxi_file_dialog_show (dialog, found_media_cb, missing);
}

static void
chosen_report_cb (const char *const *paths, gpointer user_data)
{
  PraxiWindow *self = user_data;
  if (paths != NULL)
    praxi_session_write_report (self->session, paths[0], NULL, NULL);
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
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  praxi_file_dialog_add_filter (dialog, _ ("Report (PDF)"), NULL, "pdf");
  praxi_file_dialog_add_filter (dialog, _ ("Timeline (PNG)"), NULL, "png");
  praxi_file_dialog_add_filter (dialog, _ ("Timeline (SVG)"), NULL, "svg");
  praxi_file_dialog_show (dialog, chosen_report_cb, self);
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
