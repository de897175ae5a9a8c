#!/usr/bin/python3
"""praxi train and classify on gestures: joints over time in .npy files. test-sequence-cli.py PRAXI SAMPLE"""
import csv
import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy

PRAXI, SAMPLE = (os.path.abspath(path) for path in sys.argv[1:3])
CLASSES = ('wave', 'raise', 'still')


def gesture(name, random, dims=2):
    """Five joints seen from somewhere; the last one is the hand."""
    frames = random.integers(25, 60)
    t = numpy.linspace(0, 1, frames)
    joints = numpy.zeros((frames, 5, dims))
    joints[:, :, 1] = numpy.arange(5) * 0.3
    joints[:, :, 0] = numpy.arange(5) % 2 * 0.2
    if name == 'wave':
        joints[:, 4, 0] += 0.5 * numpy.sin(2 * numpy.pi * random.uniform(2, 4) * t + random.uniform(0, 6))
    if name == 'raise':
        joints[:, 4, 1] += random.uniform(0.6, 1) * t
    joints += random.normal(0, 0.01, joints.shape)
    return (joints * random.uniform(0.5, 200) + random.uniform(-500, 500, dims)).astype('float32')


def praxi(*args):
    return subprocess.run([PRAXI, *args], capture_output=True, text=True, timeout=300)


class Sequences(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.random = numpy.random.default_rng(7)
        cls.work = tempfile.TemporaryDirectory(prefix='praxi-sequence-')
        cls.folder = cls.work.name
        cls.model = os.path.join(cls.folder, 'gestures.onnx')
        with open(os.path.join(cls.folder, 'labels.csv'), 'w', newline='') as file:
            rows = csv.writer(file)
            rows.writerow(['file', 'class', 'start_s', 'end_s', 'group', 'split'])
            for i in range(36):
                name = CLASSES[i % 3]
                numpy.save(os.path.join(cls.folder, f'{i}.npy'), gesture(name, cls.random))
                rows.writerow([f'{i}.npy', name, '', '', f'{i}', 'val' if i >= 24 else 'train'])
        cls.trained = praxi('train', '--data', cls.folder, '--arch', 'sequence', '--classes', ','.join(CLASSES), '--out', cls.model,
                            '--epochs', '25', '--threads', '1', '--json')

    @classmethod
    def tearDownClass(cls):
        cls.work.cleanup()

    def save(self, name, array):
        path = os.path.join(self.folder, name)
        numpy.save(path, array)
        return path

    def refused(self, result, words):
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertEqual(result.stderr.count('\n'), 1, result.stderr)
        self.assertIn(words, result.stderr)

    def test_it_learns_what_others_do(self):
        self.assertEqual(self.trained.returncode, 0, self.trained.stderr)
        document = json.loads(self.trained.stdout)
        best = document['epochs'][document['best_epoch']]
        self.assertGreaterEqual(best['val_accuracy'], 0.9)
        self.assertEqual((document['train_clips'], document['val_clips']), (24, 12))

    def test_it_says_what_a_new_one_shows(self):
        paths = [self.save(f'new-{name}.npy', gesture(name, self.random)) for name in CLASSES]
        result = praxi('classify', '--model', self.model, '--json', *paths)
        self.assertEqual(result.returncode, 0, result.stderr)
        answers = json.loads(result.stdout)['media']
        self.assertEqual([answer['top'][0]['class'] for answer in answers], list(CLASSES))

    def test_it_goes_on_learning(self):
        out = os.path.join(self.folder, 'more.onnx')
        result = praxi('train', '--data', self.folder, '--from', self.model, '--out', out, '--epochs', '1', '--threads', '1')
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(os.path.exists(out))

    def test_footage_and_joints_are_not_mixed_up(self):
        one = self.save('one.npy', gesture('wave', self.random))
        self.refused(praxi('analyze', '--model', self.model, SAMPLE), 'reads sequences of joints, not footage')
        self.refused(praxi('classify', one), 'looks at footage, not at joints')
        self.refused(praxi('classify', '--model', self.model, SAMPLE), 'reads sequences of joints')

    def test_other_joints_are_refused(self):
        many = self.save('many.npy', numpy.zeros((10, 7, 2), 'float32'))
        self.refused(praxi('classify', '--model', self.model, many), 'has 7 joints of 2 coordinates, the model wants 5 of 2')
        numbers = self.save('numbers.npy', numpy.zeros((10, 5, 2), 'int64'))
        self.refused(praxi('classify', '--model', self.model, numbers), 'is not an array of float32')

    def test_classes_must_be_named(self):
        result = praxi('train', '--data', self.folder, '--arch', 'sequence', '--out', self.model + '2')
        self.assertIn('--classes', result.stderr)
        self.assertNotEqual(result.returncode, 0)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
