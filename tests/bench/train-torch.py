#!/usr/bin/env python3
"""How fast PyTorch trains the MobileNetV3-small (2+1)D that bench-train is given (16 frames of 112x112):
forward, backward and a step of SGD, f32, on the CPU.

usage: train-torch.py plain|last|compiled [BATCH [THREADS [SECONDS]]]

plain: channels first; last: channels last; compiled: channels last under torch.compile.
"""
import resource
import sys
import time

import torch
from torch import nn

ROWS = ((3, 16, 16, 1, 0, 2), (3, 72, 24, 0, 0, 2), (3, 88, 24, 0, 0, 1), (5, 96, 40, 1, 1, 2),
        (5, 240, 40, 1, 1, 1), (5, 240, 40, 1, 1, 1), (5, 120, 48, 1, 1, 1), (5, 144, 48, 1, 1, 1),
        (5, 288, 96, 1, 1, 2), (5, 576, 96, 1, 1, 1), (5, 576, 96, 1, 1, 1))


def conv(i, o, kernel, stride=1, group=1, act=None):
    parts = [nn.Conv3d(i, o, kernel, (1, stride, stride), tuple(k // 2 for k in kernel), groups=group,
                       bias=False), nn.BatchNorm3d(o)]
    return nn.Sequential(*parts, *([act()] if act else []))


class Squeeze(nn.Module):
    def __init__(self, n):
        super().__init__()
        between = max(8, int(n / 4 + 4) // 8 * 8)
        self.net = nn.Sequential(nn.AdaptiveAvgPool3d(1), nn.Conv3d(n, between, 1), nn.ReLU(),
                                 nn.Conv3d(between, n, 1), nn.Hardsigmoid())

    def forward(self, x):
        return x * self.net(x)


class Block(nn.Module):
    def __init__(self, i, k, expanded, o, squeezes, swishes, stride):
        super().__init__()
        act = nn.Hardswish if swishes else nn.ReLU
        parts = [conv(i, expanded, (1, 1, 1), act=act)] if expanded != i else []
        parts += [conv(expanded, expanded, (1, k, k), stride, expanded, act),
                  conv(expanded, expanded, (3, 1, 1), 1, expanded, act)]
        parts += [Squeeze(expanded)] if squeezes else []
        self.net = nn.Sequential(*parts, conv(expanded, o, (1, 1, 1)))
        self.is_residual = stride == 1 and i == o

    def forward(self, x):
        return x + self.net(x) if self.is_residual else self.net(x)


def make_net(classes=3):
    parts, i = [conv(3, 16, (1, 3, 3), 2, act=nn.Hardswish)], 16
    for k, expanded, o, squeezes, swishes, stride in ROWS:
        parts.append(Block(i, k, expanded, o, squeezes, swishes, stride))
        i = o
    return nn.Sequential(*parts, conv(96, 576, (1, 1, 1), act=nn.Hardswish), nn.AdaptiveAvgPool3d(1),
                         nn.Flatten(), nn.Linear(576, 1024), nn.Hardswish(), nn.Linear(1024, classes))


def main():
    mode = sys.argv[1]
    batch, threads, seconds = (float(w) for w in (sys.argv[2:] + ["8", "2", "5"][len(sys.argv) - 2:]))
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    net = make_net().train()
    clips = torch.rand(int(batch), 3, 16, 112, 112) * 2 - 1
    if mode != "plain":
        net = net.to(memory_format=torch.channels_last_3d)
        clips = clips.to(memory_format=torch.channels_last_3d)
    run = torch.compile(net) if mode == "compiled" else net
    sgd = torch.optim.SGD(net.parameters(), 1e-4, momentum=0.9)
    target = torch.zeros(int(batch), dtype=torch.long)

    def step():
        sgd.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(run(clips), target).backward()
        sgd.step()

    for _ in range(2):
        step()
    best, least, begin = float("inf"), float("inf"), time.monotonic()
    while time.monotonic() - begin < seconds:
        at, processor_at = time.monotonic(), time.process_time()
        step()
        best = min(best, time.monotonic() - at)
        least = min(least, time.process_time() - processor_at)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"PyTorch {torch.__version__} {mode}: best {best * 1e3:.1f} ms a step, {batch / best:.1f} clips/s; "
          f"{least * 1e3:.1f} ms of processor time; peak RSS {rss:.0f} MB; {sum(p.numel() for p in net.parameters())} parameters")


main()
