#!/usr/bin/python3
"""A monkey at the workbench: random keys, clicks, drags, wheels and sizes. It fails when the program
crashes, complains, or does not answer for long. Run inside gui-env; a seed repeats a sitting as far
as the machine's speed allows.

monkey.py PRAXISCOPE CLIP [--seconds N] [--seed N] [--faults] [--reports FOLDER]
  --faults    a camera that hangs up all the time, and helpers and jobs that are killed or stand still
  --reports   of a sanitized build: what each process reports goes there and is judged at the end
"""
import argparse
import collections
import contextlib
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reports
from driver import App, GLib, xdo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from rtsp_server import RtspServer

SCREEN = (1280, 800)
SILENCE_S = 30  # the whole machine may be busy
SANITIZED = 4    # times as slow, at least
KEYS = ('space j k l J L Left Right comma period shift+Left shift+Right ctrl+Left ctrl+Right Home End g i o Return Escape '
        'bracketleft bracketright shift+bracketleft shift+bracketright e s m d Delete ctrl+z ctrl+shift+z a A x n N r '
        'plus minus f F ctrl+0 ctrl+1 ctrl+plus ctrl+minus F1 F9 F10 F11 ctrl+r ctrl+comma ctrl+question ctrl+f ctrl+l '
        '1 2 3 4 0 Tab shift+Tab Up Down Prior Next BackSpace t y ctrl+a ctrl+n Escape Escape').split()
# What quits, and what leaves the sitting for the file chooser.
CLOSE_AREA = (SCREEN[0] - 60, 60)
FAULT_EVERY_S = 6  # a decoder that dies without a picture between is given up
STANDSTILL_S = 7   # longer than the window waits for its decoder
CAMERA = '[cameras]\nnames=Yard;\n[camera Yard]\nurl=rtsp://127.0.0.1:{port}/yard\nkeep-days=1\nkeep-gb=1\nalerts=\n'


class Monkey:
    def __init__(self, app, chance):
        self.app, self.chance = app, chance
        self.done = collections.deque(maxlen=40)
        self.count = self.events = 0
        self.begin_s, self.resident_mb = time.monotonic(), []  # a minute each

    def point(self):
        x, y = self.chance.randrange(SCREEN[0]), self.chance.randrange(SCREEN[1])
        return (x, y) if x < CLOSE_AREA[0] or y > CLOSE_AREA[1] else self.point()

    def near(self, point):
        return [max(0, min(limit - 1, at + self.chance.randint(-200, 200))) for at, limit in zip(point, SCREEN)]

    def key(self):
        return ['key', '--delay', '5', *self.chance.choices(KEYS, k=self.chance.randint(1, 4))]

    def hold(self):
        key = self.chance.choice('123')
        return ['keydown', key, 'sleep', '0.2', 'keyup', key]

    def click(self):
        x, y = self.point()
        return ['mousemove', x, y, 'click', '--repeat', self.chance.choice((1, 1, 1, 2, 3)), '--delay', 30,
                self.chance.choice((1, 1, 1, 1, 2, 3))]

    def drag(self):
        begin = self.point()
        end = self.near(begin)
        button = self.chance.choice((1, 1, 1, 2))
        middle = [(a + b) // 2 for a, b in zip(begin, end)]
        return ['mousemove', *begin, 'mousedown', button, 'mousemove', *middle, 'sleep', '0.02', 'mousemove', *end,
                'mouseup', button]

    def wheel(self):
        x, y = self.point()
        wheel = ['click', '--repeat', self.chance.randint(1, 12), '--delay', 5, self.chance.choice((4, 5, 6, 7))]
        modifier = self.chance.choice((None, None, 'ctrl', 'shift'))
        return ['mousemove', x, y, *(['keydown', modifier, *wheel, 'keyup', modifier] if modifier else wheel)]

    def write(self):
        return ['type', '--delay', '5', self.chance.choice(('1:02:03.5', 'f12', 'walk', '-1', 'ü%s<b>', '99999999999'))]

    def size(self):
        return ['windowsize', self.app.xid, self.chance.randint(300, SCREEN[0]), self.chance.randint(200, SCREEN[1])]

    def act(self):
        kinds = {self.key: 40, self.click: 25, self.drag: 12, self.wheel: 10, self.write: 4, self.hold: 3, self.size: 2}
        command = self.chance.choices(list(kinds), list(kinds.values()))[0]()
        self.done.append(' '.join(map(str, command)))
        self.count += 1
        self.events += n_events(command)
        xdo(*command)
        if self.count % 25 == 0:
            xdo('key', 'Escape', 'Escape')
            if self.chance.random() < 0.3:
                xdo('windowsize', self.app.xid, *SCREEN)


def n_events(command):
    """Keys, clicks, moves and sizes in words for xdotool."""
    words = [str(word) for word in command]
    if words[0] == 'key':
        return len(words) - 3
    if words[0] == 'type':
        return len(words[-1])
    repeats = int(words[words.index('--repeat') + 1]) - 1 if '--repeat' in words else 0
    return repeats + sum(word in ('mousemove', 'mousedown', 'mouseup', 'click', 'keydown', 'keyup', 'windowsize') for word in words)


class Faults:
    """What goes wrong around the program, besides the camera."""

    def __init__(self, app, chance):
        self.app, self.chance, self.count = app, chance, 0
        self.due = time.monotonic() + FAULT_EVERY_S
        self.standing = {}  # pid: until when

    def helpers(self):
        found, below = [], [self.app.process.pid]
        while below:
            with contextlib.suppress(OSError):
                pid = below.pop()
                children = [int(child) for child in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]
                found += children
                below += children
        return found

    def signal(self, pid, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def go_on(self, now):
        for pid in [pid for pid, until in self.standing.items() if until <= now]:
            del self.standing[pid]
            self.signal(pid, signal.SIGCONT)

    def come(self):
        now = time.monotonic()
        self.go_on(now)
        if now >= self.due:
            self.due = now + FAULT_EVERY_S
            self.hurt_one()

    def hurt_one(self):
        helpers = [pid for pid in self.helpers() if pid not in self.standing]
        if not helpers:
            return
        self.count += 1
        pid = self.chance.choice(helpers)
        if self.chance.random() < 0.7:
            self.signal(pid, signal.SIGKILL)
        else:
            self.signal(pid, signal.SIGSTOP)
            self.standing[pid] = time.monotonic() + STANDSTILL_S


def answers(app, patience_s):
    """The program tells its name, which takes a turn of its main loop."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end and app.process.poll() is None:
        try:
            app.node.clear_cache()
            app.node.get_child_count()
            return True
        except GLib.Error:
            pass
    return app.process.poll() is not None


def stacks(app):
    """Where every thread of the program is."""
    command = ['gdb', '-batch', '-nx', '-p', str(app.process.pid), '-ex', 'thread apply all backtrace 40']
    if shutil.which('gdb'):
        subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def close(app, patience_s):
    """Closes the window. Returns what was wrong with that, '' when the program ended."""
    why = ''
    try:
        app.do('window.close')
    except (GLib.Error, KeyError) as error:  # or it ends before it could answer
        why = f': {error}'
    try:
        app.process.wait(patience_s)
    except subprocess.TimeoutExpired:
        stacks(app)
        return f'it goes on {patience_s} s after it was closed{why}'
    return ''


def resident_mb(app):
    with open(f'/proc/{app.process.pid}/statm') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') >> 20


# What GTK 4.8 does to itself: it asks for the monitor of a window that was dragged off the screen; its file chooser, the
# only tree view there is, sorts a list that is still being read; and a tooltip whose time has come asks where the
# pointer is over a window or popover that has just closed.
ITS_OWN = ('gdk_monitor_get_geometry', 'gtk_tree_sortable_', 'gdk_surface_get_device_position', '_gtk_widget_find_at_coords')


def faults_in(log):
    return [line for line in log.splitlines()
            if not any(own in line for own in ITS_OWN) and any(word in line for word in ('CRITICAL', 'ERROR: ', 'runtime error', 'GLib-ERROR'))]


def sanitizer_options(folder):
    """Environment in which every process of a sanitized build writes its reports to the folder, and goes on."""
    folder = pathlib.Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    path = f'log_path={folder}/report'
    # GLib's slices would give memory from one object to the next without a free between them.
    return {'ASAN_OPTIONS': f'detect_leaks=0:{path}', 'UBSAN_OPTIONS': f'print_stacktrace=1:{path}',
            'TSAN_OPTIONS': f'exitcode=0:halt_on_error=0:history_size=4:{path}', 'G_SLICE': 'always-malloc'}


def play(monkey, faults, end, patience_s):
    """Returns what was wrong, '' when time is over or the program ended."""
    app = monkey.app
    while time.monotonic() < end and app.process.poll() is None:
        with contextlib.suppress(subprocess.CalledProcessError):  # its window is gone
            monkey.act()
        if time.monotonic() - monkey.begin_s >= 60 * len(monkey.resident_mb):
            with contextlib.suppress(OSError, IndexError):
                monkey.resident_mb.append(resident_mb(app))
        if faults:
            faults.come()
        if monkey.count % 20 == 0 and not answers(app, patience_s):
            stacks(app)
            app.process.send_signal(signal.SIGABRT)
            return f'no answer for {patience_s} s'
    return ''


def sit(args, chance, end):
    """One start of the program. Returns what was wrong, '' when it was closed or time is over."""
    home = os.environ['HOME']
    clip = shutil.copy(args.clip, home)
    env = sanitizer_options(args.reports) if args.reports else {}
    app = App([args.praxiscope, clip], os.path.join(home, 'monkey.log'), G_DEBUG='', **env)
    monkey, faults = Monkey(app, chance), Faults(app, chance) if args.faults else None
    patience_s = SILENCE_S * (SANITIZED if args.reports else 1)
    why = play(monkey, faults, end, patience_s)
    if faults:
        faults.go_on(float('inf'))
    is_alive = app.process.poll() is None
    if is_alive:
        monkey.resident_mb.append(resident_mb(app))
    why = why or (close(app, patience_s) if is_alive else '')
    status, log = app.close()
    if is_alive and status != 0 and not why:
        why = f'exit status {status} when it was closed'
    elif not is_alive and status != 0 and not why:
        why = f'exit status {status}'
    why = why or '; '.join(faults_in(log)[:3])
    print(f'{monkey.count} doings, {monkey.events} events, {faults.count if faults else 0} faults, MB at each minute: '
          + ' '.join(map(str, monkey.resident_mb)) + ('' if is_alive else ', closed by itself'), flush=True)
    if args.reports:  # of those who may not write files
        (pathlib.Path(args.reports) / f'stderr.{time.time_ns()}').write_text(log)
    if why:
        print(why, *list(monkey.done), '--- its log:', log[-6000:], sep='\n')
    return why


def camera(home):
    """One that hangs up after every second of pictures."""
    h264 = os.path.join(home, 'camera.h264')
    subprocess.run(['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25', '-t', '4', '-c:v', 'libx264',
                    '-preset', 'veryfast', '-tune', 'zerolatency', '-g', '25', '-pix_fmt', 'yuv420p', '-f', 'h264', h264], check=True)
    server = RtspServer(h264, 25, 'drop', 50, always=True)
    settings = pathlib.Path(os.environ['XDG_CONFIG_HOME'], 'praxiscope', 'settings.ini')
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(CAMERA.format(port=server.port))
    return server


def n_runs():
    """How often a model looked at footage, of this machine or of the camera, and came to tell of it."""
    project = pathlib.Path(os.environ['XDG_DATA_HOME'], 'praxiscope', 'default.praxi')
    with contextlib.closing(sqlite3.connect(f'file:{project}?mode=ro', uri=True)) as store:
        return store.execute('SELECT count(*) FROM run').fetchone()[0]


def sit_on(args, chance):
    end = time.monotonic() + args.seconds
    while time.monotonic() < end:
        if sit(args, chance, end):
            print(f'again: monkey.py … --seconds {args.seconds:.0f} --seed {args.seed}' + ' --faults' * args.faults)
            return True
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('praxiscope', type=os.path.abspath)
    parser.add_argument('clip', type=os.path.abspath)
    parser.add_argument('--seconds', type=float, default=15)
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 30))
    parser.add_argument('--faults', action='store_true')
    parser.add_argument('--reports')
    args = parser.parse_args()
    print(f'seed {args.seed}', flush=True)
    with camera(os.environ['HOME']) if args.faults else contextlib.nullcontext():
        is_bad = sit_on(args, random.Random(args.seed))
    print(f'{n_runs()} runs of a model', flush=True)
    return reports.main([args.reports]) or is_bad if args.reports else is_bad


if __name__ == '__main__':
    sys.exit(main())
