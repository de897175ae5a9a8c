"""Calibration and thresholds from held-out scores of the cross-validation.

A score is sigmoid(slope * logit + shift).  Fights: slope and shift by logistic
regression of fight against normal clips, each weighing alike.  Falls: shift so
that one half finds the most falls with false alarms within the budgets.
"""

import numpy as np

from dataset import FALL, FIGHT
from data import CLEAN
from evaluate import clip_means, pooled_alarms
from train import logistic

VIEW = "clean0"
DAILY_PER_HOUR = 60
CCTV_PER_HOUR = 20
QUIET_PER_HOUR = 60
FALL_SLOPE = 1.5
EXIT_SHARE = 0.7
SHIFTS = np.arange(-6, 6, 0.1)


def logits(scores):
    scores = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.log(scores / (1 - scores))


def fight_samples(clips, windows, scores):
    """(mean logits, truth, weight) of fight and normal clips, both kinds weighing alike."""
    members, means = clip_means(windows, logits(scores))
    keep = np.isin(clips.kind[members], ["fight", "normal"])
    truth = (clips.kind[members[keep]] == "fight").astype(float)
    weight = np.where(truth > 0, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    return means[keep, FIGHT], truth, weight


def fight_pair(*parts):
    """(slope, shift) for fights from one or more parts of fight_samples."""
    values, truth, weight = (np.concatenate(v) for v in zip(*parts))
    slope, shift = logistic(values[:, None].astype(float), truth, weight, 1.0)
    return float(slope[0]), float(shift)


def within_budget(found):
    """Whether false falls stay within the budgets, in whole events, for daily living and CCTV."""
    daily = sum(found[kind] for kind in ("daily", "fall") if kind in found)
    return all(row[2] <= round(per_hour * row[3]) for row, per_hour in (
        (daily, DAILY_PER_HOUR), (found["normal"], CCTV_PER_HOUR)))


def moved(scores, slope, shift):
    """{view: scores} of falls after slope and shift of their logits."""
    out = {}
    for view, values in scores.items():
        out[view] = values.copy()
        out[view][:, FALL] = 1 / (1 + np.exp(-(slope * logits(values[:, FALL]) + shift)))
    return out


def held_out_views(held_out, name):
    return {view: held_out[f"{view}-{name}"] for view in CLEAN}


def fall_pair(clips, scores, members=None):
    """(slope, shift) for falls, from held-out {view: scores} of some clips.

    Of the shifts that keep false alarms above 1/2 within the budgets and find
    the most falls, the middle one; events of the three phases are added up.
    """
    rated = []
    for shift in SHIFTS:
        found = pooled_alarms(clips, moved(scores, FALL_SLOPE, shift), band(0.5), FALL, members)
        if within_budget(found):
            rated.append((found["fall"][0], shift))
    most = max(hits for hits, _ in rated)
    return FALL_SLOPE, float(np.median([shift for hits, shift in rated if hits == most]))


def nested_falls(clips, scores, fold):
    """Falls and false alarms of each fold at the shift that the other folds choose."""
    out, every = {}, np.arange(clips.n_real)
    for k in np.unique(fold[every]):
        pair = fall_pair(clips, scores, every[fold[every] != k])
        found = pooled_alarms(clips, moved(scores, *pair), band(0.5), FALL, every[fold[every] == k])
        for kind, row in found.items():
            out[kind] = out.get(kind, 0) + row
    return out


def calibration(clips, held_out, name, val_windows=None, val_scores=None):
    """[(slope, shift) of fight, of fall].

    Held-out scores of the cross-validation, and with double weight those of
    the model itself on val.
    """
    scores = held_out[f"{VIEW}-{name}"]
    parts = [fight_samples(clips, clips.windows[VIEW], scores)]
    if val_windows is not None:
        values, truth, weight = fight_samples(clips, val_windows, val_scores)
        parts.append((values, truth, 2 * weight))
    return [fight_pair(*parts), fall_pair(clips, held_out_views(held_out, name))]


def thresholds(clips, held_out, name, pairs):
    """Enter and exit per class; fights enter where footage without fights stays quiet."""
    values = logits(held_out[f"{VIEW}-{name}"]) * pairs[FIGHT][0] + pairs[FIGHT][1]
    scores = {VIEW: 1 / (1 + np.exp(-values))}
    for enter in np.arange(0.6, 0.9, 0.05):
        found = pooled_alarms(clips, scores, band(enter), FIGHT)
        quiet = found["footage"] + found["daily"] + found["fall"]
        if quiet[2] / quiet[3] <= QUIET_PER_HOUR:
            break
    return {"fight": band(enter), "fall": band(0.5)}


def band(enter):
    return {"enter": round(float(enter), 2), "exit": round(float(enter) * EXIT_SHARE, 2)}
