#!/usr/bin/env python3
"""data/models/recipe/make.sh on two copies of the bundled sample: all models come out, by folds too,
and what is there is not made again.

usage: test-recipe.py PRAXI SOURCE-ROOT
"""
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile

PRAXI = os.path.abspath(sys.argv[1])
MAKE = os.path.join(sys.argv[2], "data", "models", "recipe", "make.sh")
SAMPLE = os.path.join(sys.argv[2], "data", "sample", "yard.mp4")
ROWS = [("fight", 5, 9), ("normal", 0, 3.5), ("fall", 20, 22.5)]
NAMES = ("statistics", "flow-4", "original", "light")


def make(*words):
    result = subprocess.run(["sh", MAKE, "--seeds", "4", *words], capture_output=True, text=True,
                            timeout=280)
    assert result.returncode == 0, result.stderr
    return result.stdout


def info(path):
    return json.loads(subprocess.run([PRAXI, "info", "--json", path], capture_output=True,
                                     text=True, check=True).stdout)


def times(folder):
    return {name: os.stat(os.path.join(folder, name)).st_mtime_ns
            for name in sorted(os.listdir(folder)) if name.endswith(".onnx")}


def check_models(made, end):
    statistics, flow, original, light = (info(os.path.join(made, f"{name}{end}.onnx"))
                                         for name in NAMES)
    assert original["macs"] < statistics["macs"] + 2 * flow["macs"], original
    assert original["params"] < statistics["params"] + flow["params"] + 20, original
    assert (original["precision"], light["precision"]) == ("f32", "int8"), light
    steps = [step["step"] for step in light["lineage"]]
    assert any("joined" in step for step in steps) and "from a teacher" in " ".join(steps), steps
    assert light["file_bytes"] < original["file_bytes"], light


def main():
    with tempfile.TemporaryDirectory() as folder:
        data, whole, folds = (os.path.join(folder, name) for name in ("data", "whole", "folds"))
        os.mkdir(data)
        with open(os.path.join(data, "labels.csv"), "w") as labels:
            labels.write("file,class,start_s,end_s,group,split\n")
            for name, split in (("a.mp4", "train"), ("b.mp4", "val")):
                shutil.copy(SAMPLE, os.path.join(data, name))
                for action, start, end in ROWS:
                    labels.write(f"{name},{action},{start},{end},{name},{split}\n")
        assert "accuracy" in make(PRAXI, data, whole)
        check_models(whole, "")
        assert sorted(os.listdir(whole)) == sorted(f"{name}.onnx" for name in NAMES)

        make("--folds", "2", PRAXI, data, folds)
        before = times(folds)
        assert sorted(before) == sorted(f"{name}-{i}.onnx" for name in NAMES for i in (1, 2))
        for i in (1, 2):
            check_models(folds, f"-{i}")
        for name in NAMES:
            with open(os.path.join(folds, f"{name}.txt")) as text:
                assert "fight against normal: 4 samples" in text.read()
            with open(os.path.join(folds, f"{name}.csv"), newline="") as table:
                assert len(list(csv.DictReader(table))) == 6
        os.unlink(os.path.join(folds, "light-2.onnx"))
        make("--folds", "2", PRAXI, data, folds)
        after = times(folds)
        assert [name for name in before if before[name] != after[name]] == ["light-2.onnx"]
    print("ok")


main()
