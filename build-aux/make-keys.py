#!/usr/bin/env python3
"""Writes the page of keys of the guide, in each language, from the tables of actions and their
translations, or says where a page is untrue.

usage: make-keys.py SOURCE_ROOT [--check]
"""
import gettext
import io
import pathlib
import re
import subprocess
import sys

ROW = re.compile(r'\{"([\w-]+)",\s*N_ \("([^"]+)"\),\s*[^,]+,\s*[^,]+,\s*(NULL|"[^"]*")\}')
GROUP = re.compile(r'PraxiActionGroup praxi_actions_\w+ = \{N_ \("([^"]+)"\)')
FILES = ('play', 'labels', 'review', 'scene', 'view', 'footage', 'camera', 'window')
NAMES = {'comma': ',', 'period': '.', 'plus': '+', 'minus': '−', 'equal': '=', 'space': 'Space', 'Return': 'Enter',
         'Escape': 'Esc', 'Left': '←', 'Right': '→', 'Up': '↑', 'Down': '↓', 'bracketleft': '[', 'bracketright': ']',
         'question': '?', 'less': '<', 'greater': '>', 'Page_Up': 'Page up', 'Page_Down': 'Page down', 'braceleft': '{',
         'braceright': '}', 'Control': 'Ctrl'}

# Of each language: the folder, names of keys that differ, and the sentences around the tables.
PAGES = {
    'en': ('', {}, ('Keys', 'These are the keys as they come. Each can be changed under Preferences, Keys; Ctrl+? shows them all '
                    'as they are.', 'keys', 'do', """
The digits 1 to 9 and 0 choose the class that has them; while marks are set they make the label at once, and held while the video plays they label as long as they are held.

## In the timeline

A click goes there, a drag selects, a drag at an edge of a label moves it. The wheel or the middle button moves the timeline; Ctrl and the wheel, or two fingers, zoom at the pointer. A double click on a label opens its note, and Alt keeps a dragged edge from snapping.
""")),
    'de': ('de/', {'Ctrl': 'Strg', 'Shift': 'Umschalt', 'Space': 'Leertaste', 'Enter': 'Eingabe', 'Home': 'Pos1', 'End': 'Ende',
                   'Delete': 'Entf', 'Page up': 'Bild auf', 'Page down': 'Bild ab'},
           ('Tasten', 'So sind die Tasten von Haus aus. Jede lässt sich unter Einstellungen, Tasten ändern; Strg+? zeigt alle, wie sie '
            'sind.', 'Tasten', 'tun', """
Die Ziffern 1 bis 9 und 0 wählen die Klasse, der sie gehören; sind Marken gesetzt, machen sie das Label sogleich, und gehalten, während das Video läuft, kennzeichnen sie so lange, wie sie gehalten werden.

## In der Zeitleiste

Ein Klick geht dorthin, Ziehen wählt aus, Ziehen am Rand eines Labels bewegt ihn. Das Rad oder die mittlere Taste verschiebt die Zeitleiste; Strg und das Rad, oder zwei Finger, zoomen am Zeiger. Ein Doppelklick auf ein Label öffnet seine Notiz, und Alt hält einen gezogenen Rand vom Einrasten ab.
""")),
    'zh_CN': ('zh_CN/', {'Space': '空格', 'Enter': '回车', 'Page up': 'Page Up', 'Page down': 'Page Down'},
              ('快捷键', '以下是默认的按键。每个都可以在“首选项”的“快捷键”中更改；Ctrl+? 显示当前的全部按键。', '按键', '作用', """
数字 1 到 9 和 0 选择拥有该数字的类别；设有标记时立即做出标签，播放时按住则一直标注到松开为止。

## 在时间轴上

单击跳到该处，拖动进行选择，拖动标签的边缘可移动它。滚轮或中键移动时间轴；Ctrl 加滚轮或双指在指针处缩放。双击标签打开备注，按住 Alt 拖动边缘时不会吸附。
""")),
}


def translator(root, language):
    if language == 'en':
        return lambda text: text
    compiled = subprocess.run(['msgfmt', '-o', '-', root / f'po/{language}.po'], check=True, capture_output=True).stdout
    return gettext.GNUTranslations(io.BytesIO(compiled)).gettext


def show(key, names):
    """GTK's name of a key as people read it."""
    modifiers, name = re.findall(r'<(\w+)>', key), re.sub(r'<\w+>', '', key)
    if name.startswith('KP_'):
        return None
    name = NAMES.get(name, name.upper() if len(name) == 1 else name)
    return '+'.join(names.get(one, one) for one in [NAMES.get(one, one) for one in modifiers] + [name])


def tables(root):
    for name in FILES:
        text = (root / 'ui' / f'actions-{name}.c').read_text()
        yield GROUP.search(text)[1], ROW.findall(text)


def page(root, language):
    _, names, (title, intro, keys_column, do_column, tail) = PAGES[language]
    translate = translator(root, language)
    lines = [f'# {title}', '', intro, '']
    for group, rows in tables(root):
        lines += [f'## {translate(group)}', '', f'| {keys_column} | {do_column} |', '|---|---|']
        for _, what, keys in rows:
            shown = [show(key, names) for key in keys.strip('"').split()] if keys != 'NULL' else []
            if any(shown):
                lines.append(f"| {' · '.join(key for key in shown if key)} | {translate(what)} |")
        lines.append('')
    return '\n'.join(lines).rstrip() + '\n' + tail


def main(root, *options):
    root, is_untrue = pathlib.Path(root), False
    for language, (folder, *_) in PAGES.items():
        path, wanted = root / f'docs/guide/{folder}keys.md', page(root, language)
        if '--check' not in options:
            path.write_text(wanted)
        elif path.read_text() != wanted:
            print(f'docs/guide/{folder}keys.md is not as the program has it; run build-aux/make-keys.py .')
            is_untrue = True
    return is_untrue


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
