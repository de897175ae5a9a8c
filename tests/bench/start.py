#!/usr/bin/python3
"""Prints how long the workbench takes from its start to its first window, and its memory, with a
project of 100 media and 10,000 labels; judges nothing. Run inside gui-env.

start.py PRAXISCOPE PRAXI CLIP [ROUNDS]
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

PRAXISCOPE, PRAXI, CLIP = (os.path.abspath(path) for path in sys.argv[1:4])
ROUNDS = int(sys.argv[4]) if len(sys.argv) > 4 else 7
N_MEDIA, N_LABELS, SETTLE_S = 100, 10000, 6


def make_project(folder):
    """All names are the same file; the labels lie on the first half of the media."""
    names = [os.path.join(folder, f'{i:03d}.mp4') for i in range(N_MEDIA)]
    for name in names:
        os.link(CLIP, name) if os.stat(CLIP).st_dev == os.stat(folder).st_dev else os.symlink(CLIP, name)
    lines = ['file,class,start_s,end_s']
    lines += [f'{names[i % N_MEDIA]},{("fight", "fall")[i % 2]},{i // N_MEDIA * 0.25},{i // N_MEDIA * 0.25 + 0.2}' for i in range(N_LABELS)]
    table, project = os.path.join(folder, 'labels.csv'), os.path.join(folder, 'many.praxi')
    with open(table, 'w') as file:
        file.write('\n'.join(lines) + '\n')
    subprocess.run([PRAXI, 'label', 'import', '--project', project, '--format', 'csv', table], check=True, capture_output=True)
    return project


def resident_mb(pid):
    with open(f'/proc/{pid}/status') as status:
        return int(next(line for line in status if line.startswith('VmRSS')).split()[1]) / 1024


def start(project):
    begin = time.monotonic()
    process = subprocess.Popen([PRAXISCOPE, project], stderr=subprocess.DEVNULL)
    while subprocess.run(['xdotool', 'search', '--onlyvisible', '--pid', str(process.pid)], capture_output=True).returncode != 0:
        assert process.poll() is None, 'the program died'
        time.sleep(0.005)
    shown_s = time.monotonic() - begin
    with open(f'/proc/{process.pid}/schedstat') as schedule:
        cpu_s = int(schedule.read().split()[0]) / 1e9  # of the main thread
    time.sleep(SETTLE_S)
    memory = resident_mb(process.pid)
    process.terminate()
    process.wait(20)
    return shown_s, cpu_s, memory


def main():
    with tempfile.TemporaryDirectory(prefix='praxi-start-') as folder:
        project = make_project(folder)
        runs = [start(project) for _ in range(ROUNDS + 1)][1:]  # the first warms the caches
    for what, values, unit in zip(('first window', 'processor time of it', 'resident'), zip(*runs), ('s', 's', 'MB')):
        print(f'{what:22} median {statistics.median(values):7.3f} {unit}, worst {max(values):7.3f} {unit} of {ROUNDS}')


main()
