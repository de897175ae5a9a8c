#!/usr/bin/python3
"""`praxi watch` against a camera on the loopback that misbehaves.

usage: test-watch.py PRAXI SUPPORT_FOLDER [FAKE_V4L2.so]

The names of tests carry the cases C1 to C10 and F7 they stand for.
"""
import concurrent.futures
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

PRAXI, SUPPORT, FAKE_V4L2 = (sys.argv[1:] + [''])[:3]
sys.path.insert(0, SUPPORT)
from mjpeg_server import MjpegServer  # noqa: E402
from rtsp_server import RtspServer  # noqa: E402

RATE_HZ = 25
PASSWORD = 's3cret'
SLACK_S = 0.3  # of a machine with other work
FLAPS = int(os.environ.get('PRAXI_FLAPS', 12))
SLEEP_S = int(os.environ.get('PRAXI_SLEEP_S', 6))
AT_ONCE = 4     # nearly all of the time is waiting


def seconds(line):
    return datetime.datetime.fromisoformat(line['at'].replace('Z', '+00:00')).timestamp()


class Watch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='praxi-watch-'))
        cls.h264 = cls.make_stream('camera.h264', '320x180')
        cls.other = cls.make_stream('other.h264', '480x270')
        subprocess.run(['ffmpeg', '-v', 'error', '-i', cls.h264, '-frames:v', '20', '-q:v', '4', cls.folder / '%02d.jpg'], check=True)
        cls.jpegs = [file.read_bytes() for file in sorted(cls.folder.glob('*.jpg'))]

    @classmethod
    def make_stream(cls, name, size):
        subprocess.run(['ffmpeg', '-v', 'error', '-y', '-f', 'lavfi', '-i', f'testsrc2=s={size}:r=25', '-t', '4',
                        '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-g', '25', '-pix_fmt',
                        'yuv420p', '-f', 'h264', cls.folder / name], check=True)
        return cls.folder / name

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def run_watch(self, server, duration_s, *options, credentials=None):
        """Watches the camera of a server; returns the lines on stdout and on stderr."""
        given = f'user:{PASSWORD}@' if credentials is None else ''
        url = f'rtsp://{given}127.0.0.1:{server.port}/yard'
        done = subprocess.run([PRAXI, 'watch', '--json', '--progress', 'json', '--for', str(duration_s), *options, url],
                              input=credentials or '', capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)
        lines = [[json.loads(line) for line in text.splitlines()] for text in (done.stdout, done.stderr)]
        self.assertTrue(all(line['camera'] == f'rtsp://127.0.0.1:{server.port}/yard' for line in sum(lines, [])))
        self.assertLessEqual({line['what'] for line in lines[0]},
                             {'picture', 'stall', 'back', 'error', 'event-begin', 'event-end'})
        return lines

    def watch(self, fault, at, duration_s, *options, **server_options):
        """Watches a camera with that fault; returns the lines of the contract, then all of them."""
        with RtspServer(self.h264, RATE_HZ, fault, at, **server_options) as server:
            return self.run_watch(server, duration_s, *options)

    def first(self, lines, what):
        found = [line for line in lines if line['what'] == what]
        self.assertTrue(found, f'no {what} in {lines}')
        return found[0]

    def test_c1_stall_is_said_and_the_camera_comes_back(self):
        lines, progress = self.watch('stall', 25, 7, '--record', str(self.folder / 'c1'))
        picture, stall, back = (self.first(lines, what) for what in ('picture', 'stall', 'back'))
        # The last second of pictures came a second after the first; a flush may be 0.2 s behind.
        self.assertLess(seconds(stall) - seconds(picture), 0.96 + 3.2 + SLACK_S)
        self.assertLess(seconds(back) - seconds(stall), 2)
        gaps = [line['gap_s'] for line in progress if 'gap_s' in line]
        self.assertEqual(len(gaps), 1)
        self.assertAlmostEqual(gaps[0], seconds(back) - seconds(picture) - 0.96, delta=0.5)
        self.assertEqual(len([line for line in progress if line['what'] == 'recording-begin']), 1)

    def test_c1_a_stall_over_udp(self):
        lines, progress = self.watch('stall', 25, 7, '--udp', '--record', str(self.folder / 'udp'))
        picture, stall, back = (self.first(lines, what) for what in ('picture', 'stall', 'back'))
        self.assertLess(seconds(stall) - seconds(picture), 0.96 + 3.2 + SLACK_S)
        self.assertLess(seconds(back) - seconds(stall), 2)
        self.assertGreater(sum(len(line['pts_ms']) for line in progress if line['what'] == 'frames'), 25)

    def watch_mjpeg(self, server, duration_s, *options, **how):
        done = subprocess.run([PRAXI, 'watch', '--json', '--for', str(duration_s), *options,
                               f'http://127.0.0.1:{server.port}/live'], capture_output=True, text=True, timeout=60, **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_http_mjpeg(self):
        kept = self.folder / 'mjpeg'
        with MjpegServer(self.jpegs, RATE_HZ, 'stall', 25) as server:
            lines = self.watch_mjpeg(server, 7, '--record', str(kept))
        picture, stall, back = (self.first(lines, what) for what in ('picture', 'stall', 'back'))
        self.assertLess(seconds(stall) - seconds(picture), 0.96 + 3.2 + SLACK_S)
        self.assertLess(seconds(back) - seconds(stall), 2)
        self.assertGreater(sum(self.info(file)['video']['frames'] for file in kept.glob('*.mkv')), 25)
        for fault, word in (('refuse', 'password'), ('missing', 'path')):
            with MjpegServer(self.jpegs, RATE_HZ, fault) as server:
                errors = [line for line in self.watch_mjpeg(server, 2.5) if line['what'] == 'error']
            self.assertEqual(len(errors), 1, fault)
            self.assertIn(word, errors[0]['text'])
        with MjpegServer(self.jpegs, RATE_HZ, credentials=b'user:' + PASSWORD.encode()) as server:
            lines = self.watch_mjpeg(server, 2, '--password-stdin', input=f'user\n{PASSWORD}\n')
        self.first(lines, 'picture')

    def watch_device(self, words, duration_s, *options):
        """Watches /dev/video0, which is like $PRAXI_V4L2's words say. Returns the lines of the contract."""
        done = subprocess.run([PRAXI, 'watch', '--json', '--for', str(duration_s), *options, '/dev/video0'],
                              capture_output=True, text=True, timeout=60,
                              env={**os.environ, 'LD_PRELOAD': FAKE_V4L2, 'PRAXI_V4L2': words})
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    @unittest.skipUnless(FAKE_V4L2, 'not together with a sanitizer')
    def test_v4l2_pictures_as_they_are_become_jpegs(self):
        kept = self.folder / 'v4l2'
        lines = self.watch_device('', 3, '--record', str(kept))
        self.assertEqual([line['text'] for line in lines if line['what'] in ('picture', 'error')], ['320 × 180, mjpeg'])
        file, = kept.glob('*.mkv')
        video = self.info(file)['video']
        self.assertEqual((video['width'], video['height']), (320, 180))
        self.assertGreater(video['frames'], 50)
        # The same bars, neither brighter nor paler.
        first = subprocess.run(['ffmpeg', '-v', 'error', '-i', file, '-frames:v', '1', '-pix_fmt', 'yuyv422', '-f', 'rawvideo', '-'],
                               capture_output=True, check=True).stdout
        off = [abs(first[2 * (y * 320 + x)] - (32 + x // 32 % 7 * 32)) for y in range(8, 172, 20) for x in range(16, 320, 32)]
        self.assertLess(max(off), 4)

    @unittest.skipUnless(FAKE_V4L2, 'not together with a sanitizer')
    def test_v4l2_jpegs_are_kept_as_they_are(self):
        kept, sent = self.folder / 'v4l2-jpegs', self.folder / 'v4l2.mjpeg'
        sent.write_bytes(b''.join(self.jpegs))
        self.first(self.watch_device(f'mjpeg={sent}', 3, '--record', str(kept)), 'picture')
        file, = kept.glob('*.mkv')
        first = subprocess.run(['ffmpeg', '-v', 'error', '-i', file, '-frames:v', '1', '-c', 'copy', '-f', 'mjpeg', '-'],
                               capture_output=True, check=True).stdout
        self.assertEqual(first, self.jpegs[0])

    @unittest.skipUnless(FAKE_V4L2, 'not together with a sanitizer')
    def test_v4l2_a_stall_and_a_plug_that_is_pulled(self):
        lines = self.watch_device('stall=25', 7)
        picture, stall, back = (self.first(lines, what) for what in ('picture', 'stall', 'back'))
        self.assertLess(seconds(stall) - seconds(picture), 0.96 + 3.2 + SLACK_S)
        self.assertLess(seconds(back) - seconds(stall), 2)
        kept = self.folder / 'v4l2-gone'
        lines = self.watch_device('gone=25', 6, '--record', str(kept))
        stall, back = (self.first(lines, what) for what in ('stall', 'back'))
        self.assertLess(seconds(stall) - seconds(self.first(lines, 'picture')), 0.96 + SLACK_S)
        self.assertLess(seconds(back) - seconds(stall), 2 + 2)  # two seconds it is not there
        self.assertEqual(len(list(kept.glob('*.mkv'))), 1)

    @unittest.skipUnless(FAKE_V4L2, 'not together with a sanitizer')
    def test_v4l2_refusals_have_their_sentences(self):
        for fault, word in (('missing', 'no such camera'), ('denied', "group 'video'"), ('busy', 'another program'),
                            ('no-camera', 'takes no pictures')):
            errors = [line['text'] for line in self.watch_device(fault, 1.5) if line['what'] == 'error']
            self.assertEqual(len(errors), 1, fault)
            self.assertIn(word, errors[0], fault)

    def test_c2_hanging_up_is_a_fault(self):
        lines, _ = self.watch('drop', 25, 4)
        self.assertLess(seconds(self.first(lines, 'back')) - seconds(self.first(lines, 'stall')), 2)

    def test_c2_back_soon_after_a_restart_of_the_camera(self):
        with RtspServer(self.h264, RATE_HZ) as server:
            port = server.port
            watch = subprocess.Popen([PRAXI, 'watch', '--json', '--for', '12', f'rtsp://127.0.0.1:{port}/yard'],
                                     stdout=subprocess.PIPE, text=True)
            self.assertEqual(json.loads(watch.stdout.readline())['what'], 'picture')
        time.sleep(4)
        back_at = time.time()
        with RtspServer(self.h264, RATE_HZ, port=port):
            lines = [json.loads(line) for line in watch.communicate()[0].splitlines()]
        self.assertLess(seconds(self.first(lines, 'back')) - back_at, 2)

    def test_c3_half_a_packet_is_a_stall(self):
        lines, _ = self.watch('half', 25, 5)
        self.assertLess(seconds(self.first(lines, 'stall')) - seconds(self.first(lines, 'picture')), 0.96 + 3.2 + SLACK_S)

    def test_c3_no_answer_at_all_is_said(self):
        begin = time.time()
        lines, _ = self.watch('silent', 0, 4)
        self.assertLess(seconds(self.first(lines, 'error')) - begin, 3.2 + SLACK_S)

    def test_c4_garbage_is_survived(self):
        lines, _ = self.watch('garbage', 25, 6)
        states = [line['what'] for line in lines if line['what'] in ('picture', 'stall', 'back', 'error')]
        self.assertIn(states, (['picture'], ['picture', 'stall', 'back']))

    def test_c5_refusals_are_named_once_and_not_asked_often(self):
        for fault, word in (('refuse', 'password'), ('missing', 'path'), ('broken', 'no pictures'), ('redirect', 'address')):
            with RtspServer(self.h264, RATE_HZ, fault) as server:
                begin = time.time()
                lines, _ = self.run_watch(server, 2.5)
                errors = [line for line in lines if line['what'] == 'error']
                self.assertEqual(len(errors), 1, fault)
                self.assertIn(word, errors[0]['text'], fault)
                self.assertLess(seconds(errors[0]) - begin, 1.5, fault)
                self.assertLessEqual(server.connections, 2, fault)

    def test_c6_a_jumping_clock_is_no_fault(self):
        lines, progress = self.watch('jump', 25, 4, '--record', str(self.folder / 'c6'))
        self.assertEqual([line['what'] for line in lines if line['what'] in ('stall', 'error')], [])
        self.assertIn('jumped by 36', self.first(progress, 'note')['text'])
        times = [t for line in progress if line['what'] == 'frames' for t in line['pts_ms']]
        self.assertEqual(times, sorted(set(times)))
        self.assertLess(max(b - a for a, b in zip(times, times[1:])), 1000)

    def test_c6_a_clock_that_stands_is_no_fault(self):
        lines, progress = self.watch('stand', 25, 4, '--record', str(self.folder / 'c6b'))
        self.assertEqual([line['what'] for line in lines if line['what'] in ('stall', 'error')], [])
        self.assertIn('stand still', self.first(progress, 'note')['text'])
        times = [t for line in progress if line['what'] == 'frames' for t in line['pts_ms']]
        self.assertEqual(times, sorted(set(times)))
        self.assertGreater(times[-1], 2500)

    def test_c7_another_size_begins_another_recording(self):
        kept = self.folder / 'c7'
        _, progress = self.watch('change', 25, 4, '--record', str(kept), other_path=self.other)
        self.assertIn('480 × 270 instead of 320 × 180', self.first(progress, 'note')['text'])
        sizes = [self.info(file)['video']['width'] for file in sorted(kept.glob('*.mkv'))]
        self.assertEqual(sorted(sizes), [320, 480])

    def test_c8_flapping_leaks_nothing(self):
        """PRAXI_FLAPS: how often; 200 take about two minutes."""
        with RtspServer(self.h264, RATE_HZ, 'drop', 3, always=True) as server:
            watch = subprocess.Popen([PRAXI, 'watch', '--progress', 'json', '--record', self.folder / 'c8',
                                      f'rtsp://127.0.0.1:{server.port}/yard'], stderr=subprocess.PIPE, text=True)
            figures = []
            while len(figures) < FLAPS:
                if json.loads(watch.stderr.readline())['what'] == 'back':
                    figures.append(self.figures_of(watch.pid))
            is_instrumented = 'libasan' in pathlib.Path(f'/proc/{watch.pid}/maps').read_text()
            watch.terminate()
            watch.communicate()
        before, after = figures[2], figures[-1]
        print(f'{FLAPS} flaps: descriptors {before[0]} to {after[0]}, threads {before[1]} to {after[1]}, '
              f'memory {before[2] / 1024:.1f} to {after[2] / 1024:.1f} MiB')
        self.assertEqual(before[:2], after[:2])
        if not is_instrumented:  # AddressSanitizer keeps what was freed
            self.assertLess(after[2] - before[2], 10 * 1024)

    @staticmethod
    def figures_of(pid):
        """Descriptors, threads, resident KiB."""
        status = pathlib.Path(f'/proc/{pid}/status').read_text()
        resident = next(line for line in status.splitlines() if line.startswith('VmRSS')).split()[1]
        return len(os.listdir(f'/proc/{pid}/fd')), len(os.listdir(f'/proc/{pid}/task')), int(resident)

    def test_f7_a_machine_that_slept(self):
        """PRAXI_SLEEP_S: how long. The gap is told, the camera is back, and what it sent meanwhile is no burst."""
        with RtspServer(self.h264, RATE_HZ) as server:
            watch = subprocess.Popen([PRAXI, 'watch', '--progress', 'json', '--record', self.folder / 'f7', '--for', str(SLEEP_S + 9),
                                      '--segment', str(SLEEP_S + 60),  # one recording, which the gap is in
                                      f'rtsp://127.0.0.1:{server.port}/yard'], stderr=subprocess.PIPE, text=True)
            lines = [json.loads(watch.stderr.readline()) for _ in range(12)]
            watch.send_signal(signal.SIGSTOP)
            time.sleep(SLEEP_S)
            awake_at = time.time()
            watch.send_signal(signal.SIGCONT)
            lines += [json.loads(line) for line in watch.communicate()[1].splitlines()]
        self.assertEqual(watch.returncode, 0)
        back = self.first(lines, 'back')
        self.assertLess(seconds(back) - awake_at, 5)
        gap_s, = [line['gap_s'] for line in lines if 'gap_s' in line]
        self.assertGreater(gap_s, SLEEP_S - 1)
        pts_ms = [t for line in lines if line['what'] == 'frames' for t in line['pts_ms']]
        self.assertEqual(pts_ms, sorted(set(pts_ms)))
        after = [t for t in pts_ms if t > SLEEP_S * 1000]
        self.assertGreater(len(after), RATE_HZ * 2)
        self.assertLess(len(after), (after[-1] - after[0]) / 1000 * RATE_HZ + 5)

    def test_c9_a_password_that_is_needed_is_given_and_kept_silent(self):
        with RtspServer(self.h264, RATE_HZ, credentials=b'user@home:' + PASSWORD.encode()) as server:
            project = self.folder / 'c9.praxi'
            lines, _ = self.run_watch(server, 2, '--password-stdin', '--project', str(project),
                                      credentials=f'user@home\n{PASSWORD}\n')
        self.first(lines, 'picture')
        for file in self.folder.glob('c9*/**/*'):
            if file.is_file():
                self.assertNotIn(PASSWORD.encode(), file.read_bytes(), file)
        self.assertNotIn(PASSWORD.encode(), project.read_bytes())

    def info(self, file):
        return json.loads(subprocess.run([PRAXI, 'info', '--json', file], capture_output=True, check=True).stdout)

    def test_recording_can_be_played(self):
        kept = self.folder / 'kept'
        self.watch('none', 0, 5, '--record', str(kept), '--segment', '2')
        files = sorted(kept.glob('*.mkv'))
        self.assertGreaterEqual(len(files), 2)
        for file in files:
            self.assertGreater(self.info(file)['video']['frames'], 10)

    def test_the_project_knows_recordings_and_scores(self):
        project = self.folder / 'yard.praxi'
        _, progress = self.watch('none', 0, 6, '--project', str(project), '--name', 'Yard', '--segment', '3')
        begins = [line for line in progress if line['what'] == 'recording-begin']
        self.assertGreaterEqual(len(begins), 2)
        self.assertLessEqual({'normal', 'fight'}, set(begins[0]['thresholds']))
        for begin, after in zip(begins, begins[1:] + [None]):
            between = progress[progress.index(begin):progress.index(after) if after else None]
            told = [t for line in between if line['what'] == 'frames' for t in line['pts_ms']]
            file = urllib.parse.unquote(begin['file'].removeprefix('file://'))
            frames = json.loads(subprocess.run([PRAXI, 'frames', '--json', file], capture_output=True,
                                               check=True).stdout)['frames']
            self.assertEqual([round(frame['pts_s'] * 1000) for frame in frames], told)
            self.assertEqual(pathlib.Path(begin['track']).read_bytes()[:8], b'PRAXITRK')
        rows = self.query(project, 'SELECT frames FROM media ORDER BY id')
        self.assertEqual(len(rows), len(begins))
        self.assertTrue(all(frames > 0 for frames, in rows))
        self.assertEqual({state for state, in self.query(project, 'SELECT state FROM run')}, {'done'})

    @staticmethod
    def query(project, sql):
        with contextlib.closing(sqlite3.connect(project)) as connection:
            return connection.execute(sql).fetchall()

    def test_the_ring_never_deletes_labels(self):
        project, kept = self.folder / 'ring.praxi', self.folder / 'ring'
        self.watch('none', 0, 4, '--project', str(project), '--record', str(kept), '--segment', '1')
        before = sorted(kept.glob('*.mkv'))
        self.assertGreaterEqual(len(before), 3)
        subprocess.run([PRAXI, 'label', 'add', '--project', project, '--media', before[1], '--class', 'fight',
                        '--start', '0.2', '--end', '0.6'], check=True, capture_output=True)
        _, progress = self.watch('none', 0, 2, '--project', str(project), '--record', str(kept), '--segment', '10',
                                 '--keep-size', '1000')
        left = [file for file in before if file.exists()]
        self.assertEqual(left, [before[1]])
        self.assertEqual(len([line for line in progress if line['what'] == 'removed']), len(before) - 1)
        self.assertEqual(len(self.query(project, 'SELECT id FROM media')), 2)
        self.assertIn('intact', subprocess.run([PRAXI, 'label', 'verify', '--project', project], capture_output=True,
                                               text=True, check=True).stdout)

    def test_after_a_kill_everything_told_of_can_be_read(self):
        project = self.folder / 'kill.praxi'
        with RtspServer(self.h264, RATE_HZ) as server:
            watch = subprocess.Popen([PRAXI, 'watch', '--progress', 'json', '--project', project,
                                      f'rtsp://127.0.0.1:{server.port}/yard'], stderr=subprocess.PIPE, text=True)
            lines = [json.loads(watch.stderr.readline()) for _ in range(14)]
            watch.kill()
            watch.communicate()
            begin = self.first(lines, 'recording-begin')
            told = [t for line in lines if line['what'] == 'frames' for t in line['pts_ms']]
            file = urllib.parse.unquote(begin['file'].removeprefix('file://'))
            self.assertGreaterEqual(self.info(file)['video']['frames'], len(told))
            self.assertEqual(self.query(project, 'SELECT state FROM run'), [('running',)])
            url = f'rtsp://127.0.0.1:{server.port}/yard'
            subprocess.run([PRAXI, 'watch', '--json', '--for', '1', '--project', project, url], check=True,
                           capture_output=True)
        self.assertEqual(self.query(project, 'SELECT state FROM run ORDER BY id')[0], ('cancelled',))

    def test_it_ends_when_nobody_follows_any_more(self):
        with RtspServer(self.h264, RATE_HZ) as server:
            watch = subprocess.Popen([PRAXI, 'watch', '--progress', 'json', '--record', self.folder / 'alone',
                                      f'rtsp://127.0.0.1:{server.port}/yard'], stderr=subprocess.PIPE)
            watch.stderr.readline()
            watch.stderr.close()
            self.assertEqual(watch.wait(timeout=3), 130)

    def test_what_is_no_camera_is_refused(self):
        for address in ('/etc/passwd', 'file:///etc/passwd', 'concat:a|b', 'camera'):
            done = subprocess.run([PRAXI, 'watch', '--for', '1', address], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2, address)
            self.assertEqual(len(done.stderr.splitlines()), 1)


if __name__ == '__main__':
    if shutil.which('ffmpeg') is None:
        print('ffmpeg is not installed')
        sys.exit(77)
    Watch.setUpClass()
    names = unittest.TestLoader().getTestCaseNames(Watch)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda name: Watch(name).run(), names))
    Watch.tearDownClass()
    faults = [fault for result in results for fault in result.failures + result.errors]
    for test, text in faults:
        print(f'{test}\n{text}')
    print(f'{len(results)} tests, {len(faults)} failed')
    sys.exit(bool(faults))
