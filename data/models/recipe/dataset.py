"""Windows of the cached clips, their targets, and augmentation in map space."""

import json
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from data import ALTERED, CACHE, CLEAN, PAIRS, RATE_HZ
from events import program_starts

CLASSES = ("normal", "fight", "fall")
FIGHT, FALL = 0, 1
MIRROR = torch.tensor([-1., 1, 1, 1, 1, -1]).view(6, 1, 1)
UPSIDE_DOWN = torch.tensor([1., -1, 1, 1, 1, -1]).view(6, 1, 1)
BACKWARDS = torch.tensor([-1., -1, 1, 1, -1, -1]).view(6, 1, 1)
FALL_CORE_S = 2.5
RENDERED = "rendered"
TILT = 0.14


@dataclass
class Windows:
    """Windows of one view: clip number, first pair, statistics, targets, weights."""

    clip: np.ndarray
    start: np.ndarray
    statistics: np.ndarray
    target: np.ndarray
    weight: np.ndarray

    def subset(self, rows):
        return Windows(self.clip[rows], self.start[rows], self.statistics[rows],
                       self.target[rows], self.weight[rows])


class Clips:
    """All clips with their cached views.

    The first `n_real` clips are footage; behind them stand the rendered ones
    (kinds drop and calm), which have one view of their own.
    """

    def __init__(self, views=CLEAN + ALTERED):
        self.clips = json.loads((CACHE / "clips.json").read_text())
        self.timing = json.loads((CACHE / "timing.json").read_text())
        self.n_real = len(self.clips)
        self.add_rendered()
        self.kind = np.array([clip["kind"] for clip in self.clips])
        self.group = np.array([clip["group"] for clip in self.clips])
        self.split = np.array([clip["split"] for clip in self.clips])
        self.falls = [clip["falls"] for clip in self.clips]
        self.maps, self.offsets, self.windows = {}, {}, {}
        for view in [*views, RENDERED]:
            stored = np.load(CACHE / f"{view}.npz")
            before = [0] * (self.n_real if view == RENDERED else 0)
            self.maps[view] = torch.from_numpy(stored["maps"])
            self.offsets[view] = np.concatenate([before, stored["offsets"]]).astype(int)
            self.windows[view] = self.read_windows(view)

    def add_rendered(self):
        rendered = json.loads((CACHE / "rendered.json").read_text())
        for i, clip in enumerate(rendered):
            kind = "drop" if clip["falls"] else "calm"
            self.clips.append({"file": f"{RENDERED}/{i}", "kind": kind, "group": RENDERED,
                               "split": "train", **clip})
        self.timing[RENDERED] = [[1, 0]] * len(self.clips)

    def read_windows(self, view):
        """The program's windows, each with the statistics of the nearest cached one."""
        stored = np.load(CACHE / f"{view}-windows.npz")
        number = stored["clip"] + (self.n_real if view == RENDERED else 0)
        rows, keys = [], []
        for clip in np.unique(number):
            own = np.where(number == clip)[0]
            for start in program_starts(self.pairs(view, clip)):
                rows.append(own[np.abs(stored["start"][own] - start).argmin()])
                keys.append((clip, start))
        targets = [self.target(view, clip, start) for clip, start in keys]
        return Windows(np.array([c for c, _ in keys]), np.array([s for _, s in keys]),
                       stored["statistics"][rows],
                       np.array([t for t, _ in targets], np.float32),
                       np.array([w for _, w in targets], np.float32))

    def pairs(self, view, clip):
        return int(self.offsets[view][clip + 1] - self.offsets[view][clip])

    def fall_spans(self, view, clip):
        """Falls of a clip as (start, end) in pairs of the view."""
        stretch, shift_s = self.timing[view][clip]
        return [[(t * stretch + shift_s) * RATE_HZ for t in span] for span in self.falls[clip]]

    def target(self, view, clip, start, length=PAIRS):
        """((fight, fall), (weight of each)) of `length` pairs from a start.

        A window is a fall when it holds a second of the first 2.5 s; other
        windows that touch the fall (lying, moaning) say nothing. Nor does
        rendered footage about fights.
        """
        kind = self.kind[clip]
        fight_sure = float(clip < self.n_real)
        fall, sure = 0.0, 0.5 if kind == "fight" else 1.0
        for begin, end in self.fall_spans(view, clip):
            core = min(end, begin + FALL_CORE_S * RATE_HZ)
            overlap = min(start + length, core) - max(start, begin)
            if overlap >= min(RATE_HZ, 0.7 * (core - begin)):
                return (0.0, 1.0), (fight_sure, 1.0)
            if min(start + length, end) > max(start, begin):
                sure = 0.0
        return (float(kind == "fight"), fall), (fight_sure, sure)

    def window_maps(self, view, clip, start, speed=1.0):
        """f32 [20,6,36,48] played at a speed; the first pair has no acceleration.

        Past the end of the clip its last frame is repeated: nothing moves.
        """
        first, end = int(self.offsets[view][clip]), int(self.offsets[view][clip + 1])
        at = first + start + torch.arange(PAIRS) * speed
        near = at.round().long()
        maps = self.maps[view][near.clamp(max=end - 1)].float()
        maps[:, :4] *= speed
        beyond = near >= end
        if beyond.any():
            stop = int(beyond.nonzero()[0, 0])
            last_speed = maps[stop - 1, 2].clone()
            maps[beyond] = 0
            maps[stop, 3] = last_speed
        maps[0, 3] = 0
        return maps


class Sampler:
    """Random training windows, balanced over kinds of footage.

    Each batch draws from the pools in fixed shares; views, clips and starts
    are uniform within a pool.
    """

    SHARES = {"fight": 0.30, "normal": 0.27, "footage": 0.06, "daily": 0.12, "fall": 0.13,
              "drop": 0.05, "calm": 0.07}
    TIMED = ("daily", "fall", "drop", "calm")

    def __init__(self, clips, members, seed, views=CLEAN + ALTERED):
        self.clips, self.views = clips, views
        self.rng = np.random.default_rng(seed)
        self.pools = {kind: [c for c in members if clips.kind[c] == kind]
                      for kind in self.SHARES}
        shares = np.array([self.SHARES[k] * bool(self.pools[k]) for k in self.SHARES])
        self.shares = shares / shares.sum()

    def view(self):
        """Clean views half of the time."""
        return self.rng.choice(CLEAN if self.rng.random() < 0.5 else ALTERED)

    def draw(self):
        """(view, clip, start) and speed: one random window."""
        kind = self.rng.choice(list(self.SHARES), p=self.shares)
        clip, view = self.rng.choice(self.pools[kind]), self.view()
        view = RENDERED if clip >= self.clips.n_real else view
        speed = 1.0
        if kind in self.TIMED and self.rng.random() < 0.6:
            speed = float(np.exp(self.rng.uniform(-0.25, 0.25)))
        last = max(0, self.clips.pairs(view, clip) - int(PAIRS * speed) - 1)
        start = int(self.rng.integers(0, last + 1))
        if self.clips.falls[clip] and self.rng.random() < 0.75:
            begin, end = self.clips.fall_spans(view, clip)[0]
            low, high = begin - RATE_HZ, min(end, begin + FALL_CORE_S * RATE_HZ) - RATE_HZ
            start = int(np.clip(self.rng.uniform(low, max(low, high)), 0, last))
        return (view, clip, start), speed

    def batch(self, size):
        """(maps [size,20,6,36,48], targets [size,2], weights, keys)."""
        drawn = [self.draw() for _ in range(size)]
        keys = [key for key, _ in drawn]
        maps, targets, weights = [], [], []
        for key, speed in drawn:
            target, weight = self.clips.target(*key, PAIRS * speed)
            x, target, weight = self.flip(
                self.clips.window_maps(*key, speed), list(target), list(weight))
            maps.append(x)
            targets.append(target)
            weights.append(weight)
        maps = self.distort(torch.stack(maps))
        return maps, torch.tensor(targets), torch.tensor(weights), keys

    def flip(self, x, target, weight):
        """Mirrors; now and then turns a fall upside down or back in time: no fall."""
        if self.rng.random() < 0.5:
            x = x.flip(-1) * MIRROR
        if target[FALL] > 0 and self.rng.random() < 0.2:
            upside = self.rng.random() < 0.5
            x = x.flip(-2) * UPSIDE_DOWN if upside else x.flip(0) * BACKWARDS
            target[FALL], weight[FALL] = 0.0, 0.7
        return x, target, weight

    def distort(self, x):
        """Scale, shift, strength, erased blocks and pairs, noise."""
        x = self.zoom(x)
        x = x * self.uniform(len(x), -0.35, 0.35).exp().view(-1, 1, 1, 1, 1)
        for sample in x:
            if self.rng.random() < 0.3:
                top, left = self.rng.integers(0, 27), self.rng.integers(0, 36)
                height, width = self.rng.integers(6, 18), self.rng.integers(8, 24)
                sample[:, :, top:top + height, left:left + width] = 0
            if self.rng.random() < 0.15:
                sample[self.rng.integers(0, PAIRS)] = 0
        return x

    def uniform(self, n, low, high):
        return torch.from_numpy(self.rng.uniform(low, high, n).astype(np.float32))

    def zoom(self, x):
        """Random zoom, shift and tilt of 80 % of the samples; motion grows with the zoom."""
        n = len(x)
        on = torch.from_numpy(self.rng.random(n) < 0.8).float()
        scale = (self.uniform(n, -0.3, 0.3) * on).exp()
        tilt = self.uniform(n, -TILT, TILT) * on
        cos, sin, aspect = tilt.cos(), tilt.sin(), x.shape[-2] / x.shape[-1]
        theta = torch.zeros(n, 2, 3)
        theta[:, 0, 0] = theta[:, 1, 1] = cos / scale
        theta[:, 0, 1], theta[:, 1, 0] = sin * aspect / scale, -sin / aspect / scale
        theta[:, 0, 2] = self.uniform(n, -0.3, 0.3) * on
        theta[:, 1, 2] = self.uniform(n, -0.3, 0.3) * on
        flat = x.flatten(1, 2)
        grid = F.affine_grid(theta, flat.shape, align_corners=False)
        x = F.grid_sample(flat, grid, align_corners=False).view_as(x)
        u, v = x[:, :, 0].clone(), x[:, :, 1].clone()
        cos, sin = cos.view(-1, 1, 1, 1), sin.view(-1, 1, 1, 1)
        x[:, :, 0], x[:, :, 1] = cos * u - sin * v, sin * u + cos * v
        x[:, :, :4] *= scale.view(-1, 1, 1, 1, 1)
        return x


def folds(clips, members, count, seed):
    """Fold number of each clip (-1 outside members); groups stay whole.

    Greedy: large groups first, each to the fold that is left most even in
    fights, normal clips, falls and the rest.
    """
    rng = np.random.default_rng(seed)
    kinds = ("fight", "normal", "fall", "daily", "footage")
    groups = sorted({clips.group[c] for c in members})
    counts = np.array([[sum(clips.group[c] == g and clips.kind[c] == k for c in members)
                        for k in kinds] for g in groups])
    ideal, total = counts.sum(0) / count, np.zeros((count, len(kinds)))
    fold_of = {}
    for g in sorted(range(len(groups)), key=lambda g: -counts[g].sum() - 3 * rng.random()):
        after = ((total + counts[g] - ideal) ** 2).sum(1) - ((total - ideal) ** 2).sum(1)
        best = int(after.argmin())
        fold_of[groups[g]] = best
        total[best] += counts[g]
    out = np.full(len(clips.clips), -1)
    for c in members:
        out[c] = fold_of[clips.group[c]]
    return out
