#!/usr/bin/python3
"""Writes a text file as a C header: embed-text.py NAME INPUT OUTPUT."""
import sys

name, source, target = sys.argv[1:]
with open(source, encoding="utf-8") as stream:
    lines = stream.read().splitlines()
with open(target, "w", encoding="utf-8") as stream:
    stream.write(f"static const char {name}[] =\n")
    for line in lines:
        text = line.replace("\\", "\\\\").replace('"', '\\"')
        stream.write(f'    "{text}\\n"\n')
    stream.write("    ;\n")
