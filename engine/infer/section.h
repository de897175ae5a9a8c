/* The sections of a program (section-plan.h): their kernels and their runs. The program's inside.
 */
#pragma once

#include "engine/infer/program.h"

G_BEGIN_DECLS

/* Plans them for a program that has its layout, and no kernels yet.
 * program: borrowed
 * Returns: NULL where nothing is worth one
 */
PraxiSections *praxi_sections_new (PraxiProgram *program, const PraxiSectionLimits *limits);
void praxi_sections_free (PraxiSections *sections);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiSections, praxi_sections_free)

gboolean praxi_sections_has (const PraxiSections *sections, int step);

/* What a root that a step makes needs: bytes, and steps that touch it. */
void
praxi_sections_life (const PraxiSections *sections, int value, gsize *bytes, int *first, int *last);

/* Prepares the kernels of a step that a section has, and lends one of them to the program's.
 * Several threads may prepare steps at once. Errors: UNSUPPORTED, MEMORY
 */
PraxiStatus praxi_sections_prepare (PraxiSections *sections, int step);

/* Of a step that is prepared: the most scratch of its kernels, and what they have packed. */
void praxi_sections_measure (const PraxiSections *sections,
                             int step,
                             gsize *scratch_bytes,
                             gsize *packed_bytes);

/* Runs the section that begins with a step.
 * end: the step behind it
 * Errors: those of kernels; at: the step that failed
 */
PraxiStatus praxi_sections_run (PraxiSections *sections, int first, int *end, int *at);

G_END_DECLS
