"""Writes networks as ONNX files: `light` in QDQ INT8, `original` in f32.

Both graphs begin with the motion stem (stem.py) on `frames` u8
[1,21,144,192,3] and end in `scores` f32 [1,3]: normal, fight, fall.
"""

import hashlib
import json

import numpy as np
import onnx
from onnx import TensorProto, helper

from dataset import CLASSES
from net import SOFTNESS, fold_bn, fold_head, squash
from statistics58 import StatisticsWriter
from stem import OPSET, Graph, StemOptions, emit, input_info
from teacher import LINEAR_SHARE

import torch

PLACES = 30
PAIRS = 20
ZERO_DIGEST = "0" * 64
ANNOUNCEMENT = "praxi.spec and praxi.sha256 follow the graph"
INPUT_SCALE = 1 / 127
INPUT_ZERO = 128


class HeadWriter:
    """Common pieces of both graphs."""

    def __init__(self, prefix=""):
        self.graph = Graph(prefix)
        self.node = self.graph.node

    def constant(self, name, value, dtype=np.float32):
        return self.graph.constant(name, np.asarray(value, dtype))

    def squash(self, maps):
        """maps / (2.5 + |maps|)."""
        size = self.node("Abs", [maps], "squash/abs")
        softness = self.constant("squash/softness", SOFTNESS)
        size = self.node("Add", [size, softness], "squash/size")
        return self.node("Div", [maps, size], "squash/out")

    def pools(self, x, channels, name):
        """Names of the fight pools [B,5C] and the fall pools [B,3C]."""
        node, n = self.node, name + "/"
        peak = node("ReduceMax", [x], n + "peak", axes=[3], keepdims=0)
        mean = node("ReduceMean", [x], n + "mean", axes=[3], keepdims=0)
        average = node("ReduceMean", [mean], n + "average", axes=[2], keepdims=1)
        off = node("Sub", [mean, average], n + "off")
        off = node("Mul", [off, off], n + "off2")
        off = node("ReduceMean", [off], n + "variance", axes=[2], keepdims=0)
        off = node("Add", [off, self.constant(n + "tiny", 1e-6)], n + "variance_tiny")
        deviation = node("Sqrt", [off], n + "deviation")
        place = node("ReduceMean", [x], n + "places", axes=[2], keepdims=0)
        place = node("ReduceMax", [place], n + "place", axes=[2], keepdims=0)
        peak_mean = node("ReduceMean", [peak], n + "peak_mean", axes=[2], keepdims=0)
        peak_max = node("ReduceMax", [peak], n + "peak_max", axes=[2], keepdims=0)
        average = node("Flatten", [average], n + "average_flat", axis=1)
        both = node("Concat", [peak, mean], n + "peak_and_mean", axis=1)
        half = node("AveragePool", [both], n + "half_second", kernel_shape=[5])
        half = node("ReduceMax", [half], n + "half_second_max", axes=[2], keepdims=0)
        fight = [average, peak_mean, peak_max, deviation, place]
        return (node("Concat", fight, n + "fight_pools", axis=1),
                node("Concat", [half, average], n + "fall_pools", axis=1))

    def logits(self, net, pools, name):
        """[B,2]: fight and fall."""
        out = []
        for kind, x, norm, linear in (("fight", pools[0], net.fight_norm, net.fight),
                                      ("fall", pools[1], net.fall_norm, net.fall)):
            weight, bias = fold_head(norm, linear)
            w = self.constant(f"{name}/{kind}_w", weight.numpy()[:, None])
            b = self.constant(f"{name}/{kind}_b", bias.numpy()[None])
            out.append(self.node("Gemm", [x, w, b], f"{name}/{kind}"))
        return self.node("Concat", out, f"{name}/logits", axis=1)

    def scores(self, logits, calibration):
        """Sigmoid of a * logit + b; normal = 1 - the larger."""
        node = self.node
        slope = self.constant("calibration/slope", [[c[0] for c in calibration]])
        shift = self.constant("calibration/shift", [[c[1] for c in calibration]])
        x = node("Mul", [logits, slope], "calibration/scaled")
        x = node("Add", [x, shift], "calibration/shifted")
        x = node("Sigmoid", [x], "probabilities")
        most = node("ReduceMax", [x], "most", axes=[1], keepdims=1)
        rest = node("Sub", [self.constant("one", 1), most], "normal")
        return node("Concat", [rest, x], "scores", prefixed=False, axis=1)

    def conv(self, block, x, name):
        """f32 convolution with folded normalisation, and ReLU."""
        weight, bias = fold_bn(block)
        w = self.constant(name + "_w", weight.numpy())
        b = self.constant(name + "_b", bias.numpy())
        x = self.node("Conv", [x, w, b], name, **conv_shape(block[0]))
        return self.node("Relu", [x], name + "_relu")


def conv_shape(conv):
    """ONNX attributes of a torch convolution."""
    return {"kernel_shape": list(conv.kernel_size), "strides": list(conv.stride),
            "pads": list(conv.padding) * 2, "group": conv.groups}


class LightWriter(HeadWriter):
    """INT8 in QDQ form: s8 weights per output channel, u8 activations per tensor."""

    def __init__(self, net, ranges):
        super().__init__()
        self.net, self.ranges = net, ranges

    def scale(self, name, scale, zero):
        return (self.constant(name + "_scale", scale),
                self.constant(name + "_zero", zero, np.uint8))

    def quantize(self, x, name, scale, zero=0):
        """Returns (u8 value, float scale, scale and zero names)."""
        names = self.scale(name, scale, zero)
        return self.node("QuantizeLinear", [x, *names], name + "_q"), scale, names

    def dequantize(self, quantized, name):
        value, _, names = quantized
        return self.node("DequantizeLinear", [value, *names], name)

    def conv_int8(self, block, source, name):
        """u8 in, u8 out; ranges[name] is the largest output that is kept."""
        weight, bias = (t.double().numpy() for t in fold_bn(block))
        steps = np.maximum(np.abs(weight).reshape(len(weight), -1).max(1), 1e-8) / 127
        steps = steps.astype(np.float32)
        integers = np.clip(np.rint(weight / steps[:, None, None, None]), -127, 127)
        bias_steps = steps * np.float32(source[1])
        x = self.dequantize(source, name + "_in")
        w = self.weights(name + "_w", integers.astype(np.int8), steps)
        b = self.weights(name + "_b", np.rint(bias / bias_steps).astype(np.int32), bias_steps)
        x = self.node("Conv", [x, w, b], name, **conv_shape(block[0]))
        x = self.node("Relu", [x], name + "_relu")
        return self.quantize(x, name, self.ranges[name] / 255)

    def weights(self, name, integers, steps):
        """Integer initialiser with its DequantizeLinear per output channel."""
        value = self.constant(name + "_int", integers, integers.dtype)
        steps = self.constant(name + "_step", steps)
        zero = self.constant(name + "_zero", np.zeros(len(integers)), integers.dtype)
        return self.node("DequantizeLinear", [value, steps, zero], name, axis=0)

    def write(self, maps, calibration):
        net, channels = self.net, self.net.channels[-1]
        x = self.quantize(self.squash(maps), "input", INPUT_SCALE, INPUT_ZERO)
        for i, block in enumerate(net.body):
            x = self.conv_int8(block, x, f"conv{i + 1}")
        value, scale, names = x
        shape = self.constant("places_shape", [1, channels, PAIRS, PLACES], np.int64)
        value = self.node("Transpose", [value], "channels_first", perm=[1, 0, 2, 3])
        value = self.node("Reshape", [value, shape], "places")
        here = (value, scale, names)
        moved = self.conv_int8(net.time, here, "time")
        moved = self.conv_int8(net.mix, moved, "mix")
        x = self.node("Add", [self.dequantize(here, "here"),
                              self.dequantize(moved, "moved")], "features")
        logits = self.logits(net, self.pools(x, channels, "pool"), "head")
        return self.scores(logits, calibration)


class OriginalWriter(HeadWriter):
    """The whole teacher in f32: every network on the maps and their mirror image."""

    def views(self, maps):
        """[40,6,36,48]: the maps, and the maps of the mirrored picture."""
        order = self.constant("mirror/order", np.arange(48)[::-1], np.int64)
        sign = self.constant("mirror/sign", np.array([-1, 1, 1, 1, 1, -1])[None, :, None, None])
        x = self.node("Gather", [maps, order], "mirror/gather", axis=3)
        x = self.node("Mul", [x, sign], "mirror/maps")
        return self.node("Concat", [maps, x], "views", axis=0)

    def network(self, net, x, name):
        """Mean logits [1,2] of one network over both views."""
        channels, node = net.channels[-1], self.node
        for i, block in enumerate(net.body):
            x = self.conv(block, x, f"{name}/conv{i + 1}")
        split = self.constant(name + "/split", [2, PAIRS, channels, PLACES], np.int64)
        x = node("Reshape", [x, split], name + "/pairs")
        x = node("Transpose", [x], name + "/places", perm=[0, 2, 1, 3])
        moved = self.conv(net.time, x, name + "/time")
        moved = self.conv(net.mix, moved, name + "/mix")
        x = node("Add", [x, moved], name + "/features")
        x = self.logits(net, self.pools(x, channels, name + "/pool"), name + "/head")
        return node("ReduceMean", [x], name + "/mean", axes=[0], keepdims=1)

    def linear(self, members, statistics):
        """The mean linear model's share of the logits, [1,2]: no opinion on falls."""
        weights = np.mean([m.linear[0] for m in members], 0) * LINEAR_SHARE
        bias = np.mean([m.linear[1] for m in members]) * LINEAR_SHARE
        w = self.constant("linear/w", np.stack([weights, 0 * weights], 1))
        b = self.constant("linear/b", [bias, 0])
        shape = self.constant("linear/shape", [1, len(weights)], np.int64)
        x = self.node("Reshape", [statistics, shape], "linear/statistics")
        return self.node("Gemm", [x, w, b], "linear/logits")

    def write(self, maps, statistics, members, calibration):
        x, parts = self.squash(self.views(maps)), []
        nets = [net for member in members for net in member.nets]
        for i, net in enumerate(nets):
            parts.append(self.network(net, x, f"net{i}"))
        x = self.node("Concat", parts, "all_logits", axis=0)
        x = self.node("ReduceMean", [x], "mean_logits", axes=[0], keepdims=1)
        x = self.node("Add", [x, self.linear(members, statistics)], "logits")
        return self.scores(x, calibration)


@torch.no_grad()
def activation_ranges(net, batches, share=0.9999):
    """{name: a high quantile of the activations} over batches of maps."""
    seen = {}
    for maps in batches:
        batch, pairs = maps.shape[:2]
        x = squash(maps).flatten(0, 1)
        for i, block in enumerate(net.body):
            x = block(x)
            seen.setdefault(f"conv{i + 1}", []).append(x.flatten())
        x = x.flatten(2).view(batch, pairs, net.channels[-1], -1).transpose(1, 2)
        for name, block in (("time", net.time), ("mix", net.mix)):
            x = block(x)
            seen.setdefault(name, []).append(x.flatten())
    return {name: float(np.quantile(torch.cat(v).numpy(), share)) for name, v in seen.items()}


def light_nodes(net, ranges, calibration, maps="motion_maps"):
    """Nodes and initialisers of the learned part of `light`."""
    writer = LightWriter(net, ranges)
    writer.write(maps, calibration)
    return writer.graph.nodes, writer.graph.initializers


def original_nodes(members, calibration, maps="motion_maps", flow="motion_flow"):
    """Nodes and initialisers of the learned part of `original`."""
    statistics = StatisticsWriter()
    name = statistics.write(flow)
    writer = OriginalWriter()
    writer.write(maps, name, members, calibration)
    return (statistics.graph.nodes + writer.graph.nodes,
            statistics.graph.initializers + writer.graph.initializers)


def build(name, nodes, initializers, inputs):
    """A checked model of `scores`."""
    output = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, len(CLASSES)])
    graph = helper.make_graph(nodes, name, inputs, [output], initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8,
        producer_name="praxiscope")
    onnx.checker.check_model(model, full_check=True)
    return model


def whole_model(name, head):
    """Stem and head from `frames`."""
    options = StemOptions()
    nodes, initializers = emit(options)
    return build(name, nodes + head[0], initializers + head[1], [input_info(options)])


def head_model(name, head, with_flow=False):
    """The learned part alone, from `motion_maps` (and `motion_flow`)."""
    info = helper.make_tensor_value_info
    inputs = [info("motion_maps", TensorProto.FLOAT, [PAIRS, 6, 36, 48])]
    if with_flow:
        inputs.append(info("motion_flow", TensorProto.FLOAT, [PAIRS, 2, 72, 96]))
    return build(name, *head, inputs)


def spec(name, precision, thresholds, lineage, licence):
    """The document kept under praxi.spec."""
    return {
        "name": name, "classes": list(CLASSES),
        "input": {"name": "frames", "frames": 21, "height": 144, "width": 192,
                  "rate_hz": 10, "layout": "NTHWC", "type": "uint8",
                  "mean": [0, 0, 0], "std": [1, 1, 1]},
        "output": {"name": "scores", "kind": "probabilities"},
        "precision": precision, "thresholds": thresholds, "lineage": lineage,
        "licence": licence}


def save(model, path, document):
    """Writes the file with praxi.spec and praxi.sha256 over itself.

    The announcement stands before the graph: a file cut behind it is known as cut.
    """
    model.doc_string = ANNOUNCEMENT
    del model.metadata_props[:]
    for key, value in (("praxi.spec", json.dumps(document)), ("praxi.sha256", ZERO_DIGEST)):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    data = model.SerializeToString(deterministic=True)
    assert data.count(ZERO_DIGEST.encode()) == 1
    digest = hashlib.sha256(data).hexdigest()
    path.write_bytes(data.replace(ZERO_DIGEST.encode(), digest.encode()))
