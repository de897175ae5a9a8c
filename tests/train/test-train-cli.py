"""praxi train on the bundled sample: the document, the model that comes out, what is refused."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

PRAXI = os.path.abspath(sys.argv[1])
SAMPLE = os.path.join(sys.argv[2], "data", "sample", "yard.mp4")
ROWS = [("fight", 5, 13), ("normal", 0, 3.5), ("fall", 20, 22.5)]


def run(*arguments):
    return subprocess.run([PRAXI, *arguments], capture_output=True, text=True, timeout=240)


def write_labels(folder, splits):
    with open(os.path.join(folder, "labels.csv"), "w") as labels:
        labels.write("file,class,start_s,end_s,group,split\n")
        for name, split in splits:
            for action, start, end in ROWS:
                labels.write(f"{name},{action},{start},{end},{name},{split}\n")


def refused(words, *arguments, status=2):
    result = run("train", *arguments)
    assert result.returncode == status, (arguments, result)
    assert words in result.stderr and result.stderr.count("\n") == 1, result.stderr


def check_sizes(folder, out):
    """Smaller clips first: more of them in a step, and at once within the same memory."""
    zoo = ["--data", folder, "--out", out, "--arch", "mobilenetv3-small:frames=4,size=64",
           "--threads", "1", "--epochs", "3", "--memory", "40"]
    result = run("train", *zoo, "--sizes", "32,48,64", "--json")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    small, middle = document["stages"]
    assert small["clips_a_step"] == 32 and middle["clips_a_step"] == 14, document["stages"]
    assert small["clips_at_once"] > middle["clips_at_once"] > document["clips_a_step"], document
    assert [e["train_loss"] > 0 for e in document["epochs"][1:]] == [True] * 3, document["epochs"]
    about = json.loads(run("info", "--json", out).stdout)
    assert about["input"]["height"] == 64, about
    refused("the model's own, 64", *zoo, "--sizes", "32,48")
    refused("from 16", *zoo, "--sizes", "8,64")
    refused("one size", "--data", folder, "--out", out, "--sizes", "96,192", "--epochs", "1")


def main():
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "mine.onnx")
        for name in ("a.mp4", "b.mp4"):
            shutil.copy(SAMPLE, os.path.join(folder, name))
        write_labels(folder, [("a.mp4", "train"), ("b.mp4", "val")])
        result = run("train", "--data", folder, "--out", out, "--epochs", "1", "--json",
                     "--progress", "json")
        assert result.returncode == 0, result.stderr
        document = json.loads(result.stdout)
        assert [e["epoch"] for e in document["epochs"]] == [0, 1], document["epochs"]
        for key in ("train_loss", "val_loss", "val_accuracy", "val_f1"):
            assert key in document["epochs"][1], key
        assert document["best_epoch"] in (0, 1) and document["train_clips"] >= 15
        assert 0 <= document["report"]["accuracy"] <= 1
        lines = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
        assert any("val_f1" in line for line in lines) and any("eta_s" in line for line in lines)

        about = json.loads(run("info", "--json", out).stdout)
        assert "fine-tuned" in json.dumps(about), about
        assert run("analyze", "--model", out, "--json", SAMPLE).returncode == 0

        result = run("train", "--data", folder, "--out", out, "--arch", "flow-light", "--epochs",
                     "1", "--json")
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["best_epoch"] in (0, 1)
        assert "trained" in json.dumps(json.loads(run("info", "--json", out).stdout))
        assert run("analyze", "--model", out, "--json", SAMPLE).returncode == 0
        assert not os.path.exists(out + ".checkpoint")

        check_sizes(folder, out)

        # Steps this short make no epoch better; the last is kept all the same.
        idle = ["--data", folder, "--out", out, "--from", "light", "--maps", "--epochs", "2",
                "--rate", "1e-12", "--head-only", "--freeze-norm", "--threads", "1", "--json"]
        assert json.loads(run("train", *idle).stdout)["best_epoch"] == 0
        assert json.loads(run("train", *idle, "--last").stdout)["best_epoch"] == 2

        again = os.path.join(folder, "mine2.onnx")
        refused("one of them", "--data", folder, "--out", out, "--arch", "flow-light", "--from",
                "light")
        refused("--arch", "--data", folder, "--out", out, "--arch", "no-such-net")
        refused("--optimizer", "--data", folder, "--out", out, "--optimizer", "guess")
        refused("either --data DIR or --project", "--out", out)
        refused("--out", "--data", folder)
        refused("--epochs", "--data", folder, "--out", out, "--epochs", "0")
        refused("labels.csv", "--data", os.path.dirname(SAMPLE), "--out", out, status=1)
        write_labels(folder, [("a.mp4", ""), ("b.mp4", "")])
        result = run("train", "--data", folder, "--out", again, "--epochs", "1", "--json")
        document = json.loads(result.stdout)
        assert document["train_clips"] > 0 and document["val_clips"] > 0, document
        write_labels(folder, [("a.mp4", "")])
        result = run("train", "--data", folder, "--out", again, "--epochs", "1", "--json")
        document = json.loads(result.stdout)
        assert document["val_clips"] == 0 and document["epochs"][1]["val_f1"] is None, document
        assert "nothing is left to validate with" in result.stderr
    print("ok")


main()
