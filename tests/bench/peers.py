#!/usr/bin/env python3
"""How fast praxi runs models beside ONNX Runtime and OpenVINO: the same file, the same threads, the
same processors.

Usage: peers.py PRAXI MODEL [MODEL…] [--threads 2] [--rounds 7] [--seconds 1] [--int8]
                [--markdown FILE] [--work FOLDER]

MODEL is an ONNX file, light, original, or zoo:NAME[:key=value,…] as `praxi convert` knows it. With
--int8 an f32 model is also quantised (QDQ, weights per output channel, ranges of random clips): as it
is, and with its normalisations folded into convolutions before; each program runs the file it is
fastest with: OpenVINO also what its own NNCF makes of the f32 file, and that file in bf16 where the
processor has it. The programs take turns, round by round, so that a busy machine slows all of them
alike; medians of clips per second, praxi's ratio to each, the peak memory of a process of
its own and the time from its start to the first result are printed and written as a table. A peer
whose Python package is missing is named and left out, and so is one that refuses a model. Run it
with a Python that has onnxruntime, openvino and nncf; peers.sh --install makes one.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time

import numpy as np


def rate_of(call, seconds):
    """Runs a second by the clock: from the median time of one call."""
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


class Praxi:
    name = "praxi"

    def __init__(self, program, model, threads):
        self.command = [program, "bench", model, "--threads", str(threads), "--json"]

    def run(self, seconds):
        command = self.command + ["--seconds", str(seconds)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    def rate(self, seconds):
        """Clips per second as `praxi bench` measures it: from the median, as of the peers."""
        return 1e3 / self.run(seconds)["latency_ms"]["p50"]

    def alone(self):
        """Peak bytes and seconds to the first result of a process of its own. A shell starts it:
        what a process had before exec, here this program's memory, counts in its peak."""
        command = ["sh", "-c", '"$@"; exit $?', "sh"] + self.command + ["--seconds", "0"]
        begin = time.monotonic()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        result = json.loads(done.stdout)
        return result["peak_rss_bytes"], result["first_result_clock_us"] / 1e6 - begin


class OnnxRuntime:
    name = "onnxruntime"

    def __init__(self, model, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"])
        feed = {i.name: random_input(i.shape, "uint8" in i.type) for i in session.get_inputs()}
        self.call = lambda: session.run(None, feed)
        self.call()

    def rate(self, seconds):
        return rate_of(self.call, seconds)


def random_input_of(port):
    """For an input as OpenVINO describes it."""
    dims = [d.get_length() if d.is_static else 1 for d in port.get_partial_shape()]
    return random_input(dims, port.get_element_type().get_type_name() == "u8")


class OpenVino:
    name = "openvino"
    precision = "f32"  # of what is not quantised; left alone, it takes bf16 where the processor has it

    def __init__(self, model, threads):
        import openvino

        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads,
                    "INFERENCE_PRECISION_HINT": self.precision}
        compiled = openvino.Core().compile_model(model, "CPU", settings)
        feed = [random_input_of(i) for i in compiled.inputs]
        request = compiled.create_infer_request()
        self.call = lambda: request.infer(feed)
        self.call()

    def rate(self, seconds):
        return rate_of(self.call, seconds)


class OpenVinoBf16(OpenVino):
    name = "openvino bf16"
    precision = "bf16"


PEERS = {peer.name: peer for peer in (OnnxRuntime, OpenVino, OpenVinoBf16)}


def be_child(name, model, threads):
    """One peer, one run: prints peak bytes and the clock at the first result."""
    PEERS[name](model, threads)
    with open("/proc/self/status", encoding="utf-8") as lines:
        peak = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    print(json.dumps({"peak": peak, "first": time.monotonic()}))


def alone(name, model, threads):
    begin = time.monotonic()
    done = subprocess.run([sys.executable, __file__, "--child", name, model, str(threads)],
                          check=True, capture_output=True, text=True)
    result = json.loads(done.stdout.splitlines()[-1])
    return result["peak"], result["first"] - begin


def has_bf16():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        return "bf16" in lines.read()


def find_peers(model, threads, names):
    peers = []
    for name in names:
        kind = PEERS[name]
        try:
            peers.append(kind(model, threads))
        except ImportError:
            print(f"{name}: the package is missing, left out")
        except Exception as error:  # a peer may refuse a model; that is a result, too
            print(f"{name}: refuses {model}: {str(error).splitlines()[0][:120]}")
    return peers


class Calibration:
    """A few random clips for the ranges of activations."""

    def __init__(self, model):
        import onnxruntime

        inputs = onnxruntime.InferenceSession(model).get_inputs()
        self.left = 2
        self.feed = {i.name: random_input(i.shape, "uint8" in i.type) for i in inputs}

    def get_next(self):
        self.left -= 1
        return self.feed if self.left >= 0 else None


def fold(model, to):
    """BatchNormalization into the convolutions before it."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    quant_pre_process(model, to, skip_symbolic_shape=True)


def quantize(model, to):
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    quantize_static(model, to, Calibration(model), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                    op_types_to_quantize=["Conv", "Gemm", "Add", "Relu"])
    quantized = onnx.load(to)
    del quantized.metadata_props[:]  # the checksum is that of the f32 file
    quantized.doc_string = ""
    onnx.save(quantized, to)


def quantize_by_nncf(model, to):
    """As OpenVINO's own tool does it; False where that is missing."""
    try:
        import nncf
        import openvino
    except ImportError:
        print("nncf: the package is missing, left out")
        return False
    inputs = openvino.Core().read_model(model)
    clips = [{i.get_any_name(): random_input_of(i) for i in inputs.inputs} for _ in range(2)]
    openvino.save_model(nncf.quantize(inputs, nncf.Dataset(clips), subset_size=2), to, compress_to_fp16=False)
    return True


def files_of(model, options):
    """(what to call it, {path: names of the programs that run it}) of each model to measure; of several
    files each program has a best."""
    everyone = ["praxi", "onnxruntime", "openvino"]
    name = model
    if model.startswith("zoo:"):
        path = os.path.join(options.work, model[4:].replace(":", "_").replace(",", "_") + ".onnx")
        subprocess.run([options.praxi, "convert", model, "--out", path], check=True,
                       stdout=subprocess.DEVNULL)
        model = path
    elif model in ("light", "original"):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        model = os.path.join(root, "data", "models", model + ".onnx")
    files = [(name, {model: everyone})]
    if options.int8 and name.startswith("zoo:"):
        stem = os.path.join(options.work, os.path.basename(model)[:-5])
        fold(model, stem + ".folded.onnx")
        quantize(model, stem + ".int8.onnx")
        quantize(stem + ".folded.onnx", stem + ".folded.int8.onnx")
        paths = {stem + ".int8.onnx": everyone, stem + ".folded.int8.onnx": everyone}
        if quantize_by_nncf(model, stem + ".nncf.xml"):
            paths[stem + ".nncf.xml"] = ["openvino"]
        if has_bf16():
            paths[model] = ["openvino bf16"]
        files.append((name + " int8", paths))
    return files


class Runner:
    """One program with one file, and its rates so far."""

    def __init__(self, program, path):
        self.program, self.path, self.rates = program, path, []
        self.peaks, self.firsts = [], []

    def median(self):
        return statistics.median(self.rates)

    def start_alone(self, threads):
        peak, first = (self.program.alone() if self.program.name == "praxi"
                       else alone(self.program.name, self.path, threads))
        self.peaks.append(peak)
        self.firsts.append(first)


def find_runners(name, paths, options):
    runners = []
    for path, programs in paths.items():
        if "praxi" in programs:
            praxi = Praxi(options.praxi, path, options.threads)
            try:
                praxi.run(0)
                runners.append(Runner(praxi, path))
            except subprocess.CalledProcessError as error:
                print(f"praxi: refuses {name}: {error.stderr.strip()}")
        peers = [program for program in programs if program in PEERS]
        runners += [Runner(peer, path) for peer in find_peers(path, options.threads, peers)]
    return runners


def compare(name, paths, options):
    runners = find_runners(name, paths, options)
    for _ in range(options.rounds):
        for runner in runners:
            runner.rates.append(runner.program.rate(options.seconds))
    best = {}
    for runner in runners:
        known = best.get(runner.program.name)
        if known is None or runner.median() > known.median():
            best[runner.program.name] = runner
    if "praxi" not in best:
        return []
    for _ in range(options.rounds):
        for runner in best.values():
            runner.start_alone(options.threads)
    rows, own = [], best["praxi"].median()
    print(f"{name}, {options.threads} threads")
    for peer, runner in best.items():
        rate = runner.median()
        peak, first = statistics.median(runner.peaks), statistics.median(runner.firsts)
        rows.append((name, peer, 1e3 / rate, own / rate, peak / 1e6, first * 1e3))
        print(f"  {peer:12} {1e3 / rate:9.2f} ms   praxi is {own / rate:5.2f} times as fast   "
              f"{peak / 1e6:6.0f} MB   first result {first * 1e3:6.0f} ms", flush=True)
    return rows


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        info = lines.read()
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines()
                  if line.startswith("model name")), platform.machine())
    levels = (("amx_int8", "AMX"), ("avx512_vnni", "AVX-512 VNNI"), ("avx_vnni", "AVX-VNNI"),
              ("avx2", "AVX2, no VNNI"))
    level = next((name for flag, name in levels if flag in info), "scalar")
    return f"{model} ({level})"


def write_table(rows, options):
    with open(options.markdown, "w", encoding="utf-8") as out:
        out.write(f"{processor()}, {options.threads} threads, batch 1, medians of {options.rounds} "
                  f"interleaved rounds, {datetime.date.today()}\n\n"
                  "| model | runtime | ms a clip | praxi is faster by | peak memory | "
                  "process start to first result |\n|---|---|---|---|---|---|\n")
        for name, peer, ms, ratio, peak, first in rows:
            faster = "" if peer == "praxi" else f"{ratio:.2f}×"
            out.write(f"| {name} | {peer} | {ms:.2f} | {faster} | {peak:.0f} MB | {first:.0f} ms |\n")


def main():
    if len(sys.argv) == 5 and sys.argv[1] == "--child":
        be_child(sys.argv[2], sys.argv[3], int(sys.argv[4]))
        return 0
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("praxi")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--int8", action="store_true")
    parser.add_argument("--markdown")
    parser.add_argument("--work", default=".")
    options = parser.parse_args()
    rows = []
    for model in options.models:
        for name, paths in files_of(model, options):
            rows += compare(name, paths, options)
    if options.markdown:
        write_table(rows, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
