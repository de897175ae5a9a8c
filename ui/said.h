/* What comes as English text from jobs and files, in the person's language.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A sentence of `praxi watch`, or a step in the lineage of a model: in the person's language where
 * it is one of the usual ones, with the numbers in it as people write them there; else as it came.
 * Free with g_free.
 */
char *praxi_said_text (const char *english);

/* A number or a name in such a text, likewise. Free with g_free. */
char *praxi_said_value (const char *english);

G_END_DECLS
