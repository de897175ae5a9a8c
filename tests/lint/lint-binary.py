#!/usr/bin/env python3
"""Fails when a built program is not hardened, or the workbench links what only jobs may link.

usage: lint-binary.py PROGRAM [FORBIDDEN_LIBRARY_PREFIX…]
"""
import re
import subprocess
import sys


def main(program, *forbidden):
    dynamic = subprocess.run(['readelf', '-dW', program], capture_output=True, text=True, check=True).stdout
    header = subprocess.run(['readelf', '-hlW', program], capture_output=True, text=True, check=True).stdout
    needed = re.findall(r'NEEDED.*\[(.*)\]', dynamic)
    faults = [f'links {name}' for name in needed if name.startswith(forbidden)] if forbidden else []
    if not re.search(r'Type:\s+DYN', header):
        faults.append('is not position independent')
    if 'GNU_RELRO' not in header or 'BIND_NOW' not in dynamic:
        faults.append('is not fully RELRO')
    if re.search(r'GNU_STACK.*RWE', header):
        faults.append('has an executable stack')
    if 'RPATH' in dynamic or 'RUNPATH' in dynamic:
        faults.append('carries an RPATH')
    print('\n'.join(f'{program}: {fault}' for fault in faults))
    return bool(faults)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
