#!/usr/bin/python3
"""A reviewer and a labeller at work, hands on the keyboard: twenty verdicts by at most two keys each,
undo, the next day; then every key that changes a label. Run inside gui-env.

test-labelling.py PRAXISCOPE PRAXI CLIP; PRAXI_SHOTS names a folder for screenshots.
"""
import json
import os
import re
import shutil
import struct
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
N_VERDICTS, ON, PERIOD = 20, 6, 12  # an event of 6 windows in every 12


def labels():
    """What the project holds, as another program reads it."""
    out = subprocess.run([PRAXI, 'label', 'list', '--json', '--project', PROJECT], capture_output=True, text=True)
    return json.loads(out.stdout)['labels'] if out.returncode == 0 else []


def spans():
    return sorted((label['class'], label['start_frame'], label['end_frame']) for label in labels())


def fnv(checksum, data):
    for byte in data:
        checksum = (checksum ^ byte) * 0x01000193 & 0xffffffff
    return checksum


def analyse():
    """A real run with the scores of a livelier afternoon written into its track (score-track.h)."""
    os.makedirs(os.path.dirname(PROJECT), mode=0o700, exist_ok=True)
    subprocess.run([PRAXI, 'analyze', '--project', PROJECT, '--stride', '0.1', '--smooth', '0', '--min-length', '0',
                    '--merge-gap', '0', '--enter', '0.5', '--exit', '0.3', CLIP], check=True, capture_output=True)
    folder = PROJECT + '-tracks'
    path = os.path.join(folder, os.listdir(folder)[0])
    with open(path, 'r+b') as track:
        data = bytearray(track.read())
        head, n_classes, n_windows = struct.unpack_from('<III', data, 12)
        n_tiles = (n_windows + 255) // 256
        rows = head + 8 * n_tiles
        for k in range(n_windows):
            is_on, i = k % PERIOD < ON, k // PERIOD
            scores = [0.02] * n_classes
            scores[1 + i % 2] = 0.55 + 0.015 * i if is_on else 0.02
            struct.pack_into(f'<{n_classes}f', data, rows + 4 * n_classes * k, *scores)
        for tile in range(n_tiles):
            first, end = 256 * tile, min(n_windows, 256 * (tile + 1))
            part = data[rows + 4 * n_classes * first:rows + 4 * n_classes * end]
            struct.pack_into('<II', data, head + 8 * tile, end - first, fnv(0x811c9dc5, part))
        track.seek(0)
        track.write(data)


class Sitting(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        analyse()

    def setUp(self):
        self.app = App([PRAXISCOPE, CLIP], os.path.join(HOME, 'praxiscope.log'))
        self.timeline = self.app.get('slider', 'Timeline')
        wait(lambda: self.timeline.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys to be the timeline’s')
        self.caption = wait(self.find_caption, 'the events of the run')  # walking the tree for it takes long

    def tearDown(self):
        status, log = self.app.close()
        self.assertEqual(problems(log), [])
        self.assertEqual(status, 0)

    def frame(self):
        return int(re.search(r'frame (\d+)', self.timeline.get_description())[1])

    def find_caption(self):
        return next((node for node in self.app.walk() if node.get_role_name() == 'label' and 'judged' in node.get_name()), None)

    def judged(self):
        found = re.search(r'(\d+) of (\d+) event', self.caption.get_name())
        return int(found[1]) if found else None

    def shoot(self, name):
        if 'PRAXI_SHOTS' in os.environ:
            time.sleep(0.3)
            self.app.shoot(os.path.join(os.environ['PRAXI_SHOTS'], f'labelling-{name}.png'))

    def test_a_review(self):
        app, n_keys = self.app, 1
        self.assertEqual(self.judged(), 0)
        app.key('n')
        wait(lambda: self.frame() > 0 or self.judged() is not None, 'the first item')
        for i in range(N_VERDICTS):
            app.key('x' if i % 3 == 1 else 'a')
            n_keys += 1
            wait(lambda: self.judged() == i + 1, f'{i + 1} events judged, not {self.caption.get_name()}')
        self.assertLessEqual(n_keys, 2 * N_VERDICTS)
        self.assertEqual(n_keys, N_VERDICTS + 1)
        self.shoot('judged')
        accepted = len(range(N_VERDICTS)) - len(range(1, N_VERDICTS, 3))
        wait(lambda: len(labels()) == accepted, f'{accepted} labels in the project')
        app.key('ctrl+z')
        wait(lambda: self.judged() == N_VERDICTS - 1, 'one verdict taken back')
        app.key('ctrl+shift+z')
        wait(lambda: self.judged() == N_VERDICTS, 'and given again')

    def test_b_the_next_day(self):
        app = self.app
        wait(lambda: self.judged() == N_VERDICTS, f'the verdicts of the day before, not {self.caption.get_name()}')
        before = len(labels())
        app.key('shift+n', 'r')
        wait(lambda: 'seen' in self.caption.get_name(), 'the share seen')
        app.key('shift+f', 'shift+a')
        wait(lambda: len(labels()) > before, 'all open events accepted')
        app.key('ctrl+z')
        wait(lambda: len(labels()) == before, 'that undone in one step')
        while spans():
            n_labels = len(labels())
            app.key('ctrl+z')
            wait(lambda: len(labels()) <= n_labels, 'an undo')
            time.sleep(0.05)

    def mark(self, start, end, key):
        self.app.key('Home')
        wait(lambda: self.frame() == 0, 'the start')
        for _ in range(start):
            self.app.key('shift+Right')
        self.app.key('i')
        for _ in range(end - start):
            self.app.key('shift+Right')
        self.app.key('o', key)

    def test_c_labels(self):
        app = self.app
        before = spans()
        self.assertEqual(before, [])
        self.mark(2, 6, '2')
        one = wait(lambda: spans() if len(spans()) == 1 else None, 'a label')[0]
        app.key('shift+Left', 'shift+Left')
        wait(lambda: self.frame() < one[2] - 30, 'back inside it')
        at = self.frame()
        app.key('s')
        wait(lambda: spans() == [('fight', one[1], at), ('fight', at, one[2])], 'it split')
        app.key('Home', 'shift+Right', 'shift+Right', 'shift+Right')
        app.key('Escape', 'm')
        wait(lambda: spans() == [one], 'it merged')
        app.key('d', '3')
        wait(lambda: spans() == [('fall',) + one[1:], one], 'its copy')
        app.key('bracketright')
        wait(lambda: spans() != [('fall',) + one[1:], one], 'an end moved')
        self.nudged(1)
        app.key('shift+bracketright')
        self.nudged(11)
        app.key('shift+bracketleft', 'bracketleft')
        self.nudged(0)
        for _ in range(4):
            app.key('ctrl+z')
        wait(lambda: spans() == [('fall',) + one[1:], one], 'the ends back')
        app.key('e', 'End', 'o', 'Return')
        wait(lambda: max(span[2] for span in spans()) > one[2] + 100, 'its edges edited')
        app.key('Delete')
        wait(lambda: len(labels()) == 1, 'it deleted')
        self.hold()
        self.note()
        self.classes()

    def nudged(self, frames):
        """The nearer end of the copy is that many frames from where the other label has it."""
        def distance():
            now = {span[0]: span[1:] for span in spans()}
            return (now['fall'][0] - now['fight'][0]) + (now['fall'][1] - now['fight'][1])
        wait(lambda: distance() == frames, f'an end {frames} frames on, not {spans()}')

    def hold(self):
        app, n_labels = self.app, len(labels())
        app.key('Home', 'space')
        wait(lambda: self.frame() > 5, 'it plays')
        xdo('keydown', '3')
        time.sleep(0.8)
        xdo('keyup', '3')
        held = wait(lambda: [span for span in spans() if span[0] == 'fall'], 'the label of the held key')[0]
        app.key('k')
        self.assertEqual(len(labels()), n_labels + 1)
        self.assertGreater(held[2] - held[1], 8)

    def note(self):
        app = self.app
        app.key('t')
        entry = app.get('text', 'Note of the label')
        wait(lambda: entry.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys in the note')
        xdo('type', 'red coat')
        app.key('Return')
        wait(lambda: 'red coat' in [label['note'] for label in labels()], 'the note in the project')
        wait(lambda: self.timeline.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys to be the timeline’s again')
        app.key('ctrl+f')
        search = app.get(None, 'Find labels and notes')
        wait(lambda: any(node.get_state_set().contains(Atspi.StateType.FOCUSED) for node in app.walk(search)), 'the keys in the search')
        xdo('type', 'coat')
        wait(lambda: app.text('1 of 2 labels'), 'one label found')
        self.shoot('found')
        app.key('Return')
        app.key('ctrl+z')
        wait(lambda: 'red coat' not in [label['note'] for label in labels()], 'the note undone')

    def focused(self):
        return next((node.get_name() for node in self.app.walk() if node.get_state_set().contains(Atspi.StateType.FOCUSED) and
                     node.get_name().startswith('Name of ')), None)

    def tab_to_name(self, other, n_most):
        """With the keys alone to the name of another class; returns it."""
        for _ in range(n_most):
            xdo('key', 'Tab')
            time.sleep(0.3)  # most of what has the keys on the way has no name
            name = self.focused()
            if name not in (None, other, 'Name of a new class'):
                return name
        raise AssertionError(f'no way from {other} to another name in {n_most} steps')

    def classes(self):
        app = self.app
        app.key('ctrl+l')
        entry = app.get('text', 'Name of a new class')
        self.shoot('classes')
        app.get('push button', 'Delete fight and its 1 label')
        first = self.tab_to_name(None, 20)
        xdo('type', 'One')
        xdo('key', 'Tab')
        app.get('text', 'Name of One')
        second = self.tab_to_name('Name of One', 6)  # its row was made anew: the keys went on from where they were
        xdo('type', 'Two')
        app.key('Return')
        wait(lambda: app.find('text', 'Name of One') and app.find('text', 'Name of Two'), f'{first} and {second} renamed')
        app.key('Escape')
        wait(lambda: app.find('text', 'Name of a new class') is None, 'the list of classes to close')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
