/* A disk in memory under the real store: files, a folder, what of both would survive if the power
 * failed now. It stands in for SQLite's "unix" file system and for PraxiDisk at once.
 *
 * What it takes for granted: a write of 512 bytes happens or does not; a file that was synced keeps
 * what it held. Everything else may be lost, partly lost or reordered.
 */
#pragma once

#include "engine/store/disk.h"

G_BEGIN_DECLS

/* How far folder entries survive. EXT4: in order, and any sync of a file carries all earlier ones
 * along. POSIX: each by itself, until the folder is synced.
 */
typedef enum { SIMULATED_EXT4, SIMULATED_POSIX } SimulatedModel;

typedef enum {
  SIMULATED_NO_FAULT,
  SIMULATED_POWER,      /* at the operation, and for good */
  SIMULATED_ERROR_ONCE, /* only that operation fails */
  SIMULATED_ERROR_FOREVER,
  SIMULATED_FULL_FOREVER, /* only writes fail: the disk is full */
} SimulatedFault;

/* Starts with an empty folder; forgets what was there. There is one such disk in a process. */
void simulated_disk_reset (SimulatedModel model, guint32 seed);

const PraxiDisk *simulated_disk (void);

/* Counts operations that change something (writes, syncs, names) from here; the n-th fails. */
void simulated_disk_fault_at (SimulatedFault fault, int n);
void simulated_disk_clear_fault (void);
gboolean simulated_disk_has_faulted (void);
int simulated_disk_n_operations (void);

/* The power fails: what was not synced is lost as the model allows; then it is back. */
void simulated_disk_cut_power (void);

/* The next number of the disk's random sequence. */
guint32 simulated_disk_random (void);

G_END_DECLS
