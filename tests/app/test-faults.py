#!/usr/bin/python3
"""The programs where the machine is at fault: no display, other languages, a clock that steps, limits, a kill.

usage: test-faults.py PRAXI PRAXISCOPE SOURCE_ROOT CLOCK_SHIFT.so    PRAXISCOPE may be empty
The names of tests carry the cases F4 to F11 they stand for.
"""
import contextlib
import csv
import io
import json
import os
import pathlib
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

PRAXI, PRAXISCOPE, ROOT, CLOCK_SHIFT = sys.argv[1:5]
SAMPLE = os.path.join(ROOT, 'data', 'sample', 'yard.mp4')
sys.path.insert(0, os.path.join(ROOT, 'tests', 'support'))
from rtsp_server import RtspServer  # noqa: E402

N_KILLS = int(os.environ.get('PRAXI_KILLS', 20))
ODD_NAMES = ['=cmd|/C calc', '+1', '-1+2', '@SUM(A1)', '\ttab', "'quoted", 'comma, "quote"', 'ünï ‮']


class Faults(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='praxi-faults-'))
        self.project = self.folder / 'p.praxi'

    def tearDown(self):
        shutil.rmtree(self.folder)

    def praxi(self, *arguments, **options):
        return subprocess.run([PRAXI, *map(str, arguments)], capture_output=True, timeout=60, **options)

    def add(self, start_s, note='', env=None, name='fight'):
        done = self.praxi('label', 'add', '--project', self.project, '--media', SAMPLE, '--class', name, '--start', start_s,
                          '--end', start_s + 1.5, '--note', note, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)

    def query(self, sql):
        with contextlib.closing(sqlite3.connect(self.project)) as connection:
            return connection.execute(sql).fetchall()

    @unittest.skipUnless(PRAXISCOPE, 'built without the window')
    def test_f4_without_a_display(self):
        env = {key: value for key, value in os.environ.items() if key not in ('DISPLAY', 'WAYLAND_DISPLAY')}
        env['XDG_RUNTIME_DIR'] = str(self.folder)
        begin = time.monotonic()
        done = subprocess.run([PRAXISCOPE], capture_output=True, text=True, env=env, timeout=20)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len([line for line in done.stderr.splitlines() if line.strip()]), 1, done.stderr)
        done = subprocess.run([PRAXISCOPE, '--version'], capture_output=True, text=True, env=env, timeout=20)
        self.assertEqual((done.returncode, done.stdout.split()[0]), (0, 'praxiscope'))

    def make_locales(self):
        """Compiled here, so that no machine needs them installed. Returns their names."""
        made = []
        for name in ('de_DE', 'ar_EG', 'tr_TR', 'zh_CN'):
            done = subprocess.run(['localedef', '-i', name, '-f', 'UTF-8', '--no-archive', self.folder / f'{name}.UTF-8'],
                                  capture_output=True)
            if (self.folder / f'{name}.UTF-8').is_dir():
                made.append(f'{name}.UTF-8')
        return made

    @unittest.skipUnless(shutil.which('localedef') and os.path.isdir('/usr/share/i18n/locales'), 'no sources of locales')
    def test_f5_the_same_bytes_in_every_locale(self):
        locales = self.make_locales()
        self.assertEqual(len(locales), 4)
        for k, locale in enumerate(['C.UTF-8', *locales]):
            self.add(k * 2 + 0.5, 'ı İ 1,5', env=dict(os.environ, LC_ALL=locale, LOCPATH=str(self.folder)))
        for kind in ('csv', 'json'):
            texts = set()
            for locale in ('C', 'C.UTF-8', *locales):
                env = dict(os.environ, LC_ALL=locale, LOCPATH=str(self.folder))
                done = self.praxi('label', 'export', '--project', self.project, '--format', kind, env=env)
                self.assertEqual(done.returncode, 0, done.stderr)
                texts.add(done.stdout)
            self.assertEqual(len(texts), 1, kind)
        rows = [row for row, in self.query('SELECT start_ns FROM label ORDER BY start_ns')]
        self.assertEqual([round(ns / 1e9, 1) for ns in rows], [0.5, 2.5, 4.5, 6.5, 8.5])

    def test_f6_a_clock_that_steps(self):
        shift = self.folder / 'shift'
        env = dict(os.environ, LD_PRELOAD=CLOCK_SHIFT, PRAXI_CLOCK_SHIFT=str(shift))
        since_1970 = -int(time.time()) + 60
        h264 = self.folder / 'yard.h264'
        subprocess.run(['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25', '-t', '4', '-c:v', 'libx264',
                        '-preset', 'veryfast', '-tune', 'zerolatency', '-g', '25', '-pix_fmt', 'yuv420p', '-f', 'h264', h264],
                       check=True)
        with RtspServer(h264, 25) as server:
            watch = subprocess.Popen([PRAXI, 'watch', '--progress', 'json', '--project', self.project, '--for', '8',
                                      '--segment', '2', f'rtsp://127.0.0.1:{server.port}/y'], stderr=subprocess.PIPE,
                                     env=env, text=True)
            for seconds in (3600, -3600, since_1970):
                time.sleep(1.7)
                shift.write_text(str(seconds))
            lines = [json.loads(line) for line in watch.communicate(timeout=30)[1].splitlines()]
        self.assertEqual(watch.returncode, 0)
        self.assertEqual([line for line in lines if line['what'] in ('error', 'stall', 'note')], [])
        self.assertEqual([line for line in lines if 'gap_s' in line], [])
        told = 0
        for line in lines:
            told += len(line['pts_ms']) if line['what'] == 'frames' else 0
        self.assertGreater(told, 7 * 25 * 0.8)
        self.assertEqual(sum(frames for frames, in self.query('SELECT frames FROM media')), told)
        self.add(1, env=env)
        shift.write_text('0')
        self.add(3, env=env)
        self.assertEqual(len(self.query('SELECT id FROM label')), 2)
        self.assertIn(b'intact', self.praxi('label', 'verify', '--project', self.project).stdout)

    def test_f8_starts_or_says_what_is_missing(self):
        self.add(1)
        missing = str(self.folder / 'missing')
        environment = {key: value for key, value in os.environ.items() if key != 'HOME'}
        tight = [('64 descriptors', dict(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))),
                 ('1 GiB of addresses', dict(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)))),
                 ('no home', dict(env=environment)),
                 ('a home that is not there', dict(env=dict(environment, HOME=missing))),
                 ('a home that is a file', dict(env=dict(environment, HOME='/dev/null'))),
                 ('settings in a file', dict(env=dict(environment, XDG_CONFIG_HOME='/dev/null', XDG_DATA_HOME='/dev/null',
                                                      XDG_CACHE_HOME='/dev/null'))),
                 ('no folder for temporary files', dict(env=dict(os.environ, TMPDIR=missing))),
                 ('no environment at all', dict(env={}))]
        for what, options in tight:
            listed = self.praxi('label', 'list', '--json', '--project', self.project, **options)
            self.assertEqual(listed.returncode, 0, f'{what}: {listed.stderr}')
            self.assertEqual(len(json.loads(listed.stdout)['labels']), 1, what)
            analysed = self.praxi('info', '--json', SAMPLE, **options)
            if analysed.returncode != 0:
                self.assertEqual((analysed.returncode, len(analysed.stderr.splitlines())), (1, 1), what)

    def test_f10_a_killed_export_leaves_the_old_file_or_the_new_one(self):
        text = 'media,class,start_s,end_s,note\n' + ''.join(
            f'{SAMPLE},fight,{k % 28 + 0.25},{k % 28 + 1},n{k}\n' for k in range(800))
        labels = self.folder / 'labels.csv'
        labels.write_text(text)
        done = self.praxi('label', 'import', '--project', self.project, '--format', 'csv', labels)
        self.assertEqual(done.returncode, 0, done.stderr)
        out = self.folder / 'out.csv'
        begin = time.monotonic()
        self.praxi('label', 'export', '--project', self.project, '--format', 'csv', '--out', out)
        whole_s, new = time.monotonic() - begin, out.read_bytes()
        old = b'what was there before\n'
        seen = {old: 0, new: 0}
        for _ in range(N_KILLS):
            out.write_bytes(old)
            export = subprocess.Popen([PRAXI, 'label', 'export', '--project', self.project, '--format', 'csv', '--out', out],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0, whole_s * 1.1))
            export.kill()
            export.wait()
            self.assertIn(out.read_bytes(), seen)
            seen[out.read_bytes()] += 1
        print(f'{N_KILLS} killed exports: {seen[old]} times the old file, {seen[new]} times the new one')

    def test_f11_no_cell_is_a_formula(self):
        for k, name in enumerate(ODD_NAMES):
            self.add(k * 2 + 0.5, name)
        done = self.praxi('label', 'export', '--project', self.project, '--format', 'csv')
        rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
        self.assertEqual(len(rows), len(ODD_NAMES))
        for row in rows:
            for cell in row.values():
                self.assertFalse(cell and cell[0] in '=+@\t\r-', cell)
        other = self.folder / 'other.praxi'
        file = self.folder / 'x.csv'
        file.write_bytes(done.stdout)
        self.assertEqual(self.praxi('label', 'import', '--project', other, '--format', 'csv', file).returncode, 0)
        listed = json.loads(self.praxi('label', 'export', '--project', other, '--format', 'json').stdout)
        self.assertTrue(all(name in json.dumps(listed, ensure_ascii=False) or '"' in name or '\t' in name
                            for name in ODD_NAMES))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
