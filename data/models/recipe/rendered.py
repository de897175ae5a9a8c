"""Renders falls, and what looks like one, from recorded motion: extra training footage.

    python rendered.py [SHARED]    SHARED/data/mocap/*.npy must exist; needs pycairo

Real falls are few.  Bodies drawn by the sample's own painter (data/sample)
stand or walk as people were recorded, then topple, crumple or slide down;
others sit down fast, lie down, crouch, get up, jump or just walk.  Cameras,
rooms, clothes and speeds are random.  Rendered clips are trained on only:
never validated on, never part of a figure.

cache/rendered.npz, cache/rendered-windows.npz   as data.py writes its views
cache/rendered.json                              kind, falls and duration of each
"""

import csv
import importlib.util
import json
import math
import sys
from multiprocessing import Pool
from pathlib import Path

import cairo
import numpy as np

from data import CACHE, FRAMES, RATE_HZ, Extractor, fill, shared_folder

WIDTH, HEIGHT = 192, 144
MOCAP_HZ = 30
CLIPS = 300
FALL_SHARE = 0.42
GRAVITY = 9.81
FLOOR_M = 0.09
ODD = ("getup", "roll", "crawl", "flip", "climb")
LYING = ("dm_getup_faceup", "dm_getup_facedown")


def sample_painter():
    """The module that draws the bundled sample."""
    path = Path(__file__).resolve().parents[2] / "sample" / "make-sample.py"
    found = importlib.util.spec_from_file_location("make_sample", path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


PAINT = sample_painter()
ANKLES, KNEES = [PAINT.L_ANKLE, PAINT.R_ANKLE], [PAINT.L_KNEE, PAINT.R_KNEE]
FEET = ANKLES + [PAINT.L_TOE, PAINT.R_TOE]
PELVIS = PAINT.PELVIS


class Camera:
    """A pinhole camera at a random place that looks at the person, more or less."""

    def __init__(self, rng):
        distance, turn = rng.uniform(2.0, 5.5), rng.uniform(-math.pi, math.pi)
        self.eye = np.array([distance * math.sin(turn), rng.uniform(0.8, 3.4),
                             distance * math.cos(turn)])
        aim = np.array([rng.normal(0, 0.35), rng.uniform(0.5, 1.0), rng.normal(0, 0.35)])
        forward = (aim - self.eye) / np.linalg.norm(aim - self.eye)
        self.forward = forward
        self.right = np.cross(forward, [0, 1, 0])
        self.right /= np.linalg.norm(self.right)
        self.up = np.cross(self.right, forward)
        self.focal = WIDTH * rng.uniform(0.75, 1.1)

    def project(self, point):
        """World point to x, y, pixels per metre, depth."""
        d = np.asarray(point) - self.eye
        depth = max(float(d @ self.forward), 0.3)
        scale = self.focal / depth
        return WIDTH / 2 + d @ self.right * scale, HEIGHT / 2 - d @ self.up * scale, scale, depth


def ease(n):
    """n steps from 0 to 1, soft at both ends."""
    s = np.linspace(0, 1, max(2, n))
    return s * s * (3 - 2 * s)


def blend(a, b, share):
    """Poses from a to b along the shares of the way."""
    share = np.asarray(share)[:, None, None]
    return a[None] * (1 - share) + b[None] * share


def grounded(poses):
    """Nothing below the floor."""
    poses = poses.copy()
    poses[..., 1] = np.maximum(poses[..., 1], FLOOR_M)
    return poses


class Stage:
    """Builds motions [T,18,3] at 30 Hz that end where the next begins."""

    def __init__(self, mocap, rng):
        self.mocap, self.rng = mocap, rng

    def excerpt(self, seconds, names=None):
        """A random piece of a recording, turned, its last pelvis above the origin."""
        n = int(seconds * MOCAP_HZ)
        names = names or self.mocap.calm
        name = names[self.rng.integers(len(names))]
        poses = self.mocap.poses[name]
        while len(poses) < n:
            poses = np.concatenate([poses, poses[::-1]])
        start = self.rng.integers(0, len(poses) - n + 1)
        poses = PAINT.turned(poses[start:start + n], self.rng.uniform(-math.pi, math.pi))
        return poses - poses[-1, PELVIS] * [1, 0, 1]

    def still(self, pose, seconds, sway=0.012):
        """A held pose that sways a little."""
        n, rng = int(seconds * MOCAP_HZ), self.rng
        t = np.arange(n)[:, None, None] / MOCAP_HZ
        phase, rate = rng.uniform(0, 6.3, (1, 18, 3)), rng.uniform(1, 4, (1, 18, 3))
        lift = np.clip(pose[None, :, 1:2] / 1.2, 0.1, 1)
        grow = np.minimum(1, t * 2)
        return pose[None] + sway * lift * grow * np.sin(rate * t + phase)

    def lead(self, seconds):
        """What comes before: walking or standing upright."""
        if self.rng.random() < 0.55:
            return self.excerpt(seconds, self.mocap.walks)
        return self.still(self.excerpt(0.2, self.mocap.walks)[-1], seconds)

    def facing(self, pose):
        """Horizontal unit vector the hips face."""
        across = (pose[PAINT.L_HIP] - pose[PAINT.R_HIP]) * [1, 0, 1]
        forward = np.cross(across, [0, 1, 0])
        return forward / (np.linalg.norm(forward) + 1e-9)

    def seated(self, pose, height):
        """The pose on a seat behind it; the feet stay."""
        out, forward = pose.copy(), self.facing(pose)
        ground = pose[ANKLES].mean(0)
        seat = ground - forward * self.rng.uniform(0.3, 0.45)
        shift = np.array([seat[0], height, seat[2]]) - pose[PELVIS]
        legs = KNEES + FEET
        upper = [j for j in range(18) if j not in legs]
        out[upper] = pose[upper] + shift + forward * np.clip(
            (pose[upper, 1:2] - pose[PELVIS, 1]) * self.rng.uniform(0, 0.3), 0, 1)
        for ankle, knee in zip(ANKLES, KNEES):
            out[knee] = pose[ankle] * [1, 0, 1] + [0, height, 0] + forward * 0.06
        return out

    def crouched(self, pose):
        """Low on the heels, the trunk bent forward."""
        out = self.seated(pose, self.rng.uniform(0.3, 0.5))
        forward = self.facing(pose)
        out[:, :] += forward * 0.25 * (out[:, 1:2] > 0.35)
        return out

    def lying(self, pose):
        """A recorded lying pose near the feet of another, in any direction."""
        name = LYING[self.rng.integers(len(LYING))]
        low = PAINT.turned(self.mocap.poses[name][self.rng.integers(6)],
                           self.rng.uniform(-math.pi, math.pi))
        away = self.rng.normal(0, 0.25, 3) * [1, 0, 1]
        return grounded(low - low[PELVIS] * [1, 0, 1] + pose[PELVIS] * [1, 0, 1] + away)

    def topple(self, pose):
        """Falls over like a pole about the feet while the knees give way."""
        rng, angle = self.rng, rng_angles(self.rng)
        turn = rng.uniform(-math.pi, math.pi)
        along = np.array([math.sin(turn), 0, math.cos(turn)])
        pivot, give = pose[ANKLES].mean(0) * [1, 0, 1], rng.uniform(0, 0.45)
        local = pose - pivot
        ahead, side = local @ along, local - np.outer(local @ along, along)
        out = []
        for a in angle:
            c, s = math.cos(a), math.sin(a)
            height = local[:, 1] * (1 - give * math.sin(2 * a))
            p = side * [1, 0, 1] + np.outer(ahead * c + height * s, along)
            p[:, 1] = height * c - ahead * s
            out.append(p + pivot)
        return grounded(np.array(out))

    def crumple(self, pose):
        """Collapses on the spot, faster and faster, into a lying pose."""
        n = int(self.rng.uniform(0.45, 1.1) * MOCAP_HZ)
        share = np.linspace(0, 1, n) ** self.rng.uniform(1.4, 2.2)
        return grounded(blend(pose, self.lying(pose), share))

    def get_up(self, speed):
        """Gets up as recorded, at a speed; ends standing at the origin."""
        poses = self.mocap.poses[LYING[self.rng.integers(len(LYING))]]
        at = np.arange(0, len(poses) - 1, speed).astype(int)
        poses = PAINT.turned(poses[at], self.rng.uniform(-math.pi, math.pi))
        return grounded(poses - poses[-1, PELVIS] * [1, 0, 1])

    def fall(self):
        """(motion, [[start_s, end_s]])."""
        rng = self.rng
        way = rng.choice(["topple", "crumple", "slide", "seat"], p=[0.4, 0.25, 0.15, 0.2])
        before = self.lead(rng.uniform(0.4, 2.2))
        if way == "slide":
            motion = self.get_up(rng.uniform(2.6, 6))[::-1]
            motion = motion - motion[0, PELVIS] * [1, 0, 1]
            joint = blend(before[-1], motion[0], np.linspace(0, 1, 5))
            before = np.concatenate([before, joint])
        else:
            if way == "seat":
                before = self.still(self.seated(before[-1], rng.uniform(0.42, 0.55)),
                                    rng.uniform(0.5, 2))
            motion = (self.crumple if way == "crumple" else self.topple)(before[-1])
        after = self.still(motion[-1], rng.uniform(1.4, 2.6), rng.uniform(0.01, 0.05))
        poses = np.concatenate([before, motion, after])
        start_s = len(before) / MOCAP_HZ
        return poses, [[start_s, start_s + len(motion) / MOCAP_HZ + 0.5]]

    def calm(self):
        """(motion, []): nobody falls."""
        rng = self.rng
        way = rng.choice(["sit", "rise", "lie", "getup", "crouch", "any"],
                         p=[0.26, 0.1, 0.1, 0.08, 0.14, 0.32])
        if way == "any":
            return self.excerpt(rng.uniform(3, 5)), []
        if way == "getup":
            up = self.get_up(rng.uniform(0.8, 1.8))
            return np.concatenate([self.still(up[0], rng.uniform(0.3, 1.2)), up,
                                   self.still(up[-1], 1)]), []
        before = self.lead(rng.uniform(0.4, 1.8))
        return np.concatenate([before, *self.lowering(way, before[-1])]), []

    def lowering(self, way, pose):
        """Sitting or lying down, crouching, standing up: parts that follow a pose."""
        rng = self.rng
        steps = lambda low, high: ease(int(rng.uniform(low, high) * MOCAP_HZ))
        low = self.crouched(pose) if way == "crouch" else self.seated(pose, rng.uniform(0.4, 0.55))
        down = blend(pose, low, steps(0.5, 1.6))
        if way == "sit":
            return down, self.still(low, rng.uniform(1.2, 2.5), rng.uniform(0.01, 0.04))
        if way == "lie":
            bed = self.lying(pose)
            return down, blend(low, bed, steps(1.2, 2.6)), self.still(bed, 1)
        rest = self.still(low, rng.uniform(0.2, 1.0))
        return down, rest, blend(rest[-1], pose, steps(0.6, 1.4)), self.still(pose, 0.7)


def rng_angles(rng):
    """Angles of a falling pole, 0 to about 85 degrees, at 30 Hz."""
    angle, speed = rng.uniform(0.02, 0.12), rng.uniform(0.4, 1.6)
    pull, out = GRAVITY / rng.uniform(0.9, 1.9), []
    while angle < 1.48:
        out.append(angle)
        speed += pull * math.sin(angle) / MOCAP_HZ
        angle += speed / MOCAP_HZ
    start = out[0]
    return np.array([a - start * max(0, 1 - i / 6) for i, a in enumerate(out)] + [1.48])


class Mocap:
    """The recordings and which of them are walks, or free of falls and acrobatics."""

    def __init__(self, folder):
        with open(folder / "index.csv", newline="") as rows:
            labels = {row["name"]: row["label"] for row in csv.DictReader(rows)}
        self.poses = {}
        for name in labels:
            poses = np.load(folder / f"{name}.npy").astype(np.float64)
            poses[..., 1] -= np.percentile(poses[..., 1].min(1), 20)
            self.poses[name] = poses
        self.calm = [n for n, label in labels.items() if not any(o in label for o in ODD)]
        self.walks = [n for n, label in labels.items() if label.startswith("walk")]


def room(rng):
    """A random background [144,192,3]: floor, wall, furniture, texture."""
    base = np.zeros((HEIGHT, WIDTH, 3))
    edge = int(rng.uniform(0.25, 0.6) * HEIGHT)
    base[:edge], base[edge:] = rng.uniform(50, 200, 3), rng.uniform(40, 190, 3)
    for _ in range(rng.integers(3, 12)):
        top, left = rng.integers(0, HEIGHT - 8), rng.integers(0, WIDTH - 8)
        high, wide = rng.integers(6, 70), rng.integers(6, 70)
        base[top:top + high, left:left + wide] = rng.uniform(30, 220, 3)
    for cells in (4, 12, 48):
        noise = rng.normal(0, rng.uniform(2, 14), (cells * 3 // 4, cells, 1))
        base += np.kron(noise, np.ones((HEIGHT // (cells * 3 // 4), WIDTH // cells, 1)))
    return base


def picture(background, camera, people):
    """One frame: people are (pose, clothes, stripes)."""
    pixels = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    pixels[..., 2::-1] = np.clip(background, 0, 255)
    surface = cairo.ImageSurface.create_for_data(pixels, cairo.FORMAT_RGB24, WIDTH, HEIGHT)
    c = cairo.Context(surface)
    for pose, *_ in people:
        PAINT.draw_shadow(c, camera, pose)
    for person in sorted(people, key=lambda p: -camera.project(p[0][PELVIS])[3]):
        PAINT.draw_person(c, camera, *person)
    surface.flush()
    return pixels[..., 2::-1]


def render(mocap, index):
    """(frames u8 [T,144,192,3] at 10 Hz, falls) of rendered clip number index."""
    rng = np.random.default_rng([7, index])
    stage = Stage(mocap, rng)
    poses, falls = stage.fall() if rng.random() < FALL_SHARE else stage.calm()
    camera, background = Camera(rng), room(rng)
    cast = [poses - poses[len(poses) // 2, PELVIS] * [1, 0, 1]]
    if rng.random() < 0.2:
        aside = camera.right * rng.choice([-1, 1]) * rng.uniform(0.8, 2)
        cast.append(stage.excerpt(len(poses) / MOCAP_HZ, mocap.walks)[:len(poses)] + aside * [1, 0, 1])
    looks = [({part: rng.uniform(0.05, 0.9, 3) for part in ("top", "legs", "skin", "shoes")},
              rng.uniform(-0.2, 0.2, (len(PAINT.BONES), 3))) for _ in cast]
    contrast, grain = rng.uniform(0.6, 1.1), rng.uniform(0.5, 5)
    frames = []
    for i in range(0, min(map(len, cast)), MOCAP_HZ // RATE_HZ):
        frame = picture(background, camera, [(p[i], *look) for p, look in zip(cast, looks)])
        frame = (frame - 128.0) * contrast + 128 + rng.normal(0, grain, (HEIGHT, WIDTH, 1))
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
    return np.array(frames), falls


def extract_clip(job):
    """What data.py keeps of a clip, of rendered clip number index."""
    folder, index = job
    frames, falls = render(Mocap(folder) if _mocap is None else _mocap, index)
    return {"falls": falls, "duration_s": len(frames) / RATE_HZ}, Extractor()(fill(frames))


def load_mocap(folder):
    global _mocap
    _mocap = Mocap(folder)


_mocap = None


def main():
    folder = shared_folder(sys.argv[1:]) / "data" / "mocap"
    with Pool(2, load_mocap, (folder,)) as pool:
        results = pool.map(extract_clip, [(folder, i) for i in range(CLIPS)], chunksize=4)
    parts = [part for _, part in results]
    lengths = np.array([len(maps) for maps, _, _ in parts])
    np.savez(CACHE / "rendered.npz", maps=np.concatenate([p[0] for p in parts]),
             offsets=np.concatenate([[0], lengths.cumsum()]))
    np.savez(CACHE / "rendered-windows.npz",
             clip=np.concatenate([np.full(len(p[1]), i) for i, p in enumerate(parts)]),
             start=np.concatenate([p[1] for p in parts]),
             statistics=np.concatenate([p[2] for p in parts]))
    (CACHE / "rendered.json").write_text(json.dumps([clip for clip, _ in results]))


if __name__ == "__main__":
    main()
