/* SQLite reads its log (-wal) up to the first frame that is damaged and silently forgets the rest.
 * That is right after a power cut, where the rest was never acknowledged, but the audit must say
 * it. Inside the store only.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The sentence about what of the log at path cannot be read; NULL when all can, or there is none.
 * Source: sqlite.org/fileformat2.html, section 4
 */
char *praxi_log_check (const char *path);

G_END_DECLS
