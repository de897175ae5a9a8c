#!/usr/bin/env python3
"""What a model sees is what ffmpeg's area scaler makes of the picture, within rounding.

usage: test-preprocess.py DUMP_PREPROCESS; prints TAP
"""
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np

DUMP = sys.argv[1]
SKIP = 77
WIDTH, HEIGHT = 192, 144
# name: (source size, filters, encoder options, mean difference allowed in levels of 255)
KINDS = {
    "hd.mp4": ("1920x1080", "null", ["-c:v", "libx264", "-pix_fmt", "yuv420p"], 1.5),
    "vga.mp4": ("640x480", "null", ["-c:v", "libx264", "-pix_fmt", "yuv420p"], 1.5),
    "odd.mkv": ("643x481", "null", ["-c:v", "ffv1", "-pix_fmt", "yuv420p"], 1.5),
    "small.mkv": ("200x150", "null", ["-c:v", "ffv1", "-pix_fmt", "yuv444p"], 2.5),
    "half.mkv": ("1280x720", "null", ["-c:v", "ffv1", "-pix_fmt", "yuv422p"], 1.5),
    "ten.mkv": ("1280x720", "null", ["-c:v", "ffv1", "-pix_fmt", "yuv420p10le"], 1.5),
    "full-range.mkv": ("1280x720", "null", ["-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"], 1.5),
    "gray.mkv": ("640x480", "null", ["-c:v", "ffv1", "-pix_fmt", "gray"], 1),
    "gray16.mkv": ("640x480", "null", ["-c:v", "ffv1", "-pix_fmt", "gray16le"], 1),
    "rgb.mkv": ("640x480", "null", ["-c:v", "ffv1", "-pix_fmt", "bgr0"], 1),
    "alpha.mov": ("640x480", "format=argb", ["-c:v", "qtrle"], 1),
    "bt709.mp4": ("1280x720", "setparams=colorspace=bt709",
                  ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-colorspace", "bt709"], 1.5),
}


def ffmpeg(*args):
    return subprocess.run(["ffmpeg", "-v", "error", "-y", *args], capture_output=True)


def reference(path):
    out = ffmpeg("-i", path, "-frames:v", "1", "-vf",
                 f"scale={WIDTH}:{HEIGHT}:flags=area+accurate_rnd+full_chroma_int+full_chroma_inp",
                 "-f", "rawvideo", "-pix_fmt", "rgb24", "-").stdout
    return np.frombuffer(out, np.uint8).astype(int)


def compare(path, allowed):
    done = subprocess.run([DUMP, path, str(WIDTH), str(HEIGHT)], capture_output=True)
    ours = np.frombuffer(done.stdout, np.uint8).astype(int)
    theirs = reference(path)
    if ours.size != WIDTH * HEIGHT * 3 or ours.size != theirs.size:
        return f"{ours.size} and {theirs.size} bytes, {done.stderr}"
    mean = np.abs(ours - theirs).mean()
    bias = abs((ours - theirs).mean())
    if mean > allowed or bias > 0.5:
        return f"mean difference {mean:.2f}, bias {bias:.2f}"
    return None


def main():
    if not shutil.which("ffmpeg"):
        print("1..0 # SKIP ffmpeg is missing")
        return SKIP
    failures = n = 0
    with tempfile.TemporaryDirectory(prefix="praxi-preprocess-") as folder:
        paths = []
        for name, (size, filters, options, allowed) in KINDS.items():
            path = f"{folder}/{name}"
            ffmpeg("-f", "lavfi", "-i", f"mandelbrot=s={size}", "-vf", filters, "-frames:v", "1",
                   *options, path)
            paths.append((path, allowed))
        ffmpeg("-i", f"{folder}/vga.mp4", "-c", "copy", "-metadata:s:v:0", "rotate=90",
               f"{folder}/turned.mp4")
        paths.append((f"{folder}/turned.mp4", 1.5))
        for path, allowed in paths:
            n += 1
            name = os.path.basename(path)
            if not os.path.exists(path) or os.path.getsize(path) == 0:
                print(f"ok {n} {name} # SKIP the encoder is missing")
                continue
            why = compare(path, allowed)
            failures += why is not None
            print(f"{'ok' if why is None else 'not ok'} {n} {name}")
            if why is not None:
                print(f"# {why}")
    print(f"1..{n}")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
