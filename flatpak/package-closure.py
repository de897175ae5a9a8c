#!/usr/bin/python3
"""Prints the installed packages that those named need, one a line, from dpkg's database alone.

usage: package-closure.py PACKAGE…
"""
import re
import subprocess
import sys

FIELDS = r'${Package}\t${db:Status-Abbrev}\t${Pre-Depends}, ${Depends}\t${Provides}\n'


def names(field):
    """Alternatives of each dependency, without versions and architectures."""
    for dependency in field.split(','):
        alternatives = [re.split(r'[ :(]', one.strip())[0] for one in dependency.split('|')]
        if any(alternatives):
            yield [name for name in alternatives if name]


def main(roots):
    depends, provided_by = {}, {}
    listing = subprocess.run(['dpkg-query', '-W', '-f', FIELDS], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        package, status, needs, provides = line.split('\t')
        if status.startswith('ii'):
            depends[package] = needs
            for name, in (alternatives[:1] for alternatives in names(provides)):
                provided_by.setdefault(name, package)
    closure, todo, missing = set(), list(roots), []
    while todo:
        package = todo.pop()
        package = package if package in depends else provided_by.get(package, package)
        if package in closure:
            continue
        if package not in depends:
            missing.append(package)
            continue
        closure.add(package)
        for alternatives in names(depends[package]):
            there = [name for name in alternatives if name in depends or name in provided_by]
            todo += there[:1]
    print('\n'.join(sorted(closure)))
    wanted = sorted(set(missing) & set(roots))
    if wanted:
        print('not installed: ' + ' '.join(wanted), file=sys.stderr)
    return bool(wanted)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
