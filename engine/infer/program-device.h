/* A program on a device with memory of its own. program.h's inside.
 *
 * All it needs there is one block, planned before it is asked for: activations, inputs, scratch,
 * packed weights. The program's tensors stay the processor's view of the same arena, in which the
 * operators run that the device has no kernel for; what they read and write is copied.
 */
#pragma once

#include "kernels/backend.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct PraxiProgram PraxiProgram;
typedef struct PraxiProgramDevice PraxiProgramDevice;

/* program: prepared, its arena planned
 * Errors:  MEMORY (the budget or the device has less), DEVICE
 */
PraxiProgramDevice *praxi_program_device_new (PraxiProgram *program, GError **error);
void praxi_program_device_free (PraxiProgramDevice *device);

/* Uploads inputs, runs the steps, downloads outputs.
 * Errors: DEVICE (lost), and what a step on the processor has
 */
gboolean praxi_program_device_run (PraxiProgramDevice *device, GError **error);

gsize praxi_program_device_bytes (const PraxiProgramDevice *device);

G_END_DECLS
