#!/usr/bin/python3
"""Prints "N passed, N failed, N skipped" for a meson testlog.json; exit 1 when a test failed or none ran.

usage: count-tests.py TESTLOG.json
"""
import json
import sys


def main(path):
    with open(path, encoding='utf-8') as log:
        results = [json.loads(line) for line in log if line.strip()]
    passed = [r for r in results if r['result'] == 'OK']
    skipped = [r for r in results if r['result'] == 'SKIP']
    failed = [r for r in results if r not in passed and r not in skipped]
    for r in skipped:
        print('skipped:', r['name'])
    for r in failed:
        print('failed:', r['name'])
    print(f'{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped')
    return 0 if passed and not failed else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
