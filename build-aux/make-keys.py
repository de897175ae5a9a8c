#!/usr/bin/env python3
"""Writes keys.md from the tables of actions, or says where keys.md is untrue.

usage: make-keys.py SOURCE_ROOT [--check]
"""
import pathlib
import re
import sys

ROW = re.compile(r'\{"([\w-]+)",\s*N_ \("([^"]+)"\),\s*[^,]+,\s*[^,]+,\s*(NULL|"[^"]*")\}')
GROUP = re.compile(r'PraxiActionGroup praxi_actions_\w+ = \{N_ \("([^"]+)"\)')
FILES = ('play', 'labels', 'review', 'scene', 'view', 'footage', 'camera', 'window')
NAMES = {'comma': ',', 'period': '.', 'plus': '+', 'minus': '−', 'equal': '=', 'space': 'Space', 'Return': 'Enter',
         'Escape': 'Esc', 'Left': '←', 'Right': '→', 'bracketleft': '[', 'bracketright': ']', 'question': '?', 'less': '<', 'greater': '>',
         'Page_Up': 'Page up', 'Page_Down': 'Page down',
         'braceleft': '{', 'braceright': '}', 'Control': 'Ctrl'}
TAIL = """
The digits 1 to 9 and 0 choose the class that has them; while marks are set they make the label at once, and held while the video plays they label as long as they are held.

## In the timeline

A click goes there, a drag selects, a drag at an edge of a label moves it. The wheel or the middle button moves the timeline; Ctrl and the wheel, or two fingers, zoom at the pointer. A double click on a label opens its note, and Alt keeps a dragged edge from snapping.
"""


def show(key):
    """GTK's name of a key as people read it."""
    modifiers, name = re.findall(r'<(\w+)>', key), re.sub(r'<\w+>', '', key)
    if name.startswith('KP_'):
        return None
    name = NAMES.get(name, name.upper() if len(name) == 1 else name)
    return '+'.join([NAMES.get(one, one) for one in modifiers] + [name])


def tables(root):
    for name in FILES:
        path = root / 'ui' / f'actions-{name}.c'
        if path.exists():
            text = path.read_text()
            yield GROUP.search(text)[1], ROW.findall(text)


def page(root):
    lines = ['# Keys', '',
             'These are the keys as they come. Each can be changed under Preferences, Keys; Ctrl+? shows them all as they are.', '']
    for title, rows in tables(root):
        lines += [f'## {title}', '', '| keys | do |', '|---|---|']
        for _, what, keys in rows:
            shown = [show(key) for key in keys.strip('"').split()] if keys != 'NULL' else []
            if any(shown):
                lines.append(f"| {' · '.join(key for key in shown if key)} | {what} |")
        lines.append('')
    return '\n'.join(lines).rstrip() + '\n' + TAIL


def main(root, *options):
    root = pathlib.Path(root)
    path, wanted = root / 'docs/guide/keys.md', page(root)
    if '--check' not in options:
        path.write_text(wanted)
        return 0
    rows = [line for line in path.read_text().splitlines() if line.startswith('| ') and line != '| keys | do |']
    untrue = [line for line in rows if line not in wanted.splitlines()]
    for line in untrue:
        print(f'docs/guide/keys.md: {line} is not so; run build-aux/make-keys.py .')
    return bool(untrue)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
