#include "engine/media/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "engine/core/error.h"

#define ADDRESS_SPACE_BYTES (G_GUINT64_CONSTANT (3) << 30)
#define MAX_DESCRIPTORS 32

/* An instrumented build reserves terabytes of addresses. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMITS_ADDRESSES FALSE
#else
#define LIMITS_ADDRESSES TRUE
#endif

static gboolean
limit (int resource, guint64 value, GError **error)
{
  struct rlimit limits;
  if (getrlimit (resource, &limits) == 0) {
    limits.rlim_cur = limits.rlim_max = MIN ((guint64) limits.rlim_max, value);
    if (setrlimit (resource, &limits) == 0)
      return TRUE;
  }
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "the decoder cannot be confined: %s",
               g_strerror (errno));
  return FALSE;
}

gboolean
praxi_sandbox_enter (GError **error)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  signal (SIGXFSZ, SIG_IGN);
  return limit (RLIMIT_CORE, 0, error) && limit (RLIMIT_FSIZE, 0, error) &&
         limit (RLIMIT_NOFILE, MAX_DESCRIPTORS, error) &&
         (!LIMITS_ADDRESSES || limit (RLIMIT_AS, ADDRESS_SPACE_BYTES, error));
}
