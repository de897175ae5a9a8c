#!/usr/bin/python3
"""`praxi watch` against a camera on the loopback that misbehaves.

usage: test-watch.py PRAXI SUPPORT_FOLDER
"""
import datetime
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PRAXI, SUPPORT = sys.argv[1:3]
sys.path.insert(0, SUPPORT)
from rtsp_server import RtspServer  # noqa: E402

RATE_HZ = 25
PASSWORD = 's3cret'


def seconds(line):
    return datetime.datetime.fromisoformat(line['at'].replace('Z', '+00:00')).timestamp()


class Watch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='praxi-watch-'))
        cls.h264 = cls.folder / 'camera.h264'
        subprocess.run(['ffmpeg', '-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25', '-t', '4',
                        '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-g', '25', '-pix_fmt',
                        'yuv420p', '-f', 'h264', cls.h264], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def watch(self, fault, at, duration_s, *options):
        """Watches a camera with that fault; returns the lines printed."""
        with RtspServer(self.h264, RATE_HZ, fault, at) as server:
            url = f'rtsp://user:{PASSWORD}@127.0.0.1:{server.port}/yard'
            done = subprocess.run([PRAXI, 'watch', '--json', '--for', str(duration_s), *options, url],
                                  capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertTrue(all(line['camera'] == f'rtsp://127.0.0.1:{server.port}/yard' for line in lines))
        return lines

    def first(self, lines, what):
        found = [line for line in lines if line['what'] == what]
        self.assertTrue(found, f'no {what} in {lines}')
        return found[0]

    def test_stall_is_said_and_the_camera_comes_back(self):
        lines = self.watch('stall', 25, 10)
        picture, stall, back = (self.first(lines, what) for what in ('picture', 'stall', 'back'))
        self.assertLess(seconds(stall) - seconds(picture), 1 + 3.4)
        self.assertLess(seconds(back) - seconds(stall), 3)

    def test_hanging_up_is_a_fault(self):
        lines = self.watch('drop', 25, 7)
        self.assertLess(seconds(self.first(lines, 'back')) - seconds(self.first(lines, 'stall')), 3)

    def test_half_a_packet_is_a_stall(self):
        lines = self.watch('half', 25, 8)
        self.first(lines, 'stall')

    def test_a_jumping_clock_is_no_fault(self):
        lines = self.watch('jump', 25, 4)
        self.assertEqual([line['what'] for line in lines if line['what'] in ('stall', 'error')], [])

    def test_garbage_is_survived(self):
        lines = self.watch('garbage', 25, 6)
        states = [line['what'] for line in lines if line['what'] in ('picture', 'stall', 'back', 'error')]
        self.assertIn(states, (['picture'], ['picture', 'stall', 'back']))

    def test_wrong_password_is_named_once(self):
        lines = self.watch('refuse', 0, 3)
        errors = [line for line in lines if line['what'] == 'error']
        self.assertEqual(len(errors), 1)
        self.assertIn('password', errors[0]['text'])

    def test_recording_can_be_played(self):
        kept = self.folder / 'kept'
        self.watch('none', 0, 5, '--record', str(kept), '--segment', '2')
        files = sorted(kept.glob('*.mkv'))
        self.assertGreaterEqual(len(files), 2)
        for file in files:
            info = json.loads(subprocess.run([PRAXI, 'info', '--json', file], capture_output=True, check=True).stdout)
            self.assertGreater(info['video']['frames'], 10)

    def test_what_is_no_camera_is_refused(self):
        for address in ('/etc/passwd', 'file:///etc/passwd', 'concat:a|b', 'camera'):
            done = subprocess.run([PRAXI, 'watch', '--for', '1', address], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2, address)
            self.assertEqual(len(done.stderr.splitlines()), 1)


if __name__ == '__main__':
    if shutil.which('ffmpeg') is None:
        print('ffmpeg is not installed')
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
