#!/usr/bin/env python3
"""The decode helper cannot open, connect, execute or fork; a kernel that lacks a means is no end.

usage: test-sandbox.py PRAXI; prints TAP
"""
import ctypes
import errno
import json
import os
import platform
import struct
import subprocess
import sys

PRAXI = os.path.abspath(sys.argv[1])
SKIP = 77
LANDLOCK, SECCOMP, CLONE3 = 444, 317, 435  # x86-64
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN, ALLOW, ERRNO = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000
libc = ctypes.CDLL(None, use_errno=True)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def older_kernel(*missing):
    """For subprocess: the calls named do not exist; preexec_fn."""
    code = struct.pack("HBBI", LOAD, 0, 0, 0)
    for call in missing:
        code += struct.pack("HBBI", JUMP_IF_EQUAL, 0, 1, call)
        code += struct.pack("HBBI", RETURN, 0, 0, ERRNO | errno.ENOSYS)
    code += struct.pack("HBBI", RETURN, 0, 0, ALLOW)

    def install():
        program = Program(len(code) // 8, code)
        if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or
                libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0)):
            raise OSError(ctypes.get_errno(), "no filter")
    return install


def prove(*missing):
    """The answer of `praxi decode --prove` and the attempts that succeeded."""
    done = subprocess.run([PRAXI, "decode", "--prove"], stdout=subprocess.PIPE, timeout=60,
                          preexec_fn=older_kernel(*missing) if missing else None)
    proof = json.loads(done.stdout)
    won = [one["what"] for one in proof["attempts"] if not one["refused"]]
    assert (done.returncode == 0) == (not won), f"exit {done.returncode}, succeeded: {won}"
    assert len(proof["attempts"]) == 14
    return proof, won


def check_everything_refused():
    proof, won = prove()
    assert not proof["filter"] or not won, won


def check_inside_flatpak():
    """Flatpak's own filter hides clone3."""
    proof, won = prove(CLONE3)
    assert not proof["filter"] or not won, won


def check_without_landlock():
    proof, won = prove(LANDLOCK)
    assert proof["landlock"] == 0
    assert not proof["filter"] or not won, won


def check_without_filter():
    """Landlock alone keeps files and programs, and TCP since its version 4."""
    proof, won = prove(SECCOMP)
    assert not proof["filter"]
    if proof["landlock"] == 0:
        return
    kept = {"open a file", "list a folder", "make a file", "make a folder", "run a program"}
    kept |= {"connect over TCP"} if proof["landlock"] >= 4 else set()
    assert not kept & set(won), won


def check_devices_tell():
    for missing in ((), (LANDLOCK,), (SECCOMP,)):
        done = subprocess.run([PRAXI, "devices", "--json"], stdout=subprocess.PIPE, timeout=60,
                              preexec_fn=older_kernel(*missing) if missing else None)
        told = json.loads(done.stdout)["sandbox"]
        proof, _ = prove(*missing)
        assert told == {key: proof[key] for key in ("landlock", "filter")}, told


def main():
    if platform.machine() != "x86_64":
        print("1..0 # SKIP the numbers of system calls are those of x86-64")
        return SKIP
    checks = [check for name, check in sorted(globals().items()) if name.startswith("check_")]
    failures = 0
    for n, check in enumerate(checks, 1):
        try:
            check()
            print(f"ok {n} {check.__name__}", flush=True)
        except (AssertionError, OSError, ValueError) as error:
            failures += 1
            print(f"not ok {n} {check.__name__}\n# {error}", flush=True)
    print(f"1..{len(checks)}")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
