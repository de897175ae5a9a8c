/* A thread pool that shares evenly: part i of every job runs on thread i, so that the frames a core
 * worked on stay in its cache, unless that thread is late, because something else has its core:
 * then whoever is done runs it. The caller is thread 0.
 */
#pragma once

#include "kernels/status.h"

typedef struct PraxiPool PraxiPool;

/* n_threads: ≥ 1; 0 means one per processor this process may use */
PraxiStatus praxi_pool_new (int n_threads, PraxiPool **pool);
void praxi_pool_free (PraxiPool *pool);
int praxi_pool_threads (const PraxiPool *pool);

/* Runs part (data, i, n) for i = 0 … n−1, n = praxi_pool_threads, once each, and returns when all
 * are done. No part may wait for another one.
 * pool:   NULL: 0 of 1 on the caller's thread, for what is too little to share
 * Thread: one caller at a time
 */
void praxi_pool_run (PraxiPool *pool, void (*part) (void *data, int i, int n), void *data);
