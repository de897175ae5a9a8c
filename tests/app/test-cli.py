#!/usr/bin/python3
"""The command-line contract: forms, exit statuses and the JSON keys that stay, on the bundled sample and models.

usage: test-cli.py PRAXI SOURCE_ROOT
"""
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PRAXI, ROOT = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
SAMPLE = ROOT / 'data/sample/yard.mp4'
MODELS = {name: ROOT / f'data/models/{name}.onnx' for name in ('original', 'light')}
COMMANDS = ('info', 'frames', 'analyze', 'classify', 'label', 'compare', 'bench', 'run-onnx', 'convert', 'devices')


def praxi(*args, **more):
    return subprocess.run([PRAXI, *map(str, args)], capture_output=True, text=True, timeout=300, **more)


class Contract(unittest.TestCase):
    maxDiff = None

    def document(self, *args):
        done = praxi(*args)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def assert_has(self, thing, keys):
        missing = [key for key in keys.split() if key not in thing]
        self.assertEqual(missing, [], f'of {sorted(thing)}')


class Forms(Contract):
    def test_every_command_has_help(self):
        listing = praxi('--help')
        self.assertEqual(listing.returncode, 0)
        for command in COMMANDS:
            self.assertRegex(listing.stdout, rf'(?m)^  {command}\b')
            done = praxi(command, '--help')
            self.assertEqual((command, done.returncode), (command, 0))
            self.assertIn('--', done.stdout)

    def test_wrong_usage_is_2(self):
        for args in ((), ('nonsense',), *((c, '--nonsense') for c in COMMANDS), ('info',), ('analyze',)):
            done = praxi(*args)
            self.assertEqual((args, done.returncode), (args, 2))
            self.assertEqual(done.stdout, '')
            self.assertNotEqual(done.stderr, '')

    def test_failed_work_is_1_with_one_sentence(self):
        with tempfile.TemporaryDirectory() as folder:
            text = pathlib.Path(folder, 'notes.txt')
            text.write_text('no video, no model, no project\n' * 100, encoding='utf-8')
            absent = pathlib.Path(folder, 'absent.mp4')
            for args in (('info', absent), ('info', text), ('frames', absent), ('frames', text), ('analyze', text),
                         ('classify', absent), ('bench', text), ('label', 'list', '--project', text),
                         ('label', 'verify', '--project', absent), ('analyze', '--model', text, SAMPLE)):
                done = praxi(*args)
                self.assertEqual((args, done.returncode), (args, 1), done.stderr)
                lines = done.stderr.splitlines()
                self.assertEqual((args, len(lines)), (args, 1), done.stderr)
                self.assertTrue(lines[0].startswith('praxi: '), lines[0])
                self.assertTrue(str(text) in lines[0] or str(absent) in lines[0], lines[0])

    def test_what_reads_footage_is_named_where_it_is_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            alone = shutil.copy(PRAXI, folder)
            self.assertEqual(subprocess.run([alone, 'devices'], capture_output=True, timeout=60).returncode, 0)
            done = subprocess.run([alone, 'info', SAMPLE], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (1, ''))
            self.assertRegex(done.stderr, r'^praxi: praxi-footage, .*\n$')
            pathlib.Path(folder, 'praxi-footage').symlink_to(pathlib.Path(PRAXI).resolve().with_name('praxi-footage'))
            done = subprocess.run([alone, 'info', SAMPLE], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ''))


class Documents(Contract):
    def test_info_of_a_video(self):
        info = self.document('info', '--json', SAMPLE)
        self.assert_has(info, 'kind container video index')
        self.assert_has(info['video'], 'codec width height rotation frames duration_s vfr avg_rate')
        self.assertEqual((info['video']['width'], info['video']['height'], info['video']['frames']), (640, 360, 750))
        self.assertAlmostEqual(info['video']['duration_s'], 30, places=3)
        self.assertGreater(info['index']['keyframes'], 1)

    def test_info_of_a_model(self):
        for name, path in MODELS.items():
            info = self.document('info', '--json', path)
            self.assert_has(info, 'kind classes input precision params macs weights_bytes sha256 lineage')
            self.assert_has(info['input'], 'frames height width rate_hz')
            self.assertEqual(info['classes'], ['normal', 'fight', 'fall'])
            self.assertEqual(info['precision'], {'original': 'f32', 'light': 'int8'}[name])

    def test_frames(self):
        frames = self.document('frames', '--json', '--hash', '--from', 100, '--count', 3, SAMPLE)['frames']
        self.assertEqual([frame['ordinal'] for frame in frames], [100, 101, 102])
        for frame in frames:
            self.assert_has(frame, 'ordinal pts_s keyframe sha256')
            self.assertAlmostEqual(frame['pts_s'], frame['ordinal'] / 25, places=6)
            self.assertEqual(len(frame['sha256']), 64)

    def test_analyze_finds_what_happens_in_the_sample(self):
        with tempfile.TemporaryDirectory() as folder:
            png = pathlib.Path(folder, 'heat.png')
            media = self.document('analyze', '--json', '--png', png, '--model', 'light', SAMPLE)['media']
            self.assertEqual(png.read_bytes()[:4], b'\x89PNG')
        self.assertEqual(len(media), 1)
        self.assert_has(media[0], 'file model backend device precision windows events classes decode_s infer_s wall_s '
                                  'footage_s peak_rss_bytes peak_device_bytes')
        self.assertGreater(len(media[0]['windows']), 50)
        for window in media[0]['windows']:
            self.assert_has(window, 'start_s end_s scores')
            self.assertEqual(len(window['scores']), 3)
            self.assertTrue(all(0 <= score <= 1 for score in window['scores']))
        for event in media[0]['events']:
            self.assert_has(event, 'class start_s end_s start_frame end_frame peak')
            self.assertNotEqual(event['class'], 'normal')
            self.assertLess(event['start_frame'], event['end_frame'])
        self.assertTrue(any(event['start_s'] < 14 and event['end_s'] > 4 for event in media[0]['events']),
                        'the scuffle from 4 to 14 s is missed')

    def test_classify_answers_in_order(self):
        media = self.document('classify', '--json', SAMPLE, SAMPLE)['media']
        self.assertEqual([entry['file'] for entry in media], [str(SAMPLE)] * 2)
        self.assert_has(media[0], 'file top scores')
        self.assert_has(media[0]['top'][0], 'class p')
        self.assertEqual(media[0], media[1])

    def test_bench(self):
        bench = self.document('bench', '--json', '--seconds', 0.3, MODELS['light'])
        self.assert_has(bench, 'clips_per_s latency_ms gmacs_per_s peak_rss_bytes peak_device_bytes ops')
        self.assert_has(bench['latency_ms'], 'p50 p95')
        self.assert_has(bench['ops'][0], 'name op ms kernel')
        self.assertTrue(any('otion' in op['op'] for op in bench['ops']), 'the motion stem was not fused')

    def test_devices(self):
        devices = self.document('devices', '--json')['devices']
        for device in devices:
            self.assert_has(device, 'backend name memory_bytes driver usable why')
        self.assertTrue(any(d['backend'] == 'cpu' and d['usable'] for d in devices))

    def test_compare(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(SAMPLE, folder)
            rows = ['file,class,start_s,end_s,group,split', 'yard.mp4,normal,0,3,a,val', 'yard.mp4,fight,5,13,a,val',
                    'yard.mp4,fall,21,24,b,val']
            pathlib.Path(folder, 'labels.csv').write_text('\n'.join(rows) + '\n', encoding='utf-8')
            both = self.document('compare', '--json', '--original', 'original', '--light', 'light', '--data', folder)
        self.assert_has(both, 'original light disagreements')
        for name in ('original', 'light'):
            self.assert_has(both[name], 'accuracy macro_f1 auc_pr per_class confusion fps clips_per_s latency_ms '
                                        'peak_rss_bytes peak_device_bytes weights_bytes file_bytes')
            self.assertEqual(both[name]['file_bytes'], MODELS[name].stat().st_size)
            self.assertEqual(sum(map(sum, both[name]['confusion'])), 3)

    def test_backends_agree(self):
        scores = {}
        with tempfile.TemporaryDirectory() as folder:
            clip = pathlib.Path(folder, 'clip.mp4')
            subprocess.run(['ffmpeg', '-v', 'error', '-ss', '8', '-i', SAMPLE, '-t', '3', clip], check=True)
            for backend in ('cpu', 'ref'):
                media = self.document('classify', '--json', '--backend', backend, clip)['media']
                scores[backend] = media[0]['scores']
        for cpu, ref in zip(scores['cpu'], scores['ref']):
            self.assertAlmostEqual(cpu, ref, delta=2e-3)


class Promises(Contract):
    def test_labels_of_a_run_stay_in_the_project(self):
        with tempfile.TemporaryDirectory() as folder:
            project = pathlib.Path(folder, 'yard.praxi')
            self.document('analyze', '--json', '--project', project, SAMPLE)
            done = praxi('label', 'add', '--project', project, '--media', SAMPLE, '--class', 'fight', '--start', 4,
                         '--end', 14)
            self.assertEqual(done.returncode, 0, done.stderr)
            labels = self.document('label', 'list', '--json', '--project', project)['labels']
            self.assertEqual(len(labels), 1)
            self.assert_has(labels[0], 'id media class start_s end_s start_frame end_frame author source created')
            self.assertEqual((labels[0]['start_frame'], labels[0]['end_frame']), (100, 350))
            self.assertEqual(praxi('label', 'verify', '--project', project).returncode, 0)

    def test_interrupted_work_keeps_what_is_done(self):
        with tempfile.TemporaryDirectory() as folder:
            project = pathlib.Path(folder, 'yard.praxi')
            job = subprocess.Popen([PRAXI, 'analyze', '--model', 'original', '--backend', 'ref', '--threads', '1',
                                    '--progress', 'json', '--json', '--project', project, SAMPLE],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for line in job.stderr:
                if json.loads(line).get('done', 0) > 0:
                    break
            job.send_signal(signal.SIGINT)
            begin = time.monotonic()
            out, _ = job.communicate(timeout=60)
            self.assertEqual(job.returncode, 130)
            self.assertLess(time.monotonic() - begin, 30)
            windows = json.loads(out)['media'][0]['windows']
            self.assertGreater(len(windows), 0)
            self.assertLess(len(windows), 57)

    def test_numbers_have_a_point_in_every_locale(self):
        done = praxi('info', '--json', SAMPLE, env={'LC_ALL': 'de_DE.UTF-8', 'PATH': '/usr/bin:/bin'})
        self.assertAlmostEqual(json.loads(done.stdout)['video']['duration_s'], 30, places=3)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=1)
