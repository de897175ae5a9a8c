"""Grouped cross-validation of the whole recipe, distillation and INT8 included.

    python cv.py [--seed N] [--folds 5] [--steps N] [--student-steps N] [--original]

In every fold the teacher is trained on the fold's training part only, the
student is distilled from it, quantised, written as ONNX and run by ONNX
Runtime on the held-out clips.  Persons are groups too, so falls are judged on
persons never seen.  Window scores are kept in cache/cv-SEED.npz; `report`
prints the figures.
"""

import argparse
from itertools import combinations

import numpy as np
import torch

from data import CACHE, CLEAN, session
from dataset import Clips, Sampler, folds
from calibrate import band, fall_pair, moved, nested_falls
from evaluate import alarm_text, confusion, daily_rate, fight_figures, pooled_alarms
from export import activation_ranges, head_model, light_nodes
from net import WIDE
from teacher import Member, Teacher, Workers, fit_linear, kept
from train import FitOptions

PLAIN = [(1, 0), (1, 0)]
STUDENT_RATE = 2e-3


def distil(clips, members, teacher, steps, seed, name):
    """The student: begins as one of the teacher's networks, imitates their honest scores."""
    start = teacher.members[seed % len(teacher.members)].nets[0]
    options = FitOptions(channels=WIDE, steps=steps, seed=seed, rate=STUDENT_RATE, start=start,
                         teacher=lambda x, keys: teacher.honest(clips, x, keys))
    return kept(name, clips, members, options)


def quantised(clips, members, net, calibration=PLAIN):
    """Nodes of the INT8 head, ranges taken from augmented training batches."""
    sampler = Sampler(clips, members, seed=99)
    batches = [sampler.batch(24)[0] for _ in range(8)]
    return light_nodes(net, activation_ranges(net, batches), calibration)


def run_head(clips, head, view, rows):
    """Scores (fight, fall) of windows through ONNX Runtime."""
    runner = session(head_model("light", head))
    windows = clips.windows[view]
    maps = (clips.window_maps(view, windows.clip[r], windows.start[r]).numpy() for r in rows)
    return np.array([runner.run(None, {"motion_maps": m})[0][0, 1:] for m in maps])


@torch.no_grad()
def run_teacher(clips, teacher, view, rows):
    """Scores of the whole teacher on windows, mirrored view averaged as in the file."""
    windows, out = clips.windows[view], []
    for part in np.array_split(rows, max(1, len(rows) // 32)):
        x = torch.stack([clips.window_maps(view, windows.clip[r], windows.start[r]) for r in part])
        out.append(teacher.mirrored_logits(x, windows.statistics[part]))
    return torch.sigmoid(torch.cat(out)).numpy()


def student_fold(clips, members, held_out, teacher, steps, fold, name, with_original):
    """Distils, quantises and runs one fold: {view: (rows, light, original scores)}."""
    net = distil(clips, members, teacher, steps, fold, name)
    head = quantised(clips, members, net)
    out = {}
    for view in CLEAN:
        rows = np.where(np.isin(clips.windows[view].clip, held_out))[0]
        out[view] = (rows, run_head(clips, head, view, rows),
                     run_teacher(clips, teacher, view, rows) if with_original else np.nan)
    return out


def pair_members(clips, workers, fold, seed, count, steps):
    """{(i, j): a member trained without the folds i and j}.

    The teacher of fold k is made of the members (k, j); the member that leaves
    out k and j is also the honest judge of fold j inside the training of k.
    """
    pairs = list(combinations(range(count), 2))
    rest = [[c for c in range(len(fold)) if fold[c] not in pair] for pair in pairs]
    nets = workers.train([
        (f"cv{seed}-{i}-{j}", rest[n], FitOptions(channels=WIDE, steps=steps, seed=n))
        for n, (i, j) in enumerate(pairs)])
    return {pair: Member([net], fit_linear(clips, members))
            for pair, net, members in zip(pairs, nets, rest)}


def cross_validate(clips, fold, args):
    """{view: (light scores, original scores)} of every window, each held out once."""
    workers, count, seed = Workers(clips), args.folds, args.seed
    members = pair_members(clips, workers, fold, seed, count, args.steps)
    jobs = []
    for k in range(count):
        others = [j for j in range(count) if j != k]
        part = np.array([others.index(f) if f in others else -1 for f in fold])
        teacher = Teacher([members[min(j, k), max(j, k)] for j in others], part)
        train = [c for c in range(len(fold)) if fold[c] != k]
        held_out = [c for c in range(len(fold)) if fold[c] == k]
        jobs.append((train, held_out, teacher, args.student_steps, k,
                     f"cv{seed}-student-{k}", args.original))
    return gather(clips, workers.call(student_fold, jobs))


def gather(clips, results):
    """Puts the folds' scores back in window order."""
    out = {}
    for view in CLEAN:
        light = np.full((len(clips.windows[view].clip), 2), np.nan, np.float32)
        original = light.copy()
        for result in results:
            rows, a, b = result[view]
            light[rows], original[rows] = a, b
        out[view] = (light, original)
    return out


def report(clips, scores, fold):
    """Prints the figures of both models."""
    for which, name in enumerate(("light", "original")):
        own = {view: scores[view][which] for view in CLEAN}
        if np.isnan(own["clean0"]).any():
            continue
        for view in CLEAN:
            figures = fight_figures(clips, clips.windows[view], own[view])
            print(name, view, "accuracy/AUC %.3f/%.3f" % figures["value"],
                  "[%.3f/%.3f" % tuple(figures["low"]), "- %.3f/%.3f]" % tuple(figures["high"]))
        print(name, "confusion (normal, fight, fall)",
              confusion(clips, clips.windows["clean0"], own["clean0"]).tolist())
        report_falls(clips, own, fold)


def report_falls(clips, scores, fold):
    """Falls found and false alarms as events: by threshold, and calibrated."""
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        found = pooled_alarms(clips, scores, band(threshold))
        print(f"  falls > {threshold}: {fall_text(found)}")
    pair = fall_pair(clips, scores)
    for view in CLEAN:
        found = pooled_alarms(clips, moved({view: scores[view]}, *pair), band(0.5))
        print(f"  calibrated {pair[1]:+.2f}, {view}: {fall_text(found)}")
    print("  calibrated on the other folds:", fall_text(nested_falls(clips, scores, fold)))


def fall_text(found):
    return f"daily {daily_rate(found):.0f}/h; {alarm_text(found)}"


def main():
    parser = argparse.ArgumentParser(description="grouped cross-validation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--student-steps", type=int, default=160)
    parser.add_argument("--original", action="store_true", help="judge the teacher too")
    args = parser.parse_args()
    clips = Clips()
    fold = folds(clips, range(clips.n_real), args.folds, args.seed)
    scores = cross_validate(clips, fold, args)
    np.savez(CACHE / f"cv-{args.seed}.npz",
             **{f"{view}-{name}": s for view in CLEAN
                for name, s in zip(("light", "original"), scores[view])})
    report(clips, scores, fold)


if __name__ == "__main__":
    main()
