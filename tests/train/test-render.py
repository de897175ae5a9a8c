#!/usr/bin/python3
"""Footage that is drawn: labels fit the clips, who falls ends up low, the same seed draws the same.

usage: test-render.py PRAXI
"""
import csv
import os
import subprocess
import sys
import tempfile

import numpy as np

PRAXI = os.path.abspath(sys.argv[1])
WIDTH, HEIGHT = 192, 144
# pelvis chest neck head, arms, legs of somebody who stands, feet at y = 0.05
STANDS = np.array([(0, .95, 0), (0, 1.25, 0), (0, 1.5, 0), (0, 1.62, 0),
                   (.2, 1.45, 0), (.25, 1.15, 0), (.25, .9, 0),
                   (-.2, 1.45, 0), (-.25, 1.15, 0), (-.25, .9, 0),
                   (.1, .9, 0), (.1, .5, 0), (.1, .08, 0), (.1, .05, .15),
                   (-.1, .9, 0), (-.1, .5, 0), (-.1, .08, 0), (-.1, .05, .15)])


def run(*words):
    return subprocess.run([PRAXI, "render", *words], capture_output=True, text=True, timeout=120)


def refused(status, why, *words):
    result = run(*words)
    assert result.returncode == status, (words, result)
    assert why in result.stderr and result.stderr.count("\n") == 1, result.stderr


def write_mocap(folder, labels=("walk", "getup_faceup")):
    """Somebody who walks, and somebody who rises from the back."""
    os.makedirs(folder, exist_ok=True)
    t = np.arange(90)[:, None, None] / 30
    walk = STANDS + [0, 0, 1] * t + .05 * np.sin(6 * t + np.arange(18)[None, :, None])
    lies = STANDS[:, [0, 2, 1]] + [0, .1, 0]
    share = np.clip(t / 2, 0, 1)
    motions = {"a": walk, "b": lies * (1 - share) + STANDS * share}
    for name, motion in motions.items():
        np.save(os.path.join(folder, f"{name}.npy"), motion.astype(np.float32))
    with open(os.path.join(folder, "index.csv"), "w") as index:
        index.write("name,frames,label\n")
        for name, label in zip(motions, labels):
            index.write(f"{name},90,{label}\n")


def content(folder):
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(at, name), "rb") as file:
                found[os.path.relpath(os.path.join(at, name), folder)] = file.read()
    return found


def pictures(data):
    """Brightness [T, H, W] of a clip."""
    head, rest = data.split(b"\n", 1)
    assert head.split() [:4] == [b"YUV4MPEG2", b"W192", b"H144", b"F10:1"], head
    size = len(b"FRAME\n") + WIDTH * HEIGHT * 3 // 2
    assert len(rest) % size == 0
    frames = np.frombuffer(rest, np.uint8).reshape(-1, size)
    assert all(frame.tobytes() == b"FRAME\n" for frame in frames[:, :6])
    return frames[:, 6:6 + WIDTH * HEIGHT].reshape(-1, HEIGHT, WIDTH).astype(float)


def movement(clip):
    """Share of pixels that change more than grain does, from picture to picture."""
    return (np.abs(np.diff(clip, axis=0)) > 25).mean((1, 2))


def main():
    with tempfile.TemporaryDirectory() as folder:
        mocap, one, two, other = (os.path.join(folder, n) for n in ("mocap", "1", "2", "3"))
        write_mocap(mocap)
        told = run("--mocap", mocap, "--out", one, "--clips", "12")
        assert told.returncode == 0, told.stderr
        run("--mocap", mocap, "--out", two, "--clips", "12")
        run("--mocap", mocap, "--out", other, "--clips", "12", "--seed", "9")
        made = content(one)
        assert made == content(two) and made["labels.csv"] != content(other)["labels.csv"]
        rows = list(csv.DictReader(made["labels.csv"].decode().splitlines()))
        falls = [row for row in rows if row["class"] == "fall"]
        assert 0 < len(falls) < 12 and f"{len(falls)} of them falls" in told.stdout, told
        assert {row["file"] for row in rows} == set(made) - {"labels.csv"}
        assert {row["split"] for row in rows} == {"train"}
        calmer = 0
        for row in falls:
            assert row["file"].startswith("drop/"), row
            clip = pictures(made[row["file"]])
            start, end = float(row["start_s"]), float(row["end_s"])
            assert .3 < start < end <= len(clip) / 10 + .1 and .5 < end - start < 4, row
            moves = movement(clip)
            during = moves[int(start * 10):int(end * 10)].max()
            calmer += during > 2 * moves[int(end * 10):].mean()
        assert calmer > len(falls) * .6, (calmer, len(falls))

        # A clip does not depend on how many there are.
        few = os.path.join(folder, "4")
        run("--mocap", mocap, "--out", few, "--clips", "2", "--falls", "1")
        assert all(name.startswith("drop/") for name in content(few) if name != "labels.csv")
        refused(2, "--mocap", "--out", few)
        refused(2, "--clips", "--mocap", mocap, "--out", few, "--clips", "0")
        refused(2, "--falls", "--mocap", mocap, "--out", few, "--falls", "2")
        refused(1, "index.csv", "--mocap", few, "--out", few)
        write_mocap(mocap, ("dance", "getup"))
        refused(1, "walk", "--mocap", mocap, "--out", few)
        write_mocap(mocap)
        np.save(os.path.join(mocap, "b.npy"), np.zeros((9, 17, 3), np.float32))
        refused(1, "18 joints", "--mocap", mocap, "--out", few)
        write_mocap(mocap)
        with open(os.path.join(folder, "file"), "w"):
            pass
        refused(1, "file", "--mocap", mocap, "--out", os.path.join(folder, "file", "x"))
    print("ok")


main()
