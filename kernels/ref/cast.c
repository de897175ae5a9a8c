/* Between floats: nearest even. Float to integer: cut towards zero, saturated, NaN is 0. Integer to
 * integer: wraps around. To bool: x ≠ 0.
 *
 * To text: the fewest digits that give the same number back. From text: what C reads as a number,
 * also inf and nan; anything else has no value and is refused.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/element.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

static bool
is_whole (PraxiDType dtype)
{
  return dtype != PRAXI_STRING && !praxi_dtype_is_float (dtype);
}

static void
print_float (double value, PraxiDType dtype, char *text)
{
  for (int digits = 1; digits <= 17; digits++) {
    uint64_t room;
    snprintf (text, PRAXI_STRING_BYTES, "%.*g", digits, value);
    praxi_store (&room, dtype, 0, strtod (text, NULL));
    if (!(praxi_load (&room, dtype, 0) != value)) /* NaN ends it too */
      return;
  }
}

static void
print_element (const PraxiTensor *x, int64_t from, char *text)
{
  memset (text, 0, PRAXI_STRING_BYTES);
  if (!is_whole (x->dtype))
    print_float (praxi_load (x->data, x->dtype, from), x->dtype, text);
  else if (x->dtype == PRAXI_U64)
    snprintf (text, PRAXI_STRING_BYTES, "%ju", (uintmax_t) ((const uint64_t *) x->data)[from]);
  else
    snprintf (text, PRAXI_STRING_BYTES, "%jd", (intmax_t) praxi_load_int (x->data, x->dtype, from));
}

static bool
read_element (const char *element, const PraxiTensor *y, int64_t to)
{
  char text[PRAXI_STRING_BYTES] = {0}, *end;
  memcpy (text, element, sizeof text - 1);
  const int64_t whole = strtoll (text, &end, 10);
  if (is_whole (y->dtype) && end != text && *end == 0) {
    praxi_store_int (y->data, y->dtype, to, whole);
    return true;
  }
  const double value = strtod (text, &end);
  praxi_store (y->data, y->dtype, to, value);
  return end != text && *end == 0;
}

static PraxiStatus
cast_text (const PraxiTensor *x, const PraxiTensor *y)
{
  PraxiRows rows = praxi_rows_over (y);
  bool is_number = true;
  praxi_rows_add (&rows, x);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++) {
      const int64_t from = rows.at[1] + i * rows.step[1], to = rows.at[0] + i * rows.step[0];
      if (y->dtype == PRAXI_STRING)
        print_element (x, from, (char *) y->data + to * PRAXI_STRING_BYTES);
      else
        is_number &= read_element ((const char *) x->data + from * PRAXI_STRING_BYTES, y, to);
    }
  return is_number ? PRAXI_OK : PRAXI_STATUS_VALUE;
}

/* Points are decimal points whatever the program's language. */
static PraxiStatus
cast_text_in_c (const PraxiTensor *x, const PraxiTensor *y)
{
  const locale_t plain = newlocale (LC_NUMERIC_MASK, "C", (locale_t) 0);
  if (plain == (locale_t) 0)
    return PRAXI_STATUS_MEMORY;
  const locale_t before = uselocale (plain);
  const PraxiStatus status = cast_text (x, y);
  uselocale (before);
  freelocale (plain);
  return status;
}

PraxiStatus
praxi_ref_cast (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0], *y = call->out[0];
  const bool is_float = praxi_dtype_is_float (x->dtype) || praxi_dtype_is_float (y->dtype);
  PraxiRows rows = praxi_rows_over (y);
  if (x->dtype == y->dtype) {
    praxi_tensor_copy (x, y);
    return PRAXI_OK;
  }
  if (x->dtype == PRAXI_STRING || y->dtype == PRAXI_STRING)
    return cast_text_in_c (x, y);
  praxi_rows_add (&rows, x);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++) {
      const int64_t from = rows.at[1] + i * rows.step[1], to = rows.at[0] + i * rows.step[0];
      if (is_float)
        praxi_store (y->data, y->dtype, to, praxi_load (x->data, x->dtype, from));
      else
        praxi_store_int (y->data, y->dtype, to, praxi_load_int (x->data, x->dtype, from));
    }
  return PRAXI_OK;
}
