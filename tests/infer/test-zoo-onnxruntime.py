#!/usr/bin/env python3
"""The nets of the zoo give the scores that ONNX Runtime gives.

Usage: test-zoo-onnxruntime.py PRAXI [NET…]

Every net, small and in odd sizes, one clip and two, as f32: the largest difference is at most 1e-4
of the largest score. With NET ("i3d", "x3d-m:frames=16") those nets alone, as they are named. Skips
where Python has no onnxruntime.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnxruntime
except ImportError as missing:
    print(f"SKIP: {missing}; run it with a Python that has onnxruntime to compare")
    sys.exit(77)

LIMIT = 1e-4
SMALL = ["classes=5,frames=6,size=64,width=0.5,depth=0.5", "classes=3,frames=9,size=49x70,seed=3"]
ONNX_TYPE = {np.dtype(np.float32): 1, np.dtype(np.uint8): 2}


def varint(value):
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def tensor_proto(array):
    """A TensorProto: dims (1), data_type (2), raw_data (9)."""
    raw = array.tobytes()
    dims = b"".join(b"\x08" + varint(d) for d in array.shape)
    return dims + b"\x10" + varint(ONNX_TYPE[array.dtype]) + b"\x4a" + varint(len(raw)) + raw


def names_of(praxi):
    text = subprocess.run([praxi, "convert", "--help"], check=True, capture_output=True, text=True)
    return re.search(r"Networks: ([^.]*)\.", text.stdout).group(1).replace("\n", " ").split(", ")


def run_ours(praxi, folder):
    done = subprocess.run([praxi, "run-onnx", folder, "--json"], capture_output=True, text=True)
    return json.loads(done.stdout)["tests"][0]


def compare(praxi, net, clips, folder):
    """Scores of ONNX Runtime and how far ours are off, in parts of the largest one."""
    data = os.path.join(folder, "test_data_set_0")
    model = os.path.join(folder, "model.onnx")
    os.makedirs(data, exist_ok=True)
    subprocess.run([praxi, "convert", f"zoo:{net}", "--out", model], check=True, capture_output=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    shape = [clips] + session.get_inputs()[0].shape[1:]
    frames = np.random.default_rng(clips).integers(0, 256, shape, dtype=np.uint8)
    scores = session.run(None, {"frames": frames})[0]
    for name, array in (("input_0.pb", frames), ("output_0.pb", scores)):
        with open(os.path.join(data, name), "wb") as file:
            file.write(tensor_proto(array))
    return scores, run_ours(praxi, folder)


def main():
    praxi = sys.argv[1]
    nets = sys.argv[2:] or [f"{name}:{small}" for name in names_of(praxi) for small in SMALL]
    failed = 0
    for i, net in enumerate(nets):
        with tempfile.TemporaryDirectory() as folder:
            scores, ours = compare(praxi, net, 1 if sys.argv[2:] else 1 + i % 2, folder)
        largest = float(np.abs(scores).max())
        relative = ours["max_error"] / largest
        is_right = ours["result"] != "unsupported" and largest > 0 and relative <= LIMIT
        failed += not is_right
        print(f"{'ok' if is_right else 'WRONG'} {net}: {relative:.2g} of {largest:.3g} {ours['why']}")
    return 1 if failed or not nets else 0


if __name__ == "__main__":
    sys.exit(main())
