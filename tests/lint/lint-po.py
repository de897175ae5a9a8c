#!/usr/bin/env python3
"""Fails when a translation does not compile or has gaps, or a file with texts is not collected.

usage: lint-po.py SOURCE_ROOT
"""
import pathlib
import re
import subprocess
import sys

TEXT = re.compile(r'\b(_|N_|C_) \("|\bngettext \(|translatable="yes"')


def entries(path):
    lines = path.read_text().splitlines()
    return [line for line in lines if line and not line.startswith('#')]


def faults(root):
    collected = entries(root / 'po/POTFILES.in')
    for name in collected:
        if not (root / name).exists():
            yield f'po/POTFILES.in: {name} does not exist'
    for path in sorted([*root.glob('app/*.c'), *root.glob('engine/**/*.c'), *root.glob('ui/*.c'), *root.glob('ui/*.ui')]):
        name = path.relative_to(root).as_posix()
        if name not in collected and TEXT.search(path.read_text()):
            yield f'po/POTFILES.in: {name} has texts and is not there; run po/update'
    for language in entries(root / 'po/LINGUAS'):
        done = subprocess.run(['msgfmt', '--check', '--statistics', '-o', '/dev/null', f'po/{language}.po'],
                              cwd=root, capture_output=True, text=True, env={'LC_ALL': 'C', 'PATH': '/usr/bin:/bin'})
        if done.returncode or 'fuzzy' in done.stderr or 'untranslated' in done.stderr:
            yield f'po/{language}.po: {done.stderr.strip()}'


def main(root):
    bad = list(faults(pathlib.Path(root)))
    print('\n'.join(bad))
    return bool(bad)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
