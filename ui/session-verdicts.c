/* What a person says of events. */
#include <glib/gi18n.h>

#include "ui/session-labelling.h"
#include "ui/session-review-private.h"
#include "ui/session-settings.h"

/* What a verdict speaks of: an event, or a span in which the other model saw one. */
typedef struct {
  const char *class_name; /* NULL for none; borrowed from a track */
  PraxiTimeSpan span;
  const PraxiScoreTrack *track;
  gboolean is_current; /* the item of the review under way */
} Subject;

/* --- what was said ------------------------------------------------------------------------- */

static const PraxiUiLabel *
find_label (PraxiSession *self, const char *class_name, PraxiTimeSpan span)
{
  const PraxiUiClass *cls = praxi_session_find_class_named (self, class_name);
  for (guint i = praxi_session_first_label (self, span.start_ns);
       cls != NULL && i < self->labels->len; i++) {
    const PraxiUiLabel *label = self->labels->pdata[i];
    if (label->span.start_ns >= span.end_ns)
      break;
    if (label->class_id == cls->id &&
        praxi_review_label_fits (span.start_ns, span.end_ns, label->span.start_ns,
                                 label->span.end_ns))
      return label;
  }
  return NULL;
}

static const PraxiVerdict *
find_verdict (PraxiSession *self, const char *class_name, PraxiTimeSpan span)
{
  const GPtrArray *verdicts = praxi_session_verdicts (self);
  for (guint i = 0; i < verdicts->len; i++) {
    const PraxiVerdict *verdict = verdicts->pdata[i];
    if (g_str_equal (verdict->cls, class_name) &&
        praxi_review_verdict_fits (span.start_ns, span.end_ns, verdict->start_ns, verdict->end_ns))
      return verdict;
  }
  return NULL;
}

PraxiEventState
praxi_session_span_state (PraxiSession *self, const char *class_name, PraxiTimeSpan span)
{
  if (find_label (self, class_name, span) != NULL)
    return PRAXI_EVENT_ACCEPTED;
  const PraxiVerdict *verdict = find_verdict (self, class_name, span);
  if (verdict == NULL)
    return PRAXI_EVENT_OPEN;
  return verdict->kind == PRAXI_VERDICT_REJECTED ? PRAXI_EVENT_REJECTED : PRAXI_EVENT_REVIEWED;
}

static PraxiTimeSpan
event_span (const PraxiEvent *event)
{
  return (PraxiTimeSpan){event->start_ns, event->end_ns};
}

static const char *
event_class (PraxiSession *self, const PraxiEvent *event)
{
  return praxi_score_track_class_name (self->track, event->class_index);
}

PraxiEventState
praxi_session_event_state (PraxiSession *self, int event_index)
{
  GArray *states = self->review->states;
  const GArray *events = praxi_session_events (self);
  if (event_index < 0 || event_index >= (int) events->len || self->track == NULL)
    return PRAXI_EVENT_OPEN;
  for (guint i = states->len; i < events->len; i++) {
    const PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    const PraxiEventState state =
        praxi_session_span_state (self, event_class (self, event), event_span (event));
    g_array_append_val (states, state);
  }
  return g_array_index (states, PraxiEventState, event_index);
}

gboolean
praxi_session_is_media_reviewed (PraxiSession *self)
{
  const GPtrArray *verdicts = praxi_session_verdicts (self);
  for (guint i = 0; i < verdicts->len; i++) {
    const PraxiVerdict *verdict = verdicts->pdata[i];
    if (verdict->kind == PRAXI_VERDICT_REVIEWED && *verdict->cls == '\0')
      return TRUE;
  }
  return FALSE;
}

/* --- of what ------------------------------------------------------------------------------- */

int
praxi_session_event_in_hand (PraxiSession *self)
{
  const gint64 now_ns = praxi_session_frame_span (self, self->playhead).start_ns;
  const PraxiEvent *selected = praxi_session_event (self, self->selected_event);
  if (selected != NULL && praxi_time_span_contains (event_span (selected), now_ns))
    return self->selected_event;
  const int index = praxi_session_event_at (self, now_ns);
  return index >= 0 ? index : self->selected_event;
}

static Subject
subject_in_hand (PraxiSession *self)
{
  const PraxiReviewItem *item = praxi_session_review_current (self);
  const int index = praxi_session_event_in_hand (self);
  const PraxiEvent *event = praxi_session_event (self, index);
  if (item != NULL && item->kind == PRAXI_REVIEW_DISAGREEMENT)
    return (Subject){item->class_name, item->span, self->review->other, TRUE};
  if (event == NULL || self->track == NULL) {
    praxi_session_say (self, FALSE, _ ("No event is under the playhead"));
    return (Subject){0};
  }
  return (Subject){event_class (self, event), event_span (event), self->track,
                   item != NULL && item->event_index == index};
}

/* --- saying it ----------------------------------------------------------------------------- */

static void
add_verdict (PraxiSession *self, PraxiEdit *edit, const Subject *subject, PraxiVerdictKind kind)
{
  PraxiVerdict *verdict = g_new0 (PraxiVerdict, 1);
  verdict->media_id = self->media_id;
  verdict->model_sha256 =
      g_strdup (subject->track != NULL ? praxi_score_track_model_sha256 (subject->track) : "");
  verdict->cls = g_strdup (subject->class_name);
  verdict->start_ns = subject->span.start_ns;
  verdict->end_ns = subject->span.end_ns;
  verdict->kind = kind;
  praxi_edit_verdict (edit, verdict);
}

/* Verdicts on their way have no id yet; they go with the next one. */
static void
remove_verdict (PraxiSession *self, PraxiEdit *edit, const Subject *subject)
{
  const PraxiVerdict *verdict = find_verdict (self, subject->class_name, subject->span);
  if (verdict != NULL && verdict->id > 0)
    praxi_edit_remove (edit, PRAXI_OP_REMOVE_VERDICT, verdict->id);
}

static const PraxiUiClass *
find_class (PraxiSession *self, const char *name)
{
  const PraxiUiClass *cls = praxi_session_find_class_named (self, name);
  if (cls == NULL) {
    g_autofree char *text =
        g_strdup_printf (_ ("This project has no class “%s”: add it first"), name);
    praxi_session_say (self, FALSE, text);
  }
  return cls;
}

static PraxiLabel *
label_of (PraxiSession *self, const Subject *subject, gint64 class_id)
{
  const int start_frame = praxi_session_frame_at (self, subject->span.start_ns);
  const int end_frame = praxi_session_frame_at (self, subject->span.end_ns - 1) + 1;
  return praxi_session_new_label (self, class_id, start_frame, end_frame,
                                  PRAXI_LABEL_SOURCE_ACCEPTED);
}

static void
go_on (PraxiSession *self, const Subject *subject)
{
  if (subject->is_current &&
      praxi_settings_boolean (praxi_session_settings (self), PRAXI_SETTING_MOVE_ON))
    praxi_session_review_advance (self);
}

void
praxi_session_accept_event (PraxiSession *self)
{
  const Subject subject = subject_in_hand (self);
  const PraxiUiClass *cls =
      subject.class_name != NULL ? find_class (self, subject.class_name) : NULL;
  if (cls == NULL)
    return;
  const PraxiUiLabel *before = find_label (self, subject.class_name, subject.span);
  if (before != NULL) {
    praxi_session_say (self, FALSE, _ ("This event is a label already"));
    praxi_session_select_label (self, before->id);
    return;
  }
  PraxiLabel *label = label_of (self, &subject, cls->id);
  const gint64 id = label->id;
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  remove_verdict (self, edit, &subject);
  praxi_edit_label (edit, PRAXI_OP_ADD_LABEL, label);
  praxi_session_push_edit (self, edit);
  praxi_session_select_label (self, id);
  go_on (self, &subject);
}

void
praxi_session_accept_visible (PraxiSession *self)
{
  const GArray *events = praxi_session_events (self);
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  for (guint i = 0; i < events->len && self->track != NULL; i++) {
    const PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    const Subject subject = {event_class (self, event), event_span (event), self->track, FALSE};
    const PraxiUiClass *cls = praxi_session_find_class_named (self, subject.class_name);
    if (cls != NULL && praxi_time_span_overlaps (subject.span, self->visible) &&
        praxi_session_event_state (self, (int) i) == PRAXI_EVENT_OPEN)
      praxi_edit_label (edit, PRAXI_OP_ADD_LABEL, label_of (self, &subject, cls->id));
  }
  const gulong n_labels = edit->ops->len;
  praxi_session_push_edit (self, edit);
  g_autofree char *text =
      n_labels > 0 ? g_strdup_printf (
                         ngettext ("%lu event accepted", "%lu events accepted", n_labels), n_labels)
                   : g_strdup (_ ("No open event is in view"));
  praxi_session_say (self, FALSE, text);
}

/* What was accepted before goes with it; a label made by hand stays. */
void
praxi_session_reject_event (PraxiSession *self)
{
  const Subject subject = subject_in_hand (self);
  if (subject.class_name == NULL)
    return;
  const PraxiVerdict *before = find_verdict (self, subject.class_name, subject.span);
  if (before != NULL && before->kind == PRAXI_VERDICT_REJECTED) {
    praxi_session_say (self, FALSE, _ ("This event is rejected already"));
    return;
  }
  const PraxiUiLabel *label = find_label (self, subject.class_name, subject.span);
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  if (label != NULL && label->state != PRAXI_LABEL_NOT_KEPT &&
      g_str_equal (label->source, PRAXI_LABEL_SOURCE_ACCEPTED))
    praxi_edit_label (edit, PRAXI_OP_REMOVE_LABEL, praxi_session_copy_label (self, label));
  remove_verdict (self, edit, &subject);
  add_verdict (self, edit, &subject, PRAXI_VERDICT_REJECTED);
  praxi_session_push_edit (self, edit);
  go_on (self, &subject);
}

/* --- reviewed ------------------------------------------------------------------------------ */

static void
review_item (PraxiSession *self, const PraxiReviewItem *item)
{
  if (item->kind == PRAXI_REVIEW_UNSEEN) {
    praxi_session_add_seen (self, item->span);
  } else {
    const Subject subject = {
        item->class_name, item->span,
        item->kind == PRAXI_REVIEW_DISAGREEMENT ? self->review->other : self->track, TRUE};
    PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
    add_verdict (self, edit, &subject, PRAXI_VERDICT_REVIEWED);
    praxi_session_push_edit (self, edit);
  }
  praxi_session_review_advance (self);
}

/* The next one nobody is through with, behind the open one and then from the first; NULL for none.
 */
static PraxiMediaItem *
find_unreviewed (PraxiSession *self)
{
  GListModel *list = praxi_session_media_list (self);
  const guint n_items = g_list_model_get_n_items (list);
  PraxiMediaItem *before = NULL;
  gboolean is_behind = FALSE;
  for (guint i = 0; i < n_items; i++) {
    g_autoptr (PraxiMediaItem) item = g_list_model_get_item (list, i);
    const gboolean is_left = item != self->media && !praxi_media_item_is_reviewed (item) &&
                             !praxi_media_item_is_missing (item) &&
                             !praxi_media_item_is_camera (item);
    if (is_left && is_behind)
      return item;
    if (is_left && before == NULL)
      before = item;
    is_behind |= item == self->media;
  }
  return before;
}

static void
review_media (PraxiSession *self)
{
  if (praxi_session_n_frames (self) == 0)
    return;
  if (!praxi_session_is_media_reviewed (self)) {
    const Subject media = {"", praxi_session_footage (self), NULL, FALSE};
    PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
    add_verdict (self, edit, &media, PRAXI_VERDICT_REVIEWED);
    praxi_session_push_edit (self, edit);
  }
  praxi_media_item_set_reviewed (self->media, TRUE); /* the store may not know its id yet */
  PraxiMediaItem *next = find_unreviewed (self);
  if (next == NULL) {
    praxi_session_say (self, FALSE, _ ("All footage of the project is reviewed"));
    return;
  }
  praxi_session_open_media (self, next);
  praxi_session_say (self, FALSE, _ ("The video is marked as reviewed; this is the next one"));
}

void
praxi_session_mark_reviewed (PraxiSession *self)
{
  const PraxiReviewItem *item = praxi_session_review_current (self);
  if (item != NULL)
    review_item (self, item);
  else
    review_media (self);
}
