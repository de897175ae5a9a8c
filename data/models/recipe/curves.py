#!/usr/bin/env python3
"""Draws what thresholds find and how often they are wrong, from tables of `praxi train --folds
--curves`, and prints the same as a table.

usage: curves.py OUT.svg NAME=FILE.csv...
"""
import csv
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT, SIDE, LEFT, TOP, GAP = 1020, 380, 260, 56, 44, 72
COLORS = "#1c71d8", "#e66100", "#26a269", "#813d9c"
LIMITS = 4, 10, 20, 40, 60, 120  # false events an hour
MOST_AN_HOUR = 60


def points(path, event, curve):
    with open(path, newline="") as file:
        return [(float(row["x"]), float(row["y"])) for row in csv.DictReader(file)
                if row["class"] == event and row["curve"] == curve]


def events(path):
    with open(path, newline="") as file:
        return list(dict.fromkeys(row["class"] for row in csv.DictReader(file)))


def frontier(trials):
    """The most that is found with at most so many false events, as the steps of a staircase."""
    steps, most = [(0.0, max((y for x, y in trials if x == 0), default=0.0))], 0.0
    for x, y in sorted(trials):
        if y > max(most, steps[-1][1]):
            steps += [(x, steps[-1][1]), (x, y)]
        most = steps[-1][1]
    return steps


def found_within(trials, limit):
    return max((y for x, y in trials if x <= limit), default=0.0)


class Panel:
    """Axes of one plot; x and y are shares of the most."""

    def __init__(self, number, title, x_label, y_label, most_x):
        self.left, self.most_x = LEFT + number * (SIDE + GAP), most_x
        self.parts = [f'<text x="{self.left}" y="{TOP - 16}" font-weight="bold">{escape(title)}</text>']
        for i in range(6):
            x, y = self.at(most_x * i / 5, i / 5)
            self.parts.append(f'<path d="M{x:.1f} {TOP}V{TOP + SIDE}M{self.left} {y:.1f}h{SIDE}" '
                              'stroke="#8886" stroke-width="0.5"/>')
            self.text(x, TOP + SIDE + 16, f"{most_x * i / 5:g}", "middle")
            self.text(self.left - 6, y + 4, f"{i / 5:g}", "end")
        self.text(self.left + SIDE / 2, TOP + SIDE + 34, x_label, "middle")
        self.parts.append(f'<text transform="translate({self.left - 38} {TOP + SIDE / 2}) rotate(-90)" '
                          f'text-anchor="middle">{escape(y_label)}</text>')

    def at(self, x, y):
        return self.left + SIDE * min(x / self.most_x, 1), TOP + SIDE * (1 - y)

    def text(self, x, y, text, anchor):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>')

    def line(self, line, number):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*point) for point in line))
        dashes = f' stroke-dasharray="{6 - number} 3"' if number else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{COLORS[number % len(COLORS)]}" '
                          f'stroke-width="1.8"{dashes}/>')


def draw(models):
    panels = [Panel(0, "Falls, as events", "false ones an hour", "share found", MOST_AN_HOUR),
              Panel(1, "Fight against normal, ROC", "share of normal clips", "share of fights", 1),
              Panel(2, "Fight against normal", "share of fights found", "share that is right", 1)]
    for number, (name, path) in enumerate(models):
        falls = frontier(points(path, "fall", "events"))
        panels[0].line(falls + [(MOST_AN_HOUR, falls[-1][1])], number)
        panels[1].line(points(path, "fight", "roc"), number)
        panels[2].line(points(path, "fight", "pr"), number)
    legend = "".join(
        f'<path d="M{LEFT + 150 * i} {HEIGHT - 14}h24" stroke="{COLORS[i % len(COLORS)]}" stroke-width="1.8"'
        + (f' stroke-dasharray="{6 - i} 3"' if i else "") + '/>'
        f'<text x="{LEFT + 150 * i + 30}" y="{HEIGHT - 10}">{escape(name)}</text>'
        for i, (name, _) in enumerate(models))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11">\n'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
            + "\n".join(part for panel in panels for part in panel.parts) + f"\n{legend}\n</svg>\n")


def table(models):
    lines = ["| false events an hour, at most | " + " | ".join(f"{limit}" for limit in LIMITS) + " |",
             "|---" * (len(LIMITS) + 1) + "|"]
    for event in events(models[0][1]):
        for name, path in models:
            trials = points(path, event, "events")
            shares = " | ".join(f"{found_within(trials, limit):.2f}" for limit in LIMITS)
            lines.append(f"| {event}, {name} | {shares} |")
    return "\n".join(lines)


def main():
    if len(sys.argv) < 3 or any("=" not in word for word in sys.argv[2:]):
        sys.exit(__doc__)
    models = [word.split("=", 1) for word in sys.argv[2:]]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(draw(models))
    print(table(models))


main()
