"""praxi train with labels of other classes than the model's, and its last layer fitted."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

PRAXI = os.path.abspath(sys.argv[1])
SAMPLE = os.path.join(sys.argv[2], "data", "sample", "yard.mp4")
ROWS = [("lifting", 5, 13), ("normal", 0, 3.5), ("running", 20, 22.5)]
USUAL = [("fight", 5, 13), ("normal", 0, 3.5), ("fall", 20, 22.5)]


def run(*arguments):
    return subprocess.run([PRAXI, *arguments], capture_output=True, text=True, timeout=240)


def write_labels(folder, rows):
    with open(os.path.join(folder, "labels.csv"), "w") as labels:
        labels.write("file,class,start_s,end_s,group,split\n")
        for name, split in (("a.mp4", "train"), ("b.mp4", "val")):
            for action, start, end in rows:
                labels.write(f"{name},{action},{start},{end},{name},{split}\n")


def classes_of(path):
    return json.loads(run("info", "--json", path).stdout)["classes"]


def trained(*arguments):
    result = run("train", "--json", "--threads", "1", *arguments)
    assert result.returncode == 0, result
    return json.loads(result.stdout), result.stderr


def refused(words, *arguments):
    result = run("train", *arguments)
    assert result.returncode != 0 and words in result.stderr, result
    assert result.stderr.count("\n") == 1, result.stderr


def check_other_classes(folder):
    """Nothing is asked but the labels: they say which classes there are."""
    out = os.path.join(folder, "mine.onnx")
    for extra in (["--head-only"], ["--maps"], []):
        document, said = trained("--data", folder, "--out", out, "--epochs", "1", *extra)
        assert "new last layer for normal, lifting, running" in said, said
        assert document["epochs"][0]["val_accuracy"] > 0.8, document["epochs"]
        assert set(document["report"]["per_class"]) == {"normal", "lifting", "running"}
    assert classes_of(out) == ["normal", "lifting", "running"], classes_of(out)
    found = json.loads(run("analyze", "--model", out, "--json", SAMPLE).stdout)
    assert "lifting" in json.dumps(found) and "fight" not in json.dumps(found), found

    # A model of one's own is no other case: from three classes to two that exclude each other.
    two = os.path.join(folder, "two.onnx")
    _, said = trained("--data", folder, "--from", out, "--out", two, "--epochs", "1",
                      "--head-only", "--classes", "running,lifting")
    assert classes_of(two) == ["running", "lifting"], said

    # A net of the zoo, from nothing and then from what that made.
    zoo = os.path.join(folder, "zoo.onnx")
    trained("--data", folder, "--arch", "mobilenetv3-small:frames=4,size=32", "--classes",
            "normal,lifting", "--epochs", "1", "--out", zoo)
    _, said = trained("--data", folder, "--from", zoo, "--out", two, "--epochs", "1", "--head-only",
                      "--classes", "labels")
    assert classes_of(two) == ["normal", "lifting", "running"], said


def check_known_classes(folder):
    """Labels the model knows leave it as it is; what it does not know is said."""
    out = os.path.join(folder, "mine.onnx")
    write_labels(folder, USUAL)
    _, said = trained("--data", folder, "--out", out, "--epochs", "1", "--head-only")
    assert "last layer" not in said, said
    write_labels(folder, [("fight", 5, 13), ("normal", 0, 3.5), ("waving", 20, 22.5)])
    _, said = trained("--data", folder, "--out", out, "--epochs", "1", "--head-only")
    assert "does not tell apart: waving" in said and classes_of(out)[1:] == ["fight", "fall"], said


def check_rare(folder):
    """Fitted last, kept whatever the epochs came to, the same every time."""
    out = os.path.join(folder, "mine.onnx")
    write_labels(folder, USUAL)
    sums = []
    for extra in (["--smote"], ["--smote"], ["--easy-ensemble", "4"], ["--smote", "--seed", "1"]):
        document, said = trained("--data", folder, "--out", out, "--head-only", *extra)
        assert "new last layer for normal, fight, fall" in said, said
        assert document["best_epoch"] == 1 and len(document["epochs"]) == 2, document
        assert document["epochs"][1]["val_accuracy"] > 0.8, document
        sums.append(json.loads(run("info", "--json", out).stdout)["sha256"])
    assert sums[0] == sums[1] and len(set(sums)) == 3, sums
    document, said = trained("--data", folder, "--out", out, "--epochs", "2", "--from", out,
                             "--easy-ensemble", "3")
    assert "last layer" not in said and document["best_epoch"] == 3, (said, document)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.mp4", "b.mp4"):
            shutil.copy(SAMPLE, os.path.join(folder, name))
        write_labels(folder, ROWS)
        out = os.path.join(folder, "x.onnx")
        refused("one of them", "--data", folder, "--out", out, "--smote", "--easy-ensemble", "3")
        refused("--easy-ensemble", "--data", folder, "--out", out, "--easy-ensemble", "-1")
        refused("a name of its own", "--data", folder, "--out", out, "--classes", "a,b,a")
        check_other_classes(folder)
        write_labels(folder, ROWS[:1])
        refused("only one class", "--data", folder, "--out", out)
        check_known_classes(folder)
        check_rare(folder)
    print("ok")


main()
