"""Events from scores, step by step as the program forms them (engine/infer/events.c).

Windows stand every half second, the last one reaching to the end of the clip
or a little over it; a score is the mean of the logits of three windows; an
event reaches `enter`, lasts while the score stays at `exit`, and is dropped
or joined by the program's defaults.
"""

import math

import numpy as np

from data import PAIRS, RATE_HZ, STRIDE_PAIRS

WINDOW_S = PAIRS / RATE_HZ
STRIDE_S = STRIDE_PAIRS / RATE_HZ
MARGIN_S = (WINDOW_S - STRIDE_S) / 2
SMOOTH_S = 1.0
MIN_LENGTH_S = 0.5
MERGE_GAP_S = 1.0
SURE = 1e-4


def program_starts(pairs):
    """Window starts, in pairs, of a clip with so many pairs of frames."""
    open_pairs = max(0, pairs - PAIRS)
    return STRIDE_PAIRS * np.arange(1 + math.ceil(open_pairs / STRIDE_PAIRS))


def smoothed(scores):
    """Moving mean of the logits, back as scores."""
    p = np.clip(np.asarray(scores, np.float64), SURE, 1 - SURE)
    logits = np.log(p / (1 - p))
    radius = int(SMOOTH_S / (2 * STRIDE_S))
    means = [logits[max(0, i - radius):i + radius + 1].mean() for i in range(len(logits))]
    return 1 / (1 + np.exp(-np.array(means)))


def runs(values, enter, leave):
    """[[first, end]] windows that stay at `leave` or above and reach `enter`."""
    out, i = [], 0
    while i < len(values):
        first = i
        while i < len(values) and values[i] >= leave:
            i += 1
        if i > first and values[first:i].max() >= enter:
            out.append([first, i])
        i = max(i, first + 1)
    return out


def span(run, n):
    """Seconds for which the windows [first, end) of n speak."""
    first, end = run
    start_s = first * STRIDE_S + (MARGIN_S if first > 0 else 0)
    return start_s, (end - 1) * STRIDE_S + WINDOW_S - (MARGIN_S if end < n else 0)


def events(scores, enter, leave):
    """[(start_s, end_s)] of one class from the scores of a clip's windows."""
    n, joined = len(scores), []
    for run in runs(smoothed(scores), enter, leave):
        if joined and span(run, n)[0] - span(joined[-1], n)[1] <= MERGE_GAP_S:
            joined[-1][1] = run[1]
        else:
            joined.append(run)
    spans = [span(run, n) for run in joined]
    return [(a, b) for a, b in spans if b - a >= MIN_LENGTH_S]
