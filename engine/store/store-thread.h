/* One thread that owns the project's write connection, so that the main thread never waits for the
 * disk. Calls run in the order they were made.
 */
#pragma once

#include "engine/store/store.h"

G_BEGIN_DECLS

/* Thread: all functions here are called by the thread that made it */
typedef struct PraxiStoreThread PraxiStoreThread;

/* Runs on the store thread. Returns the result handed to the done callback (may be NULL), and sets
 * error when the call failed. When it returns without error, what it wrote is kept.
 */
typedef gpointer (*PraxiStoreCall) (PraxiStore *store, gpointer data, GError **error);

/* Runs in the main context that was the caller's thread-default one when the thread was made.
 * result: the done callback owns it
 * error:  NULL when the call succeeded; borrowed
 */
typedef void (*PraxiStoreDone) (gpointer result, const GError *error, gpointer data);

/* Starts the thread and opens the project on it. Never blocks.
 * opened: called once, with result NULL: error says why the project cannot be opened; every later
 *         call then fails with the same error. May be NULL.
 */
PraxiStoreThread *praxi_store_thread_new (const char *path,
                                          PraxiStoreFlags flags,
                                          PraxiStoreDone opened,
                                          gpointer data);

/* Queues a call. data must stay valid until done was called; done (may be NULL) is called exactly
 * once, at the latest inside praxi_store_thread_free.
 */
void praxi_store_thread_call (PraxiStoreThread *thread,
                              PraxiStoreCall call,
                              gpointer data,
                              PraxiStoreDone done);

/* Number of calls whose done callback has not run yet: what "not kept yet" shows. */
guint praxi_store_thread_pending (PraxiStoreThread *thread);

/* Finishes all queued calls, delivers their done callbacks, closes the project, joins the thread.
 * NULL is allowed.
 */
void praxi_store_thread_free (PraxiStoreThread *thread);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiStoreThread, praxi_store_thread_free)

G_END_DECLS
