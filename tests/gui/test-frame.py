#!/usr/bin/python3
"""The window around the footage: keys that can be changed, preferences, the list of footage, jobs,
what comes back after a restart, exports. Run inside gui-env.

test-frame.py PRAXISCOPE PRAXI CLIP; PRAXI_SHOTS names a folder for screenshots.
"""
import json
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

PRAXISCOPE, PRAXI = (os.path.abspath(path) for path in sys.argv[1:3])
HOME = os.environ['HOME']
CLIP = shutil.copy(sys.argv[3], HOME)
PROJECT = os.path.join(os.environ['XDG_DATA_HOME'], 'praxiscope', 'default.praxi')


def spans():
    """Where the project holds labels, by file name."""
    out = subprocess.run([PRAXI, 'label', 'list', '--json', '--project', PROJECT], capture_output=True, text=True)
    found = json.loads(out.stdout)['labels'] if out.returncode == 0 else []
    return {os.path.basename(label['media']): (label['start_frame'], label['end_frame']) for label in found}


def app_shows(app, text):
    return app.find('label', text) is not None


class Sitting(unittest.TestCase):
    def start(self, *files):
        self.app = App([PRAXISCOPE, *files], os.path.join(HOME, 'praxiscope.log'))
        self.timeline = self.app.get('slider', 'Timeline')
        wait(lambda: self.timeline.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys to be the timeline’s')

    def start_at_begin(self, *files):
        """With footage that can be moved in: before its frames are known keys lead nowhere."""
        self.start(*files)
        wait(lambda: self.frame_at_playhead() == 0, 'the first frame')

    def tearDown(self):
        self.stop()

    def stop(self):
        if self.app is None:
            return
        status, log = self.app.close()
        self.app = None
        self.assertEqual(problems(log), [])
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
        def focus():
            if not found.get_state_set().contains(Atspi.StateType.ACTIVE):
                ids = subprocess.run(['xdotool', 'search', '--onlyvisible', '--pid', str(self.app.process.pid), '--name', title],
                                     capture_output=True, text=True).stdout.split()
                if ids:
                    subprocess.run(['xdotool', 'windowfocus', ids[-1]], capture_output=True)
                time.sleep(0.2)
            return found.get_state_set().contains(Atspi.StateType.ACTIVE)
        wait(focus, f'{title!r} to be active')
        return found

    def has_keys(self):
        """Whether what is typed goes to the big window; between two windows it goes nowhere."""
        if self.app.frame.get_state_set().contains(Atspi.StateType.ACTIVE):
            return True
        subprocess.run(['xdotool', 'windowfocus', self.app.xid], capture_output=True)
        time.sleep(0.2)
        return False

    def still(self, node):
        """Where it is, once it stays there."""
        def same():
            before = self.app.rect(node)
            time.sleep(0.1)
            return self.app.rect(node) == before
        wait(same, 'it to stand still')
        return node

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
        wait(self.has_keys, 'the keys to be the window’s again')

    def test_a_keys(self):
        """A key is changed and used, a conflict is told by name, and both stay after a restart."""
        self.start_at_begin(CLIP)
        app = self.app
        app.key('ctrl+comma')
        self.window('Preferences')
        self.push('Keys', 'page tab')
        self.shoot('keys')
        self.change_key('One frame on', 'h')
        app.get('push button', 'One frame on: H')
        self.change_key('Mark in', 'u')
        self.change_key('To the start', 'l', take='Faster')
        app.get('push button', 'Faster: no key')
        self.close_window('Preferences')
        app.key('h', 'h')
        wait(lambda: self.frame_at_playhead() == 2, 'two frames on by the new key')
        app.key('l')
        wait(lambda: self.frame_at_playhead() == 0, 'the taken key to lead to the start')
        app.key('u')
        wait(lambda: app.text('Marked'), 'the new key to mark')
        app.key('i')  # leads nowhere now
        self.stop()

        self.start_at_begin(CLIP)
        self.app.key('h')
        wait(lambda: self.frame_at_playhead() == 1, 'the key of the day before')
        self.app.key('ctrl+question')
        self.window('Keys')
        self.shoot('shortcuts')
        wait(lambda: app_shows(self.app, 'Mark in') and app_shows(self.app, 'Undo'), 'all actions')
        xdo('type', '--delay', 15, 'mark in')
        wait(lambda: app_shows(self.app, 'Mark in') and not app_shows(self.app, 'Undo'), 'what was looked for')
        self.app.key('Escape')
        wait(lambda: app_shows(self.app, 'Undo'), 'all actions again')
        self.close_window('Keys')
        self.app.key('ctrl+comma')
        self.window('Preferences')
        self.push('Keys', 'page tab')
        self.push('Reset all keys')
        self.app.get('push button', 'To the start: Home')
        wait(lambda: not self.app.find('push button', 'One frame on: H'), 'the key to be forgotten')
        self.close_window('Preferences')
        self.app.key('Right')
        wait(lambda: self.frame_at_playhead() == 2, 'the key by default')


    def is_shown(self, role, name):
        return self.app.find(role, name) is not None  # what is hidden is not in the tree

    def state(self, name):
        """The line below a name in the list of footage."""
        def search():
            row = next((node for node in self.app.walk(self.app.find('list', 'Footage')) if node.get_name() == name), None)
            texts = [node.get_name() for node in self.app.walk(row.get_parent()) if node.get_role_name() == 'label'] if row else []
            return next((text for text in texts if text != name), '')
        return wait(search, f'the state of {name!r}')

    def row(self, name):
        return wait(lambda: next((node for node in self.app.walk(self.app.find('list', 'Footage')) if node.get_name() == name), None), name)

    def gather_row(self, name):
        """Ctrl and a click."""
        row = self.still(self.row(name))
        xdo('keydown', 'ctrl')
        self.app.click(row)
        xdo('keyup', 'ctrl')

    def gather(self, name):
        """Shows another video beside the open one; its picture."""
        self.gather_row(name)
        self.app.key('y')
        return self.app.get(None, f'Picture of {name}')

    def ahead(self):
        """Seconds by which each video in sync is ahead, of those that can be moved: whose frames are known."""
        return [round(Atspi.Value.get_current_value(node), 2) for node in self.app.walk()
                if node.get_role_name() == 'spin button' and node.get_name() == 'Seconds ahead of the open video' and
                node.get_state_set().contains(Atspi.StateType.SENSITIVE)]

    def sync(self):
        """Another video beside the open one: Ctrl and a click gathers it, Y shows it, keys and wheel move it."""
        app = self.app
        picture = self.gather('second.mp4')
        frame_s = 0.04  # both clips have 25 frames a second
        wait(lambda: self.ahead() == [0], 'both from their first frames')
        app.key('alt+period', 'alt+period', 'alt+comma', 'alt+shift+period')
        wait(lambda: self.ahead() == [round(11 * frame_s, 2)], 'eleven frames ahead')
        app.key('alt+shift+comma')
        wait(lambda: self.ahead() == [frame_s], 'ten of them back')
        app.key('alt+shift+period')
        wait(lambda: self.ahead() == [round(11 * frame_s, 2)], 'and on again')
        app.get(None, 'Not recorded at this moment')  # the playhead is at the end
        x, y, width, height = app.rect(picture)
        app.move(x + width / 2, y + height / 2)
        xdo('click', '--repeat', 3, '--delay', 30, 4)
        wait(lambda: self.ahead() == [round(8 * frame_s, 2)], 'the wheel to turn it back')
        app.key('Home')
        wait(lambda: self.frame_at_playhead() == 0, 'the start')
        self.shoot('sync')
        app.key('alt+o')
        wait(lambda: self.frame_at_playhead() == 8, 'the other video, at the same moment')
        wait(lambda: self.ahead() == [-round(8 * frame_s, 2)], 'the first one behind it')
        app.key('alt+o')
        wait(lambda: self.frame_at_playhead() == 0, 'the first one again')
        wait(lambda: self.ahead() == [round(8 * frame_s, 2)], 'the other one ahead')
        app.key('shift+y')
        wait(lambda: self.ahead() == [], 'one video')

    def review(self):
        """From video to video by keys; R ends one and opens what is left."""
        app = self.app
        app.key('Next')
        wait(lambda: 'second.mp4' in app.frame.get_name(), 'the next video')
        app.key('Next', 'Prior')
        wait(lambda: 'yard.mp4' in app.frame.get_name(), 'the one before')
        for name, then in (('yard.mp4', 'this is the next one'), ('second.mp4', 'All footage of the project is reviewed')):
            self.go_to_end()
            app.key('r')
            wait(lambda: app.text(then), then)
            wait(lambda: self.state(name).endswith('reviewed ✓'), f'the mark on {name}')
        app.key('Prior')
        wait(lambda: 'yard.mp4' in app.frame.get_name(), 'the first one again')
        app.key('ctrl+z', 'ctrl+z')
        wait(lambda: self.state('yard.mp4') == '0:30 · analysed', 'both marks undone')

    def go_to_end(self):
        wait(lambda: self.app.key('End') or self.frame_at_playhead() > 700, 'the end', every=0.3)

    def test_b_queue(self):
        """Two analyses wait in a queue and run one after the other; the window comes back as it was left."""
        second = shutil.copy(CLIP, os.path.join(HOME, 'second.mp4'))
        self.start(CLIP, second)
        app = self.app
        wait(lambda: self.state('yard.mp4') == '0:30' and self.state('second.mp4') == '0:30', 'both lengths')
        self.assertTrue(app.text('CPU') or app.text('GPU'), 'the device before any analysis')
        app.key('ctrl+j')
        app.get(None, 'Nothing is running.')
        app.key('Escape')
        wait(lambda: not app.find(None, 'Nothing is running.'), 'the list of jobs to close')
        app.key('ctrl+shift+r', 'ctrl+j')
        queue = {'2 jobs', 'Cancel: Analysing yard.mp4', 'Cancel: Analysing second.mp4'}
        wait(lambda: queue <= {node.get_name() for node in app.walk()}, 'both jobs in the queue')
        self.shoot('jobs')
        app.key('Escape')
        wait(lambda: self.state('yard.mp4') == '0:30 · analysed' and self.state('second.mp4') == '0:30 · analysed', 'both analyses', 300)
        app.get(None, 'Jobs: nothing is running')
        self.review()
        self.go_to_end()
        last = self.frame_at_playhead()
        self.sync()
        app.key('End')
        wait(lambda: self.frame_at_playhead() == last, 'the end again')
        app.key('F9')
        self.stop()

        self.start()
        app = self.app
        wait(lambda: self.frame_at_playhead() == last, 'the place of the day before')
        wait(lambda: self.state('second.mp4') == '0:30 · analysed', 'the list of the project')
        self.assertFalse(self.is_shown('push button', 'On a folder'), 'the side panel stays closed')
        app.do('win.show-compare')
        wait(lambda: self.is_shown('push button', 'On a folder'), 'the side panel')
        self.stop()

        os.rename(second, second + '.gone')
        self.start()
        app = self.app
        wait(lambda: 'missing' in self.state('second.mp4'), 'the missing file to be told')
        app.get('entry', 'Find footage')
        self.assertTrue(self.is_shown('push button', 'On a folder'), 'the page of the side panel is the one left')
        self.shoot('missing')
        self.gather_row('second.mp4')
        app.do('win.find-media')
        self.choose('Where is second.mp4?', second + '.gone')
        wait(lambda: self.state('second.mp4.gone') == '0:30 · analysed', 'the file where it is now')
        app.click(self.row('yard.mp4'))  # and the other one is not selected any more
        app.do('win.remove-media')
        wait(lambda: not [node for node in app.walk(app.find('list', 'Footage')) if node.get_name() == 'yard.mp4'], 'the footage to leave the list')
        self.row('second.mp4.gone')

    def test_c_scene(self):
        """Two videos in sync with a third: Alt+Y chooses which one the keys move."""
        names = ['second.mp4', 'third.mp4']
        self.start_at_begin(CLIP, *(shutil.copy(CLIP, os.path.join(HOME, name)) for name in names))
        app = self.app
        for name in names:
            self.gather(name)
        wait(lambda: self.ahead() == [0, 0], 'both from their first frames')
        app.key('alt+period', 'alt+y', 'alt+period', 'alt+period')
        wait(lambda: sorted(self.ahead()) == [0.04, 0.08], 'one a frame ahead, the other two')
        app.key('i', *['Right'] * 9, 'o', '2')
        wait(lambda: spans() == {'yard.mp4': (0, 10)}, 'a label in the open video')
        app.key('shift+d')
        wait(lambda: sorted(spans().values()) == [(0, 10), (1, 11), (2, 12)], f'it in all three, each where it shows the same, not {spans()}')
        self.assertEqual(set(spans()), {'yard.mp4', *names})
        app.key('ctrl+z')
        wait(lambda: spans() == {'yard.mp4': (0, 10)}, 'the copies undone in one step')

    def choose(self, title, path):
        """Types a path into a file chooser."""
        in_front = lambda: xdo('getwindowfocus', 'getwindowname').startswith(title)
        wait(in_front, f'{title!r}')
        self.app.key('ctrl+l', 'ctrl+a')  # an entry for the place; where a name is asked for it is there
        xdo('type', '--delay', 8, path)
        self.shoot(re.sub(r'\W+', '-', title).lower())
        wait(lambda: self.app.key('Return') or time.sleep(0.3) or not in_front(), f'{title!r} to take {path}')

    def test_d_choosers(self):
        """What is typed into the file choosers is opened, made, written."""
        self.start(CLIP)
        app = self.app
        names = {name: os.path.join(HOME, name) for name in ('chosen.mp4', 'other.praxi', 'report.pdf')}
        shutil.copy(CLIP, names['chosen.mp4'])
        app.key('ctrl+o')
        self.choose('Open videos', names['chosen.mp4'])
        wait(lambda: 'chosen.mp4' in app.frame.get_name(), 'the chosen video')
        wait(lambda: self.frame_at_playhead() == 0, 'its first frame')
        app.key('ctrl+e')
        self.choose('Report as PDF', names['report.pdf'])
        report = pathlib.Path(names['report.pdf'])
        wait(lambda: report.exists() and report.read_bytes()[:5] == b'%PDF-', 'the report')
        app.key('ctrl+shift+n')
        self.choose('New project', names['other.praxi'])
        project = app.get('push button', 'Project')
        wait(lambda: 'other' in app.texts(project), 'the new project')
        app.key('ctrl+shift+o')
        self.choose('Open a project', PROJECT)
        wait(lambda: 'default' in app.texts(project), 'the one before')

    def test_e_guide(self):
        """F1 opens the guide, its pages are there by the keys; once is enough; Escape closes it."""
        self.start(CLIP)
        app = self.app
        app.key('F1')
        self.window('Guide')
        wait(lambda: app.text('What you see'), 'the first page')
        app.key('Down')
        wait(lambda: app.text('Reviewing'), 'the second page')
        self.shoot('guide')
        app.do('win.guide')
        self.assertEqual([node.get_name() for node in self.windows()].count('Guide'), 1)
        self.close_window('Guide')

    def test_f_ends(self):
        """F10 opens the menu; Ctrl+W and Ctrl+Q end the program."""
        for key in ('ctrl+w', 'ctrl+q'):
            self.start(CLIP)
            self.app.key('F10')
            wait(lambda: self.app.find('menu item', 'About Praxiscope'), 'the menu')
            self.app.key('Escape')
            wait(lambda: not self.app.find('menu item', 'About Praxiscope'), 'the menu to close')
            self.app.key(key)
            self.assertEqual(self.app.process.wait(20), 0)
            self.stop()


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
