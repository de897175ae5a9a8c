#!/usr/bin/python3
"""How many clips a second `praxi serve` answers to 1 … 32 clients, with batches and without.

Usage: serve-load.py PRAXI [--model light] [--seconds 2] [--rounds 3] [--threads 0]

Two servers run, one that forms batches and one that answers every request by itself; they take turns, round by
round, so that a busy machine slows both alike. Each client sends raw clips over one connection, the next when the
last is answered. Medians of the rounds are printed, and the ratio. Only loopback is used.
"""
import argparse
import http.client
import json
import os
import statistics
import subprocess
import threading
import time


class Server:
    def __init__(self, praxi, *arguments):
        command = [praxi, 'serve', '--port', '0', '--json', *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())['port']

    def connect(self):
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=120)

    def get(self, path):
        link = self.connect()
        link.request('GET', path)
        return link.getresponse().read().decode()

    def figure(self, name):
        return float(next(line.split()[-1] for line in self.get('/metrics').splitlines() if line.startswith(f'praxi_{name} ')))

    def load(self, clip, clients, seconds):
        """Clips per second, and the times of the requests in ms."""
        end, times = time.monotonic() + seconds, []

        def ask_on():
            link = self.connect()
            while time.monotonic() < end:
                begin = time.monotonic()
                link.request('POST', '/predict', clip, {'Content-Type': 'application/x-praxi-clip'})
                answer = link.getresponse()
                assert answer.status == 200, answer.read()
                answer.read()
                times.append((time.monotonic() - begin) * 1e3)

        begin = time.monotonic()
        threads = [threading.Thread(target=ask_on) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(times) / (time.monotonic() - begin), sorted(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('praxi')
    parser.add_argument('--model', default='light')
    parser.add_argument('--seconds', type=float, default=2)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--threads', default='0')
    arguments = parser.parse_args()
    common = ['--model', arguments.model, '--threads', arguments.threads]
    servers = [Server(arguments.praxi, *common), Server(arguments.praxi, *common, '--max-batch', '1', '--max-delay', '0')]
    try:
        clip = os.urandom(json.loads(servers[0].get('/health'))['clip']['bytes'])
        print('clients   batches: clips/s  p50 ms  p95 ms  clips a run   single: clips/s  p50 ms  p95 ms   ratio')
        for clients in (1, 2, 4, 8, 16, 32):
            rates, times, sizes = ([], []), ([], []), []
            for _ in range(arguments.rounds):
                for k, server in enumerate(servers):
                    before = server.figure('batch_clips_sum'), server.figure('batch_clips_count')
                    rate, took = server.load(clip, clients, arguments.seconds)
                    rates[k].append(rate)
                    times[k].extend(took)
                    if k == 0:
                        sizes.append((server.figure('batch_clips_sum') - before[0]) /
                                     max(server.figure('batch_clips_count') - before[1], 1))
            shown = []
            for k in range(2):
                sorted_ms = sorted(times[k])
                shown.append((statistics.median(rates[k]), sorted_ms[len(sorted_ms) // 2], sorted_ms[len(sorted_ms) * 95 // 100]))
            ratio = statistics.median(a / b for a, b in zip(*rates))
            print(f'{clients:7d} {shown[0][0]:18.1f} {shown[0][1]:7.1f} {shown[0][2]:7.1f} {statistics.median(sizes):12.1f} '
                  f'{shown[1][0]:17.1f} {shown[1][1]:7.1f} {shown[1][2]:7.1f} {ratio:7.2f}', flush=True)
    finally:
        for server in servers:
            server.process.terminate()
            server.process.wait()


if __name__ == '__main__':
    main()
