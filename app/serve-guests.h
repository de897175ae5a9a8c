/* Who is connected, since when and doing what: the deadlines of a connection, and who has to go
 * when there is no room. A request that has arrived whole is never cut off.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  PRAXI_GUEST_WAITING, /* no head of a request yet */
  PRAXI_GUEST_SENDING, /* its body */
  PRAXI_GUEST_SERVED,  /* the whole request is here */
  PRAXI_GUEST_TAKING,  /* the answer */
} PraxiGuestState;

typedef struct PraxiGuest PraxiGuest;
typedef struct PraxiGuests PraxiGuests;

typedef struct {
  int max_guests;    /* a further one takes the place of the one that dawdles longest */
  gint64 waiting_us; /* how long each state may last; SERVED has no end */
  gint64 sending_us;
  gint64 taking_us;
} PraxiGuestRules;

typedef struct {
  int guests;
  int requests; /* guests that are not WAITING */
  guint64 slow; /* cut off at a deadline, ever */
  guint64 full; /* cut off to make room, ever */
} PraxiGuestCounts;

/* rules: copied. Thread: any, for all functions */
PraxiGuests *praxi_guests_new (const PraxiGuestRules *rules);
void praxi_guests_free (PraxiGuests *guests); /* all have left */

/* fd: the guest's socket, which stays open until praxi_guests_leave; to cut a guest off is to shut
 * its socket down.
 */
PraxiGuest *praxi_guests_enter (PraxiGuests *guests, int fd);
void praxi_guests_leave (PraxiGuests *guests, PraxiGuest *guest);

void praxi_guests_set (PraxiGuests *guests, PraxiGuest *guest, PraxiGuestState state);

/* Cuts off who is over its time. */
void praxi_guests_check (PraxiGuests *guests);

PraxiGuestCounts praxi_guests_counts (PraxiGuests *guests);

G_END_DECLS
