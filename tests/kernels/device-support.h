/* A backend of a plug-in with the processor's memory: tensors are copied to the device and back for
 * every run, each in a block of its own, so that what is written beside it shows.
 */
#pragma once

#include "kernels/backend.h"

/* The plug-in's device, opened once; fails the test where there is none. */
const PraxiBackend *test_device_backend (void);

/* Whether PRAXI_TEST_HALF asks for convolutions in f16: 11 bits instead of 24. */
bool test_is_half (void);
