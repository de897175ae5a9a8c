#!/usr/bin/env python3
"""Cross-validation from the command line: the models of the folds are kept, judged again, joined,
and taught to a student that sees no more than they did.

usage: test-folds-cli.py PRAXI SOURCE-ROOT
"""
import csv
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

PRAXI = os.path.abspath(sys.argv[1])
SAMPLE = os.path.join(sys.argv[2], "data", "sample", "yard.mp4")
# The second source shows no fall, so that a model which never saw the first knows none.
LABELS = """file,class,start_s,end_s,group,split
a.mp4,fight,5,9,a,train
a.mp4,normal,0,3.5,a,train
a.mp4,fall,20,22.5,a,val
b.mp4,fight,5,9,b,
b.mp4,normal,0,3.5,b,
"""


def run(folder, *words, caches=True):
    """Motion is computed once for all that learn or judge."""
    if caches and words[0] in ("train", "lighten") and "--cache" not in words:
        words = (*words, "--cache", "motion")
    return subprocess.run([PRAXI, *words], capture_output=True, text=True, timeout=240, cwd=folder)


def works(folder, *words, caches=True):
    result = run(folder, *words, caches=caches)
    assert result.returncode == 0, (words, result.stderr)
    return result


def refused(folder, why, *words):
    result = run(folder, *words)
    assert result.returncode == 2, (words, result)
    assert why in result.stderr and result.stderr.count("\n") == 1, result.stderr


def content(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def rows(folder, name):
    with open(os.path.join(folder, name), newline="") as file:
        return list(csv.DictReader(file))


def info(folder, name):
    return json.loads(works(folder, "info", "--json", name).stdout)


def logit(p):
    return math.log(p / (1 - p))


def check_folds(folder):
    """Every fold's model is kept, and judges as it did."""
    for name, words in (("flow", ["--arch", "flow-light", "--epochs", "1"]),
                        ("stat", ["--arch", "flow-statistics", "--epochs", "3"])):
        told = works(folder, "train", "--data", ".", "--folds", "2", "--out", f"{name}.onnx",
                     "--scores", f"{name}.csv", "--threads", "1", "--json", *words).stdout
        assert sorted(n for n in os.listdir(folder) if n.startswith(name)) == [
            f"{name}-1.onnx", f"{name}-2.onnx", f"{name}.csv"]
        again = works(folder, "train", "--data", ".", "--folds", "2", "--judge", f"{name}.onnx",
                      "--scores", "again.csv", "--threads", "1", "--json").stdout
        assert json.loads(told) == json.loads(again), (told, again)
        assert content(folder, f"{name}.csv") == content(folder, "again.csv")
    assert content(folder, "stat-1.onnx") != content(folder, "stat-2.onnx")
    scores = rows(folder, "stat.csv")
    assert len(scores) == 5 and all(row["fight"] != "nan" for row in scores), scores


def check_curves(folder):
    """Areas and events of the curves are those that the figures tell."""
    told = json.loads(works(folder, "train", "--data", ".", "--folds", "2", "--judge", "stat.onnx",
                            "--curves", "curves.csv", "--threads", "1", "--json").stdout)
    points = rows(folder, "curves.csv")
    for figures in told["classes"]:
        of = {kind: [(float(p["x"]), float(p["y"])) for p in points
                     if p["class"] == figures["class"] and p["curve"] == kind]
              for kind in ("events", "roc", "pr")}
        area = sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in zip(of["roc"], of["roc"][1:]))
        assert abs(area - figures["auc_roc"]) < 1e-3, (area, figures)
        assert of["pr"][-1][0] == 1 and of["roc"][-1] == (1, 1), of
        whole = next(part for part in figures["events"] if part["part"] == "all")
        at = [(float(p["threshold"]), float(p["x"]), float(p["y"])) for p in points
              if p["class"] == figures["class"] and p["curve"] == "events"]
        assert len(at) == 81 and at == sorted(at, reverse=True), at
        _, false, found = next(point for point in at if point[0] == 0.5)
        assert abs(false * whole["quiet_hours"] - whole["false"]) < 0.01, (false, whole)
        assert abs(found * whole["spans"] - whole["found"]) < 0.01, (found, whole)
    refused(folder, "--curves", "train", "--data", ".", "--arch", "flow-light", "--curves",
            "curves.csv", "--out", "one.onnx")


def check_split(folder):
    """Footage of other splits is neither learned from nor judged, but has its fold."""
    shutil.copy(SAMPLE, os.path.join(folder, "c.mp4"))
    write_labels(folder, [f"{name}.mp4,{what},{name},{'val' if name == 'c' else 'train'}\n"
                          for name in "abc" for what in ("fight,5,9", "normal,0,3.5")])
    command = ["train", "--data", ".", "--folds", "3", "--arch", "flow-statistics", "--epochs", "2",
               "--classes", "normal,fight", "--threads", "1", "--json"]
    works(folder, *command, "--out", "whole.onnx", "--scores", "whole.csv")
    works(folder, *command, "--split", "train", "--out", "part.onnx", "--scores", "part.csv")
    whole, part = rows(folder, "whole.csv"), rows(folder, "part.csv")
    assert [row["file"] for row in part] == ["a.mp4", "a.mp4", "b.mp4", "b.mp4"], part
    assert len(whole) == 6 and whole[:4] != part, (whole, part)
    files = [[content(folder, f"{name}-{fold}.onnx") for fold in (1, 2, 3)] for name in ("whole", "part")]
    whole, part = [[file[:file.rindex(b"praxi.spec") - 8] for file in row] for row in files]  # without the name
    alike = [one == other for one, other in zip(whole, part)]
    assert alike.count(True) == 1, alike  # who never sees c
    write_labels(folder, [line + "\n" for line in LABELS.splitlines()[1:]])
    os.remove(os.path.join(folder, "c.mp4"))
    refused(folder, "--split", "train", "--data", ".", "--folds", "2", "--judge", "whole.onnx",
            "--split", "train")
    refused(folder, "--split", *command, "--split", "some")


def check_join(folder):
    """The joined model costs the parts without a second stem, and says the mean of their logits."""
    for fold in (1, 2):
        works(folder, "join", f"flow-{fold}.onnx", f"stat-{fold}.onnx", "--out",
              f"both-{fold}.onnx")
    parts = [info(folder, f"{name}-1.onnx") for name in ("flow", "stat")]
    both = info(folder, "both-1.onnx")
    assert both["params"] < sum(part["params"] for part in parts)
    shared = sum(part["macs"] for part in parts) - both["macs"]
    assert shared > 0.5 * min(part["macs"] for part in parts), (both, parts)
    assert "joined: flow-1, stat-1" in json.dumps(both["lineage"]), both
    works(folder, "join", "--mirror", "flow-1.onnx", "--out", "mirrored.onnx")
    mirrored = info(folder, "mirrored.onnx")
    assert "with mirror images: flow-1" in json.dumps(mirrored["lineage"]), mirrored
    assert parts[0]["macs"] < mirrored["macs"] < 2 * parts[0]["macs"], mirrored
    windows = [json.loads(works(folder, "analyze", "--json", "--threads", "1", "--model",
                                f"{name}-1.onnx", "a.mp4").stdout)["media"][0]["windows"]
               for name in ("flow", "stat", "both")]
    n_told = 0
    for flow, stat, joined in zip(*(part for part in windows)):
        for c in (1, 2):
            p, q, r = (window["scores"][c] for window in (flow, stat, joined))
            if min(p, q) < 0.02 or max(p, q) > 0.98:
                continue  # six digits are too few for a logit there
            n_told += 1
            assert abs(logit(r) - (logit(p) + logit(q)) / 2) < 1e-3, (p, q, r)
    assert n_told > 10, windows


def check_student(folder):
    """A fold holds its footage out from a student too: the labels of the rest decide alone."""
    common = ["--student", "flow-light", "--student-epochs", "1", "--student-average", "0.9",
              "--distill", "--quantize", "int8", "--threads", "1", "--json"]
    said = works(folder, "lighten", "both-1.onnx", "--data", ".", "--fold", "1/2", "--out",
                 "light-1.onnx", *common).stdout
    assert [step["pass"] for step in json.loads(said)["steps"]] == ["student", "quantize"]
    fold_of = {}
    for row in rows(folder, "stat.csv"):
        fold_of[row["group"]] = row["file"]
    alone = os.path.join(folder, "alone")
    made = {}
    for group, file in fold_of.items():
        os.makedirs(alone, exist_ok=True)
        shutil.copy(os.path.join(folder, file), alone)
        with open(os.path.join(alone, "labels.csv"), "w") as labels:
            labels.write("".join(line.rsplit(",", 1)[0] + "," + ("split" if i == 0 else "train")
                                 + "\n" for i, line in enumerate(LABELS.splitlines())
                                 if i == 0 or line.startswith(file)))
        works(folder, "lighten", "both-1.onnx", "--data", alone, "--out", "rest.onnx", *common)
        made[group] = info(folder, "rest.onnx")["lineage"], scores_of(folder, "rest.onnx")
        shutil.rmtree(alone)
    assert scores_of(folder, "light-1.onnx") in [scores for _, scores in made.values()], made
    assert made["a"][1] != made["b"][1]
    works(folder, "lighten", "flow-1.onnx", "--teacher", "stat-1.onnx", "--teacher", "both-1.onnx",
          "--data", ".", "--fold", "1/2", "--out", "several.onnx", *common)
    assert scores_of(folder, "several.onnx") != scores_of(folder, "light-1.onnx")
    works(folder, "lighten", "both-2.onnx", "--data", ".", "--fold", "2/2", "--out",
          "light-2.onnx", *common)
    # Who never saw a fold speaks alone of it: fold 1 is learned from what both-1 says, not both-2.
    works(folder, "lighten", "both-2.onnx", "--data", ".", "--fold", "2/2", "--fold-teachers",
          "both.onnx", "--out", "honest.onnx", *common)
    honest = scores_of(folder, "honest.onnx")
    works(folder, "lighten", "both-1.onnx", "--data", ".", "--fold", "2/2", "--out", "same.onnx",
          *common)
    assert scores_of(folder, "same.onnx") == honest != scores_of(folder, "light-2.onnx"), honest
    # A teacher that knows fewer events leaves the others to the labels.
    works(folder, "train", "--data", ".", "--folds", "2", "--arch", "flow-statistics", "--classes",
          "normal,fight", "--epochs", "3", "--no-augment", "--out", "some.onnx", "--threads", "1")
    works(folder, "lighten", "both-2.onnx", "--data", ".", "--fold", "2/2", "--fold-teachers",
          "some.onnx", "--out", "some-taught.onnx", *common)
    assert scores_of(folder, "some-taught.onnx") != honest
    refused(folder, "--distill", "lighten", "both-1.onnx", "--data", ".", "--fold-teachers",
            "both.onnx", "--quantize", "int8", "--out", "x.onnx")
    refused(folder, "--hint", "lighten", "both-1.onnx", "--data", ".", "--fold-teachers",
            "both.onnx", "--distill", "--student", "flow-light", "--hint", "a=b", "--out", "x.onnx")
    gone = run(folder, "lighten", "both-1.onnx", "--data", ".", "--fold-teachers", "gone.onnx",
               "--out", "x.onnx", *common)
    assert gone.returncode == 1 and "gone-1.onnx" in gone.stderr, gone
    told = json.loads(works(folder, "train", "--data", ".", "--folds", "2", "--judge",
                            "light.onnx", "--threads", "1", "--json").stdout)
    assert [c["samples"] for c in told["classes"]] == [4, 3], told


def scores_of(folder, model):
    media = json.loads(works(folder, "analyze", "--json", "--threads", "1", "--model", model,
                             "a.mp4").stdout)["media"]
    return [window["scores"] for window in media[0]["windows"]]


def write_labels(folder, rows):
    with open(os.path.join(folder, "labels.csv"), "w") as labels:
        labels.write("file,class,start_s,end_s,group,split\n" + "".join(rows))


def fitted(folder, raw, calibrated):
    """Slope and shift of the logits of "fight", which are the same in every window."""
    pairs = [(logit(p[1]), logit(q[1])) for p, q in zip(scores_of(folder, raw),
                                                        scores_of(folder, calibrated))
             if 0.02 < p[1] < 0.98 and 0.02 < q[1] < 0.98]
    (x0, y0), (x1, y1) = min(pairs), max(pairs)
    slope = (y1 - y0) / (x1 - x0)
    assert len(pairs) > 10 and all(abs(y0 + slope * (x - x0) - y) < 0.01 for x, y in pairs), pairs
    return slope, y0 - slope * x0


SPANS = [("fight", 5, 9), ("normal", 0, 3.5), ("fall", 20, 22.5), ("normal", 13, 17),
         ("fight", 9, 13)]


def check_calibration(folder):
    """A fold's calibration comes from what the other folds hold out, and --from's from all."""
    spans = SPANS
    command = ["train", "--data", ".", "--folds", "2", "--judge", "both.onnx", "--calibrate",
               "--from", "both-1.onnx", "--threads", "1", "--json"]
    write_labels(folder, [f"{f}.mp4,{c},{a},{b},{f},\n" for f in "ab" for c, a, b in spans])
    told = works(folder, *command, "--out", "fit.onnx", "--scores", "fit.csv").stdout
    again = works(folder, "train", "--data", ".", "--folds", "2", "--judge", "fit.onnx",
                  "--threads", "1", "--json").stdout
    assert json.loads(told) == json.loads(again), (told, again)
    assert "calibrated: by 10 samples" in json.dumps(info(folder, "fit.onnx")["lineage"])
    assert "calibrated: by 5 samples" in json.dumps(info(folder, "fit-2.onnx")["lineage"])
    first = [fitted(folder, f"both-{i}.onnx", f"fit-{i}.onnx") for i in (1, 2)]
    # Of one source names are exchanged, but for the first, by which files are spread over folds:
    # only the fit of the other source's fold feels it.
    other = {"fight": "normal", "normal": "fight", "fall": "fall"}
    write_labels(folder, [f"{f}.mp4,{c if f == 'b' or a == 0 else other[c]},{a},{b},{f},\n"
                          for f in "ab" for c, a, b in spans])
    works(folder, *command, "--out", "wrong.onnx")
    second = [fitted(folder, f"both-{i}.onnx", f"wrong-{i}.onnx") for i in (1, 2)]
    changes = [abs(x[0] - y[0]) + abs(x[1] - y[1]) for x, y in zip(first, second)]
    assert min(changes) < 0.01 and max(changes) > 0.1, (first, second)
    write_labels(folder, [f"{f}.mp4,{c},{a},{b},{f},\n" for f in "ab" for c, a, b in spans
                          if (f, c) != ("a", "fall")])
    result = run(folder, *command, "--out", "x.onnx")
    assert result.returncode == 1 and "does not show every class" in result.stderr, result
    for name in os.listdir(folder):
        if name.startswith("x-"):
            os.unlink(os.path.join(folder, name))


def check_alarms(folder):
    """Thresholds come from what the other folds hold out; the same windows reach them as before."""
    command = ["train", "--data", ".", "--folds", "2", "--judge", "both.onnx", "--calibrate",
               "--from", "both-1.onnx", "--threads", "1", "--json"]
    write_labels(folder, [f"{f}.mp4,{c},{a},{b},{f},\n" for f in "ab" for c, a, b in SPANS])
    works(folder, *command, "--out", "plain.onnx", "--licence", "Mine, 2026")
    assert info(folder, "plain-1.onnx")["licence"] == info(folder, "plain.onnx")["licence"] == \
        "Mine, 2026"
    told = json.loads(works(folder, *command, "--alarms", "fight=0,fall=1e6", "--out",
                            "few.onnx").stdout)
    assert told["classes"][0]["events"][0]["false"] <= 2, told
    for name in ("few-1.onnx", "few-2.onnx", "few.onnx"):
        model, plain = info(folder, name), info(folder, name.replace("few", "plain"))
        assert "fight=0,fall=1e6" in model["lineage"][-1]["step"], model
        assert plain["thresholds"]["fight"]["enter"] is None, plain
        assert scores_of(folder, name) == scores_of(folder, name.replace("few", "plain"))
        slope, shift = fitted(folder, f"both-{2 if '2' in name else 1}.onnx", name)
        band = model["thresholds"]["fight"]
        enter, leave = ((logit(band[end]) - shift) / slope for end in ("enter", "exit"))
        # a tenth of a logit apart, and ⅔ of the score
        assert abs(enter * 10 - round(enter * 10)) < 0.05 and abs(enter) < 4.01, enter
        p, q = (1 / (1 + math.exp(-z)) for z in (enter, leave))
        assert abs(q - p * 2 / 3) < 0.003, (p, q)
    # With as many false falls as one likes all are found.
    falls = told["classes"][1]["events"][0]
    assert falls["found"] == falls["spans"] > 0, told
    data = ["--data", ".", "--folds", "2", "--judge", "both.onnx"]
    refused(folder, "--alarms", "train", *data, "--alarms", "fall=20")
    for alarms in ("fall", "fall=", "fall=-1", "normal=3", "wave=3", "fall=3x", "fall=nan"):
        refused(folder, "--alarms", *command, "--alarms", alarms, "--out", "x.onnx")


def check_cache(folder):
    """Kept motion teaches the same bits; an entry that is broken is made anew."""
    command = ["train", "--data", ".", "--folds", "2", "--arch", "flow-statistics", "--epochs", "1",
               "--classes", "normal,fight", "--threads", "1", "--json", "--out", "kept.onnx"]
    works(folder, *command, caches=False)
    plain = content(folder, "kept-1.onnx"), content(folder, "kept-2.onnx")

    def entries():
        at = os.path.join(folder, "kept")
        return {name: os.stat(os.path.join(at, name)).st_mtime_ns for name in os.listdir(at)}

    works(folder, *command, "--cache", "kept")
    first = entries()
    assert len(first) == 2 and plain == (content(folder, "kept-1.onnx"),
                                         content(folder, "kept-2.onnx"))
    works(folder, *command, "--cache", "kept")
    assert entries() == first and plain[0] == content(folder, "kept-1.onnx")
    broken = os.path.join(folder, "kept", sorted(first)[0])
    os.truncate(broken, os.stat(broken).st_size - 3)
    works(folder, *command, "--cache", "kept")
    assert [name for name in first if entries()[name] != first[name]] == [os.path.basename(broken)]
    assert plain[0] == content(folder, "kept-1.onnx")
    # Who needs no statistics takes the motion that was kept with them, and learns the same.
    flow = ["train", "--data", ".", "--folds", "2", "--arch", "flow-light", "--epochs", "1",
            "--threads", "1", "--json", "--out", "flowing.onnx"]
    works(folder, *flow, caches=False)
    without = content(folder, "flowing-1.onnx")
    works(folder, *flow, "--cache", "kept")
    assert len(entries()) == 2 and content(folder, "flowing-1.onnx") == without


def check_more(folder):
    """Footage of --more is learned from in every fold and judged in none."""
    more = os.path.join(folder, "more")
    os.makedirs(os.path.join(more, "drop"))
    shutil.copy(os.path.join(folder, "a.mp4"), os.path.join(more, "drop", "c.mp4"))
    with open(os.path.join(more, "labels.csv"), "w") as labels:
        labels.write("file,class,start_s,end_s,group,split\n"
                     "drop/c.mp4,fall,20,22.5,c,val\ndrop/c.mp4,normal,0,4,c,test\n")
    command = ["train", "--data", ".", "--folds", "2", "--arch", "flow-light", "--epochs", "1",
               "--threads", "1", "--json", "--cache", "kept"]
    told = [json.loads(works(folder, *command, "--out", f"{name}.onnx", "--scores", f"{name}.csv",
                             *words).stdout)
            for name, words in (("without", []), ("with", ["--more", "more"]))]
    assert len(os.listdir(os.path.join(folder, "kept"))) == 3  # one of the extra file
    assert [row["file"] for row in rows(folder, "with.csv")] == [
        row["file"] for row in rows(folder, "without.csv")]
    assert [c["samples"] for c in told[0]["classes"]] == [c["samples"] for c in told[1]["classes"]]
    for i in (1, 2):
        assert content(folder, f"with-{i}.onnx") != content(folder, f"without-{i}.onnx")
    said = works(folder, "lighten", "with-1.onnx", "--student", "flow-light", "--student-epochs",
                 "1", "--distill", "--data", ".", "--more", "more", "--cache", "kept", "--fold",
                 "1/2", "--threads", "1", "--json", "--out", "taught.onnx").stdout
    assert "learned from a teacher" in json.loads(said)["steps"][0]["report"]["what"], said
    refused(folder, "--more", "train", "--data", ".", "--more", "more", "--folds", "2", "--judge",
            "with.onnx")
    refused(folder, "--more", "lighten", "with-1.onnx", "--more", "more", "--quantize", "int8",
            "--out", "x.onnx")


def check_refusals(folder):
    data = ["--data", "."]
    refused(folder, "--folds", "train", *data, "--judge", "stat.onnx", "--out", "x.onnx")
    refused(folder, "nothing is trained", "train", *data, "--folds", "2", "--judge", "stat.onnx",
            "--arch", "flow-light")
    refused(folder, "nothing is trained", "train", *data, "--folds", "2", "--judge", "stat.onnx",
            "--calibrate")
    refused(folder, "--judge", "train", *data, "--folds", "2", "--calibrate", "--out", "x.onnx")
    refused(folder, "two or more models", "join", "stat-1.onnx", "--out", "x.onnx")
    for fold in ("0/2", "3/2", "1/1", "2", "1/2x"):
        refused(folder, "--fold", "lighten", "stat-1.onnx", *data, "--fold", fold, "--quantize",
                "int8", "--out", "x.onnx")
    result = run(folder, "join", "stat-1.onnx", "missing.onnx", "--out", "x.onnx")
    assert result.returncode == 1 and "missing.onnx" in result.stderr, result
    result = run(folder, "train", *data, "--folds", "2", "--judge", "gone.onnx")
    assert result.returncode == 1 and "gone-1.onnx" in result.stderr, result
    result = run(folder, "train", *data, "--folds", "3", "--judge", "stat.onnx")
    assert result.returncode == 1 and "the labels are of 2" in result.stderr, result
    assert not os.path.exists(os.path.join(folder, "x.onnx"))


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.mp4", "b.mp4"):
            shutil.copy(SAMPLE, os.path.join(folder, name))
        with open(os.path.join(folder, "labels.csv"), "w") as labels:
            labels.write(LABELS)
        check_folds(folder)
        check_curves(folder)
        check_split(folder)
        check_join(folder)
        check_student(folder)
        check_calibration(folder)
        check_alarms(folder)
        write_labels(folder, [line + "\n" for line in LABELS.splitlines()[1:]])
        check_cache(folder)
        check_more(folder)
        check_refusals(folder)
    print("ok")


main()
