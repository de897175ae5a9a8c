"""What sanitizers wrote, split into reports and judged: which of them are about this program.

GTK, GLib, Cairo and librsvg are not instrumented: ThreadSanitizer sees their memory through malloc and memcpy but not
how they lock it. A report of it is ours when an access it complains of was made by our code; where a library made
both, the report is counted and left at that. Reports of the other sanitizers are ours wherever they come from.

reports.py FOLDER…   prints the counts, and our reports whole
"""
import itertools
import os
import pathlib
import re
import sys

BEGIN = re.compile(r'^.*(?:WARNING: ThreadSanitizer|ERROR: \w+Sanitizer|runtime error): .*$', re.MULTILINE)
FRAME = re.compile(r'^ +#(\d+) .*\(([^()+]+)\+0x[0-9a-f]+\)', re.MULTILINE)
# Paragraphs that tell where something came from, not who did the deed.
ORIGIN = re.compile(r'^ *(Location|Thread T\d|Mutex M\d|As if|Hint|SUMMARY)')
RUNTIME = ('libtsan.so', 'libasan.so', 'libubsan.so', 'libc.so')  # what they do they do for their caller
OURS = ('praxiscope', 'praxi', 'praxi-footage')


def split(text):
    begins = [match.start() for match in BEGIN.finditer(text)] + [len(text)]
    return [text[begin:end] for begin, end in zip(begins, begins[1:])]


def doers(report):
    """The module of the first frame outside the runtime, for each stack that tells of a deed. A frame whose number does
    not follow the one before is what another process wrote into it at the same time."""
    for paragraph in re.split(r'\n\s*\n', report):
        frames = itertools.takewhile(lambda frame: frame[0] == int(frame[1][0]), enumerate(FRAME.findall(paragraph)))
        stack = [os.path.basename(path) for _, (_, path) in frames]
        if not ORIGIN.match(paragraph):
            yield from [module for module in stack if not module.startswith(RUNTIME)][:1]


def is_ours(report):
    return 'ThreadSanitizer' not in report.splitlines()[0] or any(module in OURS for module in doers(report))


def read(folder):
    return [report for path in sorted(pathlib.Path(folder).iterdir()) for report in split(path.read_text(errors='replace'))]


def main(folders):
    reports = [report for folder in folders for report in read(folder)]
    ours = [report for report in reports if is_ours(report)]
    print(f'{len(reports)} reports, {len(ours)} of them about this program')
    print(*ours, sep='\n')
    return bool(ours)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
