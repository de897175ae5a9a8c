#include "engine/media/decode-helper.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/core/pages.h"
#include "engine/media/decode-protocol.h"
#include "engine/media/decoder.h"
#include "engine/media/frame-cache.h"
#include "engine/media/frame-paint.h"
#include "engine/media/media-private.h"
#include "engine/media/preview-cache.h"

/* Two groups of 60 pictures of 1080p, so that going back over a keyframe does not stall. */
#define CACHE_BYTES ((gsize) 400 << 20)
#define CACHE_FRAMES 160
/* Backwards a whole group has to be decoded before its last frame shows: begin that early. */
#define BACK_FRAMES 60
/* Requests this near to each other are one movement: each is answered, none is abandoned. */
#define NEAR_FRAMES 64
/* A person steps around the frame they jumped to: so many to either side are kept ready. */
#define AROUND_FRAMES 15
/* Not while the playhead is dragged: the next place is asked for before anybody could step. */
#define AROUND_SCRUBBED_FRAMES 3
#define KEYFRAME_BYTES ((gsize) 48 << 20)
#define KEYFRAMES 16
#define PREVIEW_BYTES ((gsize) 32 << 20)
/* Another jump often follows at once: what lies around is decoded when it was quiet so long. */
#define QUIET_MS 100
#define AHEAD_STEPS 6
#define MAX_STEP 16
#define BUSY_US 250000
#define MAX_THREADS 4

typedef struct {
  PraxiDecoder *decoder;
  int position;    /* what praxi_decoder_next would yield; -1: unknown */
  int needed_from; /* frames before may have been left out since the last seek */
} Reader;

typedef struct {
  int socket_fd;
  gboolean is_gone; /* the client closed, or broke the protocol */

  guint8 *ring;
  gsize slot_bytes;
  guint32 generation;
  guint32 free_slots; /* a bit each */
  guint32 used_slots; /* that were written to */
  guint32 united_slots;

  PraxiMedia *media;
  PraxiFrameIndex *index; /* borrowed from media */
  Reader ahead;
  Reader back; /* for what lies before, so that the other keeps its place; opened when needed */
  PraxiFrameCache *cache;
  int capacity_frames; /* how many of this media's frames the cache holds */
  struct SwsContext *scaler;
  gint64 last_news_us;

  PraxiDecodeRequest request; /* the latest one */
  gboolean has_request;
  PraxiDecodeRequest preview; /* the latest one */
  gboolean has_preview;
  PraxiDecoder *previewer;    /* one thread: it answers after one packet */
  PraxiFrameCache *keyframes; /* of its */
  PraxiPreviewCache *previews;

  int shown; /* ordinal of the last exact answer, -1 */
  int step;  /* of the movement it belongs to; 0: a jump */
  int last_step;
  gboolean is_quiet;
  int back_from;  /* where the last way back began, -1; one that led nowhere is not gone again */
  int ahead_from; /* likewise what the last way ahead should have led to */
} Helper;

static void
send_reply (Helper *helper, PraxiDecodeReply *reply)
{
  reply->generation = helper->generation;
  helper->last_news_us = g_get_monotonic_time ();
  if (!praxi_decode_send (helper->socket_fd, reply, sizeof *reply, -1, TRUE))
    helper->is_gone = TRUE;
}

/* A sign of life where work takes long. */
static void
tell_busy (Helper *helper, double done)
{
  if (g_get_monotonic_time () - helper->last_news_us < BUSY_US)
    return;
  g_autofree PraxiDecodeReply *reply = g_new0 (PraxiDecodeReply, 1);
  reply->news = PRAXI_DECODE_BUSY;
  reply->done = done;
  send_reply (helper, reply);
}

static gboolean
map_ring (Helper *helper, const PraxiDecodeRequest *request, int fd)
{
  struct stat status;
  const gsize bytes = (gsize) request->slot_bytes * PRAXI_DECODE_SLOTS;
  if (fd < 0 || fstat (fd, &status) != 0 || (guint64) status.st_size < bytes || bytes == 0)
    return FALSE;
  guint8 *ring = praxi_pages_map (fd, bytes, TRUE);
  if (ring == NULL)
    return FALSE;
  if (helper->ring != NULL)
    praxi_pages_unmap (helper->ring, helper->slot_bytes * PRAXI_DECODE_SLOTS);
  helper->ring = ring;
  helper->slot_bytes = (gsize) request->slot_bytes;
  helper->generation = request->generation;
  helper->free_slots = (1u << PRAXI_DECODE_SLOTS) - 1;
  helper->used_slots = helper->united_slots = 0;
  return TRUE;
}

static void
obey (Helper *helper, const PraxiDecodeRequest *request, int fd)
{
  if (request->order == PRAXI_DECODE_RING) {
    helper->is_gone |= !map_ring (helper, request, fd);
  } else if (request->order == PRAXI_DECODE_RELEASE) {
    if (request->generation == helper->generation && request->slot < PRAXI_DECODE_SLOTS)
      helper->free_slots |= 1u << request->slot;
  } else if (request->order == PRAXI_DECODE_PREVIEW) {
    helper->preview = *request;
    helper->has_preview = TRUE;
  } else {
    helper->request = *request;
    helper->has_request = TRUE;
  }
}

/* Takes what was sent; wait: until there is something. */
static void
listen_to_client (Helper *helper, gboolean wait)
{
  for (;;) {
    PraxiDecodeRequest request;
    int fd = -1;
    const int result =
        praxi_decode_receive (helper->socket_fd, &request, sizeof request, &fd, wait);
    if (result > 0)
      obey (helper, &request, fd);
    else if (result < 0)
      helper->is_gone = TRUE;
    if (fd >= 0)
      close (fd);
    if (result <= 0 || helper->is_gone)
      return;
    wait = FALSE;
  }
}

/* A slot to write to; NULL when the client is gone. */
static guint8 *
take_slot (Helper *helper, guint32 *slot)
{
  while (!helper->is_gone && (helper->free_slots == 0 || helper->ring == NULL))
    listen_to_client (helper, TRUE);
  if (helper->is_gone)
    return NULL;
  *slot = (guint32) __builtin_ctz (helper->free_slots);
  helper->free_slots &= ~(1u << *slot);
  helper->used_slots |= 1u << *slot;
  return helper->ring + (gsize) *slot * helper->slot_bytes;
}

static gboolean
opening_cb (double done, gpointer user_data)
{
  Helper *helper = user_data;
  tell_busy (helper, done);
  return !helper->is_gone;
}

static void
send_index (Helper *helper)
{
  const int total = praxi_frame_index_length (helper->index);
  g_autofree PraxiDecodeReply *reply = g_new0 (PraxiDecodeReply, 1);
  reply->news = PRAXI_DECODE_INDEX;
  reply->total = total;
  for (int from = 0; from < total && !helper->is_gone; from += reply->count) {
    PraxiDecodeEntry *entries = (void *) take_slot (helper, &reply->slot);
    if (entries == NULL)
      return;
    reply->ordinal = from;
    reply->count = (int) MIN ((gsize) (total - from), helper->slot_bytes / sizeof *entries);
    for (int i = 0; i < reply->count; i++)
      entries[i] = (PraxiDecodeEntry){praxi_frame_index_pts_ns (helper->index, from + i),
                                      praxi_frame_index_is_keyframe (helper->index, from + i)};
    send_reply (helper, reply);
  }
}

static void
send_ready (Helper *helper)
{
  const PraxiMediaInfo *info = praxi_media_info (helper->media);
  g_autofree PraxiDecodeReply *reply = g_new0 (PraxiDecodeReply, 1);
  reply->news = PRAXI_DECODE_READY;
  reply->end_ns = praxi_frame_index_end_ns (helper->index, info->frames - 1);
  reply->info = (PraxiDecodeInfo){
      .width = info->width,
      .height = info->height,
      .display_width = info->display_width,
      .display_height = info->display_height,
      .rotation = info->rotation,
      .frames = info->frames,
      .keyframes = info->keyframes,
      .first_pts_ns = info->first_pts_ns,
      .duration_ns = info->duration_ns,
      .is_vfr = info->is_vfr,
      .is_interlaced = info->is_interlaced,
      .avg_rate = info->avg_rate,
  };
  g_strlcpy (reply->info.container, info->container, sizeof reply->info.container);
  g_strlcpy (reply->info.codec, info->codec, sizeof reply->info.codec);
  send_reply (helper, reply);
}

/* A thread more than cores, so that none of these stands idle while pictures are passed on. */
static PraxiDecoder *
new_decoder (Helper *helper, GError **error)
{
  const int threads = MIN ((int) g_get_num_processors (), MAX_THREADS) + 1;
  return praxi_decoder_new (helper->media, &(PraxiDecoderOptions){.threads = threads}, error);
}

static gboolean
open_media (Helper *helper, int media_fd, const char *name)
{
  g_autoptr (GError) error = NULL;
  helper->media = praxi_media_open_full (name, media_fd, opening_cb, helper, &error);
  helper->ahead.decoder = helper->media != NULL ? new_decoder (helper, &error) : NULL;
  if (helper->ahead.decoder == NULL) {
    g_autofree PraxiDecodeReply *reply = g_new0 (PraxiDecodeReply, 1);
    reply->news = PRAXI_DECODE_FAILED;
    g_strlcpy (reply->text, error->message, sizeof reply->text);
    send_reply (helper, reply);
    return FALSE;
  }
  helper->index = praxi_media_index (helper->media);
  return TRUE;
}

static void
reply_to (Helper *helper, PraxiDecodeReply *reply, const PraxiDecodeRequest *request, int ordinal)
{
  reply->news = PRAXI_DECODE_SHOWN;
  reply->serial = request->serial;
  reply->ordinal = ordinal;
  reply->pts_ns = praxi_frame_index_pts_ns (helper->index, ordinal);
}

/* FALSE: the ring that fits is on its way, and the request with it. */
static gboolean
set_size (Helper *helper, PraxiDecodeReply *reply, int width, int height)
{
  reply->width = width;
  reply->height = height;
  reply->stride_bytes = width * 4;
  if ((gsize) reply->stride_bytes * (gsize) height <= helper->slot_bytes)
    return TRUE;
  helper->free_slots |= 1u << reply->slot;
  return FALSE;
}

/* Scales the frame into a slot and tells. frame NULL: nothing near can be decoded, a grey picture.
 */
static void
show (Helper *helper, PraxiFrame *frame, const PraxiDecodeRequest *request, guint32 flags)
{
  g_autofree PraxiDecodeReply *reply = g_new0 (PraxiDecodeReply, 1);
  guint8 *target = take_slot (helper, &reply->slot);
  if (target == NULL)
    return;
  reply_to (helper, reply, request, frame != NULL ? praxi_frame_ordinal (frame) : request->ordinal);
  reply->flags = flags;
  const int max_width = CLAMP (request->max_width, 1, PRAXI_DECODE_MAX_SIDE_PX);
  const int max_height = CLAMP (request->max_height, 1, PRAXI_DECODE_MAX_SIDE_PX);
  int width = MIN (max_width, 16), height = MIN (max_height, 9);
  if (frame != NULL)
    praxi_frame_fit (frame, max_width, max_height, &width, &height);
  if (!set_size (helper, reply, width, height))
    return;
  if (frame == NULL || !praxi_frame_paint (frame, width, height, &helper->scaler, target,
                                           reply->stride_bytes, NULL)) {
    memset (target, 0x80, (gsize) reply->stride_bytes * (gsize) height);
    reply->flags |= PRAXI_DECODE_IS_DAMAGED;
  } else if ((flags & PRAXI_DECODE_IS_PREVIEW) != 0) {
    praxi_preview_cache_add (
        helper->previews,
        &(PraxiPreview){{reply->ordinal, max_width, max_height}, width, height, target});
  }
  send_reply (helper, reply);
}

/* FALSE: the preview was not shown lately. */
static gboolean
show_again (Helper *helper, const PraxiDecodeRequest *request)
{
  const PraxiPreviewKey key = {request->ordinal, request->max_width, request->max_height};
  const PraxiPreview *preview = praxi_preview_cache_get (helper->previews, key);
  if (preview == NULL)
    return FALSE;
  g_autofree PraxiDecodeReply *reply = g_new0 (PraxiDecodeReply, 1);
  guint8 *target = take_slot (helper, &reply->slot);
  if (target == NULL)
    return TRUE;
  reply_to (helper, reply, request, request->ordinal);
  reply->flags = PRAXI_DECODE_IS_PREVIEW;
  if (set_size (helper, reply, preview->width, preview->height)) {
    memcpy (target, preview->pixels, (gsize) reply->stride_bytes * (gsize) reply->height);
    send_reply (helper, reply);
  }
  return TRUE;
}

static void
go_to (Helper *helper, Reader *reader, int ordinal)
{
  if (reader->decoder == NULL)
    reader->decoder = new_decoder (helper, NULL);
  const gboolean is_there =
      reader->decoder != NULL && praxi_decoder_seek (reader->decoder, ordinal, NULL);
  reader->position = is_there ? ordinal : -1;
  reader->needed_from = 0;
}

/* Decodes one frame; those below needed_from only where others need them. Every `stride`-th counted
 * from shown is kept in the cache. NULL: there is no further one. */
static PraxiFrame *
decode_one (Helper *helper, Reader *reader, int needed_from, int stride)
{
  reader->needed_from = MAX (reader->needed_from, needed_from);
  PraxiFrame *frame =
      reader->position >= 0 ? praxi_decoder_next_from (reader->decoder, needed_from, NULL) : NULL;
  reader->position = frame != NULL ? praxi_frame_ordinal (frame) + 1 : -1;
  if (frame != NULL)
    helper->capacity_frames =
        (int) CLAMP (CACHE_BYTES / MAX (praxi_frame_bytes (frame), 1), 1, CACHE_FRAMES);
  if (frame != NULL && (praxi_frame_ordinal (frame) - helper->shown) % stride == 0)
    praxi_frame_cache_add (helper->cache, frame);
  return frame;
}

static void
open_previewer (Helper *helper)
{
  const PraxiMediaInfo *info = praxi_media_info (helper->media);
  const gboolean is_rough = MAX (info->width, info->height) >= 2 * PRAXI_DECODE_MAX_PREVIEW_PX;
  helper->previewer = praxi_decoder_new (
      helper->media, &(PraxiDecoderOptions){.threads = 1, .is_rough = is_rough}, NULL);
}

/* Not necessarily exact. NULL: it cannot be decoded. */
static PraxiFrame *
decode_keyframe (Helper *helper, int ordinal)
{
  PraxiFrame *cached = praxi_frame_cache_get (helper->cache, ordinal);
  if (cached == NULL)
    cached = praxi_frame_cache_get (helper->keyframes, ordinal);
  if (cached != NULL)
    return praxi_frame_ref (cached);
  if (helper->previewer == NULL)
    open_previewer (helper);
  if (helper->previewer == NULL)
    return NULL;
  PraxiFrame *frame = praxi_decoder_keyframe (helper->previewer, ordinal, NULL);
  praxi_frame_cache_set_focus (helper->keyframes, ordinal);
  if (frame != NULL)
    praxi_frame_cache_add (helper->keyframes, frame);
  return frame;
}

static void
serve_preview (Helper *helper)
{
  PraxiDecodeRequest request = helper->preview;
  helper->has_preview = helper->is_quiet = FALSE; /* the next one often follows at once */
  const int last = praxi_frame_index_length (helper->index) - 1;
  request.ordinal =
      praxi_frame_index_keyframe_before (helper->index, CLAMP (request.ordinal, 0, last));
  request.max_width = CLAMP (request.max_width, 1, PRAXI_DECODE_MAX_PREVIEW_PX);
  request.max_height = CLAMP (request.max_height, 1, PRAXI_DECODE_MAX_PREVIEW_PX);
  if (show_again (helper, &request))
    return;
  g_autoptr (PraxiFrame) frame = decode_keyframe (helper, request.ordinal);
  show (helper, frame, &request, PRAXI_DECODE_IS_PREVIEW);
}

/* Another request makes this one pointless: it is not merely the next step of a movement, or its
 * answer is at hand. */
static gboolean
is_overtaken (Helper *helper, const PraxiDecodeRequest *request)
{
  listen_to_client (helper, FALSE);
  if (helper->has_preview && !helper->is_gone)
    serve_preview (helper);
  if (!helper->has_request)
    return helper->is_gone;
  return abs (helper->request.ordinal - request->ordinal) > NEAR_FRAMES ||
         praxi_frame_cache_get (helper->cache, helper->request.ordinal) != NULL;
}

/* Shows the frame, or what comes instead of one that is damaged. */
static void
show_exact (Helper *helper, PraxiFrame *frame, const PraxiDecodeRequest *request)
{
  guint32 flags = PRAXI_DECODE_IS_EXACT;
  if (frame == NULL)
    frame = praxi_frame_cache_at_or_before (helper->cache, request->ordinal);
  if (frame == NULL || praxi_frame_ordinal (frame) != request->ordinal)
    flags |= PRAXI_DECODE_IS_DAMAGED;
  show (helper, frame, request, flags);
  const int step = helper->shown >= 0 ? request->ordinal - helper->shown : 0;
  const gboolean is_steady = abs (step) == 1 || (step > 0) == (helper->last_step > 0);
  helper->step = abs (step) <= MAX_STEP && is_steady ? step : 0;
  helper->last_step = step;
  helper->shown = request->ordinal;
  helper->back_from = helper->ahead_from = -1;
}

/* Decoding on leads to the frame without a seek. */
static gboolean
leads_to (const Helper *helper, const Reader *reader, int ordinal)
{
  return reader->position >= 0 && reader->position <= ordinal &&
         reader->position >= praxi_frame_index_keyframe_before (helper->index, ordinal);
}

static Reader *
reader_for (Helper *helper, int ordinal)
{
  if (leads_to (helper, &helper->ahead, ordinal))
    return &helper->ahead;
  if (leads_to (helper, &helper->back, ordinal))
    return &helper->back;
  const int back = helper->shown - ordinal; /* a jump is no movement, whatever came before it */
  const gboolean goes_back = helper->step < 0 && back > 0 && back <= NEAR_FRAMES;
  Reader *reader = goes_back ? &helper->back : &helper->ahead;
  go_to (helper, reader, praxi_frame_index_keyframe_before (helper->index, ordinal));
  return reader;
}

/* Frames before this one are decoded only where others need them on the way to what is requested.
 */
static int
first_around (const PraxiDecodeRequest *request)
{
  return request->ordinal - (request->exact ? AROUND_FRAMES : AROUND_SCRUBBED_FRAMES);
}

static void
decode_towards (Helper *helper, const PraxiDecodeRequest *request)
{
  const int target = request->ordinal;
  Reader *reader = reader_for (helper, target);
  const int needed_from = MIN (target, MAX (first_around (request), reader->needed_from));
  while (!is_overtaken (helper, request)) {
    g_autoptr (PraxiFrame) frame = decode_one (helper, reader, needed_from, 1);
    tell_busy (helper, 0);
    if (frame == NULL || praxi_frame_ordinal (frame) >= target) {
      show_exact (helper, frame, request);
      return;
    }
  }
}

/* What can be shown sooner than the frame, while the decoder that leads to it has begun. */
static void
preview (Helper *helper, const PraxiDecodeRequest *request)
{
  const int begin = praxi_frame_index_keyframe_before (helper->index, request->ordinal);
  if (begin == request->ordinal)
    return;
  PraxiFrame *cached = praxi_frame_cache_at_or_before (helper->cache, request->ordinal);
  if (cached != NULL && praxi_frame_ordinal (cached) >= begin) {
    show (helper, cached, request, 0);
    return;
  }
  Reader *reader = reader_for (helper, request->ordinal);
  if (reader->position >= 0)
    praxi_decoder_begin_from (reader->decoder, first_around (request));
  g_autoptr (PraxiFrame) frame = decode_keyframe (helper, begin);
  if (frame != NULL && praxi_frame_ordinal (frame) < request->ordinal)
    show (helper, frame, request, 0);
}

static void
serve (Helper *helper)
{
  PraxiDecodeRequest request = helper->request;
  helper->has_request = helper->is_quiet = FALSE;
  request.ordinal = CLAMP (request.ordinal, 0, praxi_frame_index_length (helper->index) - 1);
  praxi_frame_cache_set_focus (helper->cache, request.ordinal);
  PraxiFrame *cached = praxi_frame_cache_get (helper->cache, request.ordinal);
  if (cached != NULL) {
    show_exact (helper, cached, &request);
    return;
  }
  if (!request.exact)
    preview (helper, &request);
  cached = praxi_frame_cache_get (helper->cache, request.ordinal);
  if (cached != NULL)
    show_exact (helper, cached, &request);
  else if (!is_overtaken (helper, &request))
    decode_towards (helper, &request);
}

/* Decodes one frame of those behind the one shown, in a movement. FALSE: they are all there. */
static gboolean
read_ahead (Helper *helper)
{
  const int n_frames = MAX (helper->step * AHEAD_STEPS, AHEAD_STEPS);
  const int last = MIN (helper->shown + n_frames, praxi_frame_index_length (helper->index) - 1);
  Reader *reader = &helper->ahead;
  if (reader->position <= helper->shown || reader->position > last)
    return FALSE;
  g_autoptr (PraxiFrame) frame = decode_one (helper, reader, 0, helper->step);
  return frame != NULL;
}

/* Likewise while the playhead rests: wherever the decoder went meanwhile, what lies behind may be
 * asked for next. */
static gboolean
read_on (Helper *helper)
{
  const int n_frames = MIN (AROUND_FRAMES, helper->capacity_frames / 3);
  const int last = MIN (helper->shown + n_frames, praxi_frame_index_length (helper->index) - 1);
  const int first = praxi_frame_cache_end_of_run (helper->cache, helper->shown + 1);
  Reader *reader = &helper->ahead;
  if (first > last)
    return FALSE;
  if (!leads_to (helper, reader, first)) {
    if (helper->ahead_from == first)
      return FALSE;
    helper->ahead_from = first;
    go_to (helper, reader, praxi_frame_index_keyframe_before (helper->index, first));
  }
  g_autoptr (PraxiFrame) frame = decode_one (helper, reader, first, 1);
  return frame != NULL;
}

/* Likewise of those before it; more than the cache keeps would be decoded for ever. */
static gboolean
read_back (Helper *helper)
{
  Reader *reader = &helper->back;
  const int n_frames =
      helper->step == 0 ? AROUND_FRAMES : MAX (-helper->step * AHEAD_STEPS, BACK_FRAMES);
  const int wanted = MIN (n_frames, helper->capacity_frames * 2 / 3);
  const int first = praxi_frame_cache_first_of_run (helper->cache, helper->shown);
  if (first <= 0 || helper->shown - first >= wanted)
    return FALSE;
  const int begin = praxi_frame_index_keyframe_before (helper->index, first - 1);
  if (reader->position < begin || reader->position >= first) {
    if (helper->back_from == first)
      return FALSE;
    helper->back_from = first;
    go_to (helper, reader, begin);
  }
  const int needed_from = helper->step == 0 ? helper->shown - wanted : 0;
  g_autoptr (PraxiFrame) frame = decode_one (helper, reader, needed_from, 1);
  return frame != NULL;
}

/* Once a slot: a picture of 1080p is 2000 small pages. FALSE: there is none. */
static gboolean
unite_slot (Helper *helper)
{
  const guint32 slots = helper->used_slots & ~helper->united_slots;
  if (slots == 0)
    return FALSE;
  const guint32 slot = (guint32) __builtin_ctz (slots);
  praxi_pages_unite (helper->ring + slot * helper->slot_bytes, helper->slot_bytes);
  helper->united_slots |= 1u << slot;
  return TRUE;
}

/* Decodes one frame of those that will be asked for next. FALSE: there is nothing to do. */
static gboolean
prepare (Helper *helper)
{
  struct pollfd socket = {.fd = helper->socket_fd, .events = POLLIN};
  if (helper->shown < 0)
    return FALSE;
  if (helper->step == 0 && !helper->is_quiet && poll (&socket, 1, QUIET_MS) != 0)
    return TRUE;
  helper->is_quiet = TRUE;
  if (helper->step == 0 && helper->previewer == NULL)
    open_previewer (helper); /* the first preview does not wait for it then */
  if ((helper->step > 0 && read_ahead (helper)) || (helper->step == 0 && read_on (helper)) ||
      (helper->step <= 0 && read_back (helper)))
    return TRUE;
  return helper->step == 0 && unite_slot (helper);
}

static void
run (Helper *helper)
{
  gboolean is_idle = FALSE;
  while (!helper->is_gone) {
    listen_to_client (helper, is_idle && !helper->has_request && !helper->has_preview);
    if (helper->is_gone)
      return;
    is_idle = FALSE;
    if (helper->has_request)
      serve (helper);
    else if (helper->has_preview)
      serve_preview (helper);
    else
      is_idle = !prepare (helper);
  }
}

static void
clear (Helper *helper)
{
  sws_freeContext (helper->scaler);
  praxi_frame_cache_free (helper->cache);
  praxi_frame_cache_free (helper->keyframes);
  praxi_preview_cache_free (helper->previews);
  praxi_decoder_free (helper->previewer);
  praxi_decoder_free (helper->back.decoder);
  praxi_decoder_free (helper->ahead.decoder);
  praxi_media_unref (helper->media);
  if (helper->ring != NULL)
    praxi_pages_unmap (helper->ring, helper->slot_bytes * PRAXI_DECODE_SLOTS);
}

gboolean
praxi_decode_helper_run (int media_fd, int socket_fd, const char *name, GError **error)
{
  Helper helper = {.socket_fd = socket_fd, .shown = -1, .ahead_from = -1};
  helper.ahead.position = helper.back.position = -1;
  helper.cache = praxi_frame_cache_new (CACHE_BYTES, CACHE_FRAMES);
  helper.keyframes = praxi_frame_cache_new (KEYFRAME_BYTES, KEYFRAMES);
  helper.previews = praxi_preview_cache_new (PREVIEW_BYTES);
  listen_to_client (&helper, TRUE);
  const gboolean is_greeted = helper.ring != NULL;
  if (!is_greeted)
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
                 "%s: the workbench sent no memory to decode into", name);
  else if (open_media (&helper, media_fd, name)) {
    send_index (&helper);
    send_ready (&helper);
    run (&helper);
  }
  clear (&helper);
  return is_greeted;
}
