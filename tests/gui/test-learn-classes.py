#!/usr/bin/python3
"""A project with classes of its own: what is labelled lifting and running is learned from the window, and
analyses with the model that comes out tell lifting and running. Run inside gui-env.

test-learn-classes.py PRAXISCOPE PRAXI CLIP
"""
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import App, Atspi, film, problems, wait

PRAXISCOPE, PRAXI, CLIP = (os.path.abspath(path) for path in sys.argv[1:4])
HOME = os.environ['HOME']
PROJECT = os.path.join(os.environ['XDG_DATA_HOME'], 'praxiscope', 'default.praxi')
LONG_S = 300  # a job on a busy machine
SIDES = {'yard.mp4': 'null', 'mirrored.mp4': 'hflip', 'near.mp4': 'crop=iw*0.8:ih*0.8'}
SCENES = (('lifting', 4, 13), ('running', 20.5, 23), ('normal', 14.5, 20))


class Classes(unittest.TestCase):
    def query(self, sql):
        return subprocess.run(['sqlite3', '-readonly', PROJECT, sql], capture_output=True, text=True).stdout

    def test_classes_of_ones_own(self):
        footage = []
        os.makedirs(os.path.dirname(PROJECT), exist_ok=True)
        for name, side in SIDES.items():
            footage.append(film(CLIP, HOME, name, side))
            for scene, start, end in SCENES:
                subprocess.run([PRAXI, 'label', 'add', '--project', PROJECT, '--media', footage[-1], '--class', scene, '--start',
                                str(start), '--end', str(end), '--json'], check=True, capture_output=True)
        self.app = App([PRAXISCOPE, footage[0]], os.path.join(HOME, 'praxiscope.log'))
        wait(lambda: self.app.get('slider', 'Timeline').get_state_set().contains(Atspi.StateType.FOCUSED), 'the window')
        self.app.do('win.show-train')
        self.app.click(wait(lambda: self.app.shown('combo box', 'Train', 'Train'), 'the choice'))
        self.app.key('Down', 'Return')
        wait(lambda: self.app.text('Quickly'), 'the choice')
        self.app.press('push button', 'Train on these labels', 'Train')
        wait(lambda: self.app.text('is kept: ') or self.app.text('No epoch was better'), 'what the training came to', LONG_S)
        wait(lambda: self.app.shown('push button', 'Compare with the original', 'Train'), 'the model', LONG_S)
        about = subprocess.run([PRAXI, 'info', '--json', PROJECT + '-tracks/own.onnx'], capture_output=True, text=True)
        self.assertEqual(json.loads(about.stdout)['classes'], ['normal', 'lifting', 'running'])
        self.app.press(None, 'Analyses use this model', 'Train')
        use = self.app.shown(None, 'Analyses use this model', 'Train')
        wait(lambda: use.get_state_set().contains(Atspi.StateType.CHECKED), 'the switch')
        # Pressed while the model is still being read the key would be for the one before.
        wait(lambda: 'own' in self.query('SELECT name FROM model') or self.app.key('ctrl+r'), 'the model to be used', LONG_S, 10)
        events = 'SELECT events FROM run_events JOIN run ON run.id = run_id JOIN model ON model.id = model_id WHERE model.name = "own"'
        wait(lambda: self.query(events), 'its events', LONG_S, 1)
        self.assertIn('lifting', self.query(events))
        status, log = self.app.close()
        self.assertEqual(problems(log), [])
        self.assertEqual(status, 0)


unittest.main(argv=sys.argv[:1])
