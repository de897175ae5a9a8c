/* Undo and redo against a plain model: a list of states and a place in it. */
#include "tests/store/random-edits.h"

enum { MEDIA_ID = 4 };

/* states [place] is what must be seen; undo and redo move the place, an edit cuts what follows. */
typedef struct {
  GPtrArray *states; /* char * */
  guint place;
} Model;

static void
expect_state (const Model *model, PraxiStore *store)
{
  g_autofree char *state = dump_store (store, NULL);
  g_assert_cmpstr (state, ==, model->states->pdata[model->place]);
  g_assert_cmpint (praxi_store_can_undo (store), ==, model->place > 0);
  g_assert_cmpint (praxi_store_can_redo (store), ==, model->place + 1 < model->states->len);
}

static void
edit (Model *model, PraxiStore *store, guint32 *state)
{
  static const char *const classes[] = {"normal", "fight", "fall"};
  const int start_ms = (int) (next_random (state) % 10000);
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, NULL);
  const guint n = labels->len;
  PraxiLabel *label = n > 0 ? labels->pdata[next_random (state) % n] : NULL;
  const guint32 choice = next_random (state) % 6;
  if (label == NULL || choice < 3) {
    add_span (store, MEDIA_ID, classes[start_ms % 3], start_ms, start_ms + 500);
  } else if (choice == 3) {
    g_assert_true (praxi_store_remove_label (store, label->id, NULL));
  } else if (choice == 4) {
    label->start_ns -= 1000;
    g_assert_true (praxi_store_update_label (store, label, NULL));
  } else {
    g_assert_true (praxi_store_begin (store, NULL));
    g_assert_true (praxi_store_remove_label (store, label->id, NULL));
    add_span (store, MEDIA_ID, "fall", start_ms, start_ms + 100);
    add_span (store, MEDIA_ID, "fall", start_ms + 100, start_ms + 200);
    g_assert_true (praxi_store_commit (store, NULL));
  }
  g_ptr_array_set_size (model->states, (int) ++model->place);
  g_ptr_array_add (model->states, dump_store (store, NULL));
}

static void
step (Model *model, PraxiStore *store, guint32 *state)
{
  const guint32 choice = next_random (state) % 10;
  if (choice < 5) {
    edit (model, store, state);
  } else if (choice < 8) {
    const gboolean can = model->place > 0;
    g_assert_cmpint (praxi_store_undo (store, NULL, NULL), ==, can);
    model->place -= can;
  } else {
    const gboolean can = model->place + 1 < model->states->len;
    g_assert_cmpint (praxi_store_redo (store, NULL, NULL), ==, can);
    model->place += can;
  }
}

/* Two programs take turns, and one of them is closed and opened again now and then. */
static void
test_undo_like_model (Fixture *fixture, gconstpointer data)
{
  enum { STEPS = 300 };
  guint32 state = 2024;
  PraxiStore *stores[2] = {fixture_open (fixture), fixture_open (fixture)};
  g_assert_cmpint (add_footage (stores[0], "/a.mp4"), ==, MEDIA_ID);
  Model model = {.states = g_ptr_array_new_with_free_func (g_free)};
  g_ptr_array_add (model.states, dump_store (stores[0], NULL));
  for (int i = 0; i < STEPS; i++) {
    step (&model, stores[next_random (&state) % 2], &state);
    if (next_random (&state) % 10 == 0) {
      praxi_store_close (stores[1]);
      stores[1] = fixture_open (fixture);
    }
    expect_state (&model, stores[0]);
    expect_state (&model, stores[1]);
  }
  g_assert_cmpuint (model.states->len, >, 5);
  g_ptr_array_unref (model.states);
  praxi_store_close (stores[0]);
  praxi_store_close (stores[1]);
  assert_intact (fixture->path);
}

static void
test_undo_is_audited (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 id = add_span (store, add_footage (store, "/a.mp4"), "fight", 0, 1000);
  g_autofree char *what = NULL;
  g_assert_true (praxi_store_set_author (store, "Zoë", NULL));
  g_assert_true (praxi_store_undo (store, &what, NULL));
  g_assert_cmpstr (what, ==, "add label");
  g_assert_true (praxi_store_redo (store, NULL, NULL));
  g_autoptr (GPtrArray) rows = praxi_store_list_history (store, id - 1, 0, NULL);
  static const char *const verbs[] = {"edit", "undo", "redo"};
  g_assert_cmpuint (rows->len, ==, G_N_ELEMENTS (verbs));
  for (guint i = 0; i < rows->len; i++) {
    const PraxiHistoryRow *row = rows->pdata[i];
    g_assert_cmpstr (row->verb, ==, verbs[i]);
    g_assert_cmpstr (row->kind, ==, "label");
    g_assert_cmpint (row->row_id, ==, id);
    g_assert_cmpint (row->target, ==, i > 0 ? id : 0);
    g_assert_cmpstr (row->author, ==, i > 0 ? "Zoë" : g_get_user_name ());
    g_assert_cmpint (row->before == NULL, ==, i != 1);
    g_assert_cmpint (row->after == NULL, ==, i == 1);
  }
}

static void
test_nothing_to_undo (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  add_footage (store, "/a.mp4");
  const gint64 revision = praxi_store_revision (store);
  g_autoptr (GError) error = NULL;
  g_assert_false (praxi_store_undo (store, NULL, &error));
  assert_refusal (error, PRAXI_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (praxi_store_redo (store, NULL, &error));
  assert_refusal (error, PRAXI_ERROR_NOT_FOUND);
  g_assert_cmpint (praxi_store_revision (store), ==, revision);
}

/* What people type, and what somebody types who means harm. */
static const char *const odd_texts[] = {
    "'); DROP TABLE label;--",
    "\"quoted\", 'single', `back`",
    "\xe2\x80\xaegnp.kcatta", /* right-to-left override */
    "שלום עולם",
    "e\xcc\x81\xcc\x81\xcc\x81",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "<b>bold</b> &amp; <span foreground='red'>",
    "%n%s%1$n%%",
    "line\nfeed\ttab\r\nreturn",
    "\x01\x1b[31mred\x1b[0m\x7f",
    "NULL",
    "X'41'",
    "1,2,3",
    " leading and trailing ",
    "\xf4\x8f\xbf\xbf\xef\xbf\xbd",
};

static void
expect_text (PraxiStore *store, gint64 media_id, const char *text)
{
  g_autoptr (GError) error = NULL;
  const PraxiLabel label = {.media_id = media_id,
                            .class_id = 1,
                            .end_ns = 1,
                            .author = (char *) text,
                            .note = (char *) text,
                            .source = (char *) text};
  gint64 id = 0;
  praxi_store_add_label (store, &label, &id, &error);
  g_assert_no_error (error);
  g_assert_true (praxi_store_undo (store, NULL, NULL));
  g_assert_true (praxi_store_redo (store, NULL, NULL));
  g_autoptr (PraxiLabel) found = praxi_store_get_label (store, id, NULL);
  g_assert_cmpstr (found->note, ==, text);
  g_assert_cmpstr (found->author, ==, text);
  g_assert_cmpstr (found->source, ==, text);
  g_assert_false (found->is_damaged);
}

/* Valid UTF-8 of up to 60 characters from anywhere in Unicode. */
static char *
random_text (guint32 *state)
{
  GString *text = g_string_new (NULL);
  for (guint32 n = next_random (state) % 60; n > 0; n--) {
    const gunichar c = 1 + next_random (state) % (next_random (state) % 2 == 0 ? 127 : 0x10ffff);
    g_string_append_unichar (text, g_unichar_validate (c) ? c : '\'');
  }
  return g_string_free (text, FALSE);
}

static void
test_odd_text (Fixture *fixture, gconstpointer data)
{
  enum { RANDOM_TEXTS = 200, LONG_BYTES = 10000 };
  guint32 state = 1;
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/\xff\xfe/\n'odd' \xe2\x80\xae.mp4");
  g_autofree char *longest = g_strnfill (LONG_BYTES, '\'');
  for (guint i = 0; i < G_N_ELEMENTS (odd_texts); i++)
    expect_text (store, media, odd_texts[i]);
  expect_text (store, media, longest);
  for (int i = 0; i < RANDOM_TEXTS; i++) {
    g_autofree char *text = random_text (&state);
    expect_text (store, media, text);
  }
  for (guint i = 0; i < G_N_ELEMENTS (odd_texts); i++) {
    const PraxiClass cls = {.name = (char *) odd_texts[i]};
    g_assert_true (praxi_store_add_class (store, &cls, TRUE, NULL, NULL));
    g_autoptr (PraxiClass) found = praxi_store_find_class (store, odd_texts[i], NULL);
    g_assert_cmpstr (found->name, ==, odd_texts[i]);
  }
  g_autoptr (PraxiMediaRow) row = praxi_store_get_media (store, media, NULL);
  g_assert_cmpstr (row->path, ==, "/\xff\xfe/\n'odd' \xe2\x80\xae.mp4");
  g_assert_true (g_utf8_validate (row->name, -1, NULL));
  g_clear_pointer (&store, praxi_store_close);
  assert_intact (fixture->path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fixture_test ("/history/undo-like-model", test_undo_like_model);
  fixture_test ("/history/undo-is-audited", test_undo_is_audited);
  fixture_test ("/history/nothing-to-undo", test_nothing_to_undo);
  fixture_test ("/history/odd-text", test_odd_text);
  return g_test_run ();
}
