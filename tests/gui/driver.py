"""Drives the workbench as a person would: AT-SPI finds and reads, XTest (xdotool) clicks and types."""
import os
import subprocess
import time
import warnings

warnings.simplefilter('ignore', DeprecationWarning)
import gi

gi.require_version('Atspi', '2.0')
from gi.repository import Atspi, GLib

Atspi.set_timeout(3000, 10000)


class Timeout(AssertionError):
    pass


def wait(condition, what, seconds=float(os.environ.get("PRAXI_PATIENCE_S", 30)), every=0.03):
    """The first true value of condition; the tree may change under it. Looking costs: where a job is
    waited for, look seldom."""
    end, last = time.monotonic() + seconds, None
    while time.monotonic() < end:
        try:
            value = condition()
            if value:
                return value
        except (GLib.Error, subprocess.CalledProcessError) as error:
            last = error
        time.sleep(every)
    raise Timeout(f'timed out waiting for {what} {last or ""}')


def xdo(*args):
    return subprocess.run(['xdotool', *map(str, args)], check=True, capture_output=True, text=True).stdout.strip()


def film(clip, folder, name, side):
    """A clip seen from another side, by a filter of FFmpeg, as footage of its own."""
    path = os.path.join(folder, name)
    subprocess.run(['ffmpeg', '-v', 'error', '-i', clip, '-vf', side, path], check=True)
    return path


def problems(log):
    """What a program complained about."""
    return [line for line in log.splitlines() if 'CRITICAL' in line or 'WARNING' in line or 'ERROR' in line]


class App:
    """One running program with its window."""

    def __init__(self, argv, log, **env):
        # What a manager before left on the root window would be taken for the new one.
        subprocess.run(['xprop', '-root', '-remove', '_NET_SUPPORTING_WM_CHECK'], capture_output=True)
        self.manager = subprocess.Popen(['openbox'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(lambda: '#' in subprocess.run(['xprop', '-root', '_NET_SUPPORTING_WM_CHECK'], capture_output=True, text=True).stdout,
             'the window manager')
        self.start(argv, log, env)
        self.xid = wait(lambda: xdo('search', '--onlyvisible', '--pid', self.process.pid).split()[-1:], 'the X window')[0]

    def start(self, argv, log, env):
        self.log = open(log, 'w+')
        begin = time.monotonic()
        # In sanitized builds leaks are looked for by the tests inside the process, errors also here.
        sanitizer = 'detect_leaks=0:fast_unwind_on_malloc=1'
        # A decode helper is not allowed to write files, so it would have nowhere to complain.
        self.tee = subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=self.log)
        self.process = subprocess.Popen(argv, env={**os.environ, 'G_DEBUG': 'fatal-criticals', 'ASAN_OPTIONS': sanitizer, **env},
                                        stderr=self.tee.stdin)
        self.node = wait(self._find_application, 'the application on the accessibility bus', 60)
        self.frame = wait(lambda: self.find('frame'), 'the window')
        self.started_s = time.monotonic() - begin

    def _find_application(self):
        assert self.process.poll() is None, 'the application died'
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(i)
            if child and child.get_process_id() == self.process.pid and child.get_child_count():
                return child

    # --- finding and reading

    def walk(self, node=None, depth=0):
        node = node or self.node
        yield node
        for i in range(min(node.get_child_count(), 80)):
            child = node.get_child_at_index(i)
            if child and depth < 40:
                yield from self.walk(child, depth + 1)

    def find(self, role=None, name=None, within=None):
        for node in self.walk(within):
            try:
                if (role is None or node.get_role_name() == role) and (name is None or name in node.get_name()):
                    return node
            except GLib.Error:
                pass
        return None

    def get(self, role=None, name=None, seconds=30):
        return wait(lambda: self.find(role, name), f'{role} {name!r}', seconds)

    def texts(self, within=None):
        return [node.get_name() for node in self.walk(within) if node.get_role_name() == 'label' and node.get_name()]

    def text(self, part):
        """The first visible text that holds `part`."""
        return next((text for text in self.texts() if part in text), None)

    def shown(self, role, name, page):
        """A widget of a page that is not hidden; role None: any but a label (a switch has none here)."""
        return next((node for node in self.walk(self.find('panel', page)) if node.get_name() == name and
                     (node.get_role_name() == role or role is None and node.get_role_name() != 'label') and
                     node.get_state_set().contains(Atspi.StateType.VISIBLE)), None)

    # --- acting

    def press(self, role, name, page, seconds=30, every=0.03):
        """As a screen reader does: what is pressed may have to be scrolled to."""
        node = wait(lambda: self.shown(role, name, page), f'{role} {name!r}', seconds, every)
        Atspi.Action.do_action(node, 0)

    def rect(self, node):
        """On the screen. Without a manager that knows _GTK_FRAME_EXTENTS GTK draws a border that widget
        coordinates leave out; versions report it differently, this holds for all."""
        shape = dict(line.split('=') for line in xdo('getwindowgeometry', '--shell', self.xid).splitlines())
        x, y, width, height = (int(shape[key]) for key in ('X', 'Y', 'WIDTH', 'HEIGHT'))
        frame = Atspi.Component.get_extents(self.frame, Atspi.CoordType.WINDOW)
        area = Atspi.Component.get_extents(node, Atspi.CoordType.WINDOW)
        dx = x + (width - frame.width) // 2 - 2 * frame.x
        dy = y + (height - frame.height) // 2 - 2 * frame.y
        return area.x + dx, area.y + dy, area.width, area.height

    def move(self, x, y):
        xdo('mousemove', int(x), int(y))

    def click(self, node):
        x, y, width, height = self.rect(node)
        self.move(x + width / 2, y + height / 2)
        xdo('click', 1)

    def drag(self, x0, y0, x1, y1, steps=6):
        self.move(x0, y0)
        xdo('mousedown', 1)
        for i in range(1, steps + 1):
            self.move(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps)
            time.sleep(0.02)
        xdo('mouseup', 1)

    def key(self, *keys):
        for key in keys:
            xdo('key', '--delay', 15, key)

    def do(self, name):
        """An action of the window, as a screen reader calls it. Only those that are possible are listed: while one
        becomes so, the list moves on under the reading of it."""
        for _ in range(3):
            for i in range(Atspi.Action.get_n_actions(self.frame)):
                if Atspi.Action.get_action_name(self.frame, i) == name:
                    return Atspi.Action.do_action(self.frame, i)
            time.sleep(0.2)
        raise KeyError(name)

    def shoot(self, path):
        subprocess.run(['import', '-window', self.xid, path], check=True)

    def close(self):
        """Quits as a person would, so that everything at the end of a process runs."""
        if self.process.poll() is None:
            try:
                self.do('window.close')
                self.process.wait(60)  # the whole machine may be busy
            except Exception:
                self.process.kill()
                self.process.wait(10)
        self.manager.terminate()
        self.manager.wait(5)
        self.tee.stdin.close()
        self.tee.wait(10)
        with self.log:
            self.log.seek(0)
            return self.process.returncode, self.log.read()


class WaylandApp(App):
    """The same on a compositor of its own, which has no keys, no pointer and shows nothing: what acts are actions."""

    def __init__(self, argv, log, **env):
        name = f'praxi-{os.getpid()}-{time.monotonic_ns()}'
        self.manager = subprocess.Popen(['weston', '--backend=headless-backend.so', f'--socket={name}', '--idle-time=0'],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(lambda: os.path.exists(os.path.join(os.environ['XDG_RUNTIME_DIR'], name)), 'the compositor')
        self.start(argv, log, {'GDK_BACKEND': 'wayland', 'WAYLAND_DISPLAY': name, 'DISPLAY': '', **env})
