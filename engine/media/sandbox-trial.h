/* What a decoder that somebody took over would try. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PRAXI_SANDBOX_ATTEMPTS 14

/* error: errno of the attempt, 0: it succeeded; what: static */
typedef struct {
  const char *what;
  int error;
} PraxiSandboxAttempt;

/* Tries each and fills attempts [PRAXI_SANDBOX_ATTEMPTS]. For a process that has entered the
 * sandbox and has nothing else to do: an attempt that succeeds takes effect.
 */
void praxi_sandbox_try (PraxiSandboxAttempt *attempts);

G_END_DECLS
