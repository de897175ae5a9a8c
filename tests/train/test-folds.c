/* Folds of a cross-validation: groups stay whole, classes are spread, the same labels give the same
 * folds.
 */
#include <glib.h>

#include "engine/core/error.h"
#include "engine/train/folds.h"

enum { FOLDS = 5, GROUPS = 35 };

static void
sample_free (gpointer data)
{
  PraxiSample *sample = data;
  g_free (sample->file);
  g_free (sample->group);
  g_free (sample);
}

static void
add (PraxiDataset *dataset, const char *folder, int file, int group, int class_index)
{
  PraxiSample *sample = g_new0 (PraxiSample, 1);
  sample->file = g_strdup_printf ("%s/%d.mp4", folder, file);
  sample->group = g_strdup_printf ("source-%d", group);
  sample->class_index = class_index;
  g_ptr_array_add (dataset->samples, sample);
}

/* Sources of 2 to 8 files of two classes, as CCTV has them; every third file holds two samples. */
static PraxiDataset
make_dataset (void)
{
  PraxiDataset dataset = {.samples = g_ptr_array_new_with_free_func (sample_free)};
  int file = 0;
  for (int g = 0; g < GROUPS; g++)
    for (int i = 0; i < 2 + (g * 5) % 7; i++, file++) {
      const int class_index = (i + g) % 2;
      for (int s = 0; s < (file % 3 == 0 ? 2 : 1); s++)
        add (&dataset, class_index == 1 ? "fight" : "normal", file, g, class_index);
    }
  return dataset;
}

static const PraxiSample *
sample_at (const PraxiDataset *dataset, guint i)
{
  return dataset->samples->pdata[i];
}

static void
test_folds (void)
{
  PraxiDataset dataset = make_dataset (), again = make_dataset ();
  const guint n = dataset.samples->len;
  g_autofree int *fold_of = praxi_folds_new (&dataset, FOLDS, NULL);
  g_autofree int *same = praxi_folds_new (&again, FOLDS, NULL);
  int counts[FOLDS][2] = {{0}}, totals[2] = {0};
  g_assert_cmpmem (fold_of, sizeof *fold_of * n, same, sizeof *same * n);
  for (guint i = 0; i < n; i++) {
    g_assert_cmpint (fold_of[i], >=, 0);
    g_assert_cmpint (fold_of[i], <, FOLDS);
    counts[fold_of[i]][sample_at (&dataset, i)->class_index]++;
    totals[sample_at (&dataset, i)->class_index]++;
    for (guint j = 0; j < i; j++)
      if (g_str_equal (sample_at (&dataset, i)->group, sample_at (&dataset, j)->group))
        g_assert_cmpint (fold_of[i], ==, fold_of[j]);
  }
  for (int f = 0; f < FOLDS; f++)
    for (int c = 0; c < 2; c++) { /* each within a third of a fifth */
      g_assert_cmpint (counts[f][c] * 15, >, totals[c] * 2);
      g_assert_cmpint (counts[f][c] * 15, <, totals[c] * 4);
    }
  g_ptr_array_unref (dataset.samples);
  g_ptr_array_unref (again.samples);
}

/* What a fold leaves and what it holds out are all there is, and share no group. */
static void
test_keep (void)
{
  PraxiDataset rest = make_dataset (), held_out = make_dataset ();
  const guint n = rest.samples->len;
  g_autofree int *fold_of = praxi_folds_new (&rest, FOLDS, NULL);
  praxi_folds_keep (&rest, fold_of, 2, FALSE);
  praxi_folds_keep (&held_out, fold_of, 2, TRUE);
  g_assert_cmpuint (rest.samples->len + held_out.samples->len, ==, n);
  g_assert_cmpuint (held_out.samples->len, >, 0);
  for (guint i = 0; i < rest.samples->len; i++)
    for (guint j = 0; j < held_out.samples->len; j++)
      g_assert_cmpstr (sample_at (&rest, i)->group, !=, sample_at (&held_out, j)->group);
  g_ptr_array_unref (rest.samples);
  g_ptr_array_unref (held_out.samples);
}

/* One large source and four small ones: evenness alone would leave folds to the large one's kinds.
 */
static void
test_few_groups (void)
{
  g_autoptr (GError) error = NULL;
  PraxiDataset dataset = {.samples = g_ptr_array_new_with_free_func (sample_free)};
  gboolean is_taken[FOLDS] = {FALSE};
  for (int i = 0; i < 2 * FOLDS; i++) /* each of a kind of its own */
    add (&dataset, "abcdefghij" + i, i, i < 6 ? 0 : 1 + (i - 6), i % 2);
  g_autofree int *fold_of = praxi_folds_new (&dataset, FOLDS, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < dataset.samples->len; i++)
    is_taken[fold_of[i]] = TRUE;
  for (int f = 0; f < FOLDS; f++)
    g_assert_true (is_taken[f]);
  g_assert_null (praxi_folds_new (&dataset, FOLDS + 1, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED);
  g_ptr_array_unref (dataset.samples);
}

/* Extra footage is held out by nobody, and changes nothing for the rest; what a model calls the
 * files of a folder changes nothing either.
 */
static void
test_extra (void)
{
  PraxiDataset dataset = make_dataset (), more = make_dataset ();
  const guint n = dataset.samples->len;
  g_autofree int *before = praxi_folds_new (&dataset, FOLDS, NULL);
  for (guint i = 0; i < 9; i++) {
    add (&more, "drop", (int) i, 0, 2); /* of a group that is there already */
    PraxiSample *sample = g_ptr_array_steal_index (more.samples, more.samples->len - 1);
    sample->is_extra = TRUE;
    g_ptr_array_add (dataset.samples, sample);
  }
  for (guint i = 0; i < n; i++)
    ((PraxiSample *) dataset.samples->pdata[i])->class_index = 0;
  g_autofree int *fold_of = praxi_folds_new (&dataset, FOLDS, NULL);
  g_assert_cmpmem (fold_of, sizeof *fold_of * n, before, sizeof *before * n);
  for (guint i = n; i < dataset.samples->len; i++)
    g_assert_cmpint (fold_of[i], ==, PRAXI_FOLDS_NONE);
  praxi_folds_keep (&dataset, fold_of, 1, FALSE);
  guint n_extra = 0;
  for (guint i = 0; i < dataset.samples->len; i++)
    n_extra += sample_at (&dataset, i)->is_extra ? 1 : 0;
  g_assert_cmpuint (n_extra, ==, 9);
  g_ptr_array_unref (dataset.samples);
  g_ptr_array_unref (more.samples);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/folds/assign", test_folds);
  g_test_add_func ("/folds/keep", test_keep);
  g_test_add_func ("/folds/few-groups", test_few_groups);
  g_test_add_func ("/folds/extra", test_extra);
  return g_test_run ();
}
