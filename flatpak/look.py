#!/usr/bin/python3
"""Uses the installed Flatpak as a person would: opens a video through the file chooser portal,
analyses it, looks at the window. Run by flatpak/check inside a display and a session bus.

usage: look.py APPLICATION_ID VIDEO WORK
"""
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../tests/gui'))
import driver
from driver import App, Atspi, wait, xdo

ID, VIDEO, WORK = sys.argv[1:4]


class Confined(App):
    """The program is in a sandbox: known by its name, as its process numbers are others."""

    def _find_application(self):
        assert self.process.poll() is None, 'the application died'
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(i)
            if child and child.get_name() == 'praxiscope' and child.get_child_count():
                return child
        return None


def find_window(*args):
    return wait(lambda: subprocess.run(['xdotool', 'search', '--onlyvisible', *args], capture_output=True,
                                       text=True).stdout.split()[-1:], f'the window {args}')[0]


def only_of_window(*args):
    """driver.App asks for the window of a process."""
    return find_window('--name', 'Praxiscope') if args[:1] == ('search',) else xdo(*args)


def choose(title, path):
    """In the chooser of the portal, which is another program's window."""
    dialog = find_window('--name', title)
    xdo('windowfocus', '--sync', dialog)
    time.sleep(0.5)
    xdo('key', 'ctrl+l')
    time.sleep(0.5)
    xdo('key', 'ctrl+a')
    xdo('type', '--delay', 5, path)
    time.sleep(0.5)
    xdo('key', 'Return')
    time.sleep(1)
    if subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', title], capture_output=True).stdout:
        xdo('key', 'Return')


def spread(picture):
    """How much the pixels differ: 0 for an empty picture, 0.5 at most."""
    said = subprocess.run(['identify', '-format', '%[fx:standard_deviation]', picture], capture_output=True, text=True)
    return float(said.stdout)


def make_project(app):
    project = os.path.expanduser('~/Documents/Praxiscope/trial.praxi')
    app.do('win.new-project')
    choose('New project', project)
    wait(lambda: os.path.exists(project), f'{project} on the host', 20)


def look(app, name):
    app.do('win.open')
    choose('Open videos', name)
    wait(lambda: app.text('Frame '), 'a picture of the video', 60)
    app.do('win.analyse')
    wait(lambda: any(re.search('fight|fall', text) for text in app.texts()), 'events', 120)
    wait(lambda: not app.find('progress bar'), 'the end of the analysis', 120)
    time.sleep(1)
    picture = os.path.join(WORK, 'window.png')
    app.shoot(picture)
    assert spread(picture) > 0.05, f'{picture} is empty: {spread(picture)}'
    make_project(app)


def main():
    driver.xdo = only_of_window
    home = os.path.join(WORK, 'footage')
    os.makedirs(home, exist_ok=True)
    video = shutil.copy(VIDEO, os.path.join(home, 'a yard.mp4'))
    os.environ.update(GDK_BACKEND='x11', GTK_A11Y='atspi', LC_ALL='C.UTF-8')
    environment = ['GSK_RENDERER=cairo', 'GDK_DEBUG=gl-disable', 'GTK_A11Y=atspi', 'ADW_DEBUG_COLOR_SCHEME=prefer-light']
    app = Confined(['flatpak', '--user', 'run', *(f'--env={one}' for one in environment), ID],
                   os.path.join(WORK, 'praxiscope.log'))
    try:
        look(app, video)
    except Exception:
        subprocess.run(['import', '-window', 'root', os.path.join(WORK, 'failed.png')])
        print('\n'.join(app.texts()))
        subprocess.run(['flatpak', 'kill', ID])
        raise
    status, log = app.close()
    assert status == 0, f'exit {status}'
    problems = [line for line in log.splitlines() if 'CRITICAL' in line or 'praxiscope' in line and 'WARNING' in line]
    assert not problems, problems
    print(f'window after {app.started_s:.1f} s')


if __name__ == '__main__':
    main()
