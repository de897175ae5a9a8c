/* praxiscope: the workbench. */
#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

#include "app/application.h"
#include "app/report.h"

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, PRAXI_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_application_name ("Praxiscope");
  if (argc > 1 && strcmp (argv[1], PRAXI_REPORT_OPTION) == 0)
    return praxi_report_main (argc - 1, argv + 1);
  g_autoptr (PraxiApplication) app = praxi_application_new ();
  return g_application_run (G_APPLICATION (app), argc, argv);
}
