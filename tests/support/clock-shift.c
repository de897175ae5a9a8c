/* Preloaded: the wall clock goes wrong by the seconds that stand in the file $PRAXI_CLOCK_SHIFT
 * names, as soon as they stand there. The monotonic clock stays right, as it does in a real
 * machine.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long
shift_s (void)
{
  const char *path = getenv ("PRAXI_CLOCK_SHIFT");
  FILE *file = path != NULL ? fopen (path, "r") : NULL;
  long seconds = 0;
  if (file != NULL) {
    if (fscanf (file, "%ld", &seconds) != 1)
      seconds = 0;
    fclose (file);
  }
  return seconds;
}

int
clock_gettime (clockid_t clock, struct timespec *now)
{
  int (*real) (clockid_t, struct timespec *);
  *(void **) &real = dlsym (RTLD_NEXT, "clock_gettime");
  const int status = real (clock, now);
  if (status == 0 && clock == CLOCK_REALTIME)
    now->tv_sec += shift_s ();
  return status;
}
