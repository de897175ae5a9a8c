/* praxi decode: the helper behind the workbench's pictures; no command for people. */
#include <stdio.h>

#include "app/cli.h"
#include "engine/core/json-lines.h"
#include "engine/media/decode-helper.h"
#include "engine/media/sandbox-trial.h"
#include "engine/media/sandbox.h"

static void
print_attempts (const PraxiSandboxSupport *support, const PraxiSandboxAttempt *attempts)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "landlock", support->landlock_abi);
  praxi_json_add_boolean (builder, "filter", support->has_filter);
  json_builder_set_member_name (builder, "attempts");
  json_builder_begin_array (builder);
  for (int i = 0; i < PRAXI_SANDBOX_ATTEMPTS; i++) {
    json_builder_begin_object (builder);
    praxi_json_add_string (builder, "what", attempts[i].what);
    praxi_json_add_boolean (builder, "refused", attempts[i].error != 0);
    praxi_json_add_string (builder, "answer", g_strerror (attempts[i].error));
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, TRUE);
}

/* What a decoder that somebody took over could do: nothing. */
static PraxiExit
prove (GError **error)
{
  const PraxiSandboxSupport support = praxi_sandbox_support ();
  PraxiSandboxAttempt attempts[PRAXI_SANDBOX_ATTEMPTS];
  if (!praxi_sandbox_enter (error))
    return praxi_cli_fail (error);
  praxi_sandbox_try (attempts);
  print_attempts (&support, attempts);
  for (int i = 0; i < PRAXI_SANDBOX_ATTEMPTS; i++)
    if (attempts[i].error == 0)
      return PRAXI_EXIT_FAILED;
  return PRAXI_EXIT_DONE;
}

PraxiExit
praxi_cli_decode (int argc, char **argv)
{
  int media_fd = -1, socket_fd = -1;
  gboolean wants_proof = FALSE;
  g_autofree char *name = NULL;
  const GOptionEntry entries[] = {
      {"media-fd", 0, 0, G_OPTION_ARG_INT, &media_fd, "The open file", "FD"},
      {"socket-fd", 0, 0, G_OPTION_ARG_INT, &socket_fd, "Where requests come from", "FD"},
      {"name", 0, 0, G_OPTION_ARG_FILENAME, &name, "What messages call the file", "NAME"},
      {"prove", 0, 0, G_OPTION_ARG_NONE, &wants_proof,
       "Try what the decoder must not do, and print the answers", NULL},
      {NULL}};
  PraxiExit status;
  if (!praxi_cli_parse (&argc, &argv, entries, "", "Decodes pictures for the workbench.", &status))
    return status;
  g_autoptr (GError) error = NULL;
  if (wants_proof)
    return prove (&error);
  if (argc != 1 || name == NULL || media_fd < 0 || socket_fd < 0) {
    fputs ("praxi: decode is started by the workbench; see 'praxi decode --help'\n", stderr);
    return PRAXI_EXIT_USAGE;
  }
  if (!praxi_sandbox_enter (&error) || !praxi_decode_helper_run (media_fd, socket_fd, name, &error))
    return praxi_cli_fail (&error);
  return PRAXI_EXIT_DONE;
}
