#include "view-faults.h"

#include <glib/gi18n.h>
#include <string.h>

typedef struct {
  GtkWidget *root;
  int width_px, height_px;
  GString *faults;
} Search;

G_GNUC_PRINTF (3, 4)
static void
report (Search *search, GtkWidget *widget, const char *format, ...)
{
  va_list list;
  va_start (list, format);
  g_autofree char *what = g_strdup_vprintf (format, list);
  va_end (list);
  g_autofree char *line = g_strdup_printf (
      "%d x %d: %s “%s”: %s\n", search->width_px, search->height_px, G_OBJECT_TYPE_NAME (widget),
      GTK_IS_LABEL (widget) ? gtk_label_get_text (GTK_LABEL (widget)) : "", what);
  if (strstr (search->faults->str, line) == NULL)
    g_string_append (search->faults, line);
}

/* --- room ---------------------------------------------------------------------------------- */

static void
check_screen (Search *search)
{
  int width_px, height_px;
  gtk_widget_measure (search->root, GTK_ORIENTATION_HORIZONTAL, -1, &width_px, NULL, NULL, NULL);
  gtk_widget_measure (search->root, GTK_ORIENTATION_VERTICAL, -1, &height_px, NULL, NULL, NULL);
  graphene_rect_t box; /* with the border */
  g_assert_true (gtk_widget_compute_bounds (search->root, search->root, &box));
  width_px = MAX (width_px, (int) box.size.width) + gtk_widget_get_width (search->root) -
             (int) box.size.width;
  height_px = MAX (height_px, (int) box.size.height) + gtk_widget_get_height (search->root) -
              (int) box.size.height;
  if (width_px > search->width_px)
    report (search, search->root, "%d px wide", width_px);
  if (height_px > search->height_px)
    report (search, search->root, "%d px high", height_px);
}

/* Up and down a page may be scrolled. What hides all that reaches over its edges is a frame too. */
static GtkWidget *
find_frame (GtkWidget *widget, GtkWidget *root)
{
  for (GtkWidget *frame = gtk_widget_get_parent (widget); frame != root;
       frame = gtk_widget_get_parent (frame))
    if (GTK_IS_SCROLLED_WINDOW (frame) ||
        (gtk_widget_get_overflow (frame) == GTK_OVERFLOW_HIDDEN && !GTK_IS_SCROLLABLE (frame)))
      return frame;
  return root;
}

static void
check_place (Search *search, GtkWidget *widget)
{
  GtkWidget *frame = find_frame (widget, search->root);
  graphene_rect_t box;
  if (!gtk_widget_compute_bounds (widget, frame, &box))
    return;
  const float right = box.origin.x + box.size.width, bottom = box.origin.y + box.size.height;
  if (box.origin.x < -1 || right > (float) gtk_widget_get_width (frame) + 1)
    report (search, widget, "from %.0f to %.0f px in %d px", box.origin.x, right,
            gtk_widget_get_width (frame));
  if (!GTK_IS_SCROLLED_WINDOW (frame) &&
      (box.origin.y < -1 || bottom > (float) gtk_widget_get_height (frame) + 1))
    report (search, widget, "down to %.0f px in %d px", bottom, gtk_widget_get_height (frame));
}

/* --- texts --------------------------------------------------------------------------------- */

/* Whoever cuts a text off says it whole when pointed at; the desktop shows a window's title too. */
static gboolean
has_tip (GtkWidget *widget)
{
  if (gtk_widget_has_css_class (widget, "title") &&
      gtk_widget_get_ancestor (widget, GTK_TYPE_WINDOW_HANDLE) != NULL)
    return TRUE;
  for (; widget != NULL && !GTK_IS_ROOT (widget); widget = gtk_widget_get_parent (widget))
    if (gtk_widget_get_has_tooltip (widget))
      return TRUE;
  return FALSE;
}

static void
check_text (Search *search, GtkLabel *label)
{
  GtkWidget *widget = GTK_WIDGET (label);
  int width_px, height_px;
  pango_layout_get_pixel_size (gtk_label_get_layout (label), &width_px, &height_px);
  if (pango_layout_is_ellipsized (gtk_label_get_layout (label))) {
    if (!has_tip (widget))
      report (search, widget, "cut off, and nothing says the rest");
  } else if (width_px > gtk_widget_get_width (widget) + 1 ||
             height_px > gtk_widget_get_height (widget) + 2) { /* fallback fonts are higher */
    report (search, widget, "%d x %d px in %d x %d px", width_px, height_px,
            gtk_widget_get_width (widget), gtk_widget_get_height (widget));
  }
}

static void
check_language (Search *search, GtkLabel *label)
{
  const char *text = gtk_label_get_text (label);
  if (*text != '\0' && !g_str_equal (_ (text), text))
    report (search, GTK_WIDGET (label), "is translated as “%s”", _ (text));
}

static void check_children (Search *search, GtkWidget *widget);

static void
check_widget (Search *search, GtkWidget *widget)
{
  if (!gtk_widget_get_mapped (widget))
    return;
  if (!g_str_equal (G_OBJECT_TYPE_NAME (widget), "GtkGizmo")) /* sliders reach over their ends */
    check_place (search, widget);
  if (GTK_IS_LABEL (widget)) {
    check_text (search, GTK_LABEL (widget));
    check_language (search, GTK_LABEL (widget));
  }
  check_children (search, widget);
}

static void
check_children (Search *search, GtkWidget *widget)
{
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (!GTK_IS_NATIVE (child))
      check_widget (search, child);
}

void
view_faults_find (GtkWidget *root, int width_px, int height_px, GString *faults)
{
  Search search = {root, width_px, height_px, faults};
  check_screen (&search);
  check_children (&search, root);
}
