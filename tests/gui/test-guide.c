/* The guide's pages: every one is there, reads as Pango markup, and its links lead somewhere. */
#include <pango/pango.h>

#include "ui/guide-text.h"
#include "ui/guide.h"

static const PraxiGuideBlock *
block (const GPtrArray *blocks, guint i)
{
  g_assert_cmpuint (i, <, blocks->len);
  return blocks->pdata[i];
}

static void
assert_block (const GPtrArray *blocks, guint i, PraxiGuideKind kind, const char *cell)
{
  g_assert_cmpint (block (blocks, i)->kind, ==, kind);
  g_assert_cmpstr (block (blocks, i)->cells[0], ==, cell);
}

static void
test_blocks (void)
{
  g_autoptr (GPtrArray) blocks = praxi_guide_parse ("# A & B\n\ntext **bold** `x<y` end\n- one\n"
                                                    "12. two\n\n    code <here>\n## Next\n"
                                                    "| a | [b](c.md) |\n|---|---|\n| 1 | 2 |\n");
  assert_block (blocks, 0, PRAXI_GUIDE_TITLE, "A &amp; B");
  assert_block (blocks, 1, PRAXI_GUIDE_PARAGRAPH, "text <b>bold</b> <tt>x&lt;y</tt> end");
  assert_block (blocks, 2, PRAXI_GUIDE_ITEM, "one");
  assert_block (blocks, 3, PRAXI_GUIDE_ITEM, "two");
  g_assert_cmpstr (block (blocks, 3)->marker, ==, "12.");
  assert_block (blocks, 4, PRAXI_GUIDE_CODE, "code &lt;here&gt;");
  assert_block (blocks, 5, PRAXI_GUIDE_HEADING, "Next");
  assert_block (blocks, 6, PRAXI_GUIDE_ROW, "a");
  g_assert_cmpstr (block (blocks, 6)->cells[1], ==, "<a href=\"c.md\">b</a>");
  assert_block (blocks, 7, PRAXI_GUIDE_ROW, "1");
  g_assert_cmpuint (blocks->len, ==, 8);
}

/* What only begins like markup is text. */
static void
test_unfinished (void)
{
  g_autoptr (GPtrArray) blocks = praxi_guide_parse ("**never [closed](\n`a\n|\n12.\n\xc2\xa0é");
  for (guint i = 0; i < blocks->len; i++)
    for (char **cell = block (blocks, i)->cells; *cell != NULL; cell++)
      g_assert_true (pango_parse_markup (*cell, -1, 0, NULL, NULL, NULL, NULL));
  assert_block (blocks, 0, PRAXI_GUIDE_PARAGRAPH, "**never [closed](");
}

/* Links in the markup lead to pages or into the web; Pango knows no <a>. */
static char *
without_links (const char *markup)
{
  g_autoptr (GRegex) link = g_regex_new ("<a href=\"([^\"]*)\">", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  for (g_regex_match (link, markup, 0, &match); g_match_info_matches (match);
       g_match_info_next (match, NULL)) {
    g_autofree char *address = g_match_info_fetch (match, 1);
    g_autofree char *page = g_strndup (address, strcspn (address, "."));
    g_assert_true (
        g_str_has_prefix (address, "https://") ||
        (g_str_has_suffix (address, ".md") && g_strv_contains (praxi_guide_pages, page)));
  }
  g_autofree char *opened = g_regex_replace_literal (link, markup, -1, 0, "<u>", 0, NULL);
  g_autoptr (GRegex) end = g_regex_new ("</a>", 0, 0, NULL);
  return g_regex_replace_literal (end, opened, -1, 0, "</u>", 0, NULL);
}

static void
assert_pages (void)
{
  for (guint p = 0; praxi_guide_pages[p] != NULL; p++) {
    g_autofree char *text = praxi_guide_text (praxi_guide_pages[p]);
    g_autoptr (GPtrArray) blocks = praxi_guide_parse (text);
    g_assert_cmpuint (blocks->len, >, 3);
    g_assert_cmpint (block (blocks, 0)->kind, ==, PRAXI_GUIDE_TITLE);
    for (guint i = 0; i < blocks->len; i++)
      for (char **cell = block (blocks, i)->cells; *cell != NULL; cell++) {
        g_autoptr (GError) error = NULL;
        g_autofree char *markup = without_links (*cell);
        pango_parse_markup (markup, -1, 0, NULL, NULL, NULL, &error);
        g_assert_no_error (error);
      }
  }
}

static void
test_pages (void)
{
  static const char *const languages[] = {"en", "de", "zh_CN"};
  for (guint l = 0; l < G_N_ELEMENTS (languages); l++) {
    g_setenv ("LANGUAGE", languages[l], TRUE);
    assert_pages ();
  }
}

/* A translation has what the English page has, in the same order, and is another text. */
static void
test_translations (void)
{
  static const char *const languages[] = {"de", "zh_CN"};
  for (guint p = 0; praxi_guide_pages[p] != NULL; p++) {
    g_setenv ("LANGUAGE", "en", TRUE);
    g_autofree char *english = praxi_guide_text (praxi_guide_pages[p]);
    g_autoptr (GPtrArray) wanted = praxi_guide_parse (english);
    for (guint l = 0; l < G_N_ELEMENTS (languages); l++) {
      g_setenv ("LANGUAGE", languages[l], TRUE);
      g_autofree char *text = praxi_guide_text (praxi_guide_pages[p]);
      g_autoptr (GPtrArray) blocks = praxi_guide_parse (text);
      g_assert_cmpstr (text, !=, english);
      g_assert_cmpuint (blocks->len, ==, wanted->len);
      for (guint i = 0; i < blocks->len; i++) {
        g_assert_cmpint (block (blocks, i)->kind, ==, block (wanted, i)->kind);
        g_assert_cmpuint (g_strv_length (block (blocks, i)->cells), ==,
                          g_strv_length (block (wanted, i)->cells));
        if (block (blocks, i)->kind == PRAXI_GUIDE_CODE)
          g_assert_cmpstr (block (blocks, i)->cells[0], ==, block (wanted, i)->cells[0]);
      }
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gui/guide/blocks", test_blocks);
  g_test_add_func ("/gui/guide/unfinished", test_unfinished);
  g_test_add_func ("/gui/guide/pages", test_pages);
  g_test_add_func ("/gui/guide/translations", test_translations);
  return g_test_run ();
}
