#!/usr/bin/python3
"""Which reports of sanitizers count."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reports

RACE = '''==================
WARNING: ThreadSanitizer: data race (pid=7)
  Write of size 8 at 0x7b10 by main thread:
    #0 memset ../sanitizer_common.inc:799 (libtsan.so.2+0x5cbc4)
    #1 {first} (+0x1209)

  Previous read of size 8 at 0x7b10 by thread T1:
    #0 {second} (+0x39)
    #1 run ../ui/session.c:5 (praxiscope+0x100)

  Location is heap block of size 8 at 0x7b10 allocated by main thread:
    #0 malloc (libtsan.so.2+0x3ebb8)
    #1 make ../ui/session.c:9 (praxiscope+0x200)

  Thread T1 (tid=8, running) created by main thread at:
    #0 pthread_create (libtsan.so.2+0x5e686)
    #1 main ../app/main-gui.c:9 (praxiscope+0x300)

SUMMARY: ThreadSanitizer: data race
==================
'''


def race(first, second):
    return RACE.replace('{first} (', f'f ({first}').replace('{second} (', f'g ({second}')


class Reports(unittest.TestCase):
    def test_a_race_is_ours_when_our_code_made_an_access(self):
        for first, second, is_ours in (('libgtk-4.so.1', 'libcairo.so.2', False), ('libgtk-4.so.1', 'praxiscope', True),
                                       ('praxi-footage', 'libavcodec.so.59', True), ('libc.so.6', 'libglib-2.0.so.0', False)):
            found = reports.split('before\n' + race(first, second))
            self.assertEqual([reports.is_ours(report) for report in found], [is_ours], (first, second))

    def test_what_a_race_was_cut_into_is_no_deed(self):
        cut = race('libgtk-4.so.1', 'libcairo.so.2').replace('    #1 main', '\n(praxiscope:1): CRITICAL\n    #1 main')
        self.assertEqual([reports.is_ours(report) for report in reports.split(cut)], [False])

    def test_what_two_processes_wrote_at_once_is_no_deed(self):
        mixed = race('libgtk-4.so.1', 'libcairo.so.2').replace('    #1 f', '    #6 main (praxi-footage+0x9)\n    #1 f')
        mixed = mixed.replace('    #0 g', '    #0 memset (libtsan.so.2+0x5)\n    #6 main (praxi-footage+0x9)\n    #0 g')
        self.assertEqual([reports.is_ours(report) for report in reports.split(mixed)], [False])

    def test_errors_count_wherever_they_come_from(self):
        text = ('==9==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\n    #0 f (libgtk-4.so.1+0x1)\n'
                '../ui/x.c:5:3: runtime error: signed integer overflow\n')
        self.assertEqual([reports.is_ours(report) for report in reports.split(text)], [True, True])


if __name__ == '__main__':
    unittest.main()
