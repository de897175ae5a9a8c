/* The guide: the pages of docs/guide in a window of their own. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Shows the guide beside parent, or brings it to the front. */
void praxi_guide_show (GtkWindow *parent);

/* The pages' names in their order, NULL-terminated, and the text of one in the person's language,
 * else in English; free with g_free.
 */
extern const char *const praxi_guide_pages[];
char *praxi_guide_text (const char *page);

G_END_DECLS
