#!/usr/bin/python3
"""Prints "N passed, N failed, N skipped" for meson's testlog.json files; exit 1 when a test failed or none ran.

A test that stands in several logs counts as the last of them says; what passed only then is named.

usage: count-tests.py TESTLOG.json…
       count-tests.py --failed-of PREFIX TESTLOG.json    prints the failed tests of that prefix instead
"""
import json
import sys


def read(path):
    with open(path, encoding='utf-8') as log:
        return [json.loads(line) for line in log if line.strip()]


def short(name):
    """The name that meson test takes: without the suites before it."""
    return name.split(' / ')[-1].strip()


def count(paths):
    results, failed_once = {}, set()
    for path in paths:
        for result in read(path):
            name = result['name']
            if name in results and result['result'] == 'OK':
                failed_once.add(name)
            results[name] = result['result']
    failed = [name for name, result in results.items() if result not in ('OK', 'SKIP')]
    skipped = [name for name, result in results.items() if result == 'SKIP']
    for what, names in (('skipped', skipped), ('passed at the second try', sorted(failed_once)), ('failed', failed)):
        for name in names:
            print(f'{what}: {short(name)}')
    n_passed = len(results) - len(failed) - len(skipped)
    print(f'{n_passed} passed, {len(failed)} failed, {len(skipped)} skipped')
    return 0 if n_passed and not failed else 1


def main(arguments):
    if arguments[0] != '--failed-of':
        return count(arguments)
    failed = [short(r['name']) for r in read(arguments[2]) if r['result'] not in ('OK', 'SKIP')]
    print(*(name for name in failed if name.startswith(arguments[1])))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
