#!/usr/bin/env python3
"""What computing activations again costs and saves: time and memory of a step as shares of one that keeps
everything, on MobileNetV3-small (2+1)D and I3D of half the width, 16 frames of 112x112, 8 clips.

usage: train-ratio.py PRAXI BENCH_TRAIN [ROUNDS [THREADS [PYTHON]]]

Each round runs every mode once, one after the other, so that all see the same machine; of the rounds the
least counts. Time is the processor's where there is one thread. With a PYTHON that has PyTorch the first
net is also trained by train-torch.py in the same rounds, in each of its ways.
"""
import os
import re
import subprocess
import sys
import tempfile

NETS = {"MobileNetV3-small (2+1)D": "mobilenetv3-small:time=conv,", "I3D, half as wide": "i3d:width=0.5,"}
MODES = ("keep", "plain", "recompute")
TORCH_MODES = ("plain", "last", "compiled")
SHAPE = "frames=16,size=112,classes=3"
BATCH, SECONDS = "8", "3"
TORCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "train-torch.py")


def figure(text, pattern):
    return float(re.search(pattern, text).group(1))


def time_of(threads):
    """Where a program says how long a step takes."""
    return r"([\d.]+) ms of processor" if threads == "1" else r"best ([\d.]+) ms"


def measure(bench, model, mode, threads):
    """Milliseconds, MB planned, MB resident."""
    text = subprocess.run([bench, model, BATCH, threads, SECONDS, mode], capture_output=True, text=True,
                          check=True).stdout
    return figure(text, time_of(threads)), figure(text, r"([\d.]+) MB planned"), figure(text, r"peak RSS ([\d.]+)")


def measure_torch(python, mode, threads):
    text = subprocess.run([python, TORCH, mode, BATCH, threads, SECONDS], capture_output=True, text=True,
                          check=True).stdout
    return figure(text, time_of(threads)), float("nan"), figure(text, r"peak RSS ([\d.]+)")


def least(measured):
    return tuple(min(column) for column in zip(*measured))


def main():
    praxi, bench = (os.path.abspath(path) for path in sys.argv[1:3])
    rounds, threads, python = (sys.argv[3:] + ["3", "1", ""][len(sys.argv) - 3:])
    with tempfile.TemporaryDirectory() as folder:
        for name, net in NETS.items():
            model = os.path.join(folder, "net.onnx")
            subprocess.run([praxi, "convert", f"zoo:{net}{SHAPE}", "--out", model], check=True,
                           stdout=subprocess.DEVNULL)
            runs = {mode: [] for mode in MODES}
            for _ in range(int(rounds)):
                for mode in MODES:
                    runs[mode].append(measure(bench, model, mode, threads))
                for mode in TORCH_MODES if python and net.startswith("mobilenet") else ():
                    runs.setdefault(f"PyTorch {mode}", []).append(measure_torch(python, mode, threads))
            print(f"{name}, {BATCH} clips, {threads} threads")
            whole = least(runs["keep"])
            for mode, measured in runs.items():
                ms, planned, rss = least(measured)
                print(f"  {mode:16} {ms:8.1f} ms ({ms / whole[0]:.2f})   {planned:6.1f} MB planned "
                      f"({planned / whole[1]:.2f})   {rss:6.0f} MB resident ({rss / whole[2]:.2f})")


main()
