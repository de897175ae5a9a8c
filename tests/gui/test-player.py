#!/usr/bin/python3
"""Keys and mouse of the player and the timeline, as a person uses them. Run inside gui-env.

test-player.py PRAXISCOPE CLIP; PRAXI_SHOTS names a folder for screenshots.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import App, Atspi, problems, wait, xdo

PRAXISCOPE = os.path.abspath(sys.argv[1])
HOME = os.environ['HOME']
CLIP = shutil.copy(sys.argv[2], HOME)  # elsewhere the sample analyses itself


class Player(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.app = App([PRAXISCOPE, CLIP], os.path.join(HOME, 'praxiscope.log'), PRAXI_WATCHDOG='1')
        cls.timeline = cls.app.get('slider', 'Timeline')
        cls.screen = cls.app.get(None, 'Picture')
        wait(lambda: cls.timeline.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys to be the timeline’s')
        cls.number = cls.app.get('label', 'Frame ')
        cls.app.key('End')
        wait(lambda: cls.frame() > 100, 'the end')
        cls.last = cls.frame()

    @classmethod
    def tearDownClass(cls):
        status, log = cls.app.close()
        blocked = [line for line in log.splitlines() if line.startswith('main loop')]
        print('\n'.join(blocked[-5:] or ['main loop: never blocked for 50 ms']))  # judged by nobody: other programs count
        assert not problems(log), problems(log)
        assert status == 0, status

    def setUp(self):
        self.app.key('k', 'Escape', 'shift+f', 'Home')
        self.wait_frame(0)

    @classmethod
    def frame(cls):
        return int(re.search(r'frame (\d+)', cls.timeline.get_description())[1])

    def shown(self):
        return int(self.number.get_name().split()[1])

    def wait_frame(self, frame):
        wait(lambda: self.frame() == frame, f'playhead at frame {frame}, not {self.frame()}')
        wait(lambda: self.shown() == frame, f'picture of frame {frame}')

    def button(self, name):
        """The text of a menu button."""
        outer = self.app.get('push button', name)
        return wait(lambda: next(iter(self.app.texts(outer)), None), name)

    def is_on(self, name):
        return self.app.get('push button', name).get_state_set().contains(Atspi.StateType.PRESSED)

    def wait_speed(self, text):
        wait(lambda: self.button('Speed') == text, f'{text}, not {self.button("Speed")}')

    def shoot(self, name):
        if 'PRAXI_SHOTS' in os.environ:
            time.sleep(0.3)
            self.app.shoot(os.path.join(os.environ['PRAXI_SHOTS'], f'player-{name}.png'))

    # --- playing

    def test_space(self):
        self.app.key('space')
        self.app.get('push button', 'Pause')
        wait(lambda: self.frame() > 5, 'it plays')
        self.app.key('space')
        self.app.get('push button', 'Play')
        wait(lambda: self.shown() == self.frame(), 'the number of the picture')

    def test_shuttle(self):
        self.app.key('l')
        self.wait_speed('1×')
        self.app.key('l')
        self.wait_speed('2×')
        self.app.key('j', 'j')
        self.wait_speed('0.5×')
        self.app.key('j', 'j')
        self.wait_speed('0.1×')
        self.app.key('j')
        self.wait_speed('−0.1×')
        self.app.key('k')
        self.app.get('push button', 'Play')

    def test_backwards(self):
        self.app.key('End')
        self.wait_frame(self.last)
        self.app.key('j')
        self.wait_speed('−1×')
        seen = []
        wait(lambda: seen.append(self.shown()) or len(set(seen)) > 3, 'pictures on the way back')
        self.app.key('shift+j')
        self.wait_speed('1×')
        self.app.key('k')
        self.assertEqual(seen, sorted(seen, reverse=True))

    def test_loop(self):
        app = self.app
        app.key('i', *['Right'] * 9, 'o')
        wait(lambda: app.text('Marked'), 'the marks')
        app.key('shift+l')
        wait(lambda: self.is_on('Loop'), 'the button')
        app.key('Home', 'space')
        frames, end = [], time.monotonic() + 2.5
        while time.monotonic() < end:
            frames.append(self.frame())
            time.sleep(0.01)
        app.key('k')
        app.click(app.get('push button', 'Loop'))
        self.assertLessEqual(max(frames), 9)
        self.assertTrue(any(b < a for a, b in zip(frames, frames[1:])), sorted(set(frames)))
        wait(lambda: not self.is_on('Loop'), 'no loop')

    def test_speed_menu(self):
        self.choose_speed('0.5×')
        self.wait_speed('0.5×')
        self.app.get('push button', 'Play')  # chosen, not begun
        self.app.key('space')  # the menu does not keep the keys
        self.app.get('push button', 'Pause')
        self.app.key('space')
        self.choose_speed('1×')
        self.wait_speed('1×')

    def choose_speed(self, text):
        button = self.app.get('push button', 'Speed')
        self.app.click(button)
        item = wait(lambda: next((n for n in self.app.walk(button) if n.get_role_name() == 'menu item' and n.get_name() == text), None), 'the menu')
        Atspi.Action.do_action(item, 0)

    # --- stepping and jumping

    def test_steps(self):
        app = self.app
        app.key('Right', 'period', 'period')
        self.wait_frame(3)
        app.key('Left', 'comma')
        self.wait_frame(1)
        app.key('shift+Right')
        wait(lambda: self.frame() > 10, 'a second on')
        second = self.frame() - 1
        app.key('shift+Right', 'shift+Left', 'shift+Left')
        self.wait_frame(1)
        app.key('End')
        self.wait_frame(self.last)
        self.assertGreaterEqual(second, 10)

    def go(self, text):
        self.app.key('g')
        wait(self.entry_has_focus, 'the focus of the entry')
        xdo('type', '--delay', 15, text)
        self.app.key('Return')

    def entry_has_focus(self):
        entry = self.app.find('text', 'Go to a time or a frame')
        return entry and entry.get_state_set().contains(Atspi.StateType.FOCUSED)

    def test_go_to(self):
        self.go('f123')
        self.wait_frame(123)
        self.go('0:02.0')
        wait(lambda: '0:02.0' in self.timeline.get_description(), 'two seconds')
        self.go('soon')
        wait(lambda: self.app.text('write a time like 1:02:03.5 or a frame like f1234'), 'what is accepted')
        self.shoot('go-to')
        xdo('type', '--delay', 15, 'f')  # goes on in the entry
        self.app.key('ctrl+a')
        xdo('type', '--delay', 15, 'f99999')
        self.app.key('Return')
        wait(lambda: self.app.text('is not there: they go from 0 to'), 'how many there are')
        self.app.key('Escape')
        wait(lambda: not self.entry_has_focus(), 'it to close')

    # --- the picture

    def test_zoom_keys(self):
        app = self.app
        app.key('ctrl+1')
        wait(lambda: self.button('Zoom of the picture') == '100 %', '1:1')
        app.key('ctrl+plus')
        wait(lambda: self.button('Zoom of the picture') == '125 %', 'nearer')
        app.key('ctrl+minus', 'ctrl+minus')
        wait(lambda: self.button('Zoom of the picture') == '80 %', 'farther')
        app.key('ctrl+0')
        wait(lambda: self.button('Zoom of the picture') == 'Fit', 'fit')

    def test_zoom_pointer(self):
        app = self.app
        x, y, width, height = app.rect(self.screen)
        app.move(x + width / 2, y + height / 2)
        xdo('click', '--repeat', 2, '--delay', 40, 1)
        wait(lambda: self.button('Zoom of the picture') == '100 %', '1:1 after a double click')
        xdo('keydown', 'ctrl', 'click', '--repeat', 8, '--delay', 15, 4, 'keyup', 'ctrl')
        wait(lambda: int(self.button('Zoom of the picture').split()[0]) > 500, 'nearer with the wheel')
        self.shoot('zoomed')
        before = self.picture_bytes()
        app.drag(x + width / 2, y + height / 2, x + width / 4, y + height / 4)
        wait(lambda: self.picture_bytes() != before, 'the picture to move')
        xdo('click', '--repeat', 2, '--delay', 40, 1)
        wait(lambda: self.button('Zoom of the picture') == 'Fit', 'fit after a double click')

    def picture_bytes(self):
        x, y, width, height = self.app.rect(self.screen)
        return subprocess.run(['import', '-window', 'root', '-crop', f'{width}x{height}+{x}+{y}', '-depth', '8', 'rgb:-'],
                              check=True, capture_output=True).stdout

    def test_full_screen(self):
        app = self.app
        width = app.rect(self.screen)[2]
        app.key('F11')
        wait(lambda: app.rect(self.screen)[2] > 1200, 'the picture as wide as the screen')
        self.shoot('full-screen')
        app.key('Right')
        self.wait_frame(1)
        app.key('F11')
        wait(lambda: app.rect(self.screen)[2] == width, 'the window as it was')

    # --- the timeline

    def at(self, share):
        x, y, width, height = self.app.rect(self.timeline)
        return x + 84 + share * (width - 84 - 12)

    def strip(self, from_bottom):
        x, y, width, height = self.app.rect(self.timeline)
        return y + height - from_bottom

    EVENTS, FIGHT, LABELS = 70, 120, 40  # pixels from the lower edge, once there are three classes

    def hovered(self, share, from_bottom=70):
        """The frame the status line names under the pointer."""
        self.app.move(self.at(share) - 1, self.strip(from_bottom))
        self.app.move(self.at(share), self.strip(from_bottom))
        time.sleep(0.25)
        text = wait(lambda: self.app.text(' · frame '), 'what the pointer is over')
        return int(re.search(r'frame (\d+)', text)[1])

    def test_hover_card(self):
        frame = self.hovered(0.5)
        wait(lambda: self.app.text('picture of frame'), 'the preview')
        self.assertLess(abs(frame - self.last / 2), self.last * 0.03)
        shown = int(re.search(r'picture of frame (\d+)', self.app.text('picture of frame'))[1])
        self.assertLessEqual(shown, frame)
        self.shoot('hover')
        self.assertEqual(self.frame(), 0)  # looking moves nothing

    def test_wheel(self):
        middle = self.hovered(0.5)
        xdo('keydown', 'ctrl', 'click', '--repeat', 4, '--delay', 20, 4, 'keyup', 'ctrl')
        wait(lambda: self.hovered(0.9) < self.last * 0.75, 'zoomed in')
        self.assertLess(abs(self.hovered(0.5) - middle), 6)
        xdo('click', '--repeat', 3, '--delay', 20, 5)
        wait(lambda: self.hovered(0.5) > middle + 20, 'panned on')
        x, y = self.at(0.6), self.strip(self.EVENTS)
        before = self.hovered(0.5)
        self.app.move(x, y)
        xdo('mousedown', 2)
        for i in range(1, 6):
            self.app.move(x + 30 * i, y)
            time.sleep(0.02)
        xdo('mouseup', 2)
        wait(lambda: self.hovered(0.5) < before - 10, 'panned back by the middle button')
        self.app.key('shift+f')
        wait(lambda: self.hovered(0.9) > self.last * 0.85, 'all of it')

    def test_overview(self):
        x, y, width, height = self.app.rect(self.timeline)
        self.app.drag(self.at(1) + 2, y + 38, self.at(0.5), y + 38)
        wait(lambda: abs(self.hovered(0.98) - self.last * 0.5) < self.last * 0.04, 'the first half')
        self.app.drag(self.at(0.25), y + 38, self.at(0.5), y + 38)
        wait(lambda: abs(self.hovered(0.5) - self.last * 0.5) < self.last * 0.05, 'the middle')
        self.app.drag(self.at(0.25), y + 38, self.at(0.45), y + 38)
        wait(lambda: self.hovered(0.02) > self.last * 0.4, 'less of the beginning')

    def test_single_frames(self):
        app = self.app
        for _ in range(20):
            app.key('plus')
        wait(lambda: self.hovered(0.9) <= 10, 'single frames')
        self.shoot('frames')
        app.key('minus')
        app.key('i', *['Right'] * 99, 'o', 'f')
        wait(lambda: 90 < self.hovered(0.95) < 150, 'the marks fitted')

    def windows(self):
        return [self.app.node.get_child_at_index(i).get_name() for i in range(self.app.node.get_child_count())]

    def test_file_choosers(self):
        """Each key opens its chooser, and Escape leaves all as it was."""
        for key, title in (('ctrl+o', 'Open videos'), ('ctrl+shift+o', 'Open a project'),
                           ('ctrl+shift+n', 'New project'), ('ctrl+e', 'Report as PDF')):
            self.app.key(key)
            wait(lambda: any(title in name for name in self.windows()), f'{key}: {title}')
            self.app.key('Escape')
            wait(lambda: len(self.windows()) == 1, f'{title} gone')

    def settings(self):
        """All that the program remembers, as it is on the disk."""
        folder = pathlib.Path(os.environ['XDG_CONFIG_HOME'])
        return '\n'.join(path.read_text(errors='replace') for path in folder.rglob('*') if path.is_file())

    def threshold(self):
        found = re.search(r'0\.(\d\d) fight', self.settings())
        return int(found[1]) if found else 0

    def test_z_events(self):
        """Last, for it analyses: thresholds and the way from edge to edge."""
        app = self.app
        app.do('win.analyse')
        wait(lambda: any(re.search(r'· analysed(?! \d)', text) for text in app.texts()), 'the whole analysis', 90)
        wait(lambda: 'not analysed' not in self.timeline.get_description(), 'scores')
        app.key('ctrl+Right')
        start = wait(self.frame, 'the event’s first frame')
        app.key('ctrl+Right')
        wait(lambda: self.frame() > start, 'its last frame')
        app.key('ctrl+Left')
        self.wait_frame(start)
        app.key('alt+Up')
        wait(lambda: self.threshold() == 55, 'the threshold, kept for the project')
        app.key(*['alt+Up'] * 8)
        wait(lambda: self.threshold() == 95, 'so high a threshold that its event is gone')
        app.key(*['alt+Down'] * 2)
        wait(lambda: self.threshold() == 85, 'the way back without the event')
        x = self.at(0) - 5
        app.drag(x, self.strip(self.FIGHT), x, self.strip(self.FIGHT + 60))
        wait(lambda: self.threshold() > 90, 'so high a threshold that no event is left')
        self.shoot('threshold')
        app.drag(x, self.strip(self.FIGHT), x, self.strip(self.FIGHT - 50))
        wait(lambda: self.threshold() < 60, 'a lower one')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
