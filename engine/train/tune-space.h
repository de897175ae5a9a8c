/* What a tuner may choose from, as JSON: an object of names, each with
 *   {"type": "float" | "log" | "int", "low": L, "high": H}   or   {"type": "choice", "values":
 * […]}. A point of the space is one number in [0, 1] for each name; what it means is said as text.
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum {
  PRAXI_TUNE_FLOAT,
  PRAXI_TUNE_LOG, /* a float; its logarithm is spread evenly */
  PRAXI_TUNE_INT,
  PRAXI_TUNE_CHOICE,
} PraxiTuneKind;

typedef struct {
  char *name;
  PraxiTuneKind kind;
  double low, high;
  char **choices; /* as text; NULL-terminated, of PRAXI_TUNE_CHOICE alone */
  int n_choices;
} PraxiTuneAxis;

typedef struct {
  PraxiTuneAxis *axes;
  int n_axes;
} PraxiTuneSpace;

/* Errors: FORMAT: what is missing, unknown or the wrong way round; names the axis */
PraxiTuneSpace *praxi_tune_space_parse (const char *json, GError **error);
void praxi_tune_space_free (PraxiTuneSpace *space);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiTuneSpace, praxi_tune_space_free)

/* The value of an axis at a place in [0, 1]; of a choice its number. */
double praxi_tune_value (const PraxiTuneAxis *axis, double place);

/* The same as text, with a point in every locale; free with g_free. */
char *praxi_tune_text (const PraxiTuneAxis *axis, double place);

/* The place of a text that praxi_tune_text wrote; NaN where it is none. */
double praxi_tune_place (const PraxiTuneAxis *axis, const char *text);

G_END_DECLS
