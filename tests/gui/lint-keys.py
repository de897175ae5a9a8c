#!/usr/bin/env python3
"""Fails when a key of the window is not in KEYS.md, or a test named there or in FAULTS.md does not exist.

usage: lint-keys.py SOURCE_ROOT
"""
import pathlib
import re
import sys

ROW = re.compile(r'\{"([\w-]+)",\s*N_ \("[^"]+"\),\s*[^,]+,\s*[^,]+,\s*(NULL|"[^"]*")\}')
FIXED = re.compile(r'\{N_ \("([^"]+)"\), "([\w<>]+)"\}')  # keys that cannot be given away
NAMES = {'bracketleft': '[', 'bracketright': ']', 'Return': 'Enter', 'Page_Up': 'Page up', 'Page_Down': 'Page down',
         'space': 'Space', 'question': '?', 'Control': 'Ctrl'}
SAME = ('KP_', 'equal', 'less', 'greater', 'brace')  # a key beside another one, for other keyboards
FILES = {'player': 'gui/test-player.py', 'labelling': 'gui/test-labelling.py', 'person': 'gui/test-person.py',
         'frame': 'gui/test-frame.py', 'camera': 'gui/test-camera.py', 'window': 'gui/test-window.c',
         'session': 'gui/test-faults.py', 'programs': 'app/test-faults.py', 'watch': 'app/test-watch.py',
         'plot': 'gui/test-plot.c', 'monkey': 'gui/monkey.py'}


def name(key):
    """GTK's name of a key as KEYS.md writes it."""
    modifiers, last = re.findall(r'<(\w+)>', key), re.sub(r'<\w+>', '', key)
    last = NAMES.get(last, last.upper() if len(last) == 1 else last)
    return '+'.join([NAMES.get(one, one) for one in modifiers] + [last])


def keys(root):
    for path in sorted((root / 'ui').glob('actions-*.c')):
        for action, words in ROW.findall(path.read_text()):
            for key in words.strip('"').split() if words != 'NULL' else ():
                if not re.sub(r'<\w+>', '', key).startswith(SAME):
                    yield action, name(key)
    for title, key in FIXED.findall((root / 'ui/keys-list.c').read_text()):
        yield title, name(key)


def rows(text):
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if line.startswith('|') and len(cells) == 2 and set(cells[0]) != {'-'}:
            yield cells


def lost_tests(root, cell):
    """Of "player `one`, `two`, frame `three`" those that are not in the file before them."""
    text = ''
    for word, test in re.findall(r'(\w+)? ?`([^`]+)`', cell):
        if word in FILES:
            text = (root / 'tests' / FILES[word]).read_text()
        elif test.startswith('test-'):
            text = test if (root / 'tests/gui' / test).exists() else ''
        if f'def {test}(' not in text and f'"{test}"' not in text and test != text:
            yield test


def faults(root):
    table = list(rows((root / 'tests/gui/KEYS.md').read_text()))
    named = {word.strip() for cells in table for word in re.split(r'[,;] ', cells[0])}
    for action, key in keys(root):
        if key not in named:
            yield f'{key} ({action}) is not in tests/gui/KEYS.md: name the test that presses it'
    for page in ('KEYS.md', 'FAULTS.md'):
        for cells in rows((root / 'tests/gui' / page).read_text()):
            for test in lost_tests(root, cells[1]):
                yield f'tests/gui/{page}: there is no test {test} ({cells[0]})'


def main(root):
    bad = list(faults(pathlib.Path(root)))
    print('\n'.join(bad))
    return bool(bad)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
