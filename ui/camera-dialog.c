#include "ui/camera-dialog.h"

#include <glib/gi18n.h>
#include <string.h>

#include "engine/core/job.h"
#include "ui/session-cameras.h"
#include "ui/session-labels.h"

#define VIDEO_CLASS "/sys/class/video4linux"
#define TEST_S "6"
enum { KILL_TEST_MS = 1500 };

struct _PraxiCameraDialog {
  AdwWindow parent_instance;
  PraxiSession *session;
  PraxiJob *test;
  gboolean is_change;        /* of a camera that is there */
  gboolean has_own_name;     /* typed, not taken from the address */
  gboolean is_naming;        /* the dialog types the name */
  GPtrArray *alert_switches; /* GtkSwitch, each with its class; borrowed */

  AdwEntryRow *url;
  GtkMenuButton *devices;
  AdwEntryRow *name;
  AdwComboRow *transport;
  AdwEntryRow *user;
  AdwPasswordEntryRow *password;
  GtkWidget *remember_row;
  GtkSwitch *remember;
  GtkSpinButton *keep_days;
  GtkSpinButton *keep_gb;
  AdwPreferencesGroup *alerts;
  GtkButton *test_button;
  GtkSpinner *spinner;
  GtkLabel *verdict;
  GtkButton *open_button;
};

G_DEFINE_FINAL_TYPE (PraxiCameraDialog, praxi_camera_dialog, ADW_TYPE_WINDOW)

static char *
text_of (gpointer row)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (row))));
}

/* --- what was typed ------------------------------------------------------------------------ */

static char **
chosen_alerts (PraxiCameraDialog *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; i < self->alert_switches->len; i++)
    if (gtk_switch_get_active (self->alert_switches->pdata[i]))
      g_strv_builder_add (builder,
                          g_object_get_data (self->alert_switches->pdata[i], "praxi-class"));
  return g_strv_builder_end (builder);
}

static PraxiCameraSpec *
read_spec (PraxiCameraDialog *self)
{
  PraxiCameraSpec *spec = g_new0 (PraxiCameraSpec, 1);
  spec->name = text_of (self->name);
  spec->url = text_of (self->url);
  spec->user = text_of (self->user);
  spec->password = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->password)));
  spec->udp = adw_combo_row_get_selected (self->transport) == 1;
  spec->remembers = gtk_switch_get_active (self->remember);
  spec->keep_days = gtk_spin_button_get_value_as_int (self->keep_days);
  spec->keep_gb = gtk_spin_button_get_value_as_int (self->keep_gb);
  spec->alerts = chosen_alerts (self);
  praxi_camera_spec_tidy (spec);
  return spec;
}

/* "Camera 192.168.1.7": what the address offers until somebody types a name. */
static char *
offered_name (const char *url)
{
  const char *host = strstr (url, "://");
  if (host == NULL)
    return g_str_has_prefix (url, "/dev/") ? g_strdup_printf (_ ("Camera %s"), url + 5)
                                           : g_strdup ("");
  host += 3;
  const gsize length = strcspn (host, "/?#");
  const char *sign = g_strrstr_len (host, (gssize) length, "@");
  const char *from = sign != NULL ? sign + 1 : host;
  const int n = (int) (host + length - from);
  return n > 0 ? g_strdup_printf (_ ("Camera %.*s"), n, from) : g_strdup ("");
}

static void
say (PraxiCameraDialog *self, const char *text, gboolean is_fault)
{
  gtk_label_set_text (self->verdict, text);
  if (is_fault)
    gtk_widget_add_css_class (GTK_WIDGET (self->verdict), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->verdict), "error");
}

static void
changed_cb (PraxiCameraDialog *self, GtkWidget *row)
{
  if (row == GTK_WIDGET (self->name) && !self->is_naming)
    self->has_own_name = *gtk_editable_get_text (GTK_EDITABLE (self->name)) != '\0';
  if (row == GTK_WIDGET (self->url) && !self->has_own_name) {
    g_autofree char *url = text_of (self->url);
    g_autofree char *name = offered_name (url);
    self->is_naming = TRUE;
    gtk_editable_set_text (GTK_EDITABLE (self->name), name);
    self->is_naming = FALSE;
  }
  g_autoptr (PraxiCameraSpec) spec = read_spec (self);
  const gboolean is_good = praxi_camera_spec_fault (spec) == NULL;
  gtk_widget_set_sensitive (GTK_WIDGET (self->open_button), is_good);
  gtk_widget_set_sensitive (GTK_WIDGET (self->test_button), is_good && self->test == NULL);
  const gboolean is_rtsp = g_ascii_strncasecmp (spec->url, "rtsp", 4) == 0;
  gtk_widget_set_sensitive (GTK_WIDGET (self->transport), is_rtsp);
}

static void
open_cb (PraxiCameraDialog *self)
{
  g_autoptr (PraxiCameraSpec) spec = read_spec (self);
  const char *fault = praxi_camera_spec_fault (spec);
  if (fault == NULL && !self->is_change && praxi_session_has_camera (self->session, spec->name))
    fault = _ ("There is a camera of this name already: choose another");
  if (fault != NULL) {
    say (self, fault, TRUE);
    return;
  }
  praxi_session_add_camera (self->session, spec);
  gtk_window_close (GTK_WINDOW (self));
}

static void
show_address (PraxiCameraDialog *self, const PraxiCameraSpec *spec)
{
  gtk_editable_set_text (GTK_EDITABLE (self->url), spec->url);
  gtk_editable_set_text (GTK_EDITABLE (self->user), spec->user);
  gtk_editable_set_text (GTK_EDITABLE (self->password), spec->password);
}

/* --- asking the camera --------------------------------------------------------------------- */

static void
end_test (PraxiCameraDialog *self)
{
  g_clear_pointer (&self->test, praxi_job_free);
  gtk_spinner_stop (self->spinner);
  changed_cb (self, NULL);
}

/* The first answer is the verdict. */
static void
line_cb (PraxiJob *job, JsonObject *line, gpointer user_data)
{
  PraxiCameraDialog *self = user_data;
  const char *what = json_object_get_string_member_with_default (line, "what", "");
  g_autofree char *text = praxi_camera_words (line);
  const gboolean is_picture = g_str_equal (what, "picture");
  if (!is_picture && !g_str_equal (what, "error"))
    return;
  g_autofree char *said =
      is_picture ? g_strdup_printf (_ ("✓ The camera sends pictures: %s"), text) : g_strdup (text);
  say (self, said, !is_picture);
  end_test (self);
}

static void
finished_cb (PraxiJob *job, gpointer user_data)
{
  PraxiCameraDialog *self = user_data;
  const char *text = praxi_job_error_text (job);
  say (self, *text != '\0' ? text : _ ("The camera sent nothing in 6 seconds"), TRUE);
  end_test (self);
}

static void
test_cb (PraxiCameraDialog *self)
{
  static const PraxiJobEvents events = {.line = line_cb, .finished = finished_cb};
  g_autoptr (PraxiCameraSpec) spec = read_spec (self);
  show_address (self, spec); /* a password in the address moves to its own row */
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_strv_builder_add_many (builder, praxi_session_program (self->session), "watch", "--progress",
                           "json", "--for", TEST_S, NULL);
  if (spec->udp)
    g_strv_builder_add (builder, "--udp");
  if (*spec->user != '\0')
    g_strv_builder_add (builder, "--password-stdin");
  g_strv_builder_add_many (builder, "--", spec->url, NULL);
  g_auto (GStrv) argv = g_strv_builder_end (builder);
  g_autofree char *secret = g_strdup_printf ("%s\n%s\n", spec->user, spec->password);
  const PraxiJobExtras extras = {.input = *spec->user != '\0' ? secret : NULL,
                                 .kill_after_ms = KILL_TEST_MS};
  g_autoptr (GError) error = NULL;
  self->test = praxi_job_start_with ((const char *const *) argv, &extras, &events, self, &error);
  explicit_bzero (secret, strlen (secret));
  if (self->test == NULL) {
    say (self, error->message, TRUE);
    return;
  }
  say (self, _ ("Asking the camera…"), FALSE);
  gtk_spinner_start (self->spinner);
  gtk_widget_set_sensitive (GTK_WIDGET (self->test_button), FALSE);
}

/* --- cameras of this computer -------------------------------------------------------------- */

static void
device_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  PraxiCameraDialog *self = user_data;
  gtk_editable_set_text (GTK_EDITABLE (self->url), g_variant_get_string (parameter, NULL));
}

/* The kernel names each node; a camera has several, of which the first brings pictures. */
static gboolean
is_first_node (const char *node)
{
  g_autofree char *path = g_build_filename (VIDEO_CLASS, node, "index", NULL);
  g_autofree char *text = NULL;
  return !g_file_get_contents (path, &text, NULL, NULL) || g_ascii_strtoll (text, NULL, 10) == 0;
}

static int
add_devices (GMenu *menu)
{
  int n_devices = 0;
  g_autoptr (GDir) dir = g_dir_open (VIDEO_CLASS, 0, NULL);
  const char *node;
  while (dir != NULL && (node = g_dir_read_name (dir)) != NULL) {
    g_autofree char *name_path = g_build_filename (VIDEO_CLASS, node, "name", NULL);
    g_autofree char *device = g_build_filename ("/dev", node, NULL);
    g_autofree char *name = NULL;
    if (!g_str_has_prefix (node, "video") || !is_first_node (node) ||
        !g_file_test (device, G_FILE_TEST_EXISTS))
      continue;
    g_file_get_contents (name_path, &name, NULL, NULL);
    g_autofree char *valid = name != NULL ? g_utf8_make_valid (g_strstrip (name), -1) : NULL;
    g_autofree char *label =
        valid != NULL ? g_strdup_printf ("%s (%s)", valid, device) : g_strdup (device);
    g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);
    g_menu_item_set_action_and_target (item, "camera.device", "s", device);
    g_menu_append_item (menu, item);
    n_devices++;
  }
  return n_devices;
}

static void
list_devices (PraxiCameraDialog *self)
{
  static const GActionEntry entries[] = {
      {.name = "device", .activate = device_cb, .parameter_type = "s"}};
  g_autoptr (GSimpleActionGroup) group = g_simple_action_group_new ();
  g_autoptr (GMenu) menu = g_menu_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (group), entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "camera", G_ACTION_GROUP (group));
  if (add_devices (menu) == 0)
    g_menu_append (menu, _ ("None is connected"), "camera.none");
  gtk_menu_button_set_menu_model (self->devices, G_MENU_MODEL (menu));
}

/* --- life ---------------------------------------------------------------------------------- */

static gboolean
is_chosen (const PraxiCameraSpec *spec, const char *class_name)
{
  return spec != NULL && spec->alerts != NULL &&
         g_strv_contains ((const char *const *) spec->alerts, class_name);
}

static void
add_alert (PraxiCameraDialog *self, const char *class_name, gboolean is_on)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *on = gtk_switch_new ();
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), class_name);
  gtk_widget_set_valign (on, GTK_ALIGN_CENTER);
  gtk_switch_set_active (GTK_SWITCH (on), is_on);
  gtk_accessible_update_property (GTK_ACCESSIBLE (on), GTK_ACCESSIBLE_PROPERTY_LABEL, class_name,
                                  -1);
  g_object_set_data_full (G_OBJECT (on), "praxi-class", g_strdup (class_name), g_free);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), on);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), on);
  adw_preferences_group_add (self->alerts, row);
  g_ptr_array_add (self->alert_switches, on);
}

/* The classes of the bundled models, which the camera is watched with. */
static void
add_alerts (PraxiCameraDialog *self, const PraxiCameraSpec *spec)
{
  static const char *const classes[] = {"fight", "fall"};
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    add_alert (self, classes[i], is_chosen (spec, classes[i]));
}

static void
show_spec (PraxiCameraDialog *self, const PraxiCameraSpec *spec)
{
  self->is_change = self->has_own_name = TRUE;
  gtk_window_set_title (GTK_WINDOW (self), _ ("Change the camera"));
  gtk_button_set_label (self->open_button, _ ("_Change"));
  show_address (self, spec);
  gtk_editable_set_text (GTK_EDITABLE (self->name), spec->name);
  gtk_editable_set_editable (GTK_EDITABLE (self->name), FALSE);
  adw_combo_row_set_selected (self->transport, spec->udp ? 1 : 0);
  gtk_switch_set_active (self->remember, spec->remembers);
  gtk_spin_button_set_value (self->keep_days, spec->keep_days);
  gtk_spin_button_set_value (self->keep_gb, spec->keep_gb);
}

GtkWindow *
praxi_camera_dialog_new (GtkWindow *parent, PraxiSession *session, const PraxiCameraSpec *spec)
{
  PraxiCameraDialog *self = g_object_new (PRAXI_TYPE_CAMERA_DIALOG, "transient-for", parent, NULL);
  self->session = g_object_ref (session);
  gtk_widget_set_visible (self->remember_row, praxi_secrets_are_built_in ());
  list_devices (self);
  add_alerts (self, spec);
  if (spec != NULL)
    show_spec (self, spec);
  changed_cb (self, NULL);
  gtk_widget_grab_focus (GTK_WIDGET (self->url));
  return GTK_WINDOW (self);
}

static void
praxi_camera_dialog_dispose (GObject *object)
{
  PraxiCameraDialog *self = PRAXI_CAMERA_DIALOG (object);
  g_clear_pointer (&self->test, praxi_job_free);
  g_clear_pointer (&self->alert_switches, g_ptr_array_unref);
  g_clear_object (&self->session);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_CAMERA_DIALOG);
  G_OBJECT_CLASS (praxi_camera_dialog_parent_class)->dispose (object);
}

static void
praxi_camera_dialog_class_init (PraxiCameraDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_camera_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/camera-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, url);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, devices);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, name);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, transport);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, user);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, password);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, remember_row);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, remember);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, keep_days);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, keep_gb);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, alerts);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, test_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, spinner);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, verdict);
  gtk_widget_class_bind_template_child (widget_class, PraxiCameraDialog, open_button);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, open_cb);
  gtk_widget_class_bind_template_callback (widget_class, test_cb);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
praxi_camera_dialog_init (PraxiCameraDialog *self)
{
  self->alert_switches = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}
