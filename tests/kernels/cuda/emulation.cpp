/* Fibres, one a thread of a block, on stacks of their own that live as long as the program. A fibre
 * switches by _setjmp and _longjmp, which need no system call; under a sanitizer, which has to know
 * of the stacks, by swapcontext.
 */
#undef _FORTIFY_SOURCE /* its longjmp refuses other stacks */

#include "tests/kernels/cuda/emulation.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#define SWITCHES_BY_CONTEXT 1
#else
#define SWITCHES_BY_CONTEXT 0
#endif

namespace emulation
{
dim3 thread_index, block_index, block_size, grid_size;

namespace
{
constexpr int max_threads = 1024;
constexpr size_t stack_bytes = 256 << 10;

struct Group { /* threads that wait for each other */
  int live, arrived, turn;
};

struct Fibre {
  ucontext_t context;
  jmp_buf place;
  bool started, done;
  const Group *waits_for;
  int waits_past; /* runnable again once waits_for->turn differs */
  dim3 index;
};

Fibre fibres[max_threads];
Group block_group, warp_groups[max_threads / 32];
Lanes lanes[max_threads / 32][2];
ucontext_t scheduler; /* without a sanitizer: what a new fibre is started from */
jmp_buf scheduler_place;
int current;
void (*kernel_body) (const void *);
const void *kernel_args;

void
to_scheduler ()
{
  Fibre &fibre = fibres[current];
#if SWITCHES_BY_CONTEXT
  swapcontext (&fibre.context, &scheduler);
#else
  if (_setjmp (fibre.place) == 0)
    _longjmp (scheduler_place, 1);
#endif
}

void
to_fibre (int i)
{
  current = i;
  thread_index = fibres[i].index;
#if SWITCHES_BY_CONTEXT
  swapcontext (&scheduler, &fibres[i].context);
#else
  if (_setjmp (scheduler_place) == 0)
    _longjmp (fibres[i].place, 1);
#endif
}

void
release_if_all (Group &group)
{
  if (group.arrived < group.live)
    return;
  group.arrived = 0;
  group.turn++;
}

void
wait_in (Group &group)
{
  Fibre &fibre = fibres[current];
  fibre.waits_for = &group;
  fibre.waits_past = group.turn;
  group.arrived++;
  release_if_all (group);
  if (group.turn == fibre.waits_past)
    to_scheduler ();
}

void
leave (Group &group)
{
  group.live--;
  release_if_all (group);
}

/* A fibre runs one thread after the other, one a block. */
void
fibre_main ()
{
  for (;;) {
    kernel_body (kernel_args);
    fibres[current].done = true;
    leave (warp_groups[current / 32]);
    leave (block_group);
    to_scheduler ();
  }
}

void
start_fibre (Fibre &fibre)
{
  getcontext (&fibre.context);
  fibre.context.uc_stack.ss_sp = malloc (stack_bytes);
  fibre.context.uc_stack.ss_size = stack_bytes;
  fibre.context.uc_link = nullptr;
  makecontext (&fibre.context, fibre_main, 0);
  fibre.started = true;
#if !SWITCHES_BY_CONTEXT
  if (_setjmp (scheduler_place) == 0)
    swapcontext (&scheduler, &fibre.context);
#endif
}

dim3
index_of (int i)
{
  return {i % block_size.x, i / block_size.x % block_size.y, i / block_size.x / block_size.y};
}

void
run_fibre (int i)
{
  Fibre &fibre = fibres[i];
  fibre.waits_for = nullptr;
  current = i;
  thread_index = fibre.index;
  if (fibre.started) {
    to_fibre (i);
    return;
  }
  start_fibre (fibre);
  if (SWITCHES_BY_CONTEXT)
    to_fibre (i);
}

/* Runs each lane of a warp that can go on, once; whether one could. A warp goes as far as it can
 * before the next one does: where a barrier is missing, one is far ahead.
 */
bool
run_warp (int first, int n)
{
  bool ran = false;
  for (int i = first; i < n && i < first + 32; i++) {
    const Fibre &fibre = fibres[i];
    if (fibre.done || (fibre.waits_for && fibre.waits_for->turn == fibre.waits_past))
      continue;
    run_fibre (i);
    ran = true;
  }
  return ran;
}

void
run_block (int n)
{
  block_group = {n, 0, 0};
  for (int i = 0; i < n; i++) {
    Fibre &fibre = fibres[i];
    fibre.done = false;
    fibre.waits_for = nullptr;
    fibre.index = index_of (i);
    if (i % 32 == 0)
      warp_groups[i / 32] = {n - i < 32 ? n - i : 32, 0, 0};
  }
  for (int live = n, ran = 1; live > 0;) {
    if (ran == 0) {
      fprintf (stderr, "emulation: the threads of a block wait for each other for ever\n");
      abort ();
    }
    ran = live = 0;
    for (int first = 0; first < n; first += 32)
      while (run_warp (first, n))
        ran++;
    for (int i = 0; i < n; i++)
      live += !fibres[i].done;
  }
}
} // namespace

int
lane ()
{
  return current & 31;
}

void
wait_for_block ()
{
  wait_in (block_group);
}

Lanes &
lanes_to_fill ()
{
  return lanes[current / 32][warp_groups[current / 32].turn & 1];
}

void
wait_for_warp ()
{
  wait_in (warp_groups[current / 32]);
}

void
launch (dim3 grid, dim3 block, bool waits, void (*body) (const void *), const void *args)
{
  const int n = (int) (block.x * block.y * block.z);
  if (n > max_threads) {
    fprintf (stderr, "emulation: a block of %d threads\n", n);
    abort ();
  }
  grid_size = grid;
  block_size = block;
  kernel_body = body;
  kernel_args = args;
  for (unsigned z = 0; z < grid.z; z++)
    for (unsigned y = 0; y < grid.y; y++)
      for (unsigned x = 0; x < grid.x; x++) {
        block_index = {x, y, z};
        if (waits) {
          run_block (n);
          continue;
        }
        for (int i = 0; i < n; i++) {
          thread_index = index_of (i);
          body (args);
        }
      }
}
} // namespace emulation
