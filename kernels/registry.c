/* Finds the plug-in. It is never closed: a driver does not unload cleanly. */
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/backend.h"

#define FILE_NAME "praxi-cuda.so"

/* The backend registry: written once. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const PraxiPlugin *plugin;
static char why_not[PRAXI_WHY_BYTES];

static void
load (const char *path)
{
  void *handle = dlopen (path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    snprintf (why_not, sizeof why_not, "the CUDA plug-in does not load: %s", dlerror ());
    return;
  }
  PraxiPluginEntry *entry = NULL;
  *(void **) &entry = dlsym (handle, "praxi_plugin_entry");
  plugin = entry ? entry (PRAXI_BACKEND_ABI) : NULL;
  if (plugin && plugin->abi != PRAXI_BACKEND_ABI)
    plugin = NULL;
  if (!plugin)
    snprintf (why_not, sizeof why_not,
              "%.160s is of another version of praxiscope; install the one that belongs to it",
              path);
}

static bool
load_if_there (const char *folder, const char *below)
{
  char path[PATH_MAX];
  const int n = snprintf (path, sizeof path, "%s%s/%s", folder, below, FILE_NAME);
  if (n < 0 || n >= (int) sizeof path || access (path, R_OK) != 0)
    return false;
  load (path);
  return true;
}

static void
find (void)
{
  const char *named = getenv ("PRAXI_PLUGINS");
  char folder[PATH_MAX];
  snprintf (why_not, sizeof why_not, "the CUDA plug-in %s is not installed", FILE_NAME);
  if (named && *named) {
    load_if_there (named, "");
    return;
  }
  const ssize_t length = readlink ("/proc/self/exe", folder, sizeof folder - 1);
  if (length > 0) {
    folder[length] = '\0';
    *strrchr (folder, '/') = '\0';
    /* the second is where a build folder has it */
    if (load_if_there (folder, "") || load_if_there (folder, "/../kernels/cuda"))
      return;
  }
  load_if_there (PRAXI_PLUGIN_DIR, "");
}

const PraxiPlugin *
praxi_plugin_cuda (char *why)
{
  pthread_once (&once, find);
  if (!plugin && why)
    snprintf (why, PRAXI_WHY_BYTES, "%s", why_not);
  return plugin;
}
