#!/usr/bin/env python3
"""Compiles the kernels of the GPU for every architecture into one fat binary inside an assembler file.

usage: nvcc-image.py NVCC SOURCE_ROOT KERNELS.cu OUT.S OUT.txt DEPFILE ARCH…

OUT.txt gets what ptxas says of registers and spills; beside it lie the cubins, one an architecture. The last architecture
is there as PTX too, for cards newer than this build.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile


def main(nvcc, root, source, out, report, depfile, *archs):
    out = pathlib.Path(out).resolve()
    fatbin = out.with_suffix('.fatbin')
    codes = [f'-gencode=arch=compute_{arch},code=sm_{arch}' for arch in archs]
    codes.append(f'-gencode=arch=compute_{archs[-1]},code=compute_{archs[-1]}')
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([nvcc, '-fatbin', '-std=c++17', '-O3', '-fmad=false', '-I', root, '--threads', '2', '--keep', '--keep-dir', folder, '-compress-mode=size',
                              '-Xptxas', '-v,-warn-spills,-warn-lmem-usage', '-MD', '-MF', depfile, '-MT', str(out), *codes, source, '-o', str(fatbin)], text=True, capture_output=True)
        pathlib.Path(report).write_text(run.stderr)
        if run.returncode != 0:
            sys.stderr.write(run.stderr)
            return 1
        for cubin in pathlib.Path(folder).glob('*.cubin'):
            arch = cubin.stem.rsplit('_', 1)[1]
            shutil.copy(cubin, out.parent / f'{out.stem}.sm_{arch}.cubin')
    out.write_text(f'''.section .rodata
.balign 64
.global praxi_cuda_image
.hidden praxi_cuda_image
praxi_cuda_image:
.incbin "{fatbin}"
.balign 64
.section .note.GNU-stack,"",%progbits
''')
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
