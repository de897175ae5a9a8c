#include "kernels/cpu/loops-level.h"

const CpuLoops LEVEL_NAME (table) = {
    .lanes = LANES,
    .motion_grey = LEVEL_NAME (motion_grey),
    .motion_flow = LEVEL_NAME (motion_flow),
    .motion_maps = LEVEL_NAME (motion_maps),
};
