#!/usr/bin/env python3
"""Whether INT8 nets of the zoo choose the class that ONNX Runtime chooses, clip by clip.

Usage: top1.py PRAXI [NET…] [--clips 500] [--footage FOLDER]

Every NET (as in `praxi convert zoo:NET`; small forms of all by default) is quantised as peers.py
does, its normalisations folded. Half of the clips are random bytes, the others pieces of the videos
in FOLDER, where ffmpeg is there. ONNX Runtime computes such a file in two ways, which themselves do
not always agree: with its INT8 kernels, which is what everyone gets, and the operators as they stand
in the file, in floats (all optimisations off). praxi rounds as the kernels do. A clip on which two
differ is called a tie where the second one's own two best scores are one quantization step apart or
less: which comes first is chance then. Prints the shares of equal clips, without and with ties, and
fails below 99 % with ties against the kernels; on x86 without VNNI against the operators as they
stand, since the kernels add products in 16 bits there, which overflow. Run it with a Python that
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


def adds_exactly():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        info = lines.read()
    return "vnni" in info or "amx_int8" in info or "sse" not in info


def scores_of_onnxruntime(model, level, clips):
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = level
    session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"frames": clip})[0] for clip in clips])


def count(classes, scores, step):
    """Equal clips, ties."""
    order = np.sort(scores, axis=1)
    same = classes == scores.argmax(axis=1)
    return int(same.sum()), int((~same & (order[:, -1] - order[:, -2] <= step * 1.01)).sum())


def compare(options, net):
    """Equal clips, ties, clips: what is judged."""
    levels = onnxruntime.GraphOptimizationLevel
    with tempfile.TemporaryDirectory() as folder:
        model = make_model(options, net, folder)
        proto = onnx.load(model)
        with open(os.path.join(folder, "spec.json"), encoding="utf-8") as file:
            classes = json.load(file)["classes"]
        last = [node for node in proto.graph.node if node.op_type == "QuantizeLinear"][-1].input[1]
        step = next(float(onnx.numpy_helper.to_array(i)) for i in proto.graph.initializer if i.name == last)
        shape = [1] + [d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim][1:]
        clips = real_clips(options.footage, shape, options.clips // 2) if options.footage else []
        n_real = len(clips)
        clips += list(random_clips(shape, options.clips - n_real))
        ours = np.array([classes.index(name) for name in answers_of_praxi(options, model, clips)])
        kernels = scores_of_onnxruntime(model, levels.ORT_ENABLE_ALL, clips)
        plain = scores_of_onnxruntime(model, levels.ORT_DISABLE_ALL, clips)
    pairs = {"kernels": count(ours, kernels, step), "as they stand": count(ours, plain, step),
             "its own two": count(kernels.argmax(axis=1), plain, step)}
    print(f"{net}, {len(clips)} clips, {n_real} real: " + "; ".join(
        f"{name} {100 * equal / len(clips):.1f} % ({100 * (equal + ties) / len(clips):.1f} with ties)"
        for name, (equal, ties) in pairs.items()), flush=True)
    return *pairs["kernels" if adds_exactly() else "as they stand"], len(clips)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("praxi")
    parser.add_argument("nets", nargs="*")
    parser.add_argument("--clips", type=int, default=500)
    parser.add_argument("--footage")
    options = parser.parse_args()
    nets = options.nets or [f"{name}:classes=20,frames=8,size=64" for name in names_of(options.praxi)]
    total = np.sum([compare(options, net) for net in nets], axis=0)
    share = (total[0] + total[1]) / total[2]
    print(f"all: {100 * total[0] / total[2]:.2f} % equal, with ties {100 * share:.2f} %")
    return 0 if share >= 0.99 else 1


if __name__ == "__main__":
    sys.exit(main())
