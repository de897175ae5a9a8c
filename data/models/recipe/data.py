"""Decodes the labelled clips once and keeps their motion maps and statistics.

    python data.py [SHARED]        SHARED/data/actions/labels.csv must exist

Pictures are what the program sees: the whole frame area-averaged to 192x144,
full-range RGB, the last frame at or before each time of a 10 Hz grid.  Besides
the clean view (three phases of the grid) four altered views are kept for
training: other contrast and noise, blur, and two with crop and other speed.

cache/clips.json          the clips: file, kind, group, split, duration, events
cache/timing.json         how times of a clip move in each view
cache/VIEW.npz            per clip the maps [P,6,36,48] (f16), one after another
cache/VIEW-windows.npz    windows of 20 pairs: clip, first pair, 58 statistics
"""

import csv
import json
import math
import os
import subprocess
import sys
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import onnxruntime as ort

from statistics58 import statistics_model
from stem import StemOptions, stem_model

RATE_HZ = 10
FRAMES = 21
PAIRS = FRAMES - 1
PHASES = 3
STRIDE_PAIRS = 5
CACHE = Path(__file__).parent / "cache"
CLEAN = [f"clean{phase}" for phase in range(PHASES)]
ALTERED = ["noise", "blur", "slow", "fast"]


def shared_folder(arguments=()):
    """The folder with the data: first argument, PRAXI_SHARED or ../shared."""
    default = Path(__file__).resolve().parents[3].parent / "shared"
    return Path(next(iter(arguments), None) or os.environ.get("PRAXI_SHARED", default))


def read_clips(actions):
    """One entry per file of labels.csv, its rows gathered."""
    clips = {}
    with open(actions / "labels.csv", newline="") as rows:
        for row in csv.DictReader(rows):
            clip = clips.setdefault(row["file"], {
                "file": row["file"], "kind": row["file"].split("/")[0],
                "group": row["group"], "split": row["split"], "falls": []})
            if row["class"] == "fall":
                clip["falls"].append([float(row["start_s"]), float(row["end_s"])])
    return list(clips.values())


def alteration(view, rng):
    """(stretch of time, filters before the grid, filters after scaling) of a view."""
    u = rng.uniform
    if view == "noise":
        tone = f"eq=contrast={u(.55, .8):.2f}:gamma={u(.8, 1.3):.2f}"
        return 1, "", f"{tone},noise=alls={int(u(4, 12))}:allf=t"
    if view == "blur":
        soft = f"gblur=sigma={u(.5, 1.1):.2f}"
        return 1, "", f"{soft},eq=contrast={u(1.1, 1.4):.2f}:gamma={u(.7, 1.4):.2f}"
    zoom = u(.7, .95)
    stretch = u(1.1, 1.3) if view == "slow" else u(.8, .92)
    crop = f"crop=iw*{zoom:.2f}:ih*{zoom:.2f}:(iw-ow)*{u(0, 1):.2f}:(ih-oh)*{u(0, 1):.2f}"
    return stretch, f"setpts=PTS*{stretch:.3f},{crop},", "null"


def altered_views(index):
    """View, decode arguments and (stretch, shift) of time for clip number index.

    A moment t of the clip is at t * stretch + shift seconds of the view.
    """
    rng = np.random.default_rng(index)
    for view in ALTERED:
        stretch, before, after = alteration(view, rng)
        scaler = rng.choice(["bilinear", "bicubic", "area"])
        delay_s = round(rng.uniform(0, .1), 3)
        first_s = math.ceil(delay_s * stretch * RATE_HZ - 1e-6) / RATE_HZ
        before = f"setpts=PTS+{delay_s:.3f}/TB," + before
        yield view, (before, after, scaler), (stretch, delay_s * stretch - first_s)


def decode(path, rate_hz, before="", after="null", scaler="area"):
    """Frames u8 [T,144,192,3] on a grid of rate_hz, last frame at or before."""
    chain = (f"{before}fps={rate_hz}:round=up,scale=192:144:flags={scaler}"
             f":out_range=pc,format=rgb24,{after},format=rgb24")
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-threads", "1", "-i", str(path), "-an",
         "-vf", chain, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, 144, 192, 3)


def fill(frames):
    """At least one window: the last frame repeated."""
    missing = max(0, FRAMES - len(frames))
    return np.concatenate([frames, np.repeat(frames[-1:], missing, 0)])


def session(model):
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(model.SerializeToString(), options)


class Extractor:
    """Maps and statistics of whole clips, by the very nodes of the models."""

    def __init__(self):
        self.stem = session(stem_model(StemOptions(frames=None)))
        self.statistics = session(statistics_model(PAIRS))

    def __call__(self, frames):
        maps, flows = [], []
        for start in range(0, len(frames) - 1, 100):
            overlap = 1 if start else 0
            part = frames[None, start - overlap:start + 101]
            m, f = self.stem.run(None, {"frames": part})
            maps.append(m[overlap:].astype(np.float16))
            flows.append(f[overlap:])
        maps, flows = np.concatenate(maps), np.concatenate(flows)
        starts = window_starts(len(maps))
        stats = [self.statistics.run(None, {"motion_flow": flows[s:s + PAIRS]})[0]
                 for s in starts]
        return maps, starts, np.array(stats)


def window_starts(pairs):
    """Window starts every half second, and the last possible one."""
    starts = list(range(0, pairs - PAIRS + 1, STRIDE_PAIRS))
    last = pairs - PAIRS
    return starts if starts[-1] == last else starts + [last]


def extract_clip(job):
    """All views of one clip: {view: (maps, starts, statistics)}."""
    path, index = job
    extract, out = Extractor(), {}
    frames = decode(path, RATE_HZ * PHASES)
    for phase, view in enumerate(CLEAN):
        out[view] = extract(fill(frames[phase::PHASES]))
    for view, how, _ in altered_views(index):
        out[view] = extract(fill(decode(path, RATE_HZ, *how)))
    return len(frames) / (RATE_HZ * PHASES), out


def save_view(view, results):
    """Writes maps and windows of all clips under one view."""
    parts = [out[view] for _, out in results]
    lengths = np.array([len(maps) for maps, _, _ in parts])
    np.savez(CACHE / f"{view}.npz", maps=np.concatenate([p[0] for p in parts]),
             offsets=np.concatenate([[0], lengths.cumsum()]))
    np.savez(CACHE / f"{view}-windows.npz",
             clip=np.concatenate([np.full(len(p[1]), i) for i, p in enumerate(parts)]),
             start=np.concatenate([p[1] for p in parts]),
             statistics=np.concatenate([p[2] for p in parts]))


def save_timing(n_clips):
    """cache/timing.json: {view: [[stretch, shift_s] per clip]}."""
    timing = {view: [[1, -phase / (RATE_HZ * PHASES)]] * n_clips
              for phase, view in enumerate(CLEAN)}
    for index in range(n_clips):
        for view, _, times in altered_views(index):
            timing.setdefault(view, []).append(times)
    (CACHE / "timing.json").write_text(json.dumps(timing))


def main():
    actions = shared_folder(sys.argv[1:]) / "data" / "actions"
    clips = read_clips(actions)
    CACHE.mkdir(exist_ok=True)
    jobs = [(actions / clip["file"], i) for i, clip in enumerate(clips)]
    with Pool(2) as pool:
        results = pool.map(extract_clip, jobs, chunksize=2)
    for clip, (duration_s, _) in zip(clips, results):
        clip["duration_s"] = duration_s
    save_timing(len(clips))
    for view in CLEAN + ALTERED:
        save_view(view, results)
    (CACHE / "clips.json").write_text(json.dumps(clips, indent=1))


if __name__ == "__main__":
    main()
