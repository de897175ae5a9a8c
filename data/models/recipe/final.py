"""Trains and writes data/models/original.onnx and data/models/light.onnx.

    python final.py [--students N] [--steps N] [--cv SEED] [--light-only]

Only the train split is trained on; the student is chosen on val.  Calibration
and thresholds come from val and the held-out scores of the cross-validation
(cache/cv-SEED.npz), so run cv.py first.
"""

import argparse
from pathlib import Path

import numpy as np

from calibrate import calibration, thresholds
from cv import distil, quantised, run_head, run_teacher
from data import CACHE
from dataset import FALL, FIGHT, Clips
from evaluate import alarm_figures, alarm_text, auc, confusion, fight_figures
from export import original_nodes, save, spec, whole_model
from teacher import Workers, fit_teacher

MODELS = Path(__file__).resolve().parents[1]
VIEW = "clean0"
LICENCE = ("weights as the project; trained on footage under MIT, CC BY 4.0 and "
           "BSD-3-Clause and on renderings of recorded motion, see the model card")


def student(clips, members, teacher, steps, seed):
    """One distilled network, with its INT8 scores of the val windows."""
    net = distil(clips, members, teacher, steps, seed, f"student-{seed}")
    rows = val_rows(clips)
    return net, run_head(clips, quantised(clips, members, net), VIEW, rows)


def val_rows(clips):
    return np.where(clips.split[clips.windows[VIEW].clip] == "val")[0]


def val_merit(clips, scores):
    """AUC of fights against normal clips plus AUC of fall windows against the rest."""
    windows = clips.windows[VIEW].subset(val_rows(clips))
    fights = fight_figures(clips, windows, scores, draws=1)["value"][1]
    fall, sure = windows.target[:, FALL] > 0, windows.weight[:, FALL] > 0
    return fights + 0.5 * auc(scores[fall, FALL], scores[~fall & sure, FALL])


def report(clips, name, scores, enter):
    """Prints the val figures of calibrated scores."""
    windows = clips.windows[VIEW].subset(val_rows(clips))
    figures = fight_figures(clips, windows, scores)
    print(name, "val accuracy/AUC %.3f/%.3f" % figures["value"],
          "[%.3f/%.3f" % tuple(figures["low"]), "- %.3f/%.3f]" % tuple(figures["high"]))
    print("  confusion", confusion(clips, windows, scores).tolist())
    for column, kind in ((FALL, "fall"), (FIGHT, "fight")):
        found = alarm_figures(clips, windows, scores, enter[kind], column)
        print(f"  {kind} {enter[kind]}:", alarm_text(found))


def calibrated(scores, pairs):
    """Scores after slope and shift of their logits."""
    logits = np.log(scores / (1 - scores)) * [p[0] for p in pairs] + [p[1] for p in pairs]
    return 1 / (1 + np.exp(-logits))


def main():
    parser = argparse.ArgumentParser(description="train and write both models")
    parser.add_argument("--students", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--student-steps", type=int, default=160)
    parser.add_argument("--cv", type=int, default=0)
    parser.add_argument("--light-only", action="store_true", help="leave original as it is")
    args = parser.parse_args()
    clips = Clips()
    members = [c for c in range(len(clips.clips)) if clips.split[c] == "train"]
    workers = Workers(clips)
    teacher = fit_teacher(clips, members, workers, seeds=args.seeds, steps=args.steps)
    students = workers.call(student, [
        (members, teacher, args.student_steps, seed) for seed in range(args.students)])
    held_out = np.load(CACHE / f"cv-{args.cv}.npz")
    print("students on val", [round(val_merit(clips, scores), 3) for _, scores in students])
    net, scores = max(students, key=lambda s: val_merit(clips, s[1]))
    chosen = {"light": scores}
    if not args.light_only:
        chosen["original"] = run_teacher(clips, teacher, VIEW, val_rows(clips))
    for name, own in chosen.items():
        windows = clips.windows[VIEW].subset(val_rows(clips))
        pairs = calibration(clips, held_out, name, windows, own)
        enter = thresholds(clips, held_out, name, pairs)
        print(name, "calibration", pairs, "thresholds", enter)
        write(clips, members, name, net, teacher, pairs, enter)
        report(clips, name, calibrated(own, pairs), enter)


def write(clips, members, name, net, teacher, pairs, enter):
    """Writes one of the two files."""
    lineage = [{"name": "original", "step": "trained: bagged ensemble of wide networks"}]
    if name == "light":
        head, precision = quantised(clips, members, net, pairs), "int8"
        lineage += [{"name": "light", "step": "distilled from an ensemble like original, one network"},
                    {"name": "light", "step": "quantised: INT8, ranges from training windows"}]
    else:
        head, precision = original_nodes(teacher.members, pairs), "f32"
    document = spec(name, precision, enter, lineage, LICENCE)
    save(whole_model(name, head), MODELS / f"{name}.onnx", document)


if __name__ == "__main__":
    main()
