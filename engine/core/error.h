/* The error domain of everything above kernels. A message says what failed, on which file, and what
 * to try: "FILE: what; what to try". It ends without a full stop.
 */
#pragma once

#include <glib.h>

#include "kernels/status.h"

G_BEGIN_DECLS

#define PRAXI_ERROR (praxi_error_quark ())

typedef enum {
  PRAXI_ERROR_FAILED,
  PRAXI_ERROR_NOT_FOUND,   /* the file or row does not exist */
  PRAXI_ERROR_FORMAT,      /* the input is damaged or not what it claims to be */
  PRAXI_ERROR_UNSUPPORTED, /* well-formed, but not something this program handles */
  PRAXI_ERROR_MEMORY,
  PRAXI_ERROR_DEVICE,
  PRAXI_ERROR_DISK,      /* full, or the system refused a write */
  PRAXI_ERROR_READ_ONLY, /* the store can be read but not changed */
  PRAXI_ERROR_BUSY,      /* someone else holds it */
  PRAXI_ERROR_CANCELLED,
  PRAXI_ERROR_USAGE, /* the caller's words, not its data */
} PraxiErrorCode;

GQuark praxi_error_quark (void);

/* Turns a kernel status into an error; the only place where that happens.
 * what:   names the operation and the file, for the message; borrowed
 * Returns FALSE when status is not PRAXI_OK, so that callers can return it.
 */
gboolean praxi_error_from_status (PraxiStatus status, const char *what, GError **error);

/* Sets an error of this domain. Returns FALSE, so that callers can. */
gboolean praxi_error_fail (GError **error, PraxiErrorCode code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* The same of a file: "FILE: ", its name fit for a message, and what format says; borrowed. */
gboolean praxi_error_fail_file (GError **error,
                                PraxiErrorCode code,
                                const char *path,
                                const char *format,
                                ...) G_GNUC_PRINTF (4, 5);

G_END_DECLS
