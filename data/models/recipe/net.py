"""The learned part of both models: a small CNN on the motion maps, two heads.

Input [B,20,6,36,48], output [B,2]: logits of fight and fall.  Fights are
pooled so that neither place nor moment matters; falls are short, so their
pooling looks for the strongest half second.
"""

import torch
import torch.nn.functional as F
from torch import nn

LIGHT = (16, 32, 64)
WIDE = (24, 48, 96)
SOFTNESS = 2.5


def squash(x):
    """Softsign: keeps small motion apart and large motion in range."""
    return x / (SOFTNESS + x.abs())


def conv_bn(inputs, outputs, kernel, stride=1, padding=0, groups=1):
    """Convolution, normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs), nn.ReLU())


class MotionNet(nn.Module):
    """Three strided convolutions per pair, one temporal block, pooled heads."""

    def __init__(self, channels=LIGHT, dropout=0.3):
        super().__init__()
        widths = (6, *channels)
        self.channels = channels
        n = channels[-1]
        self.body = nn.ModuleList(
            [conv_bn(a, b, 3, 2, 1) for a, b in zip(widths, widths[1:])])
        self.time = conv_bn(n, n, (3, 1), padding=(1, 0), groups=n)
        self.mix = conv_bn(n, n, 1)
        self.fight_norm, self.fall_norm = nn.BatchNorm1d(5 * n), nn.BatchNorm1d(3 * n)
        self.dropout = nn.Dropout(dropout)
        self.fight, self.fall = nn.Linear(5 * n, 1), nn.Linear(3 * n, 1)

    def features(self, x):
        """[B,20,6,36,48] to [B,C,20,30]: pairs times places."""
        batch, pairs = x.shape[:2]
        x = squash(x).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        for layer in self.body:
            x = layer(x)
        x = x.flatten(2).view(batch, pairs, self.channels[-1], -1).transpose(1, 2)
        return x + self.mix(self.time(x))

    def forward(self, x):
        fight, fall = pools(self.features(x))
        fight = self.fight(self.dropout(self.fight_norm(fight)))
        fall = self.fall(self.dropout(self.fall_norm(fall)))
        return torch.cat([fight, fall], 1)


def pools(x):
    """Fight pools [B,5C] and fall pools [B,3C] of features [B,C,20,30]."""
    peak, mean = x.amax(3), x.mean(3)
    average = mean.mean(2)
    deviation = ((mean - average[:, :, None]).square().mean(2) + 1e-6).sqrt()
    place = x.mean(2).amax(2)
    fight = torch.cat([average, peak.mean(2), peak.amax(2), deviation, place], 1)
    half_second = F.avg_pool1d(torch.cat([peak, mean], 1), 5, 1).amax(2)
    return fight, torch.cat([half_second, average], 1)


def fold_bn(block):
    """Weight and bias of a conv_bn block with its normalisation folded in."""
    conv, norm = block[0], block[1]
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    weight = conv.weight * scale[:, None, None, None]
    return weight.detach(), (norm.bias - norm.running_mean * scale).detach()


def fold_head(norm, linear):
    """Weight [n] and bias of a linear head with its normalisation folded in."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    weight = linear.weight[0] * scale
    bias = linear.bias[0] + (linear.weight[0] * (norm.bias - norm.running_mean * scale)).sum()
    return weight.detach(), bias.detach()
