/* Which frames a media shows, and when: ordinal <-> pts <-> keyframe. Built from packets alone; an
 * immutable value once made, but for that of a recording that goes on. Everything that is kept
 * (labels, scores) is keyed on pts; ordinals are what people see. Nobody multiplies a time by a
 * frame rate.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PraxiFrameIndex PraxiFrameIndex;

/* in:     pts_ns [length], strictly increasing; is_keyframe [length], 0 or 1; both are copied
 *         end_ns: when the last frame stops being shown, > its pts
 * out:    NULL when the times do not increase strictly or length < 1
 * Thread: any
 */
PraxiFrameIndex *
praxi_frame_index_new (const gint64 *pts_ns, const guint8 *is_keyframe, int length, gint64 end_ns);

/* The index of a recording that goes on, without a frame yet. It grows a block at a time, and what
 * it holds stays where it is. Thread: the one that adds to it, also for reading
 */
PraxiFrameIndex *praxi_frame_index_new_growing (void);

/* A frame, which takes its place among those that are shown near it; one of the same time is there
 * already. It ends with the others where praxi_frame_index_set_end says. */
void praxi_frame_index_add (PraxiFrameIndex *index, gint64 pts_ns);

/* The frame on screen at that time is a keyframe; the times come ascending. */
void praxi_frame_index_add_keyframe (PraxiFrameIndex *index, gint64 pts_ns);

/* end_ns: > the pts of the last frame */
void praxi_frame_index_set_end (PraxiFrameIndex *index, gint64 end_ns);

/* Thread: any; the count is atomic */
PraxiFrameIndex *praxi_frame_index_ref (PraxiFrameIndex *index);
void praxi_frame_index_unref (PraxiFrameIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiFrameIndex, praxi_frame_index_unref)

/* Frames, at least 1 but in an index that grows. */
int praxi_frame_index_length (const PraxiFrameIndex *index);

/* When the frame begins and stops being shown. An ordinal outside is clamped to [0, length). */
gint64 praxi_frame_index_pts_ns (const PraxiFrameIndex *index, int ordinal);
gint64 praxi_frame_index_end_ns (const PraxiFrameIndex *index, int ordinal);

gboolean praxi_frame_index_is_keyframe (const PraxiFrameIndex *index, int ordinal);

/* The frame on screen at pts_ns: the last one that has begun; the first one before the beginning.
 */
int praxi_frame_index_ordinal_at (const PraxiFrameIndex *index, gint64 pts_ns);

/* The nearest keyframe at or before ordinal; 0 where there is none. */
int praxi_frame_index_keyframe_before (const PraxiFrameIndex *index, int ordinal);

int praxi_frame_index_n_keyframes (const PraxiFrameIndex *index);

/* Begin of the first to end of the last frame. */
gint64 praxi_frame_index_duration_ns (const PraxiFrameIndex *index);

G_END_DECLS
