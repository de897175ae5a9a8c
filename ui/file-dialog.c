#include "ui/file-dialog.h"

typedef struct {
  PraxiFilesChosen chosen;
  gpointer user_data;
} Asked;

void
praxi_file_dialog_add_filter (GtkFileChooserNative *dialog,
                              const char *name,
                              const char *mime,
                              const char *suffix)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
  gtk_file_filter_set_name (filter, name);
  if (mime != NULL)
    gtk_file_filter_add_mime_type (filter, mime);
  if (suffix != NULL)
    gtk_file_filter_add_suffix (filter, suffix);
  if (mime == NULL && suffix == NULL)
    gtk_file_filter_add_pattern (filter, "*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
}

static GPtrArray *
list_paths (GtkFileChooser *chooser)
{
  g_autoptr (GListModel) files = gtk_file_chooser_get_files (chooser);
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < g_list_model_get_n_items (files); i++) {
    g_autoptr (GFile) file = g_list_model_get_item (files, i);
    if (g_file_peek_path (file) != NULL)
      g_ptr_array_add (paths, g_strdup (g_file_peek_path (file)));
  }
  g_ptr_array_add (paths, NULL);
  return paths;
}

static gboolean
unref_cb (gpointer dialog)
{
  g_object_unref (dialog);
  return G_SOURCE_REMOVE;
}

/* GTK's own chooser answers a right click in an idle source that it does not take back when it goes
 * (4.8): the dialog has to be there until such sources have run. */
static void
response_cb (GtkNativeDialog *dialog, int response, Asked *asked)
{
  if (response == GTK_RESPONSE_ACCEPT) {
    g_autoptr (GPtrArray) paths = list_paths (GTK_FILE_CHOOSER (dialog));
    asked->chosen (paths->len > 1 ? (const char *const *) paths->pdata : NULL, asked->user_data);
  } else {
    asked->chosen (NULL, asked->user_data);
  }
  g_free (asked);
  g_idle_add_full (G_PRIORITY_LOW, unref_cb, dialog, NULL);
}

void
praxi_file_dialog_show (GtkFileChooserNative *dialog, PraxiFilesChosen chosen, gpointer user_data)
{
  Asked *asked = g_new (Asked, 1);
  *asked = (Asked){chosen, user_data};
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect (dialog, "response", G_CALLBACK (response_cb), asked);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
