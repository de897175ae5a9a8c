/* The one result type of kernels; engine/core/error.h turns it into a GError. */
#pragma once

typedef enum {
  PRAXI_OK = 0,
  PRAXI_STATUS_MEMORY,      /* an allocation failed or a budget is used up */
  PRAXI_STATUS_UNSUPPORTED, /* this backend has no kernel for these arguments */
  PRAXI_STATUS_SHAPE,       /* shapes or types do not fit the operator */
  PRAXI_STATUS_DEVICE,      /* the device is lost; what runs on it is unusable */
  PRAXI_STATUS_VALUE,       /* an argument is out of its range */
} PraxiStatus;
