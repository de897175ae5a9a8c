#!/usr/bin/env python3
"""praxi lighten teaches a student on footage; killed by SIGKILL while it learns, and once more behind
that, it goes on and writes the same model, bit for bit, on one thread.

usage: test-lighten-resume.py PRAXI SOURCE-ROOT
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

PRAXI = os.path.abspath(sys.argv[1])
SAMPLE = os.path.join(sys.argv[2], "data", "sample", "yard.mp4")
LABELS = """file,class,start_s,end_s,group,split
a.mp4,fight,5,9,a,train
a.mp4,normal,0,3.5,a,train
a.mp4,fall,20,22.5,a,train
"""
PATIENCE_S = 120


def command(folder, out, *more):
    return [PRAXI, "lighten", "original", "--data", folder, "--out", out, "--student", "flow-light",
            "--student-epochs", "3", "--distill", "--prune", "0.3", "--epochs", "2", "--quantize",
            "int8", "--threads", "1", "--checkpoint", "0.001", *more]


def content(path):
    with open(path, "rb") as file:
        return file.read()


def left(out):
    return sorted(name[len(out):] for name in glob.glob(glob.escape(out) + ".*"))


def kill_when(condition, words):
    """Runs the command until the condition holds; whether that came before its end."""
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + PATIENCE_S
    while child.poll() is None and not condition() and time.monotonic() < end:
        time.sleep(0.001)
    was_running = child.poll() is None
    child.kill()
    child.wait()
    return was_running


def main():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(SAMPLE, os.path.join(folder, "a.mp4"))
        with open(os.path.join(folder, "labels.csv"), "w") as labels:
            labels.write(LABELS)
        for name in "mn":
            os.mkdir(os.path.join(folder, name))
        whole, cut = os.path.join(folder, "m", "net.onnx"), os.path.join(folder, "n", "net.onnx")
        run = subprocess.run(command(folder, whole, "--json"), capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert left(whole) == [], f"what is done leaves nothing behind: {left(whole)}"
        told = json.loads(run.stdout)
        passes = [step["pass"] for step in told["steps"]]
        assert passes == ["student", "prune", "fine-tune", "quantize"], passes
        assert told["after"]["weights_bytes"] * 10 < told["before"]["weights_bytes"], told["after"]
        assert told["after"]["macs"] * 4 < told["before"]["macs"], told["after"]
        lineage = [step["step"] for step in json.loads(subprocess.run(
            [PRAXI, "info", "--json", whole], capture_output=True, text=True).stdout)["lineage"]]
        assert any("from a teacher" in step for step in lineage), lineage

        def learning():
            return any(name.endswith(".checkpoint") for name in left(cut))

        def pruned():
            return ".0.part" in left(cut)

        assert kill_when(learning, command(folder, cut)), "it ended before it was killed"
        assert kill_when(pruned, command(folder, cut, "--resume")), "it ended before it was killed"
        run = subprocess.run(command(folder, cut, "--resume"), capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert content(cut) == content(whole), "another model came out"
        assert left(cut) == [], left(cut)

        for words in (["--student", "flow-light", "--distill"],
                      ["--data", folder, "--quantize", "int8", "--width", "0.5"],
                      ["--data", folder, "--quantize", "int8", "--teacher", "light"],
                      ["--data", folder, "--student", "flow-light", "--hint", "a"]):
            run = subprocess.run([PRAXI, "lighten", "original", "--out", cut, *words],
                                 capture_output=True, text=True)
            assert run.returncode == 2 and "--" in run.stderr, (words, run.stderr)
    print("ok")


main()
