#!/usr/bin/python3
"""Prints the manifest as JSON for the stand-in runtime: its ids, and without the modules that the
stand-in has as packages. All else stays as it is shipped.

usage: stand-in-manifest.py MANIFEST SOURCE_ROOT
"""
import json
import sys

import yaml

IN_RUNTIME = {'protobuf', 'protobuf-c', 'onnx-proto'}


def main(path, root):
    with open(path) as file:
        manifest = yaml.safe_load(file)
    manifest['runtime'] = 'io.github.praxiscope.StandIn.Platform'
    manifest['sdk'] = 'io.github.praxiscope.StandIn.Sdk'
    manifest['runtime-version'] = 'local'
    manifest['modules'] = [module for module in manifest['modules'] if module['name'] not in IN_RUNTIME]
    for module in manifest['modules']:
        module['config-opts'] = [option.replace('/app/include/onnx', '/usr/include/onnx')
                                 for option in module.get('config-opts', [])]
        for source in module['sources']:
            if source['type'] == 'dir':
                source['path'] = root
    json.dump(manifest, sys.stdout, indent=1)


if __name__ == '__main__':
    main(*sys.argv[1:])
