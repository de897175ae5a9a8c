#!/usr/bin/python3
"""One sitting of a person with the workbench: open a clip, step, scrub, analyse, label, undo, redo,
drag an edge, compare, close, and find the labels again. Run inside gui-env.

test-person.py PRAXISCOPE PRAXI CLIP; PRAXI_SHOTS names a folder for screenshots.
"""
import json
import os
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
CLIP = shutil.copy(sys.argv[3], HOME)  # elsewhere the sample analyses itself
PROJECT = os.path.join(os.environ['XDG_DATA_HOME'], 'praxiscope', 'default.praxi')


def labels():
    """What the project holds, as another program reads it."""
    out = subprocess.run([PRAXI, 'label', 'list', '--json', '--project', PROJECT], capture_output=True, text=True)
    return json.loads(out.stdout)['labels'] if out.returncode == 0 else []


class Sitting(unittest.TestCase):
    def setUp(self):
        self.app = App([PRAXISCOPE, CLIP], os.path.join(HOME, 'praxiscope.log'))
        self.timeline = self.app.get('slider', 'Timeline')
        wait(lambda: self.timeline.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys to be the timeline’s')

    def tearDown(self):
        status, log = self.app.close()
        self.assertEqual(problems(log), [])
        self.assertEqual(status, 0)

    def frame_at_playhead(self):
        return int(re.search(r'frame (\d+)', self.timeline.get_description())[1])

    def frame_on_screen(self):
        text = self.app.text('Frame ')
        return int(text.split()[1]) if text else None

    def wait_frame(self, frame):
        wait(lambda: self.frame_at_playhead() == frame, f'playhead at frame {frame}, not {self.frame_at_playhead()}')
        wait(lambda: self.frame_on_screen() == frame, f'picture of frame {frame}')

    def shoot(self, name):
        if 'PRAXI_SHOTS' in os.environ:
            time.sleep(0.3)
            self.app.shoot(os.path.join(os.environ['PRAXI_SHOTS'], f'person-{name}.png'))

    def at(self, share):
        """The x of a share of the footage on the timeline (all of it is visible)."""
        x, y, width, height = self.app.rect(self.timeline)
        return x + 84 + share * (width - 84 - 12)

    def strip(self, from_bottom):
        """The y of a strip counted in pixels from the timeline's lower edge."""
        x, y, width, height = self.app.rect(self.timeline)
        return y + height - from_bottom

    def ruler(self):
        return self.app.rect(self.timeline)[1] + 10

    def step(self):
        app = self.app
        self.wait_frame(0)
        app.key('Right', 'Right', 'Right')
        self.wait_frame(3)
        app.key('comma')
        self.wait_frame(2)
        app.key('End')
        wait(lambda: self.frame_at_playhead() > 100, 'the end')
        self.last = self.frame_at_playhead()
        self.wait_frame(self.last)
        app.key('Home')
        self.wait_frame(0)
        app.click(app.get('push button', 'One frame forward'))
        self.wait_frame(1)

    def scrub(self):
        app = self.app
        app.drag(self.at(0.05), self.ruler(), self.at(0.5), self.ruler())
        wait(lambda: abs(self.frame_at_playhead() - self.last / 2) < self.last * 0.05, 'scrubbed to the middle')
        self.wait_frame(self.frame_at_playhead())

    def play(self):
        app = self.app
        app.key('Home')
        self.wait_frame(0)
        app.key('space')
        app.get('push button', 'Pause')
        wait(lambda: self.frame_at_playhead() > 10, 'it plays')
        app.key('space')
        app.get('push button', 'Play')
        wait(lambda: self.frame_on_screen() == self.frame_at_playhead(), 'the picture to be that of the playhead')

    def analyse(self):
        app = self.app
        app.key('Home')
        self.assertIn('not analysed', self.timeline.get_description())
        app.key('ctrl+r')
        wait(lambda: 'not analysed' not in self.timeline.get_description(), 'a score at the playhead', 60)
        wait(lambda: app.text('analysed') and not app.text('Analysing'), 'the analysis to end', 60)
        self.assertRegex(self.timeline.get_description(), r'(normal|fight|fall) \d+ %')
        self.assertTrue(app.text('CPU · INT8') or app.text('CPU · F32') or app.text('GPU'), app.texts())

    def label(self):
        app = self.app
        app.key('Home')
        app.key('shift+Right')
        first = wait(self.frame_at_playhead, 'one second in')
        app.key('i')
        app.key('shift+Right')
        wait(lambda: self.frame_at_playhead() > first, 'two seconds in')
        last = self.frame_at_playhead()
        app.key('o')
        wait(lambda: app.text('Marked'), 'the marks in the status line')
        app.key('2')
        kept = wait(lambda: labels() or None, 'the label in the project')
        self.assertEqual([(label['class'], label['start_frame'], label['end_frame']) for label in kept], [('fight', first, last + 1)])
        app.key('ctrl+z')
        wait(lambda: labels() == [], 'the undo in the project')
        app.key('ctrl+shift+z')
        wait(lambda: len(labels()) == 1, 'the redo in the project')
        return first, last + 1

    def trim(self, start, end):
        """Drags the end of the label five per cent of the footage to the right."""
        app, n_frames = self.app, self.last + 1
        y = self.strip(40)
        app.drag(self.at(end / n_frames), y, self.at(end / n_frames + 0.05), y)
        wanted = end + 0.05 * n_frames
        wait(lambda: labels() and abs(labels()[0]['end_frame'] - wanted) < 4, f'the end of the label near {wanted}, {labels()}')
        self.assertEqual(labels()[0]['start_frame'], start)
        app.key('bracketright')
        wait(lambda: labels()[0]['end_frame'] > end, 'a frame more')

    def note(self, start, end):
        """A double click on the label opens its note."""
        app, n_frames = self.app, self.last + 1
        app.move(self.at((start + end) / 2 / n_frames), self.strip(40))
        xdo('click', '--repeat', 2, '--delay', 60, 1)
        entry = app.get('text', 'Note of the label')
        wait(lambda: entry.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys in the note')
        xdo('type', '--delay', 15, 'by the door')
        app.key('Return')
        wait(lambda: labels()[0]['note'] == 'by the door', 'the note in the project')

    def click(self):
        """A click goes there; what is marked is dropped by Escape."""
        app = self.app
        app.move(self.at(0.25), self.strip(70))
        xdo('click', 1)
        wait(lambda: abs(self.frame_at_playhead() - self.last / 4) < self.last * 0.02, 'the playhead under the click')
        app.key('i')
        wait(lambda: app.text('Marked'), 'a mark')
        app.key('Escape')
        wait(lambda: not app.text('Marked'), 'no mark')

    def select(self):
        """Drags over bare time, labels with Enter in the current class, deletes it again."""
        app = self.app
        y = self.strip(40)
        app.drag(self.at(0.6), y, self.at(0.8), y)
        wait(lambda: app.text('Marked'), 'the marks')
        app.key('Return')
        wait(lambda: len(labels()) == 2, 'a second label')
        app.key('Delete')
        wait(lambda: len(labels()) == 1, 'it to be gone')

    def panels(self):
        app = self.app
        app.do('win.show-compare')
        app.get('push button', 'On a folder')
        self.shoot('compare')
        app.key('F9')
        wait(lambda: app.find('push button', 'On a folder') is None or
             not app.find('push button', 'On a folder').get_state_set().contains(Atspi.StateType.SHOWING),
             'the side panel to hide')
        app.key('F9')

    def test_sitting(self):
        self.step()
        self.scrub()
        self.play()
        self.analyse()
        self.shoot('analysed')
        start, end = self.label()
        self.shoot('labelled')
        self.trim(start, end)
        self.note(start, end)
        self.click()
        self.select()
        self.panels()

    def test_z_the_next_day(self):
        """What was labelled and analysed is there again, and can still be undone."""
        wait(lambda: self.app.text('1\u00a0label'), 'the label of the day before')
        wait(lambda: 'not analysed' not in self.timeline.get_description(), 'the scores of the day before')
        before = labels()
        self.app.key('ctrl+z')
        wait(lambda: labels() != before, 'an undo across the restart')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
