#include "app/serve-guests.h"

#include <pthread.h>
#include <sys/socket.h>

struct PraxiGuest {
  GList link;
  int fd;
  PraxiGuestState state;
  gint64 since_us;
  gboolean is_cut;
};

struct PraxiGuests {
  PraxiGuestRules rules;
  pthread_mutex_t lock;
  /* guarded by lock: */
  GQueue all;
  int n_cut; /* of these */
  guint64 slow;
  guint64 full;
};

PraxiGuests *
praxi_guests_new (const PraxiGuestRules *rules)
{
  PraxiGuests *guests = g_new0 (PraxiGuests, 1);
  guests->rules = *rules;
  pthread_mutex_init (&guests->lock, NULL);
  g_queue_init (&guests->all);
  return guests;
}

void
praxi_guests_free (PraxiGuests *guests)
{
  pthread_mutex_destroy (&guests->lock);
  g_free (guests);
}

static void
cut (PraxiGuests *guests, PraxiGuest *guest)
{
  guest->is_cut = TRUE;
  guests->n_cut++;
  shutdown (guest->fd, SHUT_RDWR);
}

/* Nobody has a right to the place of one whose request is here; of the others the one that keeps us
 * waiting longest goes, those without a head first.
 */
static PraxiGuest *
find_dawdler (PraxiGuests *guests)
{
  PraxiGuest *found = NULL;
  for (GList *link = guests->all.head; link != NULL; link = link->next) {
    PraxiGuest *guest = link->data;
    if (guest->is_cut || guest->state > PRAXI_GUEST_SENDING)
      continue;
    if (found == NULL || guest->state < found->state ||
        (guest->state == found->state && guest->since_us < found->since_us))
      found = guest;
  }
  return found;
}

PraxiGuest *
praxi_guests_enter (PraxiGuests *guests, int fd)
{
  PraxiGuest *guest = g_new0 (PraxiGuest, 1);
  guest->link.data = guest;
  guest->fd = fd;
  guest->since_us = g_get_monotonic_time ();
  pthread_mutex_lock (&guests->lock);
  if ((int) guests->all.length - guests->n_cut >= guests->rules.max_guests) {
    PraxiGuest *dawdler = find_dawdler (guests);
    if (dawdler != NULL) {
      cut (guests, dawdler);
      guests->full++;
    }
  }
  g_queue_push_tail_link (&guests->all, &guest->link);
  pthread_mutex_unlock (&guests->lock);
  return guest;
}

void
praxi_guests_leave (PraxiGuests *guests, PraxiGuest *guest)
{
  pthread_mutex_lock (&guests->lock);
  g_queue_unlink (&guests->all, &guest->link);
  guests->n_cut -= guest->is_cut;
  pthread_mutex_unlock (&guests->lock);
  g_free (guest);
}

void
praxi_guests_set (PraxiGuests *guests, PraxiGuest *guest, PraxiGuestState state)
{
  pthread_mutex_lock (&guests->lock);
  guest->state = state;
  guest->since_us = g_get_monotonic_time ();
  pthread_mutex_unlock (&guests->lock);
}

void
praxi_guests_check (PraxiGuests *guests)
{
  const PraxiGuestRules *rules = &guests->rules;
  const gint64 allowed_us[] = {rules->waiting_us, rules->sending_us, G_MAXINT64, rules->taking_us};
  const gint64 now_us = g_get_monotonic_time ();
  pthread_mutex_lock (&guests->lock);
  for (GList *link = guests->all.head; link != NULL; link = link->next) {
    PraxiGuest *guest = link->data;
    if (guest->is_cut || now_us - guest->since_us <= allowed_us[guest->state])
      continue;
    cut (guests, guest);
    guests->slow++;
  }
  pthread_mutex_unlock (&guests->lock);
}

PraxiGuestCounts
praxi_guests_counts (PraxiGuests *guests)
{
  pthread_mutex_lock (&guests->lock);
  PraxiGuestCounts counts = {
      .guests = (int) guests->all.length, .slow = guests->slow, .full = guests->full};
  for (const GList *link = guests->all.head; link != NULL; link = link->next) {
    const PraxiGuest *guest = link->data;
    counts.requests += guest->state != PRAXI_GUEST_WAITING;
  }
  pthread_mutex_unlock (&guests->lock);
  return counts;
}
