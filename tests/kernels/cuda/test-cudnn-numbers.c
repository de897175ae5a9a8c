/* The numbers and calls of cuDNN that are written down in kernels/cuda are those of its header. */
#include <cudnn.h>
#include <stdio.h>

typedef struct {
  const char *name;
  int ours, theirs;
} Number;

static const Number numbers[] = {
#define CUDNN_NUMBER(name, value) {#name, value, CUDNN_##name},
#include "kernels/cuda/cudnn-numbers.h"
#undef CUDNN_NUMBER
};

/* The argument lists fit where all pointers are alike and enumerations are ints. */
_Static_assert(sizeof (cudnnStatus_t) == sizeof (int), "status");
_Static_assert(sizeof (cudnnBackendAttributeName_t) == sizeof (int), "attribute");
_Static_assert(sizeof (cudnnBackendDescriptor_t) == sizeof (void *), "descriptor");
_Static_assert(sizeof (cudnnHandle_t) == sizeof (void *), "handle");

int
main (void)
{
  int n_wrong = 0;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (numbers[i].ours != numbers[i].theirs) {
      printf ("%s is %d, not %d\n", numbers[i].name, numbers[i].theirs, numbers[i].ours);
      n_wrong++;
    }
  return n_wrong > 0;
}
