/* A libcuda.so.1 without a GPU: it runs the real kernels in emulation, and fails as it is told to.
 *
 *   FAKE_CUDA_INIT=N        cuInit gives error N (100 no device, 999 unknown, 34 a stub)
 *   FAKE_CUDA_VERSION=N     the driver supports CUDA N (12020 is 12.2)
 *   FAKE_CUDA_DEVICES=N     so many devices
 *   FAKE_CUDA_ARCH=N        compute capability, 86 is 8.6
 *   FAKE_CUDA_MEMORY=BYTES  of the card
 *   FAKE_CUDA_OOM_AT=N      the N-th allocation fails; with FAKE_CUDA_OOM_ALL=1 all from there on
 *   FAKE_CUDA_FAIL_AT=N     from the N-th launch on every call gives FAKE_CUDA_ERROR (700)
 *   FAKE_CUDA_HANG_AT=N     from the N-th launch on the stream is never done
 *   FAKE_CUDA_LOG=FILE      a line an allocation, launch and graph launch
 *
 * Events tell a clock on which a kernel whose threads wait takes a millisecond, another 1/64.
 */
#include "kernels/cuda/device/kernels.cu"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "tests/kernels/cuda/fake-work.h"

#define EXPORT extern "C" __attribute__ ((visibility ("default")))

namespace
{
struct Entry {
  const char *name;
  void (*run) (const void *args);
  size_t args_bytes;
  bool waits;
};

template <typename Args, void (*kernel) (Args)>
void
call (const void *args)
{
  kernel (*(const Args *) args);
}

const Entry entries[] = {
#define CUDA_KERNEL(name, Args, waits) {#name, call<const Args, name>, sizeof (Args), waits != 0},
#include "kernels/cuda/kernel-list.h"
#undef CUDA_KERNEL
};

struct Launch {
  const Entry *entry; /* NULL: work */
  dim3 grid, block;
  std::vector<char> args;
  std::shared_ptr<FakeWork> work;
};

struct Graph {
  std::vector<Launch> launches;
};

Graph *captured;
std::set<Graph *> graphs; /* a lost device never gets them back: they are no leak */
long n_allocations, n_launches;
size_t used_bytes;
bool is_hung;
double clock_ms;
std::map<uint64_t, size_t> allocations;

long
setting (const char *name, long by_default)
{
  const char *text = getenv (name);
  return text && *text ? atol (text) : by_default;
}

void
log_line (const char *what, const char *name, size_t bytes)
{
  const char *path = getenv ("FAKE_CUDA_LOG");
  FILE *file = path && *path ? fopen (path, "a") : nullptr;
  if (!file)
    return;
  fprintf (file, "%s %s %zu\n", what, name, bytes);
  fclose (file);
}

int
failure ()
{
  const long at = setting ("FAKE_CUDA_FAIL_AT", 0);
  return at > 0 && n_launches >= at ? (int) setting ("FAKE_CUDA_ERROR", 700) : 0;
}

int
count_launch ()
{
  const long hang = setting ("FAKE_CUDA_HANG_AT", 0);
  n_launches++;
  is_hung = is_hung || (hang > 0 && n_launches >= hang);
  return failure ();
}

void
execute (const Launch &launch)
{
  clock_ms += launch.work ? launch.work->ms : launch.entry->waits ? 1 : 1.0 / 64;
  if (launch.work) {
    launch.work->run ();
    return;
  }
  emulation::launch (launch.grid, launch.block, launch.entry->waits, launch.entry->run,
                     launch.args.data ());
}
} // namespace

EXPORT int
cuInit (unsigned)
{
  return (int) setting ("FAKE_CUDA_INIT", 0);
}

EXPORT int
cuDriverGetVersion (int *version)
{
  *version = (int) setting ("FAKE_CUDA_VERSION", 13000);
  return 0;
}

EXPORT int
cuDeviceGetCount (int *count)
{
  *count = (int) setting ("FAKE_CUDA_DEVICES", 1);
  return 0;
}

EXPORT int
cuDeviceGet (int *device, int i)
{
  *device = i;
  return 0;
}

EXPORT int
cuDeviceGetName (char *name, int n, int)
{
  snprintf (name, (size_t) n, "Emulated GPU");
  return 0;
}

EXPORT int
cuDeviceGetAttribute (int *value, int attribute, int)
{
  const int arch = (int) setting ("FAKE_CUDA_ARCH", 86);
  *value = attribute == 75 ? arch / 10 : attribute == 76 ? arch % 10 : attribute == 16 ? 4 : 0;
  return 0;
}

EXPORT int
cuDeviceGetPCIBusId (char *id, int n, int)
{
  snprintf (id, (size_t) n, "0000:42:00.0");
  return 0;
}

EXPORT int
cuDeviceTotalMem_v2 (size_t *bytes, int)
{
  *bytes = (size_t) setting ("FAKE_CUDA_MEMORY", 4L << 30);
  return 0;
}

EXPORT int
cuDevicePrimaryCtxRetain (void **context, int)
{
  static int here;
  *context = &here;
  return 0;
}

EXPORT int
cuDevicePrimaryCtxRelease_v2 (int)
{
  return 0;
}

EXPORT int
cuCtxSetCurrent (void *)
{
  return failure ();
}

EXPORT int
cuMemGetInfo_v2 (size_t *free_bytes, size_t *total)
{
  cuDeviceTotalMem_v2 (total, 0);
  *free_bytes = *total > used_bytes ? *total - used_bytes : 0;
  return failure ();
}

EXPORT int
cuMemAlloc_v2 (uint64_t *memory, size_t bytes)
{
  const long oom = setting ("FAKE_CUDA_OOM_AT", 0);
  size_t total;
  cuDeviceTotalMem_v2 (&total, 0);
  n_allocations++;
  log_line ("allocate", "memory", bytes);
  if (failure ())
    return failure ();
  const bool fails =
      oom > 0 && (setting ("FAKE_CUDA_OOM_ALL", 0) ? n_allocations >= oom : n_allocations == oom);
  void *data = nullptr;
  if (fails || used_bytes + bytes > total || posix_memalign (&data, 256, bytes) != 0)
    return 2;
  memset (data, 0xAB, bytes);
  *memory = (uint64_t) (uintptr_t) data;
  allocations[*memory] = bytes;
  used_bytes += bytes;
  return 0;
}

EXPORT int
cuMemFree_v2 (uint64_t memory)
{
  if (!allocations.count (memory))
    return 1;
  used_bytes -= allocations[memory];
  allocations.erase (memory);
  free ((void *) (uintptr_t) memory);
  return failure ();
}

EXPORT int
cuMemcpyHtoDAsync_v2 (uint64_t to, const void *from, size_t bytes, void *)
{
  if (!failure ())
    memcpy ((void *) (uintptr_t) to, from, bytes);
  return failure ();
}

EXPORT int
cuMemcpyDtoHAsync_v2 (void *to, uint64_t from, size_t bytes, void *)
{
  if (!failure ())
    memcpy (to, (const void *) (uintptr_t) from, bytes);
  return failure ();
}

EXPORT int
cuStreamCreate (void **stream, unsigned)
{
  static int here;
  *stream = &here;
  return failure ();
}

EXPORT int
cuStreamDestroy_v2 (void *)
{
  return failure ();
}

EXPORT int
cuStreamQuery (void *)
{
  return is_hung ? 600 : failure ();
}

EXPORT int
cuStreamBeginCapture_v2 (void *, int)
{
  captured = new Graph;
  graphs.insert (captured);
  return failure ();
}

EXPORT int
cuStreamEndCapture (void *, void **graph)
{
  *graph = captured;
  captured = nullptr;
  return failure ();
}

EXPORT int
cuGraphInstantiateWithFlags (void **exec, void *graph, unsigned long long)
{
  Graph *copy = new Graph (*(Graph *) graph);
  graphs.insert (copy);
  *exec = copy;
  return failure ();
}

EXPORT int
cuGraphUpload (void *, void *)
{
  return failure ();
}

EXPORT int
cuGraphLaunch (void *exec, void *)
{
  Graph *graph = (Graph *) exec;
  const int status = count_launch ();
  log_line ("graph", "of", graph->launches.size ());
  if (status == 0 && !is_hung)
    for (const Launch &launch : graph->launches)
      execute (launch);
  return status;
}

EXPORT int
cuGraphExecDestroy (void *exec)
{
  graphs.erase ((Graph *) exec);
  delete (Graph *) exec;
  return failure ();
}

EXPORT int
cuGraphDestroy (void *graph)
{
  graphs.erase ((Graph *) graph);
  delete (Graph *) graph;
  return failure ();
}

EXPORT int
cuModuleLoadData (void **module, const void *)
{
  static int here;
  *module = &here;
  return (int) setting ("FAKE_CUDA_MODULE", 0);
}

EXPORT int
cuModuleUnload (void *)
{
  return failure ();
}

EXPORT int
cuModuleGetFunction (void **function, void *, const char *name)
{
  for (const Entry &entry : entries)
    if (strcmp (entry.name, name) == 0) {
      *function = (void *) &entry;
      return 0;
    }
  return 500;
}

EXPORT int
cuLaunchKernel (void *function,
                unsigned gx,
                unsigned gy,
                unsigned gz,
                unsigned bx,
                unsigned by,
                unsigned bz,
                unsigned,
                void *,
                void **params,
                void **)
{
  const Entry *entry = (const Entry *) function;
  const char *args = (const char *) params[0];
  const Launch launch = {
      entry, {gx, gy, gz}, {bx, by, bz}, {args, args + entry->args_bytes}, nullptr};
  if (gx == 0 || gy == 0 || gz == 0 || gy > 65535 || gz > 65535 || bx * by * bz > 1024)
    return 1;
  if (captured) {
    captured->launches.push_back (launch);
    return failure ();
  }
  const int status = count_launch ();
  log_line ("launch", entry->name, 0);
  if (status == 0 && !is_hung)
    execute (launch);
  return status;
}

EXPORT int
fake_cuda_put (FakeWork *work)
{
  const Launch launch = {nullptr, {}, {}, {}, std::shared_ptr<FakeWork> (work)};
  if (captured) {
    captured->launches.push_back (launch);
    return failure ();
  }
  const int status = count_launch ();
  if (status == 0 && !is_hung)
    execute (launch);
  return status;
}

EXPORT int
fake_cuda_is_capturing (void)
{
  return captured != nullptr;
}

EXPORT int
cuGetErrorString (int error, const char **text)
{
  *text = error == 2     ? "out of memory"
          : error == 100 ? "no CUDA-capable device is detected"
          : error == 700 ? "an illegal memory access was encountered"
          : error == 719 ? "unspecified launch failure"
                         : "unknown error";
  return 0;
}

EXPORT int
cuEventCreate (void **event, unsigned)
{
  *event = new double (0);
  return failure ();
}

EXPORT int
cuEventRecord (void *event, void *)
{
  *(double *) event = clock_ms;
  return failure ();
}

EXPORT int
cuEventElapsedTime (float *ms, void *from, void *to)
{
  *ms = (float) (*(double *) to - *(double *) from);
  return failure ();
}

EXPORT int
cuEventDestroy_v2 (void *event)
{
  delete (double *) event;
  return failure ();
}
