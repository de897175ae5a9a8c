#include "kernels/cuda/driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "kernels/backend.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CudaDriver driver;
static char why_not[PRAXI_WHY_BYTES];
static bool is_good;

/* The name of the first call that the library lacks, or NULL. */
static const char *
read_calls (void *library)
{
#define READ(symbol, member, arguments)                                                            \
  *(void **) &driver.member = dlsym (library, #symbol);                                            \
  if (!driver.member)                                                                              \
    return #symbol;
  CUDA_DRIVER_CALLS (READ)
#undef READ
  return NULL;
}

static void
say_old (int version)
{
  snprintf (why_not, sizeof why_not,
            "the NVIDIA driver supports CUDA %d.%d, this build needs %d.%d: install driver R580 or "
            "newer",
            version / 1000, version % 1000 / 10, CUDA_NEEDED_VERSION / 1000,
            CUDA_NEEDED_VERSION % 1000 / 10);
}

static void
say_not_started (int error)
{
  const char *text = NULL;
  if (error == CUDA_NO_DEVICE) {
    snprintf (why_not, sizeof why_not, "the NVIDIA driver finds no GPU");
    return;
  }
  if (error == CUDA_STUB_LIBRARY) {
    snprintf (why_not, sizeof why_not,
              "libcuda.so.1 is the stub of a toolkit; install the NVIDIA driver");
    return;
  }
  driver.error_string (error, &text);
  snprintf (why_not, sizeof why_not, "the NVIDIA driver does not start (%s, CUDA error %d)%s",
            text ? text : "no text", error,
            error == CUDA_UNKNOWN ? "; is the module nvidia_uvm loaded?" : "");
}

static void
start (void)
{
  void *library = dlopen ("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf (why_not, sizeof why_not, "there is no NVIDIA driver (libcuda.so.1 was not found)");
    return;
  }
  const char *missing = read_calls (library);
  int version = 0;
  /* The version can be asked before cuInit, and an old driver lacks calls. */
  if (driver.version && driver.version (&version) == 0 && version > 0 &&
      version < CUDA_NEEDED_VERSION) {
    say_old (version);
    return;
  }
  if (missing) {
    snprintf (why_not, sizeof why_not, "the NVIDIA driver lacks %s: install driver R580 or newer",
              missing);
    return;
  }
  const int error = driver.init (0);
  if (error != 0) {
    say_not_started (error);
    return;
  }
  snprintf (driver.version_text, sizeof driver.version_text, "CUDA %d.%d", version / 1000,
            version % 1000 / 10);
  is_good = true;
}

const CudaDriver *
praxi_cuda_driver (char *why)
{
  pthread_once (&once, start);
  if (!is_good)
    snprintf (why, PRAXI_WHY_BYTES, "%s", why_not);
  return is_good ? &driver : NULL;
}
