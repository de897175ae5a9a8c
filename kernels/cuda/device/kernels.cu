/* All kernels, in one translation unit: nvcc's front end runs once for each architecture. */
#include "kernels/cuda/device/conv-bytes.h"
#include "kernels/cuda/device/conv-halves.h"
#include "kernels/cuda/device/preprocess.h"
