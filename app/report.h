/* The workbench without a window: writes the report of a footage, as `praxi report` asks for. It
 * needs no display and changes nothing in the project.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PRAXI_REPORT_OPTION "--report"

/* argv: PRAXI_REPORT_OPTION OUT PROJECT MEDIA [--json]. Returns the exit status. */
int praxi_report_main (int argc, char **argv);

G_END_DECLS
