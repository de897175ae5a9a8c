#!/usr/bin/env python3
"""How fast praxi runs a model beside ONNX Runtime and OpenVINO: the same file, the same threads.

Usage: peers.py PRAXI MODEL [MODEL…] [--threads 2] [--rounds 7] [--seconds 1]

The programs take turns, round by round, so that a busy machine slows all of them alike; the medians
of clips per second and praxi's ratio to each are printed. A peer whose Python package is missing is
named and left out. Run it with a Python that has onnxruntime and openvino.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import numpy as np


class Praxi:
    name = "praxi"

    def __init__(self, program, model, threads):
        self.command = [program, "bench", model, "--threads", str(threads), "--json"]

    def rate(self, seconds):
        """Clips per second as `praxi bench` measures it."""
        command = self.command + ["--seconds", str(seconds)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)["clips_per_s"]


def rate_of(call, seconds):
    """Runs a second by the clock: calls per second from the median time of one call."""
    call()
    times, begin = [], time.perf_counter()
    while time.perf_counter() - begin < seconds or len(times) < 3:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1 / statistics.median(times)


def random_input(shape, is_bytes):
    generator = np.random.default_rng(1)
    dims = [n if isinstance(n, int) and n > 0 else 1 for n in shape]
    if is_bytes:
        return generator.integers(0, 256, dims, dtype=np.uint8)
    return generator.random(dims, dtype=np.float32)


class OnnxRuntime:
    name = "onnxruntime"

    def __init__(self, model, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"])
        self.feed = {i.name: random_input(i.shape, "uint8" in i.type)
                     for i in self.session.get_inputs()}

    def rate(self, seconds):
        return rate_of(lambda: self.session.run(None, self.feed), seconds)


class OpenVino:
    name = "openvino"

    def __init__(self, model, threads):
        import openvino

        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
        self.compiled = openvino.Core().compile_model(model, "CPU", settings)
        self.feed = [random_input([d.get_length() if d.is_static else 1
                                   for d in i.get_partial_shape()],
                                  i.get_element_type() == openvino.Type.u8)
                     for i in self.compiled.inputs]
        self.request = self.compiled.create_infer_request()

    def rate(self, seconds):
        return rate_of(lambda: self.request.infer(self.feed), seconds)


def find_peers(model, threads):
    peers = []
    for kind in (OnnxRuntime, OpenVino):
        try:
            peers.append(kind(model, threads))
        except ImportError:
            print(f"{kind.name}: the package is missing, left out")
        except Exception as error:  # a peer may refuse a model; that is a result, too
            print(f"{kind.name}: refuses {model}: {str(error).splitlines()[0]}")
    return peers


def compare(praxi, model, options):
    runners = [Praxi(praxi, model, options.threads)] + find_peers(model, options.threads)
    rates = {runner.name: [] for runner in runners}
    for _ in range(options.rounds):
        for runner in runners:
            rates[runner.name].append(runner.rate(options.seconds))
    own = statistics.median(rates["praxi"])
    print(f"{model}, {options.threads} threads")
    for name, values in rates.items():
        rate = statistics.median(values)
        ratio = "" if name == "praxi" else f"   praxi is {own / rate:.2f} times as fast"
        print(f"  {name:12} {rate:9.1f} clips/s{ratio}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("praxi")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1)
    options = parser.parse_args()
    for model in options.models:
        compare(options.praxi, model, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
