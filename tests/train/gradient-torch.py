#!/usr/bin/env python3
"""Writes gradient-torch.bin: what PyTorch computes for the cases of test-gradient.c.

usage: gradient-torch.py > gradient-torch.bin      (PyTorch 2; the file is kept, PyTorch is not needed
to run the tests)

A case: its name in 24 bytes, then five times a number of floats (u32, little-endian) and the floats:
x, w, c, the derivatives of Σ c y by x and by w.
"""
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F

INFINITY = float("inf")


def conv(x, w):
    return torch.sigmoid(F.conv2d(F.pad(x, (0, 1, 1, 0)), w, stride=(2, 1), groups=2))


def hard(x, w):
    return F.relu(F.hardswish(x)) * torch.clamp(0.2 * w + 0.5, 0, 1)


def pools(x, w):
    pads = (1, 1, 0, 1)
    count = F.avg_pool2d(F.pad(torch.ones_like(x), pads), (2, 3), (1, 2))
    mean = F.avg_pool2d(F.pad(x, pads), (2, 3), (1, 2)) / count
    most = F.max_pool2d(F.pad(x, pads, value=-INFINITY), (2, 3), (1, 2))
    return (torch.cat([mean, most], 1).amax(3, keepdim=True) * w).mean((2, 3))


def volume(x, w):
    pads = (0, 1, 0, 0, 1, 1)
    y = F.conv3d(F.pad(x, pads), w, groups=2)
    return F.max_pool3d(F.pad(y, pads, value=-INFINITY), (3, 2, 2), 1)


def resize(x, w):
    more = dict(scale_factor=(2, 1.5), recompute_scale_factor=False)
    large = F.interpolate(x, mode="bilinear", align_corners=False, **more)
    near = F.interpolate(x, mode="nearest", **more)
    return F.interpolate(large * near, size=(4, 6), mode="bicubic", align_corners=True) * w


def rest(x, w):
    pooled = F.adaptive_avg_pool2d(torch.clamp(x, -0.5, 0.7), 1) * w + F.adaptive_max_pool2d(x, 1)
    both = x.sum(3, keepdim=True) - x.amin(2, keepdim=True)
    return pooled.expand(2, 3, 4, 1) * -both


CASES = [
    ("prelu", (2, 3, 2, 4), (3, 1, 1), -1, lambda x, w: torch.tanh(F.prelu(x, w.flatten()))),
    ("gather", (2, 4, 3), (2, 4, 3), -1, lambda x, w: torch.tanh(x[:, [2, 0, 3, 2]]) * w),
    ("topk", (2, 4, 5), (2, 2, 2), -1,
     lambda x, w: x.topk(2, 1).values.topk(2, 2, largest=False).values * w),
    ("resize", (1, 2, 4, 6), (1, 2, 4, 6), -1, resize),
    ("resize-to-sizes", (1, 2, 3, 9), (1, 2, 7, 5), -1,
     lambda x, w: F.interpolate(x, size=(7, 5), mode="bilinear", align_corners=False) * w),
    ("rest", (2, 3, 4, 4), (2, 3, 1, 1), -1, rest),
    ("batch-norm", (3, 2, 2, 3), (2,), 0.3,
     lambda x, w: torch.sigmoid(F.batch_norm(x, None, None, w, w, True, eps=1e-3))),
    ("layer-norm", (3, 5), (5,), -1, lambda x, w: torch.tanh(F.layer_norm(x, (5,), w, w, 1e-3))),
    ("attention", (2, 3, 3), (2, 3, 3), -1, lambda x, w: torch.softmax(x @ w, 2) @ x),
    ("repeated-matmul", (2, 3, 4), (4, 2), -1, lambda x, w: x @ w),
    ("pad", (2, 3, 2), (3, 4, 4), -1, lambda x, w: F.pad(x, (2, 0, 1, 0, 0, 1)) * w),
    ("split", (3, 4), (3, 2), -1, lambda x, w: torch.tanh(x[:, 1:3]) * w),
    ("smooth", (3, 4), (3, 4), -1,
     lambda x, w: F.gelu(x) * F.gelu(w, approximate="tanh") + torch.erf(x)),
    ("powers", (3, 4), (3, 4), 0.5, lambda x, w: torch.reciprocal(x ** w)),
    ("choices", (5, 6), (5, 6), -1,
     lambda x, w: torch.where(x > w, torch.maximum(x, w) * torch.minimum(x, w),
                              F.leaky_relu(x, 0.1))),
    ("volume", (1, 2, 3, 3, 4), (2, 1, 3, 2, 2), -1, volume),
    ("conv", (2, 4, 5, 6), (6, 2, 3, 3), -1, conv),
    ("gemm", (3, 4), (5, 4), -1, lambda x, w: torch.softmax(0.5 * x @ w.T, 1)),
    ("both-turned", (4, 3), (5, 4), -1, lambda x, w: torch.tanh(x.T @ w.T)),
    ("broadcast", (2, 3, 4), (1, 3, 1), 0.5, lambda x, w: (x + w) * w / x - w),
    ("roots", (3, 4), (3, 4), 1.5,
     lambda x, w: torch.exp(-torch.abs(torch.sqrt(x) * torch.log(w)))),
    ("hard", (5, 7), (1, 7), -1, hard),
    ("pools", (1, 2, 4, 5), (1, 4, 1, 1), -1, pools),
    ("slice", (4, 2, 5), (2, 2, 3), -1, lambda x, w: torch.sigmoid(x[1:3, :, 0:3] * w)),
    ("moves", (2, 3, 4), (4, 6), -1, lambda x, w: x.permute(2, 0, 1).flatten(1) * w),
]


def main():
    random = np.random.default_rng(7)

    def drawn(shape, low):
        values = (low + 2 * random.random(shape)).astype(np.float32)
        return torch.tensor(values, requires_grad=True)

    for name, x_shape, w_shape, low, build in CASES:
        x, w = drawn(x_shape, low), drawn(w_shape, low)
        y = build(x, w)
        c = drawn(tuple(y.shape), -1).detach()
        (c * y).sum().backward()
        sys.stdout.buffer.write(name.encode().ljust(24, b"\0"))
        for tensor in (x, w, c, x.grad, w.grad):
            values = tensor.detach().numpy().astype("<f4").ravel()
            sys.stdout.buffer.write(struct.pack("<I", values.size) + values.tobytes())


main()
