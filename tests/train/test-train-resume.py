"""praxi train killed by SIGKILL at moments drawn by chance and resumed: the model that comes out is the
one of a run that nobody cut off, bit for bit, on one thread. PRAXI_KILLS=20 kills twenty trainings."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

PRAXI = os.path.abspath(sys.argv[1])
SAMPLE = os.path.join(sys.argv[2], "data", "sample", "yard.mp4")
KILLS = int(os.environ.get("PRAXI_KILLS", "3"))
LABELS = """file,class,start_s,end_s,group,split
a.mp4,fight,5,9,a,train
a.mp4,normal,0,3.5,a,train
a.mp4,fall,20,22.5,a,train
"""


def command(folder, out, *more):
    return [PRAXI, "train", "--data", folder, "--out", out, "--arch", "flow-light", "--threads", "1",
            "--epochs", "4", "--batch", "8", "--no-augment", "--checkpoint", "0.001", *more]


def content(path):
    with open(path, "rb") as file:
        return file.read()


def cut_off(folder, out, *more, seconds=None):
    """Kills a training after so many seconds, or as soon as it has a checkpoint."""
    child = subprocess.Popen(command(folder, out, *more), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    end = time.monotonic() + (seconds or 600)
    while child.poll() is None and time.monotonic() < end:
        if seconds is None and os.path.exists(out + ".checkpoint"):
            break
        time.sleep(0.001)
    child.kill()
    child.wait()


def main():
    chance = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(SAMPLE, os.path.join(folder, "a.mp4"))
        with open(os.path.join(folder, "labels.csv"), "w") as labels:
            labels.write(LABELS)
        whole, cut = os.path.join(folder, "m", "net.onnx"), os.path.join(folder, "n", "net.onnx")
        os.mkdir(os.path.dirname(whole))
        os.mkdir(os.path.dirname(cut))
        begin = time.monotonic()
        subprocess.run(command(folder, whole), check=True, capture_output=True)
        length = time.monotonic() - begin
        assert not os.path.exists(whole + ".checkpoint"), "a finished training leaves no checkpoint"
        resumed = 0
        for kill in range(KILLS):
            if os.path.exists(cut):
                os.remove(cut)
            if kill == 0:
                cut_off(folder, cut)
            for _ in range(kill % 3):
                cut_off(folder, cut, "--resume", seconds=chance.uniform(0.2, 1) * length)
            resumed += os.path.exists(cut + ".checkpoint")
            subprocess.run(command(folder, cut, "--resume"), check=True, capture_output=True)
            assert content(cut) == content(whole), f"kill {kill}: another model came out"
        assert resumed > 0, "no kill came while it learned"

        # Another training's checkpoint is refused, in words.
        cut_off(folder, cut)
        refused = subprocess.run(command(folder, cut, "--resume", "--rate", "0.5"),
                                 capture_output=True, text=True)
        assert refused.returncode == 1 and "other data, model or options" in refused.stderr, refused
    print(f"ok, {resumed} of {KILLS} trainings went on from a checkpoint")


main()
