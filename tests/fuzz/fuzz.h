/* What every fuzz target has: it takes any bytes and neither crashes, nor hangs, nor leaks. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
