#!/usr/bin/env python3
"""How fast praxi analyses footage beside plain decoding of the same file, and how it grows.

Usage: footage.py PRAXI VIDEO [--threads 2] [--rounds 5] [--model light] [--grow 1,2,4] [--several 8]

ffmpeg, which decodes and throws away, and `praxi analyze` take turns, round by round, so that a busy
machine slows both alike. Printed are medians of the ratios of wall and processor time, the share of
inference, of the coarse pass, and the peak of memory. --grow repeats the video that many times over
without encoding it again and prints time and memory for each; --several gives praxi up to so many
copies at once.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time


def run(command):
    """Wall seconds, processor seconds and what was printed."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, done.stdout


def decode(video, threads):
    return run(["ffmpeg", "-v", "error", "-nostdin", "-threads", str(threads), "-i", video,
                "-f", "null", "-"])


def analyse(options, videos, *more):
    wall, cpu, text = run([options.praxi, "analyze", "--json", "--model", options.model,
                           "--threads", str(options.threads), *more, *videos])
    return wall, cpu, json.loads(text)["media"]


def median(rows, key):
    return statistics.median(row[key] for row in rows)


def beside_decoding(options, video, rounds):
    rows = []
    for _ in range(rounds):
        plain_wall, plain_cpu, _ = decode(video, options.threads)
        wall, cpu, media = analyse(options, [video])
        coarse_wall, _, coarse = analyse(options, [video], "--coarse")
        rows.append({"wall": wall / plain_wall, "cpu": cpu / plain_cpu, "seconds": wall,
                     "cpu_seconds": cpu, "inference": media[0]["infer_cpu_s"] / cpu,
                     "coarse": coarse[0].get("coarse_s", 0) / coarse_wall,
                     "rss": max(media[0]["peak_rss_bytes"], coarse[0]["peak_rss_bytes"]) / 1e6,
                     "footage": media[0]["footage_s"]})
    print(f"{os.path.basename(video)}: {median(rows, 'footage'):.0f} s of footage, "
          f"{rounds} rounds, {options.threads} threads")
    print(f"  wall      {median(rows, 'wall'):.2f} of plain decoding "
          f"({min(r['wall'] for r in rows):.2f} to {max(r['wall'] for r in rows):.2f})")
    print(f"  processor {median(rows, 'cpu'):.2f} of plain decoding")
    print(f"  inference {median(rows, 'inference'):.1%} of processor time")
    print(f"  coarse    {median(rows, 'coarse'):.1%} of the analysis")
    print(f"  memory    {max(r['rss'] for r in rows):.0f} MB at most")



def repeat(video, times, folder):
    path = os.path.join(folder, f"{times}-times.mkv")
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-stream_loop", str(times - 1), "-i",
                    video, "-map", "0:v", "-c", "copy", path], check=True)
    return path


def growing(options, folder):
    for times in options.grow:
        video = repeat(options.video, times, folder)
        wall, cpu, media = analyse(options, [video])
        footage = media[0]["footage_s"]
        print(f"  {footage:7.0f} s of footage: {footage / wall:5.1f} × real time, "
              f"{cpu / footage * 1e3:6.2f} ms of processor a second, "
              f"{media[0]['peak_rss_bytes'] / 1e6:4.0f} MB, {media[0]['still_windows']} still windows")
        os.unlink(video)


def several(options):
    n = 1
    while n <= options.several:
        wall, cpu, media = analyse(options, [options.video] * n)
        footage = sum(m["footage_s"] for m in media)
        print(f"  {n} at once: {footage / wall:5.1f} × real time, "
              f"{cpu / footage * 1e3:6.2f} ms of processor a second, "
              f"{max(m['peak_rss_bytes'] for m in media) / 1e6:4.0f} MB")
        n *= 2


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("praxi")
    parser.add_argument("video")
    parser.add_argument("--model", default="light")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--grow", type=lambda text: [int(n) for n in text.split(",")], default=[])
    parser.add_argument("--several", type=int, default=0)
    options = parser.parse_args()
    beside_decoding(options, options.video, options.rounds)
    with tempfile.TemporaryDirectory(prefix="praxi-bench-") as folder:
        growing(options, folder)
    several(options)


if __name__ == "__main__":
    main()
