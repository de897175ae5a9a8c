/* What all dialogs that ask for a file or a folder share. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* in:     paths: NULL-terminated, those on a file system only; NULL: none was chosen */
typedef void (*PraxiFilesChosen) (const char *const *paths, gpointer user_data);

/* in:     mime, suffix: what the files have, at most one of them; both NULL: every file */
void praxi_file_dialog_add_filter (GtkFileChooserNative *dialog,
                                   const char *name,
                                   const char *mime,
                                   const char *suffix);

/* Shows the dialog; the window it belongs to waits.
 * in:     dialog: taken over; chosen: called once
 * Thread: main
 */
void
praxi_file_dialog_show (GtkFileChooserNative *dialog, PraxiFilesChosen chosen, gpointer user_data);

G_END_DECLS
