#include "engine/media/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/media/sandbox-filter.h"

/* Three decoders of H.264 in 7680 × 4320 take 2.7 GB of it on two cores, and more with more. */
#define ADDRESS_SPACE_BYTES (G_GUINT64_CONSTANT (4) << 30)
#define MAX_DESCRIPTORS 32

/* Landlock's numbers: headers may be older than the kernel. */
#define LANDLOCK_VERSION 1u
#define LANDLOCK_FILES_1 ((G_GUINT64_CONSTANT (1) << 13) - 1)
#define LANDLOCK_REFER (G_GUINT64_CONSTANT (1) << 13)
#define LANDLOCK_TRUNCATE (G_GUINT64_CONSTANT (1) << 14)
#define LANDLOCK_DEVICE_IOCTL (G_GUINT64_CONSTANT (1) << 15)
#define LANDLOCK_TCP 3
#define LANDLOCK_SCOPES 3 /* abstract sockets, signals */

typedef struct {
  guint64 files;
  guint64 network; /* from version 4 on */
  guint64 scopes;  /* from version 6 on */
} LandlockRights;

/* An instrumented build reserves terabytes of addresses, and its search for leaks at the end needs
 * what is given up here. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_INSTRUMENTED TRUE
#include <sanitizer/common_interface_defs.h>
/* A file of reports could not be opened any more. */
#define REPORT_ON_STDERR() __sanitizer_set_report_fd (GINT_TO_POINTER (STDERR_FILENO))
#else
#define IS_INSTRUMENTED FALSE
#define REPORT_ON_STDERR() ((void) 0)
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#define SEARCH_LEAKS_NOW() __lsan_do_leak_check ()
#else
#define SEARCH_LEAKS_NOW() ((void) 0)
#endif

static gboolean
refuse (GError **error)
{
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "the decoder cannot be confined: %s",
               g_strerror (errno));
  return FALSE;
}

static gboolean
limit (int resource, guint64 value, GError **error)
{
  struct rlimit limits;
  if (getrlimit (resource, &limits) == 0) {
    limits.rlim_cur = limits.rlim_max = MIN ((guint64) limits.rlim_max, value);
    if (setrlimit (resource, &limits) == 0)
      return TRUE;
  }
  return refuse (error);
}

static gboolean
set_limits (GError **error)
{
  signal (SIGXFSZ, SIG_IGN);
  return limit (RLIMIT_CORE, 0, error) && limit (RLIMIT_FSIZE, 0, error) &&
         limit (RLIMIT_NOFILE, MAX_DESCRIPTORS, error) &&
         (IS_INSTRUMENTED || limit (RLIMIT_AS, ADDRESS_SPACE_BYTES, error));
}

static int
landlock_abi (void)
{
#ifdef SYS_landlock_create_ruleset
  return MAX (0, (int) syscall (SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION));
#else
  return 0;
#endif
}

/* A set of rules without a rule: every right it names is gone. */
static gboolean
drop_file_access (int abi, GError **error)
{
#ifdef SYS_landlock_create_ruleset
  const LandlockRights rights = {
      .files = LANDLOCK_FILES_1 | (abi >= 2 ? LANDLOCK_REFER : 0) |
               (abi >= 3 ? LANDLOCK_TRUNCATE : 0) | (abi >= 5 ? LANDLOCK_DEVICE_IOCTL : 0),
      .network = abi >= 4 ? LANDLOCK_TCP : 0,
      .scopes = abi >= 6 ? LANDLOCK_SCOPES : 0,
  };
  const int set = (int) syscall (SYS_landlock_create_ruleset, &rights, sizeof rights, 0u);
  if (set < 0)
    return refuse (error);
  const gboolean is_dropped = syscall (SYS_landlock_restrict_self, set, 0u) == 0;
  if (!is_dropped)
    refuse (error);
  close (set);
  return is_dropped;
#else
  return TRUE;
#endif
}

PraxiSandboxSupport
praxi_sandbox_support (void)
{
  return (PraxiSandboxSupport){.landlock_abi = landlock_abi (),
                               .has_filter = praxi_sandbox_filter_exists ()};
}

gboolean
praxi_sandbox_enter (GError **error)
{
  const PraxiSandboxSupport support = praxi_sandbox_support ();
  SEARCH_LEAKS_NOW ();
  REPORT_ON_STDERR ();
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  prctl (PR_SET_DUMPABLE, 0);
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return refuse (error);
  if (support.landlock_abi == 0)
    g_debug ("this kernel has no Landlock: the decoder is held by the other means alone");
  else if (!drop_file_access (support.landlock_abi, error))
    return FALSE;
  if (!set_limits (error))
    return FALSE;
  if (!support.has_filter)
    g_debug ("no filter of system calls here: the decoder is held by the other means alone");
  else if (!praxi_sandbox_filter_install ())
    return refuse (error);
  return TRUE;
}
