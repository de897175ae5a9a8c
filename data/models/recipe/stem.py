"""The motion stem: optical flow between neighbouring frames, in plain ONNX nodes.

`emit` appends the nodes below, always in this order and under these names, to
a list of nodes, so that a program can recognise the whole block and replace
it by one fused kernel.  `motion_numpy` computes the same in numpy.

With frames x of T pictures (grey, 0..255) the stem computes, in f32:

    grey     x[t] = 0.299 R + 0.587 G + 0.114 B                   [T,1,H,W]
    for scale i = 0, 1, 2 with weight c_i = weights[i] * 2^i * gain:
        a, b     = x[:-1], x[1:]                                  [P,1,h,w]
        m        = (a + b) * 0.5                     P = T - 1 frame pairs
        gx, gy   = Sobel(m) / 8 of m padded by 1 (reflect)
        gt       = b - a
        q        = (gx gx, gy gy, gx gy, gx gt, gy gt)            [P,5,h,w]
        q        = box mean of q padded by k/2 (reflect): (k,1) then (1,k)
        xx, yy   = q0 + eps, q1 + eps ;  xy, xt, yt = q2, q3, q4
        det      = xx yy - xy xy
        f_i      = c_i * (xy yt - yy xt, xy xt - xx yt) / det     [P,2,h,w]
        x        = mean of 2x2 cells of x            (only before scale i + 1)
    f        = f_0 + resize(f_1) + resize(f_2)       linear, half_pixel, to HxW
    half     = mean of 2x2 cells of f                         [P,2,H/2,W/2]
    median   = the (n/2 + 1)-th largest of the n means of 6x6 cells of half
    flow     = half - median                         value `motion_flow`

The flow is in pixels of the full-size picture per `1/15 s` (gain = rate / 15).
Maps, each the mean of 2x2 cells, value `motion_maps` [P,6,H/4,W/4]:

    0, 1     u, v                of flow
    2        |flow|              sqrt(u u + v v + 1e-12)
    3        |a|                 a[p] = flow[p] - flow[p - 1], a[0] = 0
    4        8 (du/dx + dv/dy)   divergence
    5        8 (dv/dx - du/dy)   curl

with d/dx g = (g[x + 1] - g[x - 1]) * 0.25, borders repeated.

Run as a script it writes an ONNX file that holds nothing but the stem:

    python stem.py OUT.onnx [--frames 21] [--height 144] [--width 192]
"""

import argparse
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
LUMA = (0.299, 0.587, 0.114)
TINY = 1e-12


@dataclass(frozen=True)
class StemOptions:
    """Shape and constants of the stem; frames = None leaves T open."""

    frames: int | None = 21
    height: int = 144
    width: int = 192
    rate_hz: float = 10.0
    weights: tuple = (0.2, 0.3, 0.5)
    box: int = 7
    epsilon: float = 20.0
    cell: int = 6

    @property
    def gain(self):
        return self.rate_hz / 15.0

    @property
    def median_rank(self):
        """How many of the largest cell means are sorted to find the median."""
        cells = (self.height // 2 // self.cell) * (self.width // 2 // self.cell)
        return cells // 2 + 1


def sobel():
    """The two Sobel kernels / 8 as a [2,1,3,3] convolution weight."""
    horizontal = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32) / 8
    return np.stack([horizontal, horizontal.T])[:, None]


class Graph:
    """Collects nodes and initialisers of a graph under construction."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.nodes = []
        self.initializers = []

    def constant(self, name, value):
        """Adds an initialiser and returns its name."""
        name = self.prefix + name
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op, inputs, output, prefixed=True, **attributes):
        """Adds one node with a single output and returns the output's name."""
        output = self.prefix + output if prefixed else output
        self.nodes.append(
            helper.make_node(op, inputs, [output], name=output + "/" + op, **attributes))
        return output


class StemWriter:
    """Writes the stem into a Graph, piece by piece in the canonical order."""

    def __init__(self, options):
        self.options = options
        self.graph = Graph("stem/")
        self.shared_constants()

    def shared_constants(self):
        """Initialisers used by several nodes; written once, in this order."""
        add = self.graph.constant
        i64 = lambda *v: np.array(v, np.int64)
        f32 = lambda *v: np.array(v, np.float32)
        far = np.iinfo(np.int64).max
        pad = self.options.box // 2
        self.luma = add("luma", np.array(LUMA, np.float32)[:, None])
        self.half = add("half", np.float32(0.5))
        self.quarter = add("quarter", np.float32(0.25))
        self.eight = add("eight", np.float32(8))
        self.tiny = add("tiny", np.float32(TINY))
        self.epsilon = add("epsilon", np.float32(self.options.epsilon))
        self.sobel = add("sobel", sobel())
        self.pad_sobel = add("pad_sobel", i64(0, 0, 1, 1, 0, 0, 1, 1))
        self.pad_box = add("pad_box", i64(0, 0, pad, pad, 0, 0, pad, pad))
        self.pad_x = add("pad_x", i64(0, 0, 0, 1, 0, 0, 0, 1))
        self.pad_y = add("pad_y", i64(0, 0, 1, 0, 0, 0, 1, 0))
        self.pad_time = add("pad_time", i64(1, 0, 0, 0, 0, 0, 0, 0))
        self.at = {n: add(f"at_{n}", i64(n)) for n in range(6)}
        self.minus_one = add("at_-1", i64(-1))
        self.minus_two = add("at_-2", i64(-2))
        self.far = add("at_end", i64(far))
        self.no_roi = add("no_roi", f32())

    def slice(self, value, start, end, axis, output):
        return self.graph.node("Slice", [value, start, end, self.at[axis]], output)

    def grey(self, frames):
        """u8 [1,T,H,W,3] to grey f32 [T,1,H,W]."""
        o, node = self.options, self.graph.node
        shape = self.graph.constant(
            "grey_shape", np.array([o.frames or -1, 1, o.height, o.width], np.int64))
        x = node("Cast", [frames], "f32", to=TensorProto.FLOAT)
        x = node("MatMul", [x, self.luma], "luma_out")
        return node("Reshape", [x, shape], "grey")

    def products(self, x, scale):
        """Box means of the five gradient products of neighbouring frames."""
        node, s, k = self.graph.node, f"s{scale}/", self.options.box
        a = self.slice(x, self.at[0], self.minus_one, 0, s + "a")
        b = self.slice(x, self.at[1], self.far, 0, s + "b")
        m = node("Add", [a, b], s + "sum")
        m = node("Mul", [m, self.half], s + "mean")
        m = node("Pad", [m, self.pad_sobel], s + "mean_pad", mode="reflect")
        g = node("Conv", [m, self.sobel], s + "grad", kernel_shape=[3, 3])
        gx = self.slice(g, self.at[0], self.at[1], 1, s + "gx")
        gy = self.slice(g, self.at[1], self.at[2], 1, s + "gy")
        gt = node("Sub", [b, a], s + "gt")
        parts = [("xx", gx, gx), ("yy", gy, gy), ("xy", gx, gy), ("xt", gx, gt), ("yt", gy, gt)]
        q = [node("Mul", [left, right], s + "raw_" + n) for n, left, right in parts]
        q = node("Concat", q, s + "raw", axis=1)
        q = node("Pad", [q, self.pad_box], s + "raw_pad", mode="reflect")
        q = node("AveragePool", [q], s + "box_y", kernel_shape=[k, 1])
        return node("AveragePool", [q], s + "box", kernel_shape=[1, k])

    def solve(self, q, scale):
        """The weighted Lucas-Kanade flow [P,2,h,w] from the box means."""
        node, s, o = self.graph.node, f"s{scale}/", self.options
        xx, yy, xy, xt, yt = [
            self.slice(q, self.at[i], self.at[i + 1], 1, s + n)
            for i, n in enumerate(("xx", "yy", "xy", "xt", "yt"))]
        xx = node("Add", [xx, self.epsilon], s + "xx_eps")
        yy = node("Add", [yy, self.epsilon], s + "yy_eps")
        u = self.difference((xy, yt), (yy, xt), s + "u")
        v = self.difference((xy, xt), (xx, yt), s + "v")
        det = self.difference((xx, yy), (xy, xy), s + "det")
        uv = node("Concat", [u, v], s + "uv", axis=1)
        uv = node("Div", [uv, det], s + "uv_det")
        weight = self.graph.constant(
            s + "weight", np.float32(o.weights[scale] * 2**scale * o.gain))
        return node("Mul", [uv, weight], s + "flow")

    def difference(self, left, right, name):
        """left[0] * left[1] - right[0] * right[1]."""
        node = self.graph.node
        minuend = node("Mul", list(left), name + "_l")
        subtrahend = node("Mul", list(right), name + "_r")
        return node("Sub", [minuend, subtrahend], name)

    def resize(self, flow, scale):
        """Linear enlargement to the size of scale 0."""
        o, s = self.options, f"s{scale}/"
        factors = self.graph.constant(
            s + "factors", np.array([1, 1, 2**scale, 2**scale], np.float32))
        return self.graph.node(
            "Resize", [flow, self.no_roi, factors], s + "up", mode="linear",
            coordinate_transformation_mode="half_pixel")

    def pool(self, value, cell, output, prefixed=True):
        return self.graph.node("AveragePool", [value], output, prefixed,
                               kernel_shape=[cell, cell], strides=[cell, cell])

    def flow(self, frames):
        """Sum of three scales, halved, minus its spatial median: `motion_flow`."""
        node, x, total = self.graph.node, self.grey(frames), None
        for scale in range(3):
            if scale > 0:
                x = self.pool(x, 2, f"s{scale}/grey")
            part = self.solve(self.products(x, scale), scale)
            if scale > 0:
                part = node("Add", [total, self.resize(part, scale)], f"s{scale}/total")
            total = part
        half = self.pool(total, 2, "half_flow")
        return node("Sub", [half, self.median(half)], "motion_flow", prefixed=False)

    def median(self, half):
        """[P,2,1,1]: the (lower) median of the means of 6x6 cells."""
        o, node = self.options, self.graph.node
        rank, pairs = o.median_rank, (o.frames - 1) if o.frames else -1
        cells = (o.height // 2 // o.cell) * (o.width // 2 // o.cell)
        flat = self.graph.constant("cells_shape", np.array([pairs, 2, cells], np.int64))
        k = self.graph.constant("rank", np.array([rank], np.int64))
        start = self.graph.constant("rank_start", np.array([rank - 1], np.int64))
        shape = self.graph.constant("median_shape", np.array([pairs, 2, 1, 1], np.int64))
        x = node("Reshape", [self.pool(half, o.cell, "cells"), flat], "cells_flat")
        self.graph.nodes.append(helper.make_node(
            "TopK", [x, k], ["stem/top", "stem/top_index"], name="stem/top/TopK",
            axis=2, largest=1, sorted=1))
        x = self.slice("stem/top", start, k, 2, "median_flat")
        return node("Reshape", [x, shape], "median")

    def gradient(self, flow, axis, pad, name):
        """Central difference along an axis, borders repeated."""
        node = self.graph.node
        x = node("Pad", [flow, pad], name + "_pad", mode="edge")
        after = self.slice(x, self.at[2], self.far, axis, name + "_after")
        before = self.slice(x, self.at[0], self.minus_two, axis, name + "_before")
        x = node("Sub", [after, before], name + "_diff")
        return node("Mul", [x, self.quarter], name)

    def magnitude(self, value, name):
        node = self.graph.node
        x = node("Mul", [value, value], name + "_square")
        x = node("ReduceSum", [x, self.at[1]], name + "_sum", keepdims=1)
        x = node("Add", [x, self.tiny], name + "_tiny")
        return node("Sqrt", [x], name)

    def acceleration(self, flow):
        """flow[p] - flow[p - 1]; zero for the first pair."""
        node = self.graph.node
        after = self.slice(flow, self.at[1], self.far, 0, "acc_after")
        before = self.slice(flow, self.at[0], self.minus_one, 0, "acc_before")
        x = node("Sub", [after, before], "acc_diff")
        return node("Pad", [x, self.pad_time], "acc", mode="constant")

    def maps(self, flow):
        """The six maps at a quarter of the picture's size: `motion_maps`."""
        node, at = self.graph.node, self.at
        dx = self.gradient(flow, 3, self.pad_x, "dx")
        dy = self.gradient(flow, 2, self.pad_y, "dy")
        speed = self.magnitude(flow, "speed")
        acc = self.magnitude(self.acceleration(flow), "acc_mag")
        ux = self.slice(dx, at[0], at[1], 1, "ux")
        vy = self.slice(dy, at[1], at[2], 1, "vy")
        vx = self.slice(dx, at[1], at[2], 1, "vx")
        uy = self.slice(dy, at[0], at[1], 1, "uy")
        div = node("Mul", [node("Add", [ux, vy], "div_raw"), self.eight], "div")
        curl = node("Mul", [node("Sub", [vx, uy], "curl_raw"), self.eight], "curl")
        x = node("Concat", [flow, speed, acc, div, curl], "maps_full", axis=1)
        return self.pool(x, 2, "motion_maps", prefixed=False)


def emit(options=StemOptions(), frames="frames"):
    """Nodes and initialisers of the stem; outputs `motion_flow`, `motion_maps`."""
    writer = StemWriter(options)
    writer.maps(writer.flow(frames))
    return writer.graph.nodes, writer.graph.initializers


def input_info(options):
    """The graph input `frames` u8 [1,T,H,W,3]."""
    return helper.make_tensor_value_info(
        "frames", TensorProto.UINT8,
        [1, options.frames or "T", options.height, options.width, 3])


def stem_model(options=StemOptions()):
    """A model that holds only the stem, outputs `motion_maps` and `motion_flow`."""
    nodes, initializers = emit(options)
    pairs = options.frames - 1 if options.frames else "P"
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [
            pairs, channels, options.height // step, options.width // step])
        for name, channels, step in (("motion_maps", 6, 4), ("motion_flow", 2, 2))]
    graph = helper.make_graph(
        nodes, "motion-stem", [input_info(options)], outputs, initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8,
        producer_name="praxiscope")
    onnx.checker.check_model(model, full_check=True)
    return model


def motion_numpy(frames, options=StemOptions()):
    """The stem in numpy: u8 [T,H,W,3] to (motion_maps, motion_flow)."""
    x = frames.astype(np.float32) @ np.array(LUMA, np.float32)
    total = 0
    for scale, weight in enumerate(options.weights):
        if scale > 0:
            x = _cell_mean(x, 2)
        flow = _lucas_kanade(x, options) * np.float32(weight * 2**scale * options.gain)
        total = total + _enlarge(flow, 2**scale)
    half = _cell_mean(total, 2)
    cells = _cell_mean(half, options.cell).reshape(len(half), 2, -1)
    median = -np.sort(-cells, axis=2)[:, :, options.median_rank - 1]
    flow = half - median[:, :, None, None]
    return _maps_numpy(flow), flow


def _cell_mean(x, n):
    h, w = x.shape[-2] // n, x.shape[-1] // n
    return x.reshape(*x.shape[:-2], h, n, w, n).mean((-3, -1), dtype=np.float32)


def _window_sum(x, weights, axis):
    """Correlation along one axis; the caller has padded x."""
    n = x.shape[axis] - len(weights) + 1
    parts = [w * np.take(x, range(i, i + n), axis) for i, w in enumerate(weights)]
    return sum(parts)


def _reflect(x, n):
    return np.pad(x, [(0, 0)] * (x.ndim - 2) + [(n, n), (n, n)], "reflect")


def _lucas_kanade(x, options):
    a, b = x[:-1], x[1:]
    mean = _reflect((a + b) * np.float32(0.5), 1)
    smooth, slope = np.float32([0.25, 0.5, 0.25]), np.float32([-0.5, 0, 0.5])
    gx = _window_sum(_window_sum(mean, smooth, -2), slope, -1)
    gy = _window_sum(_window_sum(mean, slope, -2), smooth, -1)
    gt = b - a
    q = _reflect(np.stack([gx * gx, gy * gy, gx * gy, gx * gt, gy * gt]), options.box // 2)
    box = np.full(options.box, 1 / options.box, np.float32)
    xx, yy, xy, xt, yt = _window_sum(_window_sum(q, box, -2), box, -1)
    xx, yy = xx + np.float32(options.epsilon), yy + np.float32(options.epsilon)
    det = xx * yy - xy * xy
    return np.stack([(xy * yt - yy * xt) / det, (xy * xt - xx * yt) / det], 1)


def _enlarge(x, factor):
    """Linear, half_pixel, clamped at the borders."""
    for axis in (-2, -1):
        n = x.shape[axis]
        at = np.clip((np.arange(n * factor) + 0.5) / factor - 0.5, 0, n - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, n - 1)
        part = (at - low).astype(np.float32)
        part = part[:, None] if axis == -2 else part
        x = np.take(x, low, axis) * (1 - part) + np.take(x, high, axis) * part
    return x


def _maps_numpy(flow):
    pad = np.pad(flow, [(0, 0), (0, 0), (1, 1), (1, 1)], "edge")
    dx = (pad[:, :, 1:-1, 2:] - pad[:, :, 1:-1, :-2]) * np.float32(0.25)
    dy = (pad[:, :, 2:, 1:-1] - pad[:, :, :-2, 1:-1]) * np.float32(0.25)
    acc = np.concatenate([np.zeros_like(flow[:1]), np.diff(flow, axis=0)])
    length = lambda z: np.sqrt((z * z).sum(1) + np.float32(TINY))
    maps = [flow[:, 0], flow[:, 1], length(flow), length(acc),
            8 * (dx[:, 0] + dy[:, 1]), 8 * (dx[:, 1] - dy[:, 0])]
    return _cell_mean(np.stack(maps, 1), 2)


def main():
    parser = argparse.ArgumentParser(description="write a model that is only the stem")
    parser.add_argument("out")
    parser.add_argument("--frames", type=int, default=21)
    parser.add_argument("--height", type=int, default=144)
    parser.add_argument("--width", type=int, default=192)
    args = parser.parse_args()
    options = StemOptions(frames=args.frames, height=args.height, width=args.width)
    onnx.save(stem_model(options), args.out)


if __name__ == "__main__":
    main()
