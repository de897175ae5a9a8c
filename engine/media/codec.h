/* Internal: opening a decoder, always with the same limits. */
#pragma once

#include <glib.h>
#include <libavcodec/avcodec.h>

G_BEGIN_DECLS

/* NULL when the codec cannot be opened. threads: 0 as many as cores. Free: avcodec_free_context */
AVCodecContext *praxi_codec_open (const AVCodecParameters *parameters, int threads);

G_END_DECLS
