#include "engine/core/error.h"

#include "engine/core/text.h"

GQuark
praxi_error_quark (void)
{
  return g_quark_from_static_string ("praxi-error-quark");
}

static const struct {
  PraxiErrorCode code;
  const char *text;
} status_errors[] = {
    [PRAXI_OK] = {PRAXI_ERROR_FAILED, "no error"},
    [PRAXI_STATUS_MEMORY] = {PRAXI_ERROR_MEMORY, "not enough memory"},
    [PRAXI_STATUS_UNSUPPORTED] = {PRAXI_ERROR_UNSUPPORTED, "not supported"},
    [PRAXI_STATUS_SHAPE] = {PRAXI_ERROR_FORMAT, "shapes or types do not fit"},
    [PRAXI_STATUS_DEVICE] = {PRAXI_ERROR_DEVICE, "the device stopped working"},
    [PRAXI_STATUS_VALUE] = {PRAXI_ERROR_FORMAT, "a value is out of its range"},
};

gboolean
praxi_error_from_status (PraxiStatus status, const char *what, GError **error)
{
  if (status == PRAXI_OK)
    return TRUE;
  g_set_error (error, PRAXI_ERROR, status_errors[status].code, "%s: %s", what,
               status_errors[status].text);
  return FALSE;
}

gboolean
praxi_error_fail (GError **error, PraxiErrorCode code, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *why = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, PRAXI_ERROR, code, why);
  return FALSE;
}

gboolean
praxi_error_fail_file (GError **error,
                       PraxiErrorCode code,
                       const char *path,
                       const char *format,
                       ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *name = praxi_text_file_name (path);
  g_autofree char *why = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, PRAXI_ERROR, code, "%s: %s", name, why);
  return FALSE;
}
