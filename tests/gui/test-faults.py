#!/usr/bin/python3
"""The window where the session around it ends or the machine is tight: labels are kept, nothing is left running.
Run inside gui-env; FAULTS.md names the cases.

test-faults.py PRAXISCOPE PRAXI CLIP; PRAXI_KILLS: how often the X server and the compositor are killed.
"""
import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import App, Atspi, WaylandApp, wait

PRAXISCOPE, PRAXI = (os.path.abspath(path) for path in sys.argv[1:3])
HOME = pathlib.Path(os.environ['HOME'])
CLIP = shutil.copy(sys.argv[3], HOME)
PROJECT = pathlib.Path(os.environ['XDG_DATA_HOME'], 'praxiscope', 'default.praxi')
N_KILLS = int(os.environ.get('PRAXI_KILLS', 3))
LOG = HOME / 'praxiscope.log'


def n_labels():
    listed = subprocess.run([PRAXI, 'label', 'list', '--json', '--project', PROJECT], capture_output=True, text=True)
    return len(json.loads(listed.stdout)['labels']) if listed.returncode == 0 else 0


def descendants(pid):
    """Processes below one, as they are now."""
    found = []
    for child in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split():
        found += [int(child), *descendants(int(child))]
    return found


def is_running(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    return False


@contextlib.contextmanager
def display():
    """An X server of its own, to be killed."""
    before, (ours, its) = os.environ['DISPLAY'], os.pipe()
    server = subprocess.Popen(['Xvfb', '-displayfd', str(its), '-screen', '0', '1280x800x24', '-nolisten', 'tcp', '-noreset'],
                              pass_fds=[its], stderr=subprocess.DEVNULL)
    os.close(its)
    with os.fdopen(ours) as number:
        os.environ['DISPLAY'] = ':' + number.readline().strip()
    try:
        yield server
    finally:
        server.kill()
        server.wait(5)
        os.environ['DISPLAY'] = before


class Faults(unittest.TestCase):
    def label(self, app, at):
        """One more label, some frames long, by keys."""
        n_before, timeline = n_labels(), app.get('slider', 'Timeline')
        wait(lambda: app.text('Frame 0'), 'the first picture')
        wait(lambda: timeline.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys to be the timeline’s')
        app.key(*['shift+Right'] * at, 'i', 'shift+Right', 'o', '2')
        wait(lambda: n_labels() == n_before + 1, 'the label to be written')

    def check_project(self, n_expected):
        self.assertEqual(n_labels(), n_expected)
        verified = subprocess.run([PRAXI, 'label', 'verify', '--project', PROJECT], capture_output=True, text=True)
        self.assertIn('intact', verified.stdout)

    def test_f1_the_display_is_killed(self):
        n_before = n_labels()
        for i in range(N_KILLS):
            with display() as server:
                app = App([PRAXISCOPE, CLIP], LOG)
                self.label(app, i)
                helpers = descendants(app.process.pid)
                self.assertNotEqual(helpers, [])
                server.kill()
                self.assertEqual(app.process.wait(5), 1)
                wait(lambda: not any(map(is_running, helpers)), 'the helpers to end', 1)
                app.close()
            self.check_project(n_before + i + 1)
        with display():
            app = App([PRAXISCOPE, CLIP], LOG)
            wait(lambda: app.text('Frame '), 'the footage, opened again')
            status, log = app.close()
        self.assertEqual((status, [line for line in log.splitlines() if 'CRITICAL' in line or 'WARNING' in line]), (0, []))

    @unittest.skipUnless(shutil.which('weston'), 'weston is not installed')
    def test_f2_the_compositor_is_killed(self):
        """As F1; no keys here, so actions of the window make the label."""
        n_before = n_labels()
        for i in range(N_KILLS):
            app = WaylandApp([PRAXISCOPE, CLIP], LOG)
            wait(lambda: app.text('Frame 0'), 'the first picture')
            for action in ['win.second-forward'] * (i + 1) + ['win.mark-in', 'win.second-forward', 'win.mark-out']:
                app.do(action)
            Atspi.Action.do_action(app.get('push button', 'Class fight'), 0)  # labels what is marked
            wait(lambda: n_labels() == n_before + i + 1, 'the label to be written')
            helpers = descendants(app.process.pid)
            self.assertNotEqual(helpers, [])
            app.manager.kill()
            self.assertEqual(app.process.wait(5), 1)
            wait(lambda: not any(map(is_running, helpers)), 'the helpers to end', 1)
            app.close()
            self.check_project(n_before + i + 1)
        app = WaylandApp([PRAXISCOPE, CLIP], LOG)
        wait(lambda: app.text('Frame '), 'the footage, opened again')
        self.assertEqual(app.close()[0], 0)

    def test_f3_a_signal(self):
        for i, number in enumerate((signal.SIGTERM, signal.SIGHUP, signal.SIGINT)):
            n_before = n_labels()
            app = App([PRAXISCOPE, CLIP], LOG)
            self.label(app, i)
            helpers, begin = descendants(app.process.pid), time.monotonic()
            app.process.send_signal(number)
            self.assertEqual(app.process.wait(5), 0, number.name)
            self.assertLess(time.monotonic() - begin, 2, number.name)
            wait(lambda: not any(map(is_running, helpers)), 'the helpers to end', 1)
            app.close()
            journal = PROJECT.with_name(PROJECT.name + '-wal')
            self.assertFalse(journal.exists() and journal.stat().st_size > 0, number.name)
            self.check_project(n_before + 1)

    def start(self, what, options):
        """Shows its window and ends when told to, or says in a line what is missing."""
        with open(LOG, 'w+') as log:
            app = subprocess.Popen([PRAXISCOPE, CLIP], stderr=log, **options)

            def has_window():
                found = subprocess.run(['xdotool', 'search', '--onlyvisible', '--pid', str(app.pid)], capture_output=True)
                return app.poll() is not None or found.stdout.strip()

            try:
                wait(has_window, f'a window: {what}', 20)
                time.sleep(0.5)
                if app.poll() is None:
                    app.send_signal(signal.SIGTERM)
                    self.assertEqual(app.wait(5), 0, what)
                    return 'starts'
            finally:
                app.kill()
                app.wait(5)
            log.seek(0)
            said = log.read()
        self.assertEqual((app.returncode, len(said.splitlines())), (1, 1), f'{what}: {said}')
        return said.strip()

    def test_f8_starts_or_says_what_is_missing(self):
        missing = str(HOME / 'missing')
        bare = {key: value for key, value in os.environ.items() if not key.startswith('XDG_') or key == 'XDG_RUNTIME_DIR'}
        files = dict.fromkeys(('XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME'), '/dev/null')

        def limit(what, to):
            return dict(preexec_fn=lambda: resource.setrlimit(what, (to, to)))

        for what, options in [('64 descriptors', limit(resource.RLIMIT_NOFILE, 64)),
                              ('1 GiB of addresses', limit(resource.RLIMIT_AS, 1 << 30)),
                              ('1.25 GiB of addresses', limit(resource.RLIMIT_AS, 5 << 28)),
                              ('no home', dict(env={key: value for key, value in os.environ.items() if key != 'HOME'})),
                              ('a home that is not there', dict(env=dict(bare, HOME=missing))),
                              ('a home that is a file', dict(env=dict(bare, HOME='/dev/null'))),
                              ('settings in a file', dict(env=dict(os.environ, **files))),
                              ('no folder for temporary files', dict(env=dict(os.environ, TMPDIR=missing))),
                              ('no folder of the session', dict(env=dict(os.environ, XDG_RUNTIME_DIR=missing)))]:
            with self.subTest(what):
                print(f'{what}: {self.start(what, options)}', flush=True)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
