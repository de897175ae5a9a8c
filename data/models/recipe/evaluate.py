"""Figures from window scores: accuracy and AUC by source, falls and false alarms."""

import numpy as np

from data import RATE_HZ
from dataset import FALL, FIGHT
from events import WINDOW_S, events


def clip_means(windows, scores):
    """Mean window scores of each clip: (clips, [clips, 2])."""
    clips = np.unique(windows.clip)
    return clips, np.array([scores[windows.clip == c].mean(0) for c in clips])


def auc(positive, negative):
    """Probability that a positive scores above a negative."""
    difference = positive[:, None] - negative[None]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def fight_figures(clips, windows, scores, threshold=0.5, draws=2000):
    """Accuracy and AUC of fight against normal CCTV clips, 95 % bootstrap by group."""
    members, means = clip_means(windows, scores)
    keep = np.isin(clips.kind[members], ["fight", "normal"])
    members, p = members[keep], means[keep, FIGHT]
    truth, group = clips.kind[members] == "fight", clips.group[members]
    rows = [np.where(group == g)[0] for g in np.unique(group)]
    rng, drawn = np.random.default_rng(0), []
    for _ in range(draws):
        some = np.concatenate([rows[i] for i in rng.integers(0, len(rows), len(rows))])
        if 0 < truth[some].sum() < len(some):
            drawn.append(accuracy_auc(p[some], truth[some], threshold))
    return {"clips": len(members), "groups": len(rows),
            "value": accuracy_auc(p, truth, threshold),
            "low": np.percentile(drawn, 2.5, 0), "high": np.percentile(drawn, 97.5, 0)}


def accuracy_auc(p, truth, threshold):
    return float(((p > threshold) == truth).mean()), auc(p[truth], p[~truth])


def alarm_figures(clips, windows, scores, band, column=FALL, view="clean0"):
    """{kind: (events found, events, false alarms, hours)} of one class.

    band: {"enter", "exit"}. Alarms are the events that the program would report.
    Hours are those of the footage that no event covers; for the class fight,
    clips of kind fight are one event each.
    """
    out = {}
    for clip in np.unique(windows.clip):
        kind = str(clips.kind[clip])
        own = scores[windows.clip == clip, column]
        length_s = max(WINDOW_S, clips.pairs(view, clip) / RATE_HZ)
        spans = [[t / RATE_HZ for t in s] for s in clips.fall_spans(view, clip)]
        if column == FIGHT:
            spans = [[0, length_s]] if kind == "fight" else []
        found = events(own, band["enter"], band["exit"])
        hits = [any(a < e and b > s for a, b in found) for s, e in spans]
        wrong = [all(a >= e or b <= s for s, e in spans) for a, b in found]
        quiet_s = length_s - sum(min(e, length_s) - min(s, length_s) for s, e in spans)
        row = np.array([sum(hits), len(spans), sum(wrong), quiet_s / 3600])
        out[kind] = out.get(kind, 0) + row
    return out


def pooled_alarms(clips, scores, band, column=FALL, members=None):
    """alarm_figures of {view: scores of all its windows}, added up, on some clips."""
    out = {}
    for view, values in scores.items():
        windows = clips.windows[view]
        rows = np.isin(windows.clip, clips_of(clips, members))
        figures = alarm_figures(clips, windows.subset(rows), values[rows], band, column, view)
        for kind, row in figures.items():
            out[kind] = out.get(kind, 0) + row
    return out


def clips_of(clips, members):
    return range(clips.n_real) if members is None else members


def alarm_text(figures):
    """One line: found/events and false alarms per hour, by kind of footage."""
    parts = []
    for kind, (hits, events, wrong, hours) in sorted(figures.items()):
        rate = wrong / hours if hours > 0 else 0
        text = f"{kind} {wrong:.0f} in {hours * 3600:.0f} s = {rate:.0f}/h"
        parts.append(f"{kind} {hits:.0f}/{events:.0f}, {text}" if events else text)
    return "; ".join(parts)


def daily_rate(figures):
    """False falls per hour of daily living, the quiet parts of fall clips included."""
    total = sum(figures[kind] for kind in ("daily", "fall") if kind in figures)
    return total[2] / total[3]


def confusion(clips, windows, scores):
    """3x3 counts, rows truth (normal, fight, fall).

    Clips of fights, normal, daily and other footage as wholes; of fall clips
    the three neighbouring windows of the fall that look least normal.
    """
    table = np.zeros((3, 3), int)
    for clip in np.unique(windows.clip):
        rows = windows.clip == clip
        kind = clips.kind[clip]
        truth = {"fight": 1, "fall": 2}.get(kind, 0)
        if kind == "fall":
            rows &= windows.target[:, FALL] > 0
        if rows.any():
            p = least_normal(scores[rows]) if kind == "fall" else scores[rows].mean(0)
            table[truth, decide(p)] += 1
    return table


def least_normal(scores, count=3):
    """Mean of the `count` neighbouring windows with the highest larger score."""
    if len(scores) <= count:
        return scores.mean(0)
    means = np.array([scores[i:i + count].mean(0) for i in range(len(scores) - count + 1)])
    return means[means.max(1).argmax()]


def decide(p):
    """Class of mean scores (fight, fall); normal = 1 - the larger."""
    return int(np.argmax([1 - p.max(), *p]))
