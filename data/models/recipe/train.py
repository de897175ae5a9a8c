"""Training of one network, with or without a teacher."""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from dataset import Sampler
from net import LIGHT, MotionNet

SMOOTHING = 0.05
MIXUP = 0.4
FALL_WEIGHT = 2.5


@dataclass
class FitOptions:
    """How a network is trained, from `start` or anew; teacher(maps, keys) gives
    scores to imitate, taking teacher_share of the target of each class."""

    channels: tuple = LIGHT
    steps: int = 330
    batch: int = 24
    rate: float = 3e-3
    decay: float = 0.05
    seed: int = 0
    start: object = None
    teacher: object = None
    teacher_share: tuple = (0.6, 0.3)


def optimiser(net, options):
    """AdamW; no decay on normalisation and biases."""
    weights = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim < 2]
    return torch.optim.AdamW(
        [{"params": weights}, {"params": others, "weight_decay": 0}],
        lr=options.rate, weight_decay=options.decay)


class Average:
    """Moving average of a network's weights and statistics."""

    def __init__(self, net):
        self.state = {k: v.clone() for k, v in net.state_dict().items()}
        self.count = 0

    def update(self, net):
        self.count += 1
        keep = min(0.98, self.count / (self.count + 10))
        for key, value in net.state_dict().items():
            if value.is_floating_point():
                self.state[key].mul_(keep).add_(value, alpha=1 - keep)
            else:
                self.state[key].copy_(value)


def mix(rng, x, *others):
    """Mixup: each sample becomes a blend with another of the batch."""
    share = float(rng.beta(MIXUP, MIXUP))
    order = torch.from_numpy(rng.permutation(len(x)))
    return [share * v + (1 - share) * v[order] for v in (x, *others)]


def fit(clips, members, options):
    """Trains a network on windows of the member clips; returns its average."""
    torch.manual_seed(options.seed)
    sampler = Sampler(clips, members, options.seed)
    net = MotionNet(options.channels)
    if options.start:
        net.load_state_dict(options.start.state_dict())
    average, descent = Average(net), optimiser(net, options)
    net.train()
    for step in range(options.steps):
        warm = min(1, (step + 1) / 30)
        for part in descent.param_groups:
            part["lr"] = options.rate * warm * 0.5 * (1 + math.cos(math.pi * step / options.steps))
        x, target, weight, keys = sampler.batch(options.batch)
        target = target * (1 - 2 * SMOOTHING) + SMOOTHING
        if options.teacher:
            soft = options.teacher(x, keys)
            share = torch.tensor(options.teacher_share) * torch.isfinite(soft) * (weight == 1)
            target = (1 - share) * target + share * torch.nan_to_num(soft)
        x, target, weight = mix(sampler.rng, x, target, weight)
        loss = F.binary_cross_entropy_with_logits(
            net(x), target, weight, pos_weight=torch.tensor([1.0, FALL_WEIGHT]))
        descent.zero_grad()
        loss.backward()
        descent.step()
        average.update(net)
    net.load_state_dict(average.state)
    return net.eval()


@torch.no_grad()
def predict(net, clips, view, windows):
    """Logits [n,2] of (clip, start) windows of a view."""
    out = []
    for at in range(0, len(windows), 32):
        maps = [clips.window_maps(view, c, s) for c, s in windows[at:at + 32]]
        out.append(net(torch.stack(maps)).numpy())
    return np.concatenate(out)


def logistic(features, target, weight, strength=0.3):
    """Ridge logistic regression on standardised features: (weights, bias) for raw ones."""
    mean, deviation = features.mean(0), features.std(0) + 1e-9
    x = torch.tensor((features - mean) / deviation, dtype=torch.float64)
    y, c = (torch.tensor(v, dtype=torch.float64) for v in (target, weight))
    w = torch.zeros(x.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    descent = torch.optim.LBFGS([w], max_iter=300, line_search_fn="strong_wolfe")

    def loss():
        descent.zero_grad()
        logits = x @ w[:-1] + w[-1]
        value = F.binary_cross_entropy_with_logits(logits, y, c, reduction="sum")
        value = strength * value + 0.5 * w[:-1].square().sum()
        value.backward()
        return value

    descent.step(loss)
    w = w.detach().numpy()
    return w[:-1] / deviation, w[-1] - (w[:-1] * mean / deviation).sum()
