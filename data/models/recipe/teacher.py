"""The teacher: a bagged ensemble of wide networks and a linear model.

The clips are cut by group into `parts`; one network (per seed) and one
logistic regression on the 58 statistics are trained without each part.  The
whole ensemble is the model `original`; on a clip it was trained with, only the
members that never saw the clip's group are asked, so that the scores a
student imitates are honest.
"""

from dataclasses import dataclass, field
from multiprocessing import Pool

import numpy as np
import torch

from data import ALTERED, CACHE, CLEAN
from dataset import FIGHT, MIRROR, folds
from net import WIDE, MotionNet
from train import FitOptions, fit, logistic

LINEAR_SHARE = 0.5


@dataclass
class Member:
    """Networks and linear model trained without one part."""

    nets: list
    linear: tuple


@dataclass
class Teacher:
    """Members, and for each clip the part it belongs to (-1: seen by none)."""

    members: list
    part: np.ndarray
    nearest: dict = field(default_factory=dict)

    def logits(self, members, x, statistics):
        """[n,2]: mean over members of network logits + share of linear logits."""
        total = 0
        for member in members:
            out = sum(net(x) for net in member.nets) / len(member.nets)
            weights, bias = member.linear
            linear = torch.tensor(statistics @ weights + bias, dtype=torch.float32)
            out[:, FIGHT] += LINEAR_SHARE * linear
            total = total + out
        return total / len(members)

    def mirrored_logits(self, x, statistics):
        """All members on the maps and their mirror image, averaged."""
        mirrored = x.flip(-1) * MIRROR
        return 0.5 * (self.logits(self.members, x, statistics)
                      + self.logits(self.members, mirrored, statistics))

    @torch.no_grad()
    def honest(self, clips, x, keys, temperature=1.0):
        """Scores [n,2] for a batch by members that did not see each clip."""
        scores = torch.zeros(len(keys), 2)
        statistics = np.stack([self.statistics(clips, *key) for key in keys])
        part = np.array([self.part[clip] for _, clip, _ in keys])
        for p in np.unique(part):
            members = self.members if p < 0 else [self.members[p]]
            rows = np.where(part == p)[0]
            scores[rows] = self.logits(members, x[rows], statistics[rows])
        return torch.sigmoid(scores / temperature)

    def statistics(self, clips, view, clip, start):
        """Statistics of the cached window nearest to a start."""
        if view not in self.nearest:
            windows = clips.windows[view]
            self.nearest[view] = {
                c: np.where(windows.clip == c)[0] for c in np.unique(windows.clip)}
        windows, rows = clips.windows[view], self.nearest[view][clip]
        return windows.statistics[rows[np.abs(windows.start[rows] - start).argmin()]]


def fit_linear(clips, members):
    """Fight against the rest on the 58 statistics, clips weighing alike."""
    features, target, weight = [], [], []
    for windows in clips.windows.values():
        rows = np.isin(windows.clip, list(members)) & (windows.weight[:, FIGHT] > 0)
        count = np.bincount(windows.clip[rows], minlength=len(clips.clips))
        features.append(windows.statistics[rows])
        target.append(windows.target[rows, FIGHT])
        weight.append(1 / np.minimum(count[windows.clip[rows]], 8))
    features, target, weight = map(np.concatenate, (features, target, weight))
    weight = weight * 3 / len(CLEAN + ALTERED)
    return logistic(features.astype(np.float64), target, weight)


class Workers:
    """Processes that inherit the clips and keep every trained network in cache/nets."""

    def __init__(self, clips, count=2):
        global _clips
        _clips = clips
        torch.set_num_threads(1)
        self.pool = Pool(count)

    def train(self, jobs):
        """Trains (name, members, options) jobs; returns the networks."""
        return self.pool.starmap(_train, jobs, chunksize=1)

    def call(self, function, jobs):
        """function(clips, *job) for each job."""
        return self.pool.starmap(_call, [(function, *job) for job in jobs], chunksize=1)


def _train(name, members, options):
    torch.set_num_threads(1)
    return kept(name, _clips, members, options)


def kept(name, clips, members, options):
    """The network kept under a name, trained if there is none."""
    path = CACHE / "nets" / f"{name}.pt"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        torch.save(fit(clips, members, options).state_dict(), path)
    return load_net(path, options.channels)


def _call(function, *job):
    torch.set_num_threads(1)
    return function(_clips, *job)


def load_net(path, channels):
    """A network in evaluation mode from its kept weights."""
    net = MotionNet(channels)
    net.load_state_dict(torch.load(path))
    return net.eval()


def fit_teacher(clips, members, workers, parts=4, seeds=2, steps=300):
    """The teacher of `members`: `seeds` networks without each of the parts."""
    part = folds(clips, [c for c in members if c < clips.n_real], parts, seed=7)
    rest = [[c for c in members if part[c] != p] for p in range(parts)]
    nets = workers.train([
        (f"final-{p}-{s}", rest[p], FitOptions(channels=WIDE, steps=steps, seed=100 + 10 * p + s))
        for s in range(seeds) for p in range(parts)])
    return Teacher([Member(nets[p::parts], fit_linear(clips, rest[p])) for p in range(parts)], part)
