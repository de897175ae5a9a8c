#!/usr/bin/python3
"""The window around the footage: keys that can be changed, preferences, the list of footage, jobs,
what comes back after a restart, exports. Run inside gui-env.

test-frame.py PRAXISCOPE PRAXI CLIP; PRAXI_SHOTS names a folder for screenshots.
"""
import os
import re
import shutil
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import App, Atspi, wait, xdo

PRAXISCOPE, PRAXI = (os.path.abspath(path) for path in sys.argv[1:3])
HOME = os.environ['HOME']
CLIP = shutil.copy(sys.argv[3], HOME)


class Sitting(unittest.TestCase):
    def start(self, *files):
        self.app = App([PRAXISCOPE, *files], os.path.join(HOME, 'praxiscope.log'))
        self.timeline = self.app.get('slider', 'Timeline')
        wait(lambda: self.timeline.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys to be the timeline’s')

    def tearDown(self):
        self.stop()

    def stop(self):
        if self.app is None:
            return
        status, log = self.app.close()
        self.app = None
        problems = [line for line in log.splitlines() if 'CRITICAL' in line or 'WARNING' in line or 'ERROR' in line]
        self.assertEqual(problems, [])
        self.assertEqual(status, 0)

    def shoot(self, name):
        if 'PRAXI_SHOTS' in os.environ:
            time.sleep(0.5)
            os.system(f'import -window root {os.environ["PRAXI_SHOTS"]}/frame-{name}.png')

    def frame_at_playhead(self):
        found = re.search(r'frame (\d+)', self.timeline.get_description())
        return int(found[1]) if found else -1

    def windows(self):
        return [self.app.node.get_child_at_index(i) for i in range(self.app.node.get_child_count())]

    def is_open(self, title):
        return any(node and node.get_name() == title for node in self.windows())

    def window(self, title):
        """The small window of that title, once it has the keys."""
        found = wait(lambda: next((node for node in self.windows() if node and node.get_name() == title), None), f'a window {title!r}')
        xid = wait(lambda: xdo('search', '--onlyvisible', '--pid', self.app.process.pid, '--name', title).split()[-1:], 'it to be shown')[0]
        xdo('windowfocus', xid)
        wait(lambda: found.get_state_set().contains(Atspi.StateType.ACTIVE), f'{title!r} to be active')
        return found

    def push(self, name, role='push button'):
        node = self.app.get(role, name)
        wait(lambda: Atspi.Action.do_action(node, 0), f'{name!r} to be pushed')

    def change_key(self, action, key, take=None):
        """Through the preferences, as a person does."""
        self.push(f'{action}: ')
        self.window('Press the new key')
        self.app.key(key)
        if take is not None:
            self.app.get(None, f'leads to “{take}”')
            self.shoot('conflict')
            self.push('Use here instead')
        wait(lambda: not self.is_open('Press the new key'), 'the small window to close')

    def close_window(self, title):
        self.app.key('Escape')
        wait(lambda: not self.is_open(title), f'{title!r} to close')

    def test_a_keys(self):
        """A key is changed and used, a conflict is told by name, and both stay after a restart."""
        app = None
        self.start(CLIP)
        app = self.app
        wait(lambda: self.frame_at_playhead() == 0, 'the first frame')
        app.key('ctrl+comma')
        self.window('Preferences')
        self.push('Keys', 'page tab')
        self.shoot('keys')
        self.change_key('One frame on', 'y')
        app.get('push button', 'One frame on: Y')
        self.change_key('Mark in', 'u')
        self.change_key('To the start', 'l', take='Faster')
        app.get('push button', 'Faster: no key')
        self.close_window('Preferences')
        app.key('y', 'y')
        wait(lambda: self.frame_at_playhead() == 2, 'two frames on by the new key')
        app.key('l')
        wait(lambda: self.frame_at_playhead() == 0, 'the taken key to lead to the start')
        app.key('u')
        wait(lambda: app.text('Marked'), 'the new key to mark')
        app.key('i')  # leads nowhere now
        self.stop()

        self.start(CLIP)
        self.app.key('y')
        wait(lambda: self.frame_at_playhead() == 1, 'the key of the day before')
        self.app.key('ctrl+question')
        self.window('Keys')
        self.shoot('shortcuts')
        self.close_window('Keys')
        self.app.key('ctrl+comma')
        self.window('Preferences')
        self.push('Keys', 'page tab')
        self.push('Reset all keys')
        self.app.get('push button', 'To the start: Home')
        wait(lambda: not self.app.find('push button', 'One frame on: Y'), 'the key to be forgotten')
        self.close_window('Preferences')
        self.app.key('Right')
        wait(lambda: self.frame_at_playhead() == 2, 'the key by default')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
