#!/usr/bin/python3
"""praxi serve as clients meet it, the good ones and the others.

usage: test-serve.py PRAXI SOURCE_ROOT
The names of tests carry the cases G1 to G8 they stand for.
"""
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PRAXI, ROOT = sys.argv[1:3]
SAMPLE = pathlib.Path(ROOT, 'data', 'sample', 'yard.mp4')
CLIP_TYPE = 'application/x-praxi-clip'
TOKEN = 'q7-Zr.correct~horse'
PATIENCE_S = 120  # of a client; a loaded machine is no fault


class Server:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([PRAXI, 'serve', '--port', '0', '--json', *map(str, arguments)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, self.process.communicate()
        self.port = json.loads(line)['port']

    def connect(self):
        return socket.create_connection(('127.0.0.1', self.port), timeout=PATIENCE_S)

    def ask(self, method, path, body=None, connection=None, **fields):
        own = connection or http.client.HTTPConnection('127.0.0.1', self.port, timeout=PATIENCE_S)
        try:
            own.request(method, path, body, {key.replace('_', '-'): value for key, value in fields.items()})
            answer = own.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            if connection is None:
                own.close()

    def classify(self, body, **fields):
        status, _, text = self.ask('POST', '/predict', body, **fields)
        assert status == 200, (status, text)
        return json.loads(text)['media'][0]

    def raw(self, data, to_read=1 << 16):
        """Sends bytes as they are; the answer's status, 0 when the server hung up."""
        with self.connect() as link:
            try:
                link.sendall(data)
                link.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            try:
                text = link.recv(to_read)
            except OSError:
                text = b''
        return int(text.split()[1]) if text.startswith(b'HTTP/') else 0

    def figure(self, name, **fields):
        text = self.ask('GET', '/metrics', **fields)[2].decode()
        return float(next(line.split()[-1] for line in text.splitlines() if line.startswith(f'praxi_{name} ')))

    def rss_mb(self):
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return int(status.split('VmRSS:')[1].split()[0]) / 1024

    def children(self):
        return pathlib.Path(f'/proc/{self.process.pid}/task/{self.process.pid}/children').read_text().split()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        _, error = self.process.communicate(timeout=60)
        return self.process.returncode, error


def local_address(port):
    found = set()
    for name in ('tcp', 'tcp6'):
        for line in pathlib.Path(f'/proc/net/{name}').read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == '0A' and int(address.split(':')[1], 16) == port:
                found.add(address.split(':')[0])
    return found


class Serve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='praxi-serve-'))
        cls.token_file = cls.folder / 'token'
        cls.token_file.write_text(TOKEN + '\n')
        cls.token_file.chmod(0o600)
        cls.server = Server('--max-delay', 20)
        cls.health = json.loads(cls.server.ask('GET', '/health')[2])
        cls.clip_bytes = cls.health['clip']['bytes']
        cls.short = cls.folder / 'short.mp4'
        subprocess.run(['ffmpeg', '-v', 'error', '-i', SAMPLE, '-t', '3.5', '-c', 'copy', cls.short], check=True)

    @classmethod
    def tearDownClass(cls):
        status, error = cls.server.stop()
        shutil.rmtree(cls.folder)
        assert status == 0 and error == '', (status, error)

    def clips(self, n):
        rng = random.Random(5)
        made = []
        for k in range(n):
            tile = rng.randbytes(self.clip_bytes // 97 + 1)
            made.append((tile * 98)[k:k + self.clip_bytes])
        return made

    def test_g1_listens_on_this_machine_alone(self):
        self.assertEqual(local_address(self.server.port), {'0100007F'})
        self.assertEqual(self.server.ask('GET', '/health', Host='evil.example')[0], 421)
        self.assertEqual(self.server.ask('GET', '/health', Origin='https://evil.example')[0], 403)

    def test_health_and_metrics(self):
        info = json.loads(subprocess.run([PRAXI, 'info', '--json', 'light'], capture_output=True, check=True).stdout)
        self.assertTrue(self.health['ready'])
        self.assertEqual(self.health['sha256'], info['sha256'])
        self.assertEqual(self.health['classes'], info['classes'])
        self.assertEqual(self.health['backend'], 'cpu')
        status, fields, text = self.server.ask('GET', '/metrics')
        self.assertEqual((status, fields['Content-Type']), (200, 'text/plain; version=0.0.4'))
        for line in text.decode().splitlines():
            if not line.startswith('#'):
                float(line.rsplit(' ', 1)[1])
        self.assertEqual(self.server.figure('ready'), 1)

    def test_answers_as_classify(self):
        done = subprocess.run([PRAXI, 'classify', '--json', self.short], capture_output=True, check=True)
        expected = json.loads(done.stdout)['media'][0]
        body = self.short.read_bytes()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: self.server.classify(body), range(4)))
        for answer in answers:
            self.assertEqual(answer['scores'], expected['scores'])
            self.assertEqual(answer['top'], expected['top'])
        self.assertEqual(self.server.children(), [])

    def check_batches(self, server, n):
        clips = self.clips(n)
        ask = lambda clip: server.classify(clip, Content_Type=CLIP_TYPE)['scores']  # noqa: E731
        alone = [ask(clip) for clip in clips]
        runs = server.figure('batch_clips_count')
        with concurrent.futures.ThreadPoolExecutor(n) as pool:
            together = list(pool.map(ask, clips))
        self.assertEqual(together, alone)
        self.assertLess(server.figure('batch_clips_count') - runs, n, 'no batch has formed')
        self.assertEqual(len({tuple(scores) for scores in alone}), n)

    def test_a_batch_gives_each_the_answer_it_gets_alone(self):
        self.check_batches(self.server, 11)

    def test_a_batch_of_a_float_model(self):
        server = Server('--model', 'original', '--max-batch', 4, '--max-delay', 300)
        try:
            self.check_batches(server, 4)
        finally:
            self.assertEqual(server.stop(signal.SIGINT), (0, ''))

    def test_one_connection_many_requests(self):
        link = http.client.HTTPConnection('127.0.0.1', self.server.port, timeout=PATIENCE_S)
        clip = self.clips(1)[0]
        answers = [self.server.ask('POST', '/predict', clip, connection=link, Content_Type=CLIP_TYPE) for _ in range(3)]
        link.close()
        self.assertEqual({(status, text) for status, _, text in answers}, {(200, answers[0][2])})

    def test_g5_wrong_input(self):
        playlist = b'#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n'
        audio = self.folder / 'audio.mp4'
        subprocess.run(['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'aac', audio], check=True)
        whole = self.short.read_bytes()
        bodies = [b'hello', b'', random.Random(1).randbytes(70000), playlist, audio.read_bytes(), whole[:len(whole) // 3],
                  b'\0' * 4096, b'%PDF-1.4\n', b'file:/etc/passwd', b'http://127.0.0.1:9/x.mp4']
        for body in bodies:
            status, _, text = self.server.ask('POST', '/predict', body)
            self.assertEqual(status, 400, (body[:20], text))
            said = json.loads(text)['error']
            self.assertNotIn('/', said)
            self.assertNotIn('\n', said)
        for n in (0, 1, self.clip_bytes - 1, self.clip_bytes + 1):
            self.assertEqual(self.server.ask('POST', '/predict', b'x' * n, Content_Type=CLIP_TYPE)[0], 400)
        self.assertEqual(self.server.ask('POST', '/predict', b'x', Content_Encoding='gzip')[0], 415)
        self.assertEqual(self.server.ask('GET', '/predict?file=/etc/passwd')[0], 405)
        self.assertEqual(self.server.ask('GET', '/../../etc/passwd')[0], 404)
        self.assertEqual(self.server.children(), [])

    def test_g5_heads_that_are_none(self):
        head = b'POST /predict HTTP/1.1\r\nHost: localhost\r\n'
        refused = [b'\r\n' * 5000, b'GET\r\n\r\n', b'\0' * 1000, b'GET /health HTTP/9.9\r\nHost: x\r\n\r\n',
                   head + b'Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde',
                   head + b'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
                   head + b'Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n',
                   head + b'Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n0\r\n\r\n',
                   head + b'Content-Length: -1\r\n\r\n', head + b'Content-Length: 99999999999999999999\r\n\r\n',
                   head + b''.join(b'X-%d: y\r\n' % k for k in range(100000)) + b'\r\n',
                   head + b'X: ' + b'y' * 1000000 + b'\r\n\r\n']
        for data in refused:
            self.assertNotIn(self.server.raw(data), (200, 500), data[:80])
        rng = random.Random(3)
        seed = head + b'Content-Type: application/x-praxi-clip\r\nContent-Length: 5\r\n\r\nabcde'
        for _ in range(60):
            data = bytearray(seed)
            for _ in range(rng.randrange(1, 6)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            self.assertNotIn(self.server.raw(bytes(data)), (200, 500))
        self.assertEqual(self.server.ask('GET', '/health')[0], 200)

    def test_g4_oversized(self):
        before = self.server.rss_mb()
        head = b'POST /predict HTTP/1.1\r\nHost: localhost\r\n'
        self.assertEqual(self.server.raw(head + b'Content-Length: 1073741824\r\n\r\n'), 413)
        million = head + b'Transfer-Encoding: chunked\r\n\r\n' + b'1\r\nx\r\n' * 1000000 + b'0\r\n\r\n'
        self.assertEqual(self.server.raw(million), 400)
        with self.server.connect() as link:  # more than it takes, in chunks, without an end
            link.sendall(head + b'Transfer-Encoding: chunked\r\n\r\n')
            block = b'100000\r\n' + b'z' * (1 << 20) + b'\r\n'
            sent = 0
            try:
                while sent < 400:
                    link.sendall(block)
                    sent += 1
            except OSError:
                pass
            self.assertLess(sent, 200)
        self.assertLess(self.server.rss_mb() - before, 64)
        self.assertEqual(self.server.ask('GET', '/health')[0], 200)
        self.assertEqual(self.server.figure('bodies_bytes'), 0)

    def test_g2_g3_g6_tight(self):
        """Little room, short deadlines and a token."""
        server = Server('--token-file', self.token_file, '--idle', 1.5, '--read', 1.5, '--queue', 2, '--connections', 24,
                        '--max-delay', 200, '--max-body', 4000000)
        good = dict(Authorization='Bearer ' + TOKEN)
        clip = self.clips(1)[0]
        try:
            for wrong in ({}, dict(Authorization='Bearer ' + TOKEN[:-1]), dict(Authorization='Bearer ' + TOKEN + 'x'),
                          dict(Authorization='Basic ' + TOKEN)):
                status, fields, _ = server.ask('POST', '/predict', clip, Content_Type=CLIP_TYPE, **wrong)
                self.assertEqual((status, fields['WWW-Authenticate']), (401, 'Bearer'))
                self.assertEqual(server.ask('GET', '/metrics', **wrong)[0], 401)
            self.assertEqual(server.ask('POST', '/predict', clip, Content_Type=CLIP_TYPE, **good)[0], 200)
            # A body that is too large, without saying so in its head.
            chunks = (clip[:1000000] for _ in range(5))
            self.assertEqual(server.ask('POST', '/predict', chunks, **good)[0], 413)
            # More than the queue holds: everybody hears something.
            with concurrent.futures.ThreadPoolExecutor(12) as pool:
                asked = [pool.submit(server.ask, 'POST', '/predict', clip, Content_Type=CLIP_TYPE, **good) for _ in range(12)]
                answers = [one.result() for one in asked]
            self.assertEqual({status for status, _, _ in answers}, {200, 503})
            self.assertTrue(all(int(fields['Retry-After']) >= 1 for status, fields, _ in answers if status == 503))
            # Heads and bodies that never end, in more connections than there are.
            slow = [server.connect() for _ in range(60)]
            for k, link in enumerate(slow):
                try:
                    link.sendall(b'POST /predict HTTP/1.1\r\nHost: localhost\r\n')
                    if k % 2:
                        link.sendall(f'Authorization: Bearer {TOKEN}\r\nContent-Length: 3000000\r\n\r\nslowly'.encode())
                except OSError:
                    pass
            self.assertEqual(server.ask('POST', '/predict', clip, Content_Type=CLIP_TYPE, **good)[0], 200)
            until = time.monotonic() + 30
            while server.figure('connections', **good) > 1 and time.monotonic() < until:
                for link in slow:  # what trickles in is no sign of life
                    try:
                        link.send(b'x')
                    except OSError:
                        pass
                time.sleep(0.1)
            self.assertEqual(server.figure('connections', **good), 1)
            for link in slow:
                link.close()
        finally:
            self.assertEqual(server.stop(), (0, ''))

    def test_g8_ends_in_order(self):
        server = Server('--max-batch', 2)
        clips, footage = self.clips(8), self.short.read_bytes()
        heard, begun = [], threading.Event()

        def ask_on(k):
            while True:
                try:
                    body = clips[k] if k < len(clips) else footage
                    fields = dict(Content_Type=CLIP_TYPE) if k < len(clips) else {}
                    heard.append(server.ask('POST', '/predict', body, **fields))
                    begun.set()
                except ConnectionRefusedError:
                    return
                except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                    continue  # before an answer began; half an answer is IncompleteRead

        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            asking = [pool.submit(ask_on, k) for k in range(10)]
            self.assertTrue(begun.wait(PATIENCE_S))
            status, error = server.stop()
            for one in asking:
                one.result()
        self.assertEqual((status, error), (0, ''))
        for status, _, text in heard:
            self.assertIn(status, (200, 503))
            self.assertIn('media' if status == 200 else 'error', json.loads(text))

    def test_wrong_usage(self):
        def say(*arguments):
            done = subprocess.run([PRAXI, 'serve', *map(str, arguments)], capture_output=True, text=True, timeout=60)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            return done.returncode
        open_token = self.folder / 'open'
        open_token.write_text(TOKEN)
        open_token.chmod(0o644)
        self.assertEqual(say('--token-file', open_token), 1)
        self.assertEqual(say('--token-file', self.folder / 'missing'), 1)
        self.assertEqual(say('--model', SAMPLE), 1)
        self.assertEqual(say('--port', self.server.port), 1)
        self.assertEqual(say('--max-batch', 65), 2)
        self.assertEqual(say('--port', 70000), 2)
        self.assertEqual(say('x.mp4'), 2)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
