#!/usr/bin/env python3
"""praxi on machines with and without a GPU: every fault has its own sentence, and the processor's results.

usage: test-cuda.py PRAXI EMULATED_FOLDER

EMULATED_FOLDER has the plug-in and a libcuda.so.1 that fails as FAKE_CUDA_… says.
"""
import ctypes
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

PRAXI, FOLDER = (str(pathlib.Path(argument).resolve()) for argument in sys.argv[1:3])
NO_DRIVER = 'there is no NVIDIA driver (libcuda.so.1 was not found)'


def has_driver():
    try:
        ctypes.CDLL('libcuda.so.1')
    except OSError:
        return False
    return True


def praxi(*args, driver=True, cudnn=False, plugins=FOLDER, **settings):
    env = {key: value for key, value in os.environ.items() if not key.startswith('FAKE_CUDA')}
    env.update(PRAXI_PLUGINS=str(plugins), PRAXI_CUDA_CONV='chosen', PRAXI_CUDNN='all' if cudnn else 'off', **{f'FAKE_CUDA_{key}': str(value) for key, value in settings.items()})
    if cudnn:
        del env['PRAXI_CUDA_CONV']
    env['LD_LIBRARY_PATH'] = f'{FOLDER}:{FOLDER}/cudnn' if cudnn else FOLDER if driver else ''
    return subprocess.run([PRAXI, *args], env=env, capture_output=True, text=True, timeout=300 if cudnn else 120)


def why(**settings):
    run = praxi('devices', '--json', **settings)
    assert run.returncode == 0, run.stderr
    cuda = [device for device in json.loads(run.stdout)['devices'] if device['backend'] == 'cuda'][0]
    assert cuda['usable'] == (cuda['why'] == ''), cuda
    return cuda['why']


class Devices(unittest.TestCase):
    def test_usable(self):
        run = praxi('devices')
        self.assertRegex(run.stdout, r'(?m)^cuda  usable   Emulated GPU, 4\.3 GB')
        self.assertEqual(run.stdout.splitlines()[0].split()[0], 'cuda')

    def test_card_memory(self):
        self.assertIn('Emulated GPU, 4.3 GB (3.0 GB free)\n', praxi('devices').stdout)
        for settings, free in (({}, 3000000000), ({'FREE': 12345}, 12345), ({'NVML': 3}, None)):
            cuda = json.loads(praxi('devices', '--json', **settings).stdout)['devices'][0]
            self.assertEqual(cuda.get('free_bytes'), free)

    def test_cudnn(self):
        self.assertRegex(praxi('devices', cudnn=True).stdout, r'(?m)^cuda .*\n +cuDNN 9\.19 is tried beside the own convolutions$')
        self.assertEqual(json.loads(praxi('devices', '--json').stdout)['devices'][0]['note'], 'cuDNN is not used: PRAXI_CUDNN is off')

    @unittest.skipIf(has_driver(), 'this machine has an NVIDIA driver')
    def test_no_driver(self):
        self.assertEqual(why(driver=False), NO_DRIVER)

    def test_sentences(self):
        for settings, text in (
            ({'INIT': 34}, 'libcuda.so.1 is the stub of a toolkit; install the NVIDIA driver'),
            ({'VERSION': 12020}, 'the NVIDIA driver supports CUDA 12.2, this build needs 13.0: install driver R580 or newer'),
            ({'VERSION': 12090}, 'the NVIDIA driver supports CUDA 12.9, this build needs 13.0: install driver R580 or newer'),
            ({'INIT': 100}, 'the NVIDIA driver finds no GPU'),
            ({'DEVICES': 0}, 'the NVIDIA driver finds no GPU'),
            ({'INIT': 999}, 'the NVIDIA driver does not start (unknown error, CUDA error 999); is the module nvidia_uvm loaded?'),
            ({'ARCH': 61}, 'Emulated GPU has compute capability 6.1; 7.5 (Turing) or newer is needed'),
        ):
            with self.subTest(text):
                self.assertEqual(why(**settings), text)

    def test_plugin(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(why(plugins=folder), 'the CUDA plug-in praxi-cuda.so is not installed')
            other = pathlib.Path(folder) / 'praxi-cuda.so'
            other.write_text('not a library')
            self.assertIn('the CUDA plug-in does not load', why(plugins=folder))
            other.unlink()
            other.symlink_to(pathlib.Path(FOLDER) / 'libcuda.so.1')  # a library without the entry
            self.assertIn('of another version of praxiscope', why(plugins=folder))


class Bench(unittest.TestCase):
    def test_asked_for_by_name(self):
        run = praxi('bench', 'light', '--backend', 'cuda', '--seconds', '0', VERSION=12020)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr.strip(), 'praxi: backend cuda cannot be used: the NVIDIA driver supports CUDA 12.2, this build needs 13.0: '
                                             'install driver R580 or newer; take --backend cpu')

    def check_fallback(self, said, *args, **settings):
        run = praxi('bench', 'light', '--seconds', '0', '--json', *args, **settings)
        self.assertEqual(run.returncode, 0, run.stderr)
        result = json.loads(run.stdout)
        self.assertEqual(result['backend'], 'cpu')
        self.assertNotIn('Emulated', result['device'])
        self.assertEqual({op['backend'] for op in result['ops']} - {'cpu', 'ref'}, set())
        self.assertIn(said, run.stderr) if said else self.assertEqual(run.stderr, '')

    def test_no_gpu_says_nothing(self):
        self.check_fallback('', INIT=100)

    def test_no_memory(self):
        self.check_fallback('using the processor instead', OOM_AT=1, OOM_ALL=1)

    def test_card_too_small(self):
        self.check_fallback('using the processor instead', MEMORY=8 << 20)

    def test_budget(self):
        self.check_fallback('--vram allows; using the processor instead', '--vram', '1M')

    def test_sticky_error(self):
        for error in (700, 719, 999):
            self.check_fallback(f'CUDA error {error}); going on with the processor', FAIL_AT=20, ERROR=error)

    def test_lost_while_plans_are_tried(self):
        with tempfile.TemporaryDirectory() as cache, unittest.mock.patch.dict(os.environ, XDG_CACHE_HOME=cache):
            self.check_fallback('CUDA error 700); going on with the processor', cudnn=True, FAIL_AT=75)
            self.assertNotEqual(list(pathlib.Path(cache).rglob('*.plan')), [])

    def test_hang(self):
        self.check_fallback('the GPU has not answered for 8 seconds; going on with the processor', HANG_AT=5)

    def test_bad_budget(self):
        for command in (['bench', 'light'], ['classify', 'x.mp4'], ['compare', '--data', '.'], ['serve'], ['watch', 'x.mp4']):
            run = praxi(*command, '--vram', 'much')
            self.assertEqual((command, run.returncode), (command, 2))
            self.assertIn('--vram', run.stderr)

    def test_budget_of_every_command(self):
        with tempfile.TemporaryDirectory() as folder:
            clip = pathlib.Path(folder) / 'clip.mp4'
            subprocess.run(['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=192x144:r=20:d=4', '-c:v', 'mpeg4', clip], check=True)
            (clip.parent / 'labels.csv').write_text('file,class,start_s,end_s,group,split\nclip.mp4,walk,0,4,a,val\n')
            for command in (['classify', str(clip)], ['compare', '--data', folder, '--original', 'light', '--light', 'light']):
                run = praxi(*command, '--vram', '1M', '--json')
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertIn('--vram allows; using the processor instead', run.stderr)


class Classify(unittest.TestCase):
    """No window is lost, doubled or different when the GPU fails in the middle."""

    def test_same_answers(self):
        with tempfile.TemporaryDirectory() as folder:
            clip = pathlib.Path(folder) / 'clip.mp4'
            subprocess.run(['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=192x144:r=20:d=4', '-c:v', 'mpeg4', clip], check=True)
            expected = json.loads(praxi('analyze', str(clip), '--backend', 'cpu', '--json', '--stride', '1').stdout)['media'][0]
            # the second window is a graph launch, after some 70 of the first
            run = praxi('analyze', str(clip), '--json', '--stride', '1', FAIL_AT=70)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn('going on with the processor', run.stderr)
            got = json.loads(run.stdout)['media'][0]
            self.assertEqual(got['backend'], 'cpu')
            self.assertEqual(len(got['windows']), len(expected['windows']))
            for a, b in zip(got['windows'], expected['windows']):
                self.assertEqual(a['start_s'], b['start_s'])
                for x, y in zip(a['scores'], b['scores']):
                    self.assertAlmostEqual(x, y, delta=1e-3)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=1)
