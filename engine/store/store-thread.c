#include "engine/store/store-thread.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "engine/store/backup.h"

enum { FIRST_BACKUP_S = 5, NEXT_BACKUP_S = 600 };

typedef struct {
  PraxiStoreCall call;
  PraxiStoreDone done;
  gpointer data;
  gpointer result;
  GError *error;
} Call;

struct PraxiStoreThread {
  char *path;
  PraxiStoreFlags flags;
  pthread_t thread;
  GSource *wake_up; /* in the caller's context; carries nothing */
  guint n_pending;  /* the caller's thread only */
  pthread_mutex_t lock;
  pthread_cond_t has_work;
  /* guarded by lock: */
  GQueue calls;
  GQueue results;
  gboolean is_stopping;
};

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  g_source_set_ready_time (source, -1);
  return callback (data);
}

static GSourceFuncs wake_up_functions = {.dispatch = dispatch};

static void
finish_call (Call *call)
{
  if (call->done != NULL)
    call->done (call->result, call->error, call->data);
  g_clear_error (&call->error);
  g_free (call);
}

/* A done callback may free the thread: nothing of it is touched once they run. */
static gboolean
deliver_cb (gpointer data)
{
  PraxiStoreThread *thread = data;
  pthread_mutex_lock (&thread->lock);
  GQueue results = thread->results;
  g_queue_init (&thread->results);
  pthread_mutex_unlock (&thread->lock);
  thread->n_pending -= results.length;
  Call *call;
  while ((call = g_queue_pop_head (&results)) != NULL)
    finish_call (call);
  return G_SOURCE_CONTINUE;
}

static struct timespec
seconds_from_now (int seconds)
{
  struct timespec time;
  clock_gettime (CLOCK_MONOTONIC, &time);
  time.tv_sec += seconds;
  return time;
}

/* NULL with is_over when the thread is to stop and nothing is left to do, without it when a backup
 * is due and nobody waits.
 */
static Call *
next_call (PraxiStoreThread *thread, const struct timespec *due, gboolean *is_over)
{
  int status = 0;
  pthread_mutex_lock (&thread->lock);
  while (thread->calls.length == 0 && !thread->is_stopping && status != ETIMEDOUT)
    status = pthread_cond_timedwait (&thread->has_work, &thread->lock, due);
  Call *call = g_queue_pop_head (&thread->calls);
  *is_over = call == NULL && thread->is_stopping;
  pthread_mutex_unlock (&thread->lock);
  return call;
}

/* A copy that cannot be made takes nothing away: it is tried again, and said in the log. */
static void
back_up (PraxiStore *store)
{
  g_autoptr (GError) error = NULL;
  if (store != NULL && !praxi_store_is_read_only (store) && !praxi_store_backup (store, 0, &error))
    g_info ("%s", error->message);
}

static void
push_result (PraxiStoreThread *thread, Call *call)
{
  pthread_mutex_lock (&thread->lock);
  g_queue_push_tail (&thread->results, call);
  pthread_mutex_unlock (&thread->lock);
  g_source_set_ready_time (thread->wake_up, 0);
}

static void *
thread_main (void *data)
{
  PraxiStoreThread *thread = data;
  g_autoptr (GError) open_error = NULL;
  g_autoptr (PraxiStore) store = praxi_store_open (thread->path, thread->flags, &open_error);
  const gboolean has_backups = (thread->flags & PRAXI_STORE_BACKUPS) != 0;
  struct timespec due = seconds_from_now (FIRST_BACKUP_S);
  for (;;) {
    gboolean is_over = FALSE;
    Call *call = next_call (thread, &due, &is_over);
    if (is_over)
      break;
    if (call == NULL) {
      due = seconds_from_now (NEXT_BACKUP_S);
      if (has_backups)
        back_up (store);
      continue;
    }
    if (store == NULL)
      call->error = g_error_copy (open_error);
    else if (call->call != NULL)
      call->result = call->call (store, call->data, &call->error);
    push_result (thread, call);
  }
  return NULL;
}

PraxiStoreThread *
praxi_store_thread_new (const char *path,
                        PraxiStoreFlags flags,
                        PraxiStoreDone opened,
                        gpointer data)
{
  PraxiStoreThread *thread = g_new0 (PraxiStoreThread, 1);
  thread->path = g_strdup (path);
  thread->flags = flags;
  pthread_mutex_init (&thread->lock, NULL);
  pthread_condattr_t attributes;
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&thread->has_work, &attributes);
  pthread_condattr_destroy (&attributes);
  thread->wake_up = g_source_new (&wake_up_functions, sizeof (GSource));
  g_source_set_callback (thread->wake_up, deliver_cb, thread, NULL);
  g_source_set_static_name (thread->wake_up, "praxi-store-thread");
  g_source_attach (thread->wake_up, g_main_context_get_thread_default ());
  praxi_store_thread_call (thread, NULL, data, opened);
  const int status = pthread_create (&thread->thread, NULL, thread_main, thread);
  if (status != 0)
    g_error ("store thread: %s", g_strerror (status));
  return thread;
}

void
praxi_store_thread_call (PraxiStoreThread *thread,
                         PraxiStoreCall call,
                         gpointer data,
                         PraxiStoreDone done)
{
  Call *queued = g_new0 (Call, 1);
  *queued = (Call){.call = call, .done = done, .data = data};
  thread->n_pending++;
  pthread_mutex_lock (&thread->lock);
  g_queue_push_tail (&thread->calls, queued);
  pthread_cond_signal (&thread->has_work);
  pthread_mutex_unlock (&thread->lock);
}

guint
praxi_store_thread_pending (PraxiStoreThread *thread)
{
  return thread->n_pending;
}

void
praxi_store_thread_free (PraxiStoreThread *thread)
{
  if (thread == NULL)
    return;
  pthread_mutex_lock (&thread->lock);
  thread->is_stopping = TRUE;
  pthread_cond_signal (&thread->has_work);
  pthread_mutex_unlock (&thread->lock);
  pthread_join (thread->thread, NULL);
  g_source_destroy (thread->wake_up);
  g_source_unref (thread->wake_up);
  deliver_cb (thread);
  pthread_mutex_destroy (&thread->lock);
  pthread_cond_destroy (&thread->has_work);
  g_free (thread->path);
  g_free (thread);
}
