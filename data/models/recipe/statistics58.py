"""58 permutation-invariant statistics of the flow of one window, as ONNX nodes.

Rectified-cosine lobes in eight directions of the flow, of the gradients of u
and v (motion boundaries) and of the acceleration, minus a noise floor, are
averaged over cells of 12x12.  Cells are ranked by activity and never placed,
so it does not matter where in the picture something happens:

    48  log(1 + 5 z) of the 1, 4 and 12 most active cells and of all cells, for
        mean, deviation and maximum over time of the four kinds of lobes
     3  entropy of directions, weighted by activity (flow, grad u, grad v)
     1  change of the histogram of directions from pair to pair
     6  jerkiness, coherence and drift of cells, weighted by speed^2 and speed^5
"""

import math

import numpy as np
import onnx
from onnx import TensorProto, helper

from stem import OPSET, Graph

FLOOR = 0.1
GRADIENT_FLOOR = 0.0075
CELL = 12
KINDS = ("flow", "grad_u", "grad_v", "acc")


class StatisticsWriter:
    """Appends the statistics of `motion_flow` [P,2,72,96] to a graph."""

    def __init__(self, pairs=20, height=72, width=96):
        self.graph = Graph("stats/")
        self.node = self.graph.node
        self.pairs = pairs
        self.cells = (height // CELL) * (width // CELL)
        self.names = {}
        angle = np.arange(8) * math.pi / 4
        lobes = np.stack([np.cos(angle), np.sin(angle)], 1)[:, :, None, None]
        self.lobes = self.graph.constant("lobes", lobes.astype(np.float32))

    def f32(self, value):
        """A scalar initialiser, written once."""
        if value not in self.names:
            self.names[value] = self.graph.constant(f"f{value}", np.float32(value))
        return self.names[value]

    def i64(self, *values):
        """An integer vector initialiser, written once."""
        if values not in self.names:
            name = "i" + "_".join(map(str, values))
            self.names[values] = self.graph.constant(name, np.array(values, np.int64))
        return self.names[values]

    def slice(self, x, start, end, axis, out):
        return self.node(
            "Slice", [x, self.i64(start), self.i64(end), self.i64(axis)], out)

    def reduce(self, op, x, axis, out, keep=0):
        """ReduceMean/ReduceMax take axes as attribute in opset 17, ReduceSum as input."""
        if op == "ReduceSum":
            return self.node(op, [x, self.i64(axis)], out, keepdims=keep)
        return self.node(op, [x], out, axes=[axis], keepdims=keep)

    def cell_means(self, x, channels, out):
        """[P,C,72,96] to [P,C,cells]."""
        x = self.node("AveragePool", [x], out + "_pool",
                      kernel_shape=[CELL, CELL], strides=[CELL, CELL])
        shape = self.i64(self.pairs, channels, self.cells)
        return self.node("Reshape", [x, shape], out)

    def lobe_cells(self, x, floor, out):
        """[P,2,h,w] to cell means of the rectified lobes above the floor [P,8,cells]."""
        x = self.node("Conv", [x, self.lobes], out + "_dot", kernel_shape=[1, 1])
        x = self.node("Sub", [x, self.f32(floor)], out + "_above")
        x = self.node("Relu", [x], out + "_lobe")
        return self.cell_means(x, 8, out)

    def gradients(self, flow):
        """(du/dx, du/dy) and (dv/dx, dv/dy), central differences, borders repeated."""
        far, parts = np.iinfo(np.int64).max, {}
        for axis, name, pad in ((3, "x", (0, 0, 0, 1)), (2, "y", (0, 0, 1, 0))):
            x = self.node("Pad", [flow, self.i64(*pad, *pad)], f"d{name}_pad", mode="edge")
            after = self.slice(x, 2, far, axis, f"d{name}_after")
            before = self.slice(x, 0, -2, axis, f"d{name}_before")
            x = self.node("Sub", [after, before], f"d{name}_diff")
            parts[name] = self.node("Mul", [x, self.f32(0.25)], f"d{name}")
        for channel, name in enumerate("uv"):
            both = [self.slice(parts[axis], channel, channel + 1, 1, f"{name}_d{axis}")
                    for axis in "xy"]
            yield self.node("Concat", both, f"grad_{name}_in", axis=1)

    def acceleration(self, flow):
        """flow[p] - flow[p - 1]; the first pair repeats the second."""
        far = np.iinfo(np.int64).max
        after = self.slice(flow, 1, far, 0, "acc_after")
        before = self.slice(flow, 0, -1, 0, "acc_before")
        x = self.node("Sub", [after, before], "acc_diff")
        first = self.slice(x, 0, 1, 0, "acc_first")
        return self.node("Concat", [first, x], "acc_in", axis=0)

    def activity(self, kind, lobes):
        """12 numbers of one kind: ranked cells of mean, deviation, maximum over time."""
        n = kind + "/"
        total = self.reduce("ReduceSum", lobes, 1, n + "total")
        mean = self.reduce("ReduceMean", total, 0, n + "mean", keep=1)
        off = self.node("Sub", [total, mean], n + "off")
        off = self.node("Mul", [off, off], n + "off2")
        deviation = self.node(
            "Sqrt", [self.reduce("ReduceMean", off, 0, n + "var", keep=1)], n + "deviation")
        peak = self.reduce("ReduceMax", total, 0, n + "peak", keep=1)
        rows = self.node("Concat", [mean, deviation, peak], n + "rows", axis=0)
        self.graph.nodes.append(helper.make_node(
            "TopK", [rows, self.i64(12)], [f"stats/{n}top", f"stats/{n}top_index"],
            name=f"stats/{n}top/TopK", axis=1, largest=1, sorted=1))
        top = f"stats/{n}top"
        best = self.slice(top, 0, 1, 1, n + "best")
        four = self.reduce(
            "ReduceMean", self.slice(top, 0, 4, 1, n + "four"), 1, n + "four_mean", keep=1)
        twelve = self.reduce("ReduceMean", top, 1, n + "twelve", keep=1)
        every = self.reduce("ReduceMean", rows, 1, n + "every", keep=1)
        x = self.node("Concat", [best, four, twelve, every], n + "ranked", axis=1)
        x = self.node("Mul", [x, self.f32(5)], n + "ranked5")
        x = self.node("Add", [x, self.f32(1)], n + "ranked1")
        x = self.node("Log", [x], n + "log")
        return self.node("Reshape", [x, self.i64(12)], n + "stats"), mean

    def normalised(self, x, axis, tiny, out):
        """x / (sum of x along the axis + tiny)."""
        total = self.reduce("ReduceSum", x, axis, out + "_sum", keep=1)
        total = self.node("Add", [total, self.f32(tiny)], out + "_sum1")
        return self.node("Div", [x, total], out)

    def entropy(self, kind, lobes, mean):
        """Entropy of directions per cell, weighted by squared activity."""
        n = kind + "/entropy_"
        p = self.reduce("ReduceMean", lobes, 0, n + "mean")
        p = self.normalised(p, 0, 1e-6, n + "p")
        log = self.node("Log", [self.node("Add", [p, self.f32(1e-6)], n + "p1")], n + "log")
        x = self.node("Mul", [p, log], n + "plog")
        x = self.node("Neg", [self.reduce("ReduceSum", x, 0, n + "cells", keep=1)], n + "neg")
        weight = self.node("Mul", [mean, mean], n + "square")
        weight = self.normalised(weight, 1, 1e-9, n + "weight")
        x = self.node("Mul", [x, weight], n + "weighted")
        x = self.reduce("ReduceSum", x, 1, n + "out", keep=1)
        return self.node("Reshape", [x, self.i64(1)], n + "stat")

    def direction_change(self, lobes):
        """Mean change of the picture's histogram of directions between pairs."""
        far = np.iinfo(np.int64).max
        x = self.reduce("ReduceSum", lobes, 2, "turn_sum")
        x = self.normalised(x, 1, 1e-6, "turn_p")
        after = self.slice(x, 1, far, 0, "turn_after")
        before = self.slice(x, 0, -1, 0, "turn_before")
        x = self.node("Abs", [self.node("Sub", [after, before], "turn_diff")], "turn_abs")
        x = self.reduce("ReduceSum", x, 1, "turn_total")
        return self.reduce("ReduceMean", x, 0, "turn", keep=1)

    def length(self, x, out):
        """Length of 2-vectors in axis 1, which is kept."""
        x = self.node("Mul", [x, x], out + "_square")
        x = self.reduce("ReduceSum", x, 1, out + "_sum", keep=1)
        x = self.node("Add", [x, self.f32(1e-12)], out + "_tiny")
        return self.node("Sqrt", [x], out)

    def mean_length(self, x, out):
        """Mean over time of the lengths of cell vectors [P,2,cells] as [1,cells]."""
        return self.reduce("ReduceMean", self.length(x, out + "_len"), 0, out)

    def order(self, flow, acceleration):
        """Jerkiness, coherence and drift, weighted by speed^2 and speed^5."""
        cells = self.cell_means(flow, 2, "order/flow")
        speed = self.cell_means(self.length(flow, "order/speed_px"), 1, "order/speed_cells")
        speed = self.reduce("ReduceMean", speed, 0, "order/speed")
        acc = self.cell_means(self.length(acceleration, "order/acc_px"), 1, "order/acc_cells")
        acc = self.reduce("ReduceMean", acc, 0, "order/acc")
        coherent = self.mean_length(cells, "order/coherent")
        drift = self.reduce("ReduceMean", cells, 0, "order/mean_flow", keep=1)
        drift = self.mean_length(drift, "order/drift")
        rows = self.node("Concat", [acc, coherent, drift], "order/rows", axis=0)
        floor = self.node("Add", [speed, self.f32(0.05)], "order/floor")
        rows = self.node("Div", [rows, floor], "order/ratio")
        for power in (2, 5):
            n = f"order/{power}_"
            weight = self.node("Pow", [speed, self.f32(float(power))], n + "weight")
            weight = self.normalised(weight, 1, 1e-9, n + "share")
            x = self.node("Mul", [rows, weight], n + "weighted")
            yield self.reduce("ReduceSum", x, 1, n + "stats")

    def write(self, flow, output="statistics"):
        """All nodes; returns the name of the [58] output."""
        grad_u, grad_v = self.gradients(flow)
        acceleration = self.acceleration(flow)
        floors = (FLOOR, GRADIENT_FLOOR, GRADIENT_FLOOR, FLOOR)
        inputs = (flow, grad_u, grad_v, acceleration)
        lobes = {kind: self.lobe_cells(x, floor, kind + "/cells")
                 for kind, x, floor in zip(KINDS, inputs, floors)}
        active = {kind: self.activity(kind, lobes[kind]) for kind in KINDS}
        out = [stats for stats, _ in active.values()]
        out += [self.entropy(kind, lobes[kind], active[kind][1]) for kind in KINDS[:3]]
        out.append(self.direction_change(lobes["flow"]))
        out += list(self.order(flow, acceleration))
        return self.node("Concat", out, output, prefixed=False, axis=0)


def statistics_model(pairs=20):
    """A model of `motion_flow` [pairs,2,72,96] to `statistics` [58]."""
    writer = StatisticsWriter(pairs)
    writer.write("motion_flow")
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        writer.graph.nodes, "statistics",
        [info("motion_flow", TensorProto.FLOAT, [pairs, 2, 72, 96])],
        [info("statistics", TensorProto.FLOAT, [58])], writer.graph.initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model
