#!/usr/bin/python3
"""From labels to a model in use: a person labels footage, trains on it, makes a lighter model, compares
it with the original and takes it for analyses; after a restart it still is. Run inside gui-env.

test-learn.py PRAXISCOPE PRAXI CLIP; PRAXI_SHOTS names a folder for screenshots.
"""
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import App, Atspi, film, problems, wait, xdo

PRAXISCOPE, PRAXI, CLIP = (os.path.abspath(path) for path in sys.argv[1:4])
HOME = os.environ['HOME']
PROJECT = os.path.join(os.environ['XDG_DATA_HOME'], 'praxiscope', 'default.praxi')
LONG_S = 300  # a job on a busy machine

# The yard from other sides counts as other footage; the first one is labelled in the window.
SIDES = {'yard.mp4': 'null', 'mirrored.mp4': 'hflip', 'near.mp4': 'crop=iw*0.8:ih*0.8'}
SCENES = (('fight', 4, 13), ('fall', 20.5, 23), ('normal', 14.5, 20))


def praxi(*args):
    return json.loads(subprocess.run([PRAXI, *args, '--json'], capture_output=True, text=True, check=True).stdout)


def labels():
    return praxi('label', 'list', '--project', PROJECT)['labels']


class Learning(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.footage = [film(CLIP, HOME, name, side) for name, side in SIDES.items()]
        os.makedirs(os.path.dirname(PROJECT), exist_ok=True)
        for path in cls.footage[1:]:
            for name, start, end in SCENES:
                praxi('label', 'add', '--project', PROJECT, '--media', path, '--class', name, '--start', str(start), '--end', str(end))
        with contextlib.closing(sqlite3.connect(PROJECT)) as project, project:  # somebody watched until the fights begin
            project.execute('INSERT INTO coverage (media_id, start_ns, end_ns) SELECT id, 0, 4000000000 FROM media')

    def setUp(self):
        self.app = App([PRAXISCOPE, self.footage[0]], os.path.join(HOME, 'praxiscope.log'))
        self.timeline = self.app.get('slider', 'Timeline')
        wait(lambda: self.timeline.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys to be the timeline’s')

    def tearDown(self):
        status, log = self.app.close()
        self.assertEqual(problems(log), [])
        self.assertEqual(status, 0)

    def shoot(self, name):
        if 'PRAXI_SHOTS' in os.environ:
            time.sleep(0.3)
            self.app.shoot(os.path.join(os.environ['PRAXI_SHOTS'], f'learn-{name}.png'))

    def label(self):
        """Three scenes: to the time, in, to the time, out, the class."""
        app = self.app
        for key, (name, start, end) in zip('231', SCENES):
            for time_s, mark in ((start, 'i'), (end, 'o')):
                app.key('g')
                entry = app.get('text', 'Go to')
                wait(lambda: entry.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys in the entry')
                xdo('type', '--delay', 15, time_s)
                app.key('Return')
                wait(lambda: self.timeline.get_state_set().contains(Atspi.StateType.FOCUSED), 'the keys back')
                app.key(mark)
            n = len(labels())
            app.key(key)
            wait(lambda: len(labels()) == n + 1, f'the label of {name}')
        self.assertEqual(len(labels()), 9)

    def train(self):
        self.app.do('win.show-train')
        wait(lambda: self.app.text('There are 3 labels of fight'), 'what there is to learn from')
        wait(lambda: self.app.text('seen, nothing labelled'), 'what is learned as normal')
        self.shoot('data')
        self.app.click(self.app.shown('combo box', 'Train', 'Train'))
        self.app.key('Down', 'Return')
        wait(lambda: self.app.text('Quickly'), 'the choice')
        self.app.press('push button', 'Train on these labels', 'Train')
        wait(lambda: self.app.shown('push button', 'Stop training', 'Train'), 'the training to run')
        wait(lambda: self.app.text('is kept: ') or self.app.text('No epoch was better'), 'what the training came to', LONG_S, 1)
        wait(lambda: self.app.shown('push button', 'Compare with the original', 'Train'), 'a model to compare', LONG_S, 1)
        self.assertTrue(os.path.exists(PROJECT + '-tracks/own.onnx'))
        self.shoot('trained')

    def lighten(self):
        self.app.click(wait(lambda: self.app.find('radio button', 'Lighten') or self.app.find('page tab', 'Lighten'), 'the page'))
        self.app.press('push button', 'Make a lighter model', 'Lighten')
        wait(lambda: self.app.shown('push button', 'Stop', 'Lighten'), 'the passes to run')
        wait(lambda: self.app.text('In INT8'), 'the pass to be told', LONG_S, 1)
        self.app.press('push button', 'Compare with the original', 'Lighten', LONG_S, 1)
        wait(lambda: self.app.text('Measured on '), 'the comparison', LONG_S, 1)
        self.shoot('compared')

    def adopt(self):
        self.app.do('win.show-train')
        self.app.press(None, 'Analyses use the lighter model', 'Lighten')
        self.app.click(self.app.find('page tab', 'Model'))
        wait(lambda: self.app.text('lighter'), 'the lighter model on the page of the model', LONG_S, 1)
        self.shoot('adopted')

    def test_label_train_lighten_compare_adopt(self):
        self.label()
        self.train()
        self.lighten()
        self.adopt()

    def test_z_the_next_day_it_is_used(self):
        self.app.key('ctrl+r')
        wait(lambda: self.app.text('analysed') and not self.app.text('Analysing'), 'the analysis to end', LONG_S, 1)
        track = subprocess.run(['sqlite3', '-readonly', PROJECT, 'SELECT name FROM model'], capture_output=True, text=True).stdout
        self.assertIn('lighter', track)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
