#!/usr/bin/env python3
"""How speed holds as work grows: clips per second over threads, over clips in one run, and over
videos at once (one process with one thread each, as `praxi analyze` of several files would be).

Usage: growth.py PRAXI [MODEL…] [--seconds 1] [--out FOLDER]

Every figure is `praxi bench`'s median, of videos at once its number of runs. Writes growth-<processor>.svg and .md into FOLDER, one curve
a model in each of three panels; MODEL as in `praxi bench`, default light and two nets of the zoo.
"""

import argparse
import datetime
import json
import os
import re
import subprocess

BATCHES = (1, 2, 4, 8, 16, 32)
VIDEOS = (1, 2, 4, 8)
COLOURS = ("#3465a4", "#cc0000", "#4e9a06", "#75507b", "#c17d11")
WIDTH, HEIGHT, MARGIN = 300, 240, 46


def start(options, model, threads, batch=1):
    command = [options.praxi, "bench", model, "--json", "--backend", "cpu", "--seconds",
               str(options.seconds), "--threads", str(threads), "--batch", str(batch)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def result_of(process):
    text, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit("growth: praxi bench failed")
    return json.loads(text)


def rate_of(process, batch=1):
    return batch * 1e3 / result_of(process)["latency_ms"]["p50"]


def runs_of(options, process):
    """Where processes wait for a processor most runs are none the longer: their number counts."""
    return result_of(process)["runs"] / options.seconds


def measure(options, model):
    cores = len(os.sched_getaffinity(0))
    threads = [n for n in (1, 2, 4, 8, 16) if n <= cores]
    return {
        "threads": [(n, rate_of(start(options, model, n))) for n in threads],
        "clips in one run": [(n, rate_of(start(options, model, cores, n), n)) for n in BATCHES],
        "videos at once": [(n, sum(runs_of(options, one) for one in [start(options, model, 1) for _ in range(n)]))
                           for n in VIDEOS],
    }


def panel(title, curves, left):
    """Clips per second over a doubling axis, each curve relative to its first point."""
    xs = sorted({x for points in curves.values() for x, _ in points})
    top = max(y / points[0][1] for points in curves.values() for _, y in points) * 1.1
    wide, high = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    at_x = {x: left + MARGIN + wide * i / max(len(xs) - 1, 1) for i, x in enumerate(xs)}
    out = [f'<text x="{left + WIDTH / 2}" y="20" text-anchor="middle">{title}</text>',
           f'<path d="M{left + MARGIN},{MARGIN} v{high} h{wide}" fill="none" stroke="#888"/>']
    for x in xs:
        out.append(f'<text x="{at_x[x]:.1f}" y="{HEIGHT - MARGIN + 16}" text-anchor="middle">{x}</text>')
    for step in range(0, int(top) + 1):
        y = MARGIN + high * (1 - step / top)
        out.append(f'<text x="{left + MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{step}×</text>')
    for (_, points), colour in zip(curves.items(), COLOURS):
        line = " ".join(f"{at_x[x]:.1f},{MARGIN + high * (1 - y / points[0][1] / top):.1f}"
                        for x, y in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
    return out


def draw(results, path):
    panels = list(next(iter(results.values())))
    height = HEIGHT + 18 * len(results)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(panels)}" height="{height}" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>']
    for i, title in enumerate(panels):
        curves = {model: result[title] for model, result in results.items()}
        out += panel(title, curves, i * WIDTH)
    for i, (model, colour) in enumerate(zip(results, COLOURS)):
        y = HEIGHT + 18 * i
        out.append(f'<rect x="{MARGIN}" y="{y - 10}" width="12" height="12" fill="{colour}"/>')
        out.append(f'<text x="{MARGIN + 18}" y="{y}">{model}: clips a second, as a multiple of the '
                   'first</text>')
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out + ["</svg>"]) + "\n")


def write_table(results, name, path):
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{name}, clips a second, medians, {datetime.date.today()}\n\n")
        for title in next(iter(results.values())):
            xs = [x for x, _ in next(iter(results.values()))[title]]
            file.write(f"| {title} | " + " | ".join(map(str, xs)) + " |\n|" + "---|" * (len(xs) + 1))
            for model, result in results.items():
                file.write(f"\n| {model} | " + " | ".join(f"{y:.1f}" for _, y in result[title]) + " |")
            file.write("\n\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("praxi")
    parser.add_argument("models", nargs="*",
                        default=["light", "zoo:mobilenetv3-small:size=112", "zoo:shufflenetv2:size=112"])
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--out", default="tests/bench/results")
    options = parser.parse_args()
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        name = re.search(r"model name\s*: (.*)", lines.read())
    name = name.group(1) if name else "processor"
    results = {model: measure(options, model) for model in options.models}
    stem = os.path.join(options.out, "growth-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"))
    os.makedirs(options.out, exist_ok=True)
    draw(results, stem + ".svg")
    write_table(results, name, stem + ".md")
    with open(stem + ".md", encoding="utf-8") as text:
        print(text.read().strip())


if __name__ == "__main__":
    main()
