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
import xml.etree.ElementTree

PRAXI = os.path.abspath(sys.argv[1])
MAKE = os.path.join(sys.argv[2], "data", "models", "recipe", "make.sh")
CURVES = os.path.join(sys.argv[2], "data", "models", "recipe", "curves.py")
SAMPLE = os.path.join(sys.argv[2], "data", "sample", "yard.mp4")
ROWS = [("fight", 5, 9), ("normal", 0, 3.5), ("fall", 20, 22.5)]
NETS = ("flow-light-4", "flow-wide-1")
MADE = ("statistics", *NETS, "joined", "taught", "student")
FITTED = ("original", "light")


def make(*words):
    result = subprocess.run(["sh", MAKE, "--nets", " ".join(NETS), "--jobs", "2", *words],
                            capture_output=True, text=True, timeout=280)
    assert result.returncode == 0, result.stderr
    return result.stdout


def info(path):
    return json.loads(subprocess.run([PRAXI, "info", "--json", path], capture_output=True,
                                     text=True, check=True).stdout)


def times(folder):
    return {name: os.stat(os.path.join(folder, name)).st_mtime_ns
            for name in sorted(os.listdir(folder)) if name.endswith(".onnx")}


def check_models(made, end):
    statistics, light, wide, joined, taught, student = (
        info(os.path.join(made, f"{name}{end}.onnx")) for name in MADE)
    nets = light, wide
    assert joined["macs"] < statistics["macs"] + 2 * sum(net["macs"] for net in nets), joined
    assert light["params"] < wide["params"], wide
    assert joined["params"] < statistics["params"] + sum(net["params"] for net in nets) + 20, joined
    assert [model["precision"] for model in (joined, taught, student)] == ["f32", "f32", "int8"]
    assert taught["params"] == light["params"], taught
    steps = " ".join(step["step"] for step in student["lineage"])
    assert "joined" in steps and "from a teacher" in steps, steps
    assert student["file_bytes"] < taught["file_bytes"] < joined["file_bytes"], student


def check_fitted(made, end, n):
    for name, precision in zip(FITTED, ("f32", "int8")):
        model = info(os.path.join(made, f"{name}{end}.onnx"))
        assert model["precision"] == precision, model
        assert f"calibrated: by {n} samples" in model["lineage"][-1]["step"], model
        assert model["thresholds"]["fight"]["enter"] is None, model
        assert 0 < model["thresholds"]["fall"]["exit"] < model["thresholds"]["fall"]["enter"] < 1


def check_drawing(made):
    """What thresholds find becomes a table and a drawing: a line of every kind for each model."""
    drawing = os.path.join(made, "curves.svg")
    words = [f"{name}={os.path.join(made, name)}-curves.csv" for name in FITTED]
    told = subprocess.run([sys.executable, CURVES, drawing, *words], capture_output=True, text=True,
                          check=True).stdout
    rows = [line.split("|")[1].strip() for line in told.splitlines()[2:]]
    assert rows == ["fight, original", "fight, light", "fall, original", "fall, light"], told
    lines = [node for node in xml.etree.ElementTree.parse(drawing).iter()
             if node.tag.endswith("polyline")]
    assert len(lines) == 6 and all(len(line.get("points").split()) > 1 for line in lines), lines


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
        make(PRAXI, data, whole)
        check_models(whole, "")
        assert sorted(os.listdir(whole)) == sorted([*(f"{name}.onnx" for name in MADE), "motion"])
        assert info(os.path.join(whole, "statistics.onnx"))["classes"] == ["normal", "fight"]
        assert info(os.path.join(whole, "joined.onnx"))["classes"] == ["normal", "fight", "fall"]

        make("--folds", "2", PRAXI, data, folds)
        before = times(folds)
        assert sorted(before) == sorted(f"{name}{end}.onnx" for name in MADE + FITTED
                                        for end in ("", "-1", "-2"))
        for i in (1, 2):
            check_models(folds, f"-{i}")
            check_fitted(folds, f"-{i}", 3)
        check_models(folds, "")
        check_fitted(folds, "", 6)
        for name in MADE + FITTED:
            n = 6 if name == "statistics" else 4  # to which a fall is no event
            with open(os.path.join(folds, f"{name}.txt")) as text:
                assert f"fight against normal: {n} samples" in text.read()
            with open(os.path.join(folds, f"{name}.csv"), newline="") as table:
                assert len(list(csv.DictReader(table))) == 6
        check_drawing(folds)
        os.unlink(os.path.join(folds, "student-2.onnx"))
        make("--folds", "2", PRAXI, data, folds)
        after = times(folds)
        assert [name for name in before if before[name] != after[name]] == ["student-2.onnx"]
    print("ok")


main()
