#!/usr/bin/python3
"""Prints how many frames of a video came when they were due while it played at 1×, and for how long
the main loop was blocked at worst while playing, scrubbing and playing beside an analysis; judges
nothing. Beside it stands how fast ffmpeg decodes the same file at that moment. Run inside gui-env.

play.py PRAXISCOPE VIDEO [SECONDS]
"""
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'gui'))
from driver import App, wait

PRAXISCOPE, VIDEO = (os.path.abspath(path) for path in sys.argv[1:3])
SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 10
BLOCKED = re.compile(r'blocked for (\d+) ms, (\d+) ms')
PLAYED = re.compile(r'played: (\d+) frames were due, (\d+) came')


def start(folder):
    """What GLib's g_debug says goes to the program's standard output."""
    said = open(os.path.join(folder, 'said'), 'w+')
    own = os.dup(1)
    os.dup2(said.fileno(), 1)
    try:
        app = App([PRAXISCOPE, VIDEO], os.path.join(folder, 'log'), PRAXI_WATCHDOG='1', G_MESSAGES_DEBUG='all')
    finally:
        os.dup2(own, 1)
        os.close(own)
    return app, said.name


class Text:
    """What a file has grown by since the last time."""

    def __init__(self, path):
        self.path, self.at = path, 0

    def more(self):
        with open(self.path, errors='replace') as file:
            file.seek(self.at)
            text = file.read()
            self.at = file.tell()
        return text


def tell(what, log, said):
    blocks = [(int(wall), int(cpu)) for wall, cpu in BLOCKED.findall(log.more())]
    played = PLAYED.findall(said.more())
    due, came = (sum(int(pair[i]) for pair in played) for i in (0, 1))
    frames = f'{due} frames due, {max(0, due - came)} dropped; ' if played else ''
    worst = max(blocks, default=(0, 0))
    print(f'{what:24} {frames}main loop blocked > 50 ms {len(blocks)} times, '
          + (f'worst {worst[0]} ms ({worst[1]} ms of it processor time)' if blocks else 'never'), flush=True)


def play(app, seconds):
    app.key('Home', 'space')
    time.sleep(seconds)
    app.key('k')
    time.sleep(0.5)


def scrub(app, timeline, seconds):
    x, y, width, _ = app.rect(timeline)
    left, right, end, there = x + 100, x + width - 30, time.monotonic() + seconds, True
    while time.monotonic() < end:
        app.drag(left if there else right, y + 12, right if there else left, y + 12, 60)
        there = not there


def decoding_speed():
    begin = time.monotonic()
    subprocess.run(['ffmpeg', '-v', 'error', '-nostdin', '-t', '5', '-i', VIDEO, '-f', 'null', '-'], check=True)
    return 5 / (time.monotonic() - begin)


def main():
    print(f'ffmpeg decodes it at {decoding_speed():.1f} × real time now')
    with tempfile.TemporaryDirectory(prefix='praxi-play-') as folder:
        app, said_path = start(folder)
        timeline = wait(lambda: app.find('slider', 'imeline'), 'the timeline')
        wait(lambda: app.text('Frame 0'), 'the first picture')
        time.sleep(2)
        log, said = Text(app.log.name), Text(said_path)
        tell('starting', log, said)
        play(app, SECONDS)
        tell('playing at 1×', log, said)
        scrub(app, timeline, SECONDS)
        tell('scrubbing', log, said)
        app.do('win.analyse')
        play(app, SECONDS)
        tell('playing and analysing', log, said)
        scrub(app, timeline, SECONDS / 2)
        tell('scrubbing and analysing', log, said)
        app.close()


if __name__ == '__main__':
    main()
