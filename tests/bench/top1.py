#!/usr/bin/env python3
"""Whether INT8 nets of the zoo choose the class that ONNX Runtime chooses, clip by clip.

Usage: top1.py PRAXI [NET…] [--clips 500] [--footage FOLDER] [--fused]

Every NET (as in `praxi convert zoo:NET`; small forms of all by default) is quantised as peers.py
does, its normalisations folded. Half of the clips are random bytes, the others pieces of the videos
in FOLDER, where ffmpeg is there. A clip on which the two differ is called a tie where ONNX Runtime's
own two best scores are one quantization step apart or less: which comes first is chance then. Prints
the shares of equal clips, and fails below 99 % with ties. ONNX Runtime computes the operators as they
stand in the file; with --fused its INT8 kernels, which on x86 without VNNI add products in 16 bits
that overflow where weights are large, so that its own two answers differ. Run it with a Python that
has onnx and onnxruntime.
"""

import argparse
import glob
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

import peers


def names_of(praxi):
    text = subprocess.run([praxi, "convert", "--help"], check=True, capture_output=True, text=True)
    return re.search(r"Networks: ([^.]*)\.", text.stdout).group(1).replace("\n", " ").split(", ")


def real_clips(folder, shape, n):
    """Pieces of videos, spread over all files and times; fewer than n where there is less."""
    _, frames, height, width, _ = shape
    clips, size = [], frames * height * width * 3
    files = sorted(glob.glob(os.path.join(folder, "**", "*.mp4"), recursive=True))
    for path in files[::max(1, len(files) * 4 // max(n, 1))]:
        raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-t", "20", "-vf",
                              f"fps=10,scale={width}:{height}", "-f", "rawvideo", "-pix_fmt", "rgb24",
                              "-"], capture_output=True).stdout
        here = len(raw) // size
        for i in range(0, here, max(1, here // 4)):
            clip = np.frombuffer(raw[i * size:(i + 1) * size], np.uint8)
            clips.append(clip.reshape(1, frames, height, width, 3))
        if len(clips) >= n:
            break
    return clips[:n]


def random_clips(shape, n):
    """Noise, and smooth noise that is a little more like pictures."""
    generator = np.random.default_rng(7)
    for i in range(n):
        if i % 2:
            yield generator.integers(0, 256, shape, dtype=np.uint8)
        else:
            small = generator.integers(0, 256, (1, shape[1], 4, 4, 3), dtype=np.uint8)
            rows = np.arange(shape[2]) * 4 // shape[2]
            columns = np.arange(shape[3]) * 4 // shape[3]
            yield small[:, :, rows][:, :, :, columns]


def make_model(options, net, folder):
    """A quantised net that knows its classes: what peers.quantize drops is given back."""
    plain, folded, bare, model = (os.path.join(folder, f"{name}.onnx")
                                  for name in ("plain", "folded", "bare", "model"))
    spec = os.path.join(folder, "spec.json")
    subprocess.run([options.praxi, "convert", f"zoo:{net}", "--out", plain], check=True,
                   capture_output=True)
    with open(spec, "w", encoding="utf-8") as file:
        file.write(next(p.value for p in onnx.load(plain).metadata_props if p.key == "praxi.spec"))
    peers.fold(plain, folded)
    peers.quantize(folded, bare)
    subprocess.run([options.praxi, "convert", bare, "--spec", spec, "--out", model], check=True,
                   capture_output=True)
    return model


def answers_of_praxi(options, model, clips):
    """Asks a server on this machine clip by clip."""
    command = [options.praxi, "serve", "--model", model, "--port", "0", "--json", "--backend", "cpu"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = json.loads(server.stdout.readline())["port"]
            for clip in clips:  # a connection each: the other runtime may think longer than one lives
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                connection.request("POST", "/predict", clip.tobytes(),
                                   {"Content-Type": "application/x-praxi-clip"})
                answer = json.loads(connection.getresponse().read())
                connection.close()
                yield answer["media"][0]["top"][0]["class"]
        finally:
            server.send_signal(signal.SIGTERM)


def compare(options, net):
    """Equal clips, ties, differing clips."""
    with tempfile.TemporaryDirectory() as folder:
        model = make_model(options, net, folder)
        graph = onnx.load(model).graph
        with open(os.path.join(folder, "spec.json"), encoding="utf-8") as file:
            classes = json.load(file)["classes"]
        last = [node for node in graph.node if node.op_type == "QuantizeLinear"][-1].input[1]
        step = next(float(onnx.numpy_helper.to_array(i)) for i in graph.initializer if i.name == last)
        settings = onnxruntime.SessionOptions()
        if not options.fused:
            settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
        shape = [1] + session.get_inputs()[0].shape[1:]
        clips = real_clips(options.footage, shape, options.clips // 2) if options.footage else []
        n_real = len(clips)
        clips += list(random_clips(shape, options.clips - n_real))
        equal = ties = 0
        for clip, ours in zip(clips, answers_of_praxi(options, model, clips)):
            theirs = session.run(None, {"frames": clip})[0][0]
            order = np.sort(theirs)
            same = ours == classes[int(np.argmax(theirs))]
            equal += same
            ties += not same and order[-1] - order[-2] <= step * 1.01
        print(f"{net}: {equal} of {len(clips)} equal ({100 * equal / len(clips):.1f} %), {ties} ties, "
              f"{len(clips) - equal - ties} differ; {n_real} clips are real", flush=True)
        return equal, ties, len(clips)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("praxi")
    parser.add_argument("nets", nargs="*")
    parser.add_argument("--clips", type=int, default=500)
    parser.add_argument("--footage")
    parser.add_argument("--fused", action="store_true")
    options = parser.parse_args()
    nets = options.nets or [f"{name}:classes=20,frames=8,size=64" for name in names_of(options.praxi)]
    total = np.sum([compare(options, net) for net in nets], axis=0)
    share = (total[0] + total[1]) / total[2]
    print(f"all: {100 * total[0] / total[2]:.2f} % equal, with ties {100 * share:.2f} %")
    return 0 if share >= 0.99 else 1


if __name__ == "__main__":
    sys.exit(main())
