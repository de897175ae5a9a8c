/* Pictures that a camera sends as they are, made JPEGs: a minute of them takes a gigabyte. */
#pragma once

#include <glib.h>
#include <libavcodec/avcodec.h>

typedef struct PraxiCameraJpegs PraxiCameraJpegs;

/* raw: of a stream of raw pictures. Free with praxi_camera_jpegs_free.
 * Errors: NULL where FFmpeg cannot. */
PraxiCameraJpegs *praxi_camera_jpegs_new (const AVCodecParameters *raw);
void praxi_camera_jpegs_free (PraxiCameraJpegs *jpegs);

/* Of the stream of JPEGs; borrowed. */
AVCodecParameters *praxi_camera_jpegs_parameters (PraxiCameraJpegs *jpegs);

/* Puts the JPEG of the packet's picture in the place of the picture.
 * Errors: FFmpeg's, below 0; then the packet is empty. */
int praxi_camera_jpegs_make (PraxiCameraJpegs *jpegs, AVPacket *packet);
