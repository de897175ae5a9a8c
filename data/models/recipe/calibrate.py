"""Calibration and thresholds from held-out scores of the cross-validation.

A score is sigmoid(slope * logit + shift).  Fights: slope and shift by logistic
regression of fight against normal clips, each weighing alike.  Falls: shift so
that one half finds the most falls with false alarms within the budgets.
"""

import numpy as np

from dataset import FALL, FIGHT
from evaluate import alarm_figures, clip_means, daily_rate
from train import logistic

VIEW = "clean0"
DAILY_PER_HOUR = 60
CCTV_PER_HOUR = 20
QUIET_PER_HOUR = 60
FALL_SLOPE = 1.5
EXIT_SHARE = 0.7


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
    """Whether false falls stay within the budgets for daily living and CCTV."""
    cctv = found["normal"]
    return (daily_rate(found) <= DAILY_PER_HOUR
            and cctv[2] / cctv[3] <= CCTV_PER_HOUR)


def fall_pair(clips, scores):
    """(slope, shift) for falls.

    Of the shifts that keep false alarms above 1/2 within the budgets and find
    the most falls, the middle one.
    """
    values, rated = logits(scores), []
    for shift in np.arange(-6, 6, 0.1):
        moved = 1 / (1 + np.exp(-(FALL_SLOPE * values + shift)))
        found = alarm_figures(clips, clips.windows[VIEW], moved, 0.5)
        if within_budget(found):
            rated.append((found["fall"][0], shift))
    most = max(hits for hits, _ in rated)
    return FALL_SLOPE, float(np.median([shift for hits, shift in rated if hits == most]))


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
    return [fight_pair(*parts), fall_pair(clips, scores)]


def thresholds(clips, held_out, name, pairs):
    """Enter and exit per class; fights enter where footage without fights stays quiet."""
    fight = logits(held_out[f"{VIEW}-{name}"]) * pairs[FIGHT][0] + pairs[FIGHT][1]
    fight = 1 / (1 + np.exp(-fight))
    for enter in np.arange(0.6, 0.9, 0.05):
        found = alarm_figures(clips, clips.windows[VIEW], fight, enter, FIGHT)
        quiet = found["footage"] + found["daily"] + found["fall"]
        if quiet[2] / quiet[3] <= QUIET_PER_HOUR:
            break
    return {"fight": band(enter), "fall": band(0.5)}


def band(enter):
    return {"enter": round(float(enter), 2), "exit": round(float(enter) * EXIT_SHARE, 2)}
