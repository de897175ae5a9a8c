#include "kernels/cuda/cudnn.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/backend.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CudnnLibrary library;
static char sentence[PRAXI_WHY_BYTES];
static bool is_good;

/* The name of the first call that the library lacks, or NULL. */
static const char *
read_calls (void *opened)
{
#define READ(symbol, member, type, arguments)                                                      \
  *(void **) &library.member = dlsym (opened, #symbol);                                            \
  if (!library.member)                                                                             \
    return #symbol;
  CUDNN_CALLS (READ)
#undef READ
  return NULL;
}

static void
say_version (void)
{
  const unsigned major = library.number / 10000, minor = library.number / 100 % 100;
  is_good = library.number >= CUDNN_OLDEST && major == 9;
  snprintf (sentence, sizeof sentence,
            is_good ? "cuDNN %u.%u is tried beside the own convolutions"
                    : "cuDNN %u.%u is not used: it has to be 9.15 or a newer 9",
            major, minor);
}

static void
start (void)
{
  const char *wanted = getenv ("PRAXI_CUDNN");
  if (wanted && strcmp (wanted, "off") == 0) {
    snprintf (sentence, sizeof sentence, "cuDNN is not used: PRAXI_CUDNN is off");
    return;
  }
  /* Without the precompiled engines it opens 34 MB instead of 950 and loses nothing that the own
   * kernels lack; who sets another value keeps it.
   */
  setenv ("CUDNN_LIB_CONFIG", "GRAPH_JIT_ONLY", 0);
  void *opened = dlopen ("libcudnn.so.9", RTLD_NOW | RTLD_LOCAL);
  if (!opened) {
    snprintf (sentence, sizeof sentence, "cuDNN is not used: libcudnn.so.9 was not found");
    return;
  }
  const char *missing = read_calls (opened);
  if (missing) {
    snprintf (sentence, sizeof sentence, "cuDNN is not used: libcudnn.so.9 lacks %s", missing);
    return;
  }
  library.number = (unsigned) library.version ();
  say_version ();
}

const CudnnLibrary *
praxi_cudnn_library (char *said)
{
  pthread_once (&once, start);
  if (said)
    snprintf (said, PRAXI_WHY_BYTES, "%s", sentence);
  return is_good ? &library : NULL;
}
