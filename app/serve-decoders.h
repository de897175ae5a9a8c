/* Threads that decode footage of requests, each with a helper of its own. */
#pragma once

#include "app/clip-stream.h"

G_BEGIN_DECLS

typedef struct PraxiDecoders PraxiDecoders;

/* Does one piece of work; stream: its footage, NULL: error says why not */
typedef void (*PraxiDecodersWork) (gpointer item, PraxiClipStream *stream, const GError *error);

/* options: copied. Errors: MEMORY */
PraxiDecoders *praxi_decoders_new (int n_threads,
                                   const PraxiClipStreamOptions *options,
                                   PraxiDecodersWork work,
                                   GError **error);

/* Adds an item whose footage is open at media_fd. Thread: any */
void praxi_decoders_add (PraxiDecoders *decoders, int media_fd, gpointer item);

/* Ends the helpers; every item still has its `work` done, with what came or an error (CANCELLED).
 */
void praxi_decoders_free (PraxiDecoders *decoders);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiDecoders, praxi_decoders_free)

G_END_DECLS
