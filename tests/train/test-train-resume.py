"""praxi train killed by SIGKILL at moments drawn by chance and resumed: the model that comes out is the
one of a run that nobody cut off, bit for bit, on one thread; so with clips that grow (--sizes), with a
new last layer, and with the models of all folds. PRAXI_KILLS=20 kills twenty trainings of each kind."""

import glob
import os
import random
import subprocess
import sys
import tempfile
import time

PRAXI = os.path.abspath(sys.argv[1])
SAMPLE = os.path.join(sys.argv[2], "data", "sample", "yard.mp4")
KILLS = int(os.environ.get("PRAXI_KILLS", "0"))
PATIENCE_S = 200
LENGTH_S = "10"  # of the sample that is learned from
HEADER = "file,class,start_s,end_s,group,split\n"


def labels(files, event="fight"):
    return HEADER + "".join(f"{f}.mp4,{event},5,9,{f},train\n{f}.mp4,normal,0,3.5,{f},train\n"
                            for f in files)


# Options, labels, and the ends of the names of the models that come out.
KINDS = {
    "motion": (["--arch", "flow-light", "--epochs", "4", "--batch", "8", "--no-augment"],
               labels("a"), [""]),
    "sizes": (["--arch", "mobilenetv3-small:frames=4,size=48", "--sizes", "32,40,48", "--epochs", "3",
               "--batch", "4", "--average", "0.9"], labels("a"), [""]),
    "new head": (["--from", "light", "--maps", "--classes", "normal,lifting", "--epochs", "3",
                  "--batch", "4", "--last", "--no-augment"], labels("a", "lifting"), [""]),
    "folds": (["--from", "light", "--folds", "2", "--classes", "normal,lifting", "--epochs", "3",
               "--batch", "4", "--no-augment"], labels("ab", "lifting"), ["-1", "-2"]),
    "pairs": (["--arch", "flow-statistics", "--folds", "3", "--pairs", "--classes", "normal,fight",
               "--epochs", "20", "--no-augment"], labels("abc"), ["-1-2", "-1-3", "-2-3"]),
}


def content(path):
    with open(path, "rb") as file:
        return file.read()


class Training:
    """One kind of training in a folder of its own."""

    def __init__(self, folder, name):
        self.folder = os.path.join(folder, name.replace(" ", "-"))
        self.options, text, self.ends = KINDS[name]
        os.mkdir(self.folder)
        for clip in "abc":
            os.link(os.path.join(folder, "clip.mp4"), os.path.join(self.folder, f"{clip}.mp4"))
        with open(os.path.join(self.folder, "labels.csv"), "w") as file:
            file.write(text)
        for place in "mn":
            os.mkdir(os.path.join(self.folder, place))

    def command(self, place, *more):
        return [PRAXI, "train", "--data", self.folder, "--out",
                os.path.join(self.folder, place, "net.onnx"), "--threads", "1", "--checkpoint",
                "0.001", *self.options, *more]

    def run(self, place, *more):
        return subprocess.run(self.command(place, *more), capture_output=True, text=True)

    def left(self, place):
        return sorted(os.listdir(os.path.join(self.folder, place)))

    def models(self, place):
        return [content(os.path.join(self.folder, place, f"net{end}.onnx")) for end in self.ends]

    def checkpoints(self, place):
        return glob.glob(os.path.join(self.folder, place, "*.checkpoint"))

    def cut_off(self, *more, seconds=None):
        """Kills a training after so many seconds, or as soon as it has a checkpoint."""
        child = subprocess.Popen(self.command("n", *more), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        end = time.monotonic() + (seconds or PATIENCE_S)
        while child.poll() is None and time.monotonic() < end:
            if seconds is None and self.checkpoints("n"):
                break
            time.sleep(0.001)
        child.kill()
        child.wait()


def check(folder, name, kills, chance):
    """Kills so many trainings of a kind; how many went on from a checkpoint."""
    training = Training(folder, name)
    begin = time.monotonic()
    whole = training.run("m")
    length = time.monotonic() - begin
    assert whole.returncode == 0, whole.stderr
    names = sorted(f"net{end}.onnx" for end in training.ends)
    assert training.left("m") == names, "a finished training leaves nothing beside its models"
    resumed = 0
    for kill in range(kills):
        for made in training.left("n"):
            os.remove(os.path.join(training.folder, "n", made))
        if kill == 0:
            training.cut_off()
        for _ in range(kill % 3):
            training.cut_off("--resume", seconds=chance.uniform(0.2, 1) * length)
        resumed += bool(training.checkpoints("n"))
        last = training.run("n", "--resume")
        assert last.returncode == 0, (name, kill, last.stderr)
        assert training.models("n") == training.models("m"), f"{name}, kill {kill}: other weights"
        assert training.left("n") == names, training.left("n")
    assert resumed > 0, f"{name}: no kill came while it learned"

    # Another training's work is refused, in words, and left away without --resume.
    training.cut_off()
    refused = training.run("n", "--resume", "--rate", "0.5")
    assert refused.returncode == 1 and "other data, model or options" in refused.stderr, refused
    return resumed


def main():
    chance = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["ffmpeg", "-v", "error", "-i", SAMPLE, "-t", LENGTH_S, "-c", "copy",
                        os.path.join(folder, "clip.mp4")], check=True)
        for name in KINDS:
            kills = KILLS or (3 if name == "motion" else 2)
            resumed = check(folder, name, kills, chance)
            print(f"ok, {name}: {resumed} of {kills} trainings went on from a checkpoint")
    no_file = subprocess.run([PRAXI, "train", "--data", ".", "--folds", "2", "--resume"],
                             capture_output=True, text=True)
    assert no_file.returncode == 2 and "--out" in no_file.stderr, no_file


main()
