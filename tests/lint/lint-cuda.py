#!/usr/bin/env python3
"""Fails when the CUDA plug-in links what it may not or shows more than its entry, when a kernel spills registers, or when
one that is meant for the tensor cores does not use them.

usage: lint-cuda.py PLUGIN [IMAGE_FOLDER ARCH…]

IMAGE_FOLDER has ptxas.txt and one image.sm_ARCH.cubin an architecture, our own; exit 77 where nvcc made none.
"""
import collections
import pathlib
import re
import struct
import subprocess
import sys

# On sm_70 and newer an instruction has 16 bytes, the operation is its low 12 bits.
HMMA, IMMA, LDSM, LDGSTS, IDP, LDL, STL = 0x23C, 0x237, 0x83B, 0xFAE, 0x226, 0x983, 0x387
MOST_REGISTERS = 128


def operations(path):
    """The count of each operation in each kernel of a cubin (an ELF file with a .text section a kernel)."""
    data = path.read_bytes()
    table = struct.unpack_from('<Q', data, 0x28)[0]
    count, names = struct.unpack_from('<HH', data, 0x3C)
    sections = [struct.unpack_from('<IIQQQQIIQQ', data, table + 64 * i) for i in range(count)]
    found = {}
    for section in sections:
        start = sections[names][4] + section[0]
        name = data[start:data.index(b'\0', start)].decode()
        if name.startswith('.text.'):
            words = (struct.unpack_from('<H', data, section[4] + at)[0] & 0xFFF for at in range(0, section[5], 16))
            found[name[6:]] = collections.Counter(words)
    return found


def faults_of_cubin(folder, arch):
    path = folder / f'image.sm_{arch}.cubin'
    if not path.exists():
        return [f'{path} is not there']
    kernels = operations(path)
    faults = [f'sm_{arch} {name}: uses local memory' for name, ops in kernels.items() if ops[LDL] + ops[STL]]
    # 128×64: 8 warps, 2×4 products of 16×8, two halves a step; Turing makes each of four
    wanted = {'conv_s8_mma_large': (IMMA, 16 if int(arch) >= 80 else 64), 'conv_s8_mma_small': (IMMA, 4 if int(arch) >= 80 else 16), 'conv_s8_dp4a': (IDP, 64), 'conv_f16_mma': (HMMA, 8 if int(arch) >= 80 else 16), 'conv_s8_depthwise': (IDP, 16)}
    for name, (operation, least) in wanted.items():
        if kernels.get(name, {}).get(operation, 0) < least:
            faults.append(f'sm_{arch} {name}: {kernels.get(name, {}).get(operation, 0)} of operation {operation:#x}, at least {least} expected')
    if int(arch) >= 80 and kernels['conv_s8_mma_large'][LDGSTS] == 0:
        faults.append(f'sm_{arch} conv_s8_mma_large: does not copy asynchronously')
    return faults


def faults_of_report(text, archs):
    faults, kernel = [], '?'
    compiled = re.findall(r"Compiling entry function '(\w+)' for 'sm_(\d+)'", text)
    for arch in archs:
        if not any(found == arch for _, found in compiled):
            faults.append(f'ptxas says nothing of sm_{arch}')
    for line in text.splitlines():
        match = re.search(r"Compiling entry function '(\w+)' for '(\w+)'", line)
        kernel = f'{match[1]} on {match[2]}' if match else kernel
        spill = re.search(r'(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads', line)
        if spill and any(int(n) for n in spill.groups()):
            faults.append(f'{kernel}: {line.strip()}')
        registers = re.search(r'Used (\d+) registers', line)
        if registers and int(registers[1]) > MOST_REGISTERS:
            faults.append(f'{kernel}: {registers[1]} registers')
    return faults


def faults_of_plugin(plugin):
    dynamic = subprocess.run(['readelf', '-dW', plugin], capture_output=True, text=True, check=True).stdout
    symbols = subprocess.run(['nm', '-D', '--defined-only', plugin], capture_output=True, text=True, check=True).stdout
    allowed = ('libc.so', 'libm.so', 'libasan', 'libubsan')
    faults = [f'links {name}' for name in re.findall(r'NEEDED.*\[(.*)\]', dynamic) if not name.startswith(allowed)]
    shown = [line.split()[2] for line in symbols.splitlines()]
    if shown != ['praxi_plugin_entry']:
        faults.append(f'shows {shown}')
    return faults


def main(plugin, folder=None, *archs):
    faults = faults_of_plugin(plugin)
    if folder:
        folder = pathlib.Path(folder)
        faults += faults_of_report((folder / 'ptxas.txt').read_text(), archs)
        for arch in archs:
            faults += faults_of_cubin(folder, arch)
    print('\n'.join(faults))
    if not faults and not folder:
        print('there is no nvcc: the kernels were not compiled for a GPU')
        return 77
    return bool(faults)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
