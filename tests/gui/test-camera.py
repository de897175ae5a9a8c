#!/usr/bin/python3
"""Cameras in the window, as a person meets them. Run inside gui-env.

test-camera.py PRAXISCOPE PRAXI SUPPORT_FOLDER          the tests
test-camera.py PRAXISCOPE PRAXI SUPPORT_FOLDER soak S   one camera for S seconds, labels made all the while: figures
test-camera.py PRAXISCOPE PRAXI SUPPORT_FOLDER ring S   the same with recordings of a minute in a ring of few of them
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
PRAXISCOPE, PRAXI, SUPPORT = (os.path.abspath(path) for path in sys.argv[1:4])
sys.path.insert(0, SUPPORT)
from driver import App, Atspi, problems, wait, xdo  # noqa: E402
from rtsp_server import RtspServer  # noqa: E402

HOME = pathlib.Path(os.environ['HOME'])
PASSWORD = 'Geh3im.Wort'
RATE_HZ = 25
LIST_ROWS = 200  # that GtkListView keeps, each a few widgets
SLEEP_S = int(os.environ.get('PRAXI_SLEEP_S', 6))

# The window records hours and counts gigabytes. This stands between it and its jobs.
SHORT = '''#!/bin/sh
# $@ with other values behind two words
for word; do
  case $before in --segment) word={seconds} ;; --keep-size) word=16M ;; esac
  before=$word
  shift
  set -- "$@" "$word"
done
exec {footage} "$@"
'''

# Writes down what the desktop is asked to show.
NOTIFICATIONS = '''
import sys
from gi.repository import Gio, GLib
xml = """<node><interface name="org.freedesktop.Notifications"><method name="Notify"><arg type="s" direction="in"/>
<arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
<arg type="as" direction="in"/><arg type="a{sv}" direction="in"/><arg type="i" direction="in"/>
<arg type="u" direction="out"/></method><method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="CloseNotification"><arg type="u" direction="in"/></method></interface></node>"""
def call(connection, sender, path, interface, method, arguments, invocation):
    if method == 'Notify':
        print(arguments[3], '|', arguments[4], file=open(sys.argv[1], 'a'))
        invocation.return_value(GLib.Variant('(u)', (1,)))
    else:
        invocation.return_value(GLib.Variant('(as)', ([],)) if method == 'GetCapabilities' else None)
info = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
def acquired(connection, name):
    connection.register_object('/org/freedesktop/Notifications', info, call)
Gio.bus_own_name(Gio.BusType.SESSION, 'org.freedesktop.Notifications', 0, acquired, None, None)
GLib.MainLoop().run()
'''


def make_stream(name='camera.h264', source='testsrc2=s=320x180:r=25', seconds=8):
    path = HOME / name
    arguments = ['-i', source] if os.path.exists(source) else ['-f', 'lavfi', '-i', source]
    subprocess.run(['ffmpeg', '-v', 'error', '-y', *arguments, '-t', str(seconds), '-an', '-c:v', 'libx264', '-preset',
                    'veryfast', '-tune', 'zerolatency', '-g', '25', '-bf', '0', '-pix_fmt', 'yuv420p', '-r', '25', '-f',
                    'h264', path], check=True)
    return path


def write_settings(ports, alerts=''):
    folder = HOME / '.config' / 'praxiscope'
    folder.mkdir(parents=True, exist_ok=True)
    names = [f'Yard {i}' for i in range(1, len(ports) + 1)]
    text = f'[cameras]\nnames={"".join(name + ";" for name in names)}\n'
    for name, port in zip(names, ports):
        text += f'[camera {name}]\nurl=rtsp://127.0.0.1:{port}/yard\nkeep-days=7\nkeep-gb=1\nalerts={alerts}\n'
    (folder / 'settings.ini').write_text(text)


def children(pid):
    """Processes of `praxi watch` below a process, with their arguments."""
    found = {}
    for folder in pathlib.Path('/proc').glob('[0-9]*'):
        with contextlib.suppress(OSError, IndexError):
            parent = int((folder / 'stat').read_text().rsplit(')', 1)[1].split()[1])
            arguments = (folder / 'cmdline').read_bytes()
            if parent == pid and b'\0watch\0' in arguments:
                found[int(folder.name)] = arguments
    return found


def with_short_recordings(seconds):
    """A window whose cameras record files of that many seconds, and keep 16 MB of them."""
    folder = HOME / f'recordings-of-{seconds}'
    folder.mkdir()
    praxiscope, footage = shutil.copy(PRAXISCOPE, folder), folder / 'praxi-footage'
    footage.write_text(SHORT.format(seconds=seconds, footage=pathlib.Path(PRAXISCOPE).with_name('praxi-footage')))
    footage.chmod(0o755)
    return praxiscope


def rss_kb(pid):
    return int(next(line for line in open(f'/proc/{pid}/status') if line.startswith('VmRSS')).split()[1])


def project():
    """Made when the first camera starts."""
    return next(HOME.rglob('*.praxi'))


def query(sql):
    with contextlib.closing(sqlite3.connect(f'file:{project()}?mode=ro', uri=True)) as connection:
        return connection.execute(sql).fetchall()


class Sitting(unittest.TestCase):
    app = None

    @classmethod
    def setUpClass(cls):
        cls.h264 = make_stream()

    def start(self, praxiscope=PRAXISCOPE):
        self.app = App([praxiscope], HOME / 'praxiscope.log')

    def stop(self):
        if self.app is None:
            return None
        status, log = self.app.close()
        self.app = None
        self.assertEqual(problems(log), [])
        self.assertEqual(status, 0)
        return log

    def tearDown(self):
        self.stop()
        shutil.rmtree(HOME / '.config' / 'praxiscope', ignore_errors=True)
        for path in list(HOME.rglob('*.praxi*')):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def shoot(self, name):
        if 'PRAXI_SHOTS' in os.environ:
            time.sleep(0.5)
            os.system(f'import -window root {os.environ["PRAXI_SHOTS"]}/camera-{name}.png')

    def open_row(self, name):
        for _ in range(3):
            self.app.click(self.app.get('label', name))
            end = time.monotonic() + 5
            while time.monotonic() < end:
                if xdo('getwindowname', self.app.xid).startswith(name):
                    return
                time.sleep(0.05)
        self.fail(f'{name} did not open')

    def open_dialog(self):
        self.app.key('ctrl+shift+c')
        dialog = wait(lambda: next((w for w in self.windows() if w and w.get_name() == 'Open a camera'), None), 'the dialog')
        test = wait(lambda: self.app.find('push button', 'Test', dialog), 'its buttons')
        return lambda: test.get_state_set().contains(Atspi.StateType.SENSITIVE)

    def windows(self):
        return [self.app.node.get_child_at_index(i) for i in range(self.app.node.get_child_count())]

    def said(self, part):
        """Whether any text, of whatever role, says that."""
        return next((node.get_name() for node in self.app.walk() if part in (node.get_name() or '')), None)

    def push(self, name):
        node = self.app.get('push button', name)
        wait(lambda: Atspi.Action.do_action(node, 0), f'{name!r} to be pushed')

    def frames(self):
        text = next((t for t in self.app.texts() if t.startswith('Frame ')), 'Frame -1')
        return int(text.split()[1])

    def label_here(self):
        """A label of some frames before the newest one."""
        before = len(query('SELECT id FROM label'))
        xdo('key', 'i')
        time.sleep(0.4)
        xdo('key', '--delay', 15, 'o', '2')
        wait(lambda: len(query('SELECT id FROM label')) > before, 'the label to be kept')

    def check_labels(self):
        """Every label lies on footage that is there. Returns how many there are."""
        rows = query('SELECT media.path, label.start_ns, label.end_ns, label.end_frame FROM label JOIN media ON '
                     'media.id = label.media_id')
        lengths = {}
        for path, start_ns, end_ns, end_frame in rows:
            file = project().parent / os.fsdecode(path)
            if file not in lengths:
                info = subprocess.run([PRAXI, 'info', '--json', file], capture_output=True, check=True).stdout
                lengths[file] = json.loads(info)['video']
            self.assertLessEqual(end_ns / 1e9, lengths[file]['duration_s'] + 0.001)
            self.assertLessEqual(end_frame, lengths[file]['frames'])
        return len(rows)

    def test_a_camera_is_opened_watched_and_labelled(self):
        """The dialog, a password that is needed, live, looking back, live again, a label, and no password anywhere."""
        with RtspServer(self.h264, RATE_HZ, credentials=b'guard:' + PASSWORD.encode()) as server:
            write_settings([])
            self.start()
            is_complete = self.open_dialog()
            time.sleep(0.5)
            xdo('type', '--delay', 8, f'rtsp://guard:{PASSWORD}@127.0.0.1:{server.port}/yard')
            wait(is_complete, 'the address to be complete')
            self.push('Test')
            wait(lambda: self.said('✓ The camera sends pictures: 320 × 180'), 'the answer of the camera')
            self.shoot('dialog')
            self.app.key('Return')
            wait(lambda: self.said('Live · 320 × 180'), 'the picture')
            first = wait(lambda: self.frames() if self.frames() > 0 else None, 'a frame number')
            wait(lambda: self.frames() > first + 12, 'the number to grow')
            title = xdo('getwindowname', self.app.xid)
            self.assertIn('Camera 127.0.0.1', title)
            self.assertIsNone(self.app.find('push button', 'Go live'))
            self.app.key('Home')
            wait(lambda: self.said('Looking back'), 'the past')
            wait(lambda: self.frames() == 0, 'the first frame')
            self.assertIsNotNone(self.app.find('push button', 'Go live'))
            self.app.key('period', 'period')
            wait(lambda: self.frames() == 2, 'two frames on')
            self.app.key('ctrl+End')
            wait(lambda: not self.said('Looking back'), 'live again')
            self.label_here()
            self.shoot('live')
            arguments = children(self.app.process.pid)
            self.assertEqual(len(arguments), 1)
            self.assertNotIn(PASSWORD.encode(), b''.join(arguments.values()) + title.encode())
            self.stop()
        self.assertEqual(self.check_labels(), 1)
        for file in HOME.rglob('*'):
            if file.is_file():
                self.assertNotIn(PASSWORD.encode(), file.read_bytes(), file)

    def test_a_stall_is_said_and_drawn(self):
        # It stalls again and again until the stall was seen: on a busy machine one is over too soon.
        with RtspServer(self.h264, RATE_HZ, 'stall', 50, always=True) as server:
            write_settings([server.port])
            self.start()
            self.open_row('Yard 1')
            wait(lambda: self.said('No picture since'), 'the stall')
            server.always = False
            self.shoot('stalled')
            wait(lambda: self.said('Live · 320'), 'the camera to be back')

    def test_the_machine_slept(self):
        """F7: window and camera stand still for PRAXI_SLEEP_S; then the camera is live again and labels lie where they should."""
        with RtspServer(self.h264, RATE_HZ) as server:
            write_settings([server.port])
            self.start()
            self.open_row('Yard 1')
            wait(lambda: self.said('Live · 320') and self.frames() > 15, 'the picture')
            pids = [self.app.process.pid, *children(self.app.process.pid)]
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(SLEEP_S)
            awake = time.monotonic()
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            before = wait(self.frames, 'a number')
            wait(lambda: self.said('Live · 320') and self.frames() > before + RATE_HZ, 'a second of new pictures')
            print(f'slept {SLEEP_S} s: live again after {time.monotonic() - awake:.1f} s')
            self.assertLess(time.monotonic() - awake, 5)
            self.label_here()
            self.stop()
        self.assertEqual(self.check_labels(), 1)

    def test_eight_cameras_stall_at_once_and_the_window_lives(self):
        """C10: the window answers while eight cameras stall, and they end with it."""
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(RtspServer(self.h264, 5, 'stall', 30, always=True)) for _ in range(8)]
            write_settings([server.port for server in servers])
            self.start()
            for i in range(1, 9):
                self.open_row(f'Yard {i}')
            wait(lambda: len(children(self.app.process.pid)) == 8, 'eight cameras to be watched')
            wait(lambda: self.said('No picture since'), 'the stall of the last one', 90)
            answers_s = []
            end = time.monotonic() + 4
            while time.monotonic() < end:
                begin = time.monotonic()
                self.app.frame.get_name()
                self.app.frame.get_state_set()
                answers_s.append(time.monotonic() - begin)
                time.sleep(0.02)
            print(f'eight cameras stalled: the window answered {len(answers_s)} times, at the latest after '
                  f'{max(answers_s) * 1000:.0f} ms')
            self.assertLess(max(answers_s), 1)
            pids = list(children(self.app.process.pid))
            begin = time.monotonic()
            self.stop()
            wait(lambda: not any(os.path.exists(f'/proc/{pid}/exe') and os.path.exists(f'/proc/{pid}') and
                                 b'watch' in pathlib.Path(f'/proc/{pid}/cmdline').read_bytes() for pid in pids),
                 'the cameras to end', 5)
            print(f'closed with eight cameras in {time.monotonic() - begin:.2f} s')

    def test_a_signal_ends_it_cleanly(self):
        """F3: what was made is kept, the recording is finished, the exit status says so."""
        with RtspServer(self.h264, RATE_HZ) as server:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                write_settings([server.port])
                self.start()
                self.open_row('Yard 1')
                wait(lambda: self.said('Live · 320') and self.frames() > 15, 'the picture')
                self.app.key('i', 'o', '2')
                begin = time.monotonic()
                self.app.process.send_signal(number)
                self.assertEqual(self.app.process.wait(10), 0)
                print(f'{number.name}: ended after {time.monotonic() - begin:.2f} s')
                self.assertLess(time.monotonic() - begin, 2)
                self.stop()
                wait(lambda: {state for state, in query('SELECT state FROM run')} == {'done'}, 'the recording to be finished', 3)
                self.assertEqual(self.check_labels(), 1)
                self.tearDown()

    def wait_for_the_next_file(self):
        n_files = len(query('SELECT id FROM run'))
        wait(lambda: len(query('SELECT id FROM run')) > n_files, 'another file', 20)

    def test_a_recording_goes_on_in_another_file(self):
        with RtspServer(self.h264, RATE_HZ) as server:
            write_settings([server.port])
            self.start(with_short_recordings(8))
            self.open_row('Yard 1')
            wait(lambda: self.said('Live · 320') and self.frames() > 15, 'the picture')
            self.app.key('i')
            self.wait_for_the_next_file()
            wait(lambda: self.said('The recording goes on in another file'), 'it to be said')
            wait(lambda: 15 < self.frames() < 100, 'its frames')
            self.app.key('o', '2')
            wait(lambda: query('SELECT start_frame FROM label') == [(0,)], 'what was marked before to begin with it')
            self.app.key('comma')
            wait(lambda: self.said('Looking back'), 'the past')
            self.app.key('i')
            at = self.frames()
            self.wait_for_the_next_file()
            wait(lambda: not self.said('Looking back') and self.frames() == at, 'to stay where it was')
            self.app.key('period', 'period', 'o', '2')
            wait(lambda: len(query('SELECT id FROM label')) == 2, 'the second label')
            self.assertEqual(len(query('SELECT DISTINCT media_id FROM label')), 1)
            self.stop()
            self.assertEqual(self.check_labels(), 2)

    def test_an_event_is_told_to_the_desktop(self):
        heard = HOME / 'notifications'
        desktop = subprocess.Popen([sys.executable, '-c', NOTIFICATIONS, str(heard)])
        sample = os.path.join(os.path.dirname(SUPPORT), '..', 'data', 'sample', 'yard.mp4')
        try:
            with RtspServer(make_stream('yard.h264', sample, 30), RATE_HZ) as server:
                write_settings([server.port], 'fight;')
                self.start()
                self.open_row('Yard 1')
                wait(lambda: heard.exists() and 'Yard 1: fight' in heard.read_text(), 'a notification', 60)
                self.stop()
        finally:
            desktop.kill()
            desktop.wait()


class Soak(Sitting):
    """By keys alone; growth is told from where GtkListView makes no more rows."""

    def test_soak(self):
        self.sit(PRAXISCOPE, lambda at_s: True)

    def test_ring(self):
        """Recordings of a minute; four minutes with labels, four without, which the ring may take."""
        self.sit(with_short_recordings(60), lambda at_s: at_s % 480 < 240)
        left, begun = len(list(HOME.rglob('20*Z*.mkv'))), float(sys.argv[5]) / 60
        print(f'{left} recordings left of {begun:.0f}')
        self.assertTrue(left < begun or begun < 10)

    def sit(self, praxiscope, is_labelled):
        seconds = float(sys.argv[5])
        with RtspServer(self.h264, RATE_HZ) as server:
            write_settings([server.port])
            with open(HOME / 'praxiscope.log', 'w') as log, contextlib.ExitStack() as on_exit:
                manager = on_exit.enter_context(subprocess.Popen(['openbox'], stderr=subprocess.DEVNULL))
                on_exit.callback(manager.terminate)
                window = subprocess.Popen([praxiscope], stderr=log)
                on_exit.callback(window.kill)
                time.sleep(3)
                xdo('key', 'Next')
                watcher = wait(lambda: next(iter(children(window.pid)), None), 'the camera')
                wait(lambda: list(HOME.rglob('*.praxi')) and query('SELECT id FROM run'), 'the recording')
                rows, n_labels = self.label_for(seconds, window.pid, watcher, is_labelled)
                window.send_signal(signal.SIGTERM)
                self.assertEqual(window.wait(20), 0)
        kept = self.check_labels()
        full = next((i for i, row in enumerate(rows[:-2]) if row[-1] >= LIST_ROWS), 0)
        half = rows[max(full, len(rows) // 2):]
        per_hour = [(half[-1][k] - half[0][k]) / (half[-1][0] - half[0][0]) * 3600 for k in (1, 2)]
        print(f'{seconds:.0f} s: {kept} labels, 0 point to nothing; from {half[0][0]:.0f} s on: window {half[-1][1] - half[0][1]:+.1f} MiB, '
              f'camera {half[-1][2] - half[0][2]:+.1f} MiB ({per_hour[0]:+.1f}, {per_hour[1]:+.1f} MiB an hour)')
        self.assertEqual(kept, n_labels)

    def label_for(self, seconds, window, watcher, is_labelled):
        begin, rows, n_labels = time.monotonic(), [], 0
        while time.monotonic() - begin < seconds:
            time.sleep(8)
            if is_labelled(time.monotonic() - begin):
                xdo('key', 'ctrl+End')
                self.label_here()
                n_labels += 1
            rows.append((time.monotonic() - begin, rss_kb(window) / 1024, rss_kb(watcher) / 1024, len(os.listdir(f'/proc/{window}/fd')),
                         len(os.listdir(f'/proc/{watcher}/fd')), len(os.listdir(f'/proc/{watcher}/task')), n_labels))
            if len(rows) % 6 == 1:
                print('%4.0f s  window %.1f MiB, camera %.1f MiB; descriptors %d, %d; threads %d' % rows[-1][:-1], flush=True)
        return rows, n_labels


if __name__ == '__main__':
    if shutil.which('ffmpeg') is None:
        print('ffmpeg is not installed')
        sys.exit(77)
    soaks = unittest.TestSuite([Soak('test_' + name) for name in sys.argv[4:5]])
    chosen = soaks if sys.argv[4:] else unittest.defaultTestLoader.loadTestsFromTestCase(Sitting)
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(chosen).wasSuccessful())
