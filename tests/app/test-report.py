#!/usr/bin/env python3
"""praxi report: a report of footage without a window, a display or a change in the project.

test-report.py PRAXI SOURCE_ROOT
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PRAXI = os.path.abspath(sys.argv[1])
SAMPLE = os.path.join(os.path.abspath(sys.argv[2]), 'data', 'sample', 'yard.mp4')


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='praxi-report-'))
        cls.clip = shutil.copy(SAMPLE, cls.folder)
        cls.project = cls.folder / 'p.praxi'
        cls.run_praxi('analyze', '--project', cls.project, cls.clip)
        cls.run_praxi('label', 'add', '--project', cls.project, '--class', 'fight', '--start', '1', '--end', '3', '--media', cls.clip)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def run_praxi(cls, *args, status=0):
        env = {key: value for key, value in os.environ.items() if key not in ('DISPLAY', 'WAYLAND_DISPLAY')}
        env.update(HOME=str(cls.folder), XDG_CACHE_HOME=str(cls.folder / 'cache'))
        out = subprocess.run([PRAXI, *map(str, args)], capture_output=True, text=True, env=env, timeout=120, cwd=cls.folder)
        assert out.returncode == status, (args, out.returncode, out.stdout, out.stderr)
        return out

    def report(self, name, *args):
        path = self.folder / name
        out = self.run_praxi('report', '--project', self.project, '--out', path, '--json', *args, self.clip)
        self.assertEqual(out.stderr, '')
        return json.loads(out.stdout), path.read_bytes()

    def test_files(self):
        before = hashlib.sha256(self.project.read_bytes()).hexdigest()
        listing = sorted(path.name for path in self.folder.iterdir() if not path.name.startswith('report'))
        said, pdf = self.report('report.pdf')
        self.assertEqual(said['labels'], 1)
        self.assertGreaterEqual(said['events'], 1)
        self.assertEqual(said['media'], self.clip)
        self.assertTrue(pdf.startswith(b'%PDF-') and pdf.rstrip().endswith(b'%%EOF'))
        self.assertGreaterEqual(pdf.count(b'/Subtype /Image'), said['events'] + said['labels'])  # each has its picture
        self.assertTrue(self.report('report.png')[1].startswith(b'\x89PNG'))
        svg = self.report('report.svg')[1]
        self.assertTrue(svg.startswith(b'<?xml') and svg.rstrip().endswith(b'</svg>'))
        out = self.run_praxi('report', '-p', self.project, '-o', 'report-2.svg', os.path.basename(self.clip))
        self.assertRegex(out.stdout, r'report-2\.svg: \d+ events, 1 labels')
        self.assertEqual(hashlib.sha256(self.project.read_bytes()).hexdigest(), before)
        after = sorted(path.name for path in self.folder.iterdir() if not path.name.startswith('report'))
        self.assertEqual([name for name in after if not name.endswith(('-wal', '-shm'))], [name for name in listing if not name.endswith(('-wal', '-shm'))])

    def refuse(self, expected, *args, status=1):
        out = self.run_praxi('report', *args, status=status)
        self.assertEqual(out.stdout, '')
        self.assertRegex(out.stderr, r'^praxi: [^\n]*\n$')
        self.assertIn(expected, out.stderr)

    def test_refusals(self):
        out = self.folder / 'report-no.pdf'
        self.refuse('not found', '--project', self.project, '--out', out, self.folder / 'no.mp4')
        self.refuse('not found', '--project', self.folder / 'no.praxi', '--out', out, self.clip)
        self.refuse('.pdf, .png or .svg', '--project', self.project, '--out', 'report.gif', self.clip, status=2)
        self.refuse('--project', '--out', out, self.clip, status=2)
        self.refuse('choose another place', '--project', self.project, '--out', self.folder / 'no' / 'r.pdf', self.clip)
        self.refuse('not a project', '--project', self.clip, '--out', out, self.clip)
        self.refuse('p.praxi', '--project', self.project, '--out', out, self.project)
        self.assertFalse(out.exists())


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
