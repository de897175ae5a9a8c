#include "ui/learn-page.h"

#include <glib/gi18n.h>

#include "ui/lighten-page.h"
#include "ui/train-page.h"
#include "ui/tune-page.h"

enum { SPACING_PX = 12 };

GtkWidget *
praxi_learn_page_new (PraxiSession *session)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, SPACING_PX);
  GtkWidget *pages = gtk_stack_new (), *switcher = gtk_stack_switcher_new ();
  gtk_stack_add_titled (GTK_STACK (pages), praxi_train_page_new (session), "train", _ ("Train"));
  gtk_stack_add_titled (GTK_STACK (pages), praxi_lighten_page_new (session), "lighten",
                        _ ("Lighten"));
  gtk_stack_add_titled (GTK_STACK (pages), praxi_tune_page_new (session), "tune", _ ("Tune"));
  gtk_stack_switcher_set_stack (GTK_STACK_SWITCHER (switcher), GTK_STACK (pages));
  gtk_widget_add_css_class (switcher, "narrow");
  gtk_widget_set_margin_top (switcher, SPACING_PX / 2);
  gtk_widget_set_margin_start (switcher, SPACING_PX);
  gtk_widget_set_margin_end (switcher, SPACING_PX);
  gtk_widget_set_vexpand (pages, TRUE);
  gtk_box_append (GTK_BOX (box), switcher);
  gtk_box_append (GTK_BOX (box), pages);
  return box;
}
