#include "ui/label-model.h"

#include <string.h>

/* --- an item ------------------------------------------------------------------------------- */

struct _PraxiLabelItem {
  GObject parent_instance;
  PraxiUiLabel *label;
};

G_DEFINE_FINAL_TYPE (PraxiLabelItem, praxi_label_item, G_TYPE_OBJECT)

static void
praxi_label_item_finalize (GObject *object)
{
  praxi_ui_label_unref (PRAXI_LABEL_ITEM (object)->label);
  G_OBJECT_CLASS (praxi_label_item_parent_class)->finalize (object);
}

static void
praxi_label_item_class_init (PraxiLabelItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = praxi_label_item_finalize;
}

static void
praxi_label_item_init (PraxiLabelItem *self)
{
}

const PraxiUiLabel *
praxi_label_item_label (PraxiLabelItem *item)
{
  return item->label;
}

/* --- the list ------------------------------------------------------------------------------ */

struct _PraxiLabelModel {
  GObject parent_instance;
  PraxiSession *session;
  char **words;      /* case-folded; none: everything */
  GPtrArray *labels; /* PraxiUiLabel shown */
};

static GType
get_item_type (GListModel *model)
{
  return PRAXI_TYPE_LABEL_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return PRAXI_LABEL_MODEL (model)->labels->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  const GPtrArray *labels = PRAXI_LABEL_MODEL (model)->labels;
  if (position >= labels->len)
    return NULL;
  PraxiLabelItem *item = g_object_new (PRAXI_TYPE_LABEL_ITEM, NULL);
  item->label = praxi_ui_label_ref (labels->pdata[position]);
  return item;
}

static void
list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (PraxiLabelModel,
                               praxi_label_model,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static gboolean
fits (PraxiLabelModel *self, const PraxiUiLabel *label)
{
  if (self->words == NULL || self->words[0] == NULL)
    return TRUE;
  const PraxiUiClass *cls = praxi_session_find_class (self->session, label->class_id);
  g_autofree char *text =
      g_strjoin ("\n", cls != NULL ? cls->name : "", label->note, label->author, NULL);
  g_autofree char *folded = g_utf8_casefold (text, -1);
  for (guint i = 0; self->words[i] != NULL; i++)
    if (strstr (folded, self->words[i]) == NULL)
      return FALSE;
  return TRUE;
}

static void
unref_label (gpointer label)
{
  praxi_ui_label_unref (label);
}

void
praxi_label_model_update (PraxiLabelModel *self, gboolean renews)
{
  const GPtrArray *all = praxi_session_labels (self->session);
  GPtrArray *before = self->labels;
  GPtrArray *after = g_ptr_array_new_with_free_func (unref_label);
  for (guint i = 0; i < all->len; i++)
    if (fits (self, all->pdata[i]))
      g_ptr_array_add (after, praxi_ui_label_ref (all->pdata[i]));
  const guint shorter = renews ? 0 : MIN (before->len, after->len);
  guint head = 0, tail = 0;
  while (head < shorter && before->pdata[head] == after->pdata[head])
    head++;
  while (tail < shorter - head &&
         before->pdata[before->len - 1 - tail] == after->pdata[after->len - 1 - tail])
    tail++;
  const guint n_removed = before->len - head - tail, n_added = after->len - head - tail;
  self->labels = after;
  if (n_removed > 0 || n_added > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), head, n_removed, n_added);
  g_ptr_array_unref (before);
}

void
praxi_label_model_set_filter (PraxiLabelModel *self, const char *text)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);
  g_strfreev (self->words);
  self->words = g_strsplit_set (g_strstrip (folded), " \t", -1);
  praxi_label_model_update (self, FALSE);
}

guint
praxi_label_model_find (PraxiLabelModel *self, gint64 label_id)
{
  for (guint i = 0; i < self->labels->len && label_id != 0; i++)
    if (((const PraxiUiLabel *) self->labels->pdata[i])->id == label_id)
      return i;
  return G_MAXUINT;
}

static void
praxi_label_model_finalize (GObject *object)
{
  PraxiLabelModel *self = PRAXI_LABEL_MODEL (object);
  g_object_unref (self->session);
  g_ptr_array_unref (self->labels);
  g_strfreev (self->words);
  G_OBJECT_CLASS (praxi_label_model_parent_class)->finalize (object);
}

static void
praxi_label_model_class_init (PraxiLabelModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = praxi_label_model_finalize;
}

static void
praxi_label_model_init (PraxiLabelModel *self)
{
  self->labels = g_ptr_array_new_with_free_func (unref_label);
}

PraxiLabelModel *
praxi_label_model_new (PraxiSession *session)
{
  PraxiLabelModel *self = g_object_new (PRAXI_TYPE_LABEL_MODEL, NULL);
  self->session = g_object_ref (session);
  praxi_label_model_update (self, FALSE);
  return self;
}
