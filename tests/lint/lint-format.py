#!/usr/bin/env python3
"""Fails when a C file is not what clang-format prints, or a text file breaks .editorconfig.

usage: lint-format.py SOURCE_ROOT
"""
import pathlib
import subprocess
import sys

FOLDERS = ('kernels', 'engine', 'ui', 'app', 'tests')
TEXT = ('.c', '.h', '.cu', '.cuh', '.py', '.sh', '.md', '.ui', '.css', '.sql', '.build')


def tracked(root):
    """Files git knows, or all files where this is no checkout."""
    listing = subprocess.run(['git', '-C', root, 'ls-files', '-z'], capture_output=True)
    if listing.returncode == 0 and listing.stdout:
        return [root / name for name in listing.stdout.decode().split('\0') if name]
    return [path for path in root.rglob('*') if path.is_file()]


def text_faults(path):
    data = path.read_bytes()
    if data and not data.endswith(b'\n'):
        yield 'no line feed at the end'
    if b'\r' in data:
        yield 'carriage return'
    for number, line in enumerate(data.split(b'\n'), 1):
        if b'\t' in line:
            yield f'line {number}: tab'
        if line != line.rstrip() and path.suffix != '.md':
            yield f'line {number}: blank at the end'


def main(root):
    files = [path for path in tracked(root) if path.exists()]
    faults = []
    for path in files:
        if path.suffix in TEXT:
            faults += [f'{path.relative_to(root)}: {fault}' for fault in text_faults(path)]
    sources = [str(path) for path in files
               if path.suffix in ('.c', '.h') and path.relative_to(root).parts[0] in FOLDERS]
    check = subprocess.run(['clang-format', '--dry-run', '-Werror', *sources], capture_output=True, text=True)
    faults += [line for line in check.stderr.splitlines() if 'clang-formatted' in line]
    print('\n'.join(faults))
    return bool(faults)


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
