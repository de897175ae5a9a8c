/* Where the values of a program lie in memory. The program's inside. */
#pragma once

#include "engine/infer/program.h"

G_BEGIN_DECLS

/* The first and last step that touch each root; −1 where none makes it; one past the last of what
 * is read after all of them.
 * first, last: [values of the graph]
 */
void praxi_program_find_lives (const PraxiProgram *program, int *first, int *last);

/* Reserves the arena and points the values that steps make into it.
 * in_place: as PraxiProgramOptions has it; without sections only
 * Errors:   MEMORY
 */
gboolean praxi_program_plan_arena (PraxiProgram *program, gboolean in_place, GError **error);

G_END_DECLS
