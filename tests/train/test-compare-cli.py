#!/usr/bin/env python3
"""praxi compare as a stranger uses it.

usage: test-compare-cli.py PRAXI SOURCE_ROOT
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PRAXI, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
MODEL = ROOT / "data" / "models" / "light.onnx"
KEYS = {"accuracy", "macro_f1", "auc_pr", "per_class", "confusion", "fps", "clips_per_s",
        "latency_ms", "peak_rss_bytes", "peak_device_bytes", "weights_bytes", "file_bytes"}


def praxi(*arguments):
    return subprocess.run([PRAXI, *map(str, arguments)], capture_output=True, text=True,
                          timeout=240)


def make_clip(path, seconds, source):
    path.parent.mkdir(exist_ok=True)
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi",
                    "-i", f"{source}=s=96x72:r=20", "-t", str(seconds), str(path)], check=True)


def changed_model(path, old, new):
    """The light model with some bytes of its spec replaced and its checksum put right."""
    data = MODEL.read_bytes()
    assert len(old) == len(new) and data.count(old) >= 1
    data = data.replace(old, new)
    at = data.index(b"praxi.sha256") + len(b"praxi.sha256")
    while not all(c in b"0123456789abcdef" for c in data[at:at + 64]):
        at += 1
    data = data[:at] + b"0" * 64 + data[at + 64:]
    digest = hashlib.sha256(data).hexdigest().encode()
    path.write_bytes(data[:at] + digest + data[at + 64:])
    return path


class CompareTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="praxi-compare-"))
        make_clip(cls.folder / "fight" / "a.mp4", 2, "testsrc2")
        make_clip(cls.folder / "daily" / "b.mp4", 4, "mandelbrot")
        (cls.folder / "labels.csv").write_text(
            "file,class,start_s,end_s,group,split\r\n"
            "fight/a.mp4,fight,,,g1,val\r\n"
            "daily/b.mp4,walk,0,1.9,g2,val\r\ndaily/b.mp4,fall,2,4,g2,val\r\n"
            "daily/gone.mp4,sit,,,g3,val\r\ndaily/b.mp4,sit,,,g4,train\r\n")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_json(self):
        result = praxi("compare", "--original", "light", "--light", MODEL, "--data", self.folder,
                       "--json", "--progress", "json")
        self.assertEqual(result.returncode, 0, result.stderr)
        document = json.loads(result.stdout)
        self.assertEqual(document["disagreements"], [])
        self.assertTrue(document["same_input"])
        for name in ("original", "light"):
            report = document[name]
            self.assertLessEqual(KEYS, set(report))
            self.assertEqual(report["clips"], 3)
            self.assertEqual([sum(row) for row in report["confusion"]], [1, 1, 1])
            right = sum(report["confusion"][i][i] for i in range(3))
            self.assertAlmostEqual(report["accuracy"], right / 3)
            self.assertEqual(set(report["per_class"]), {"normal", "fight", "fall"})
            self.assertEqual(report["file_bytes"], MODEL.stat().st_size)
            self.assertGreater(report["fps"], 0)
            self.assertGreater(report["latency_ms"]["p95"], 0)
            self.assertLessEqual(report["latency_ms"]["p50"], report["latency_ms"]["p95"])
            parts = {(e["part"], e["class"]): e for e in report["events"]}
            self.assertEqual(parts["all", "fall"]["spans"], 1)
            self.assertEqual(parts["daily", "fall"]["spans"], 1)
            self.assertEqual(parts["fight", "fall"]["spans"], 0)
            self.assertIsNone(parts["fight", "fall"]["recall"])
            self.assertAlmostEqual(parts["all", "fall"]["hours"] * 3600, 4, places=1)
        self.assertEqual(document["original"]["confusion"], document["light"]["confusion"])
        lines = result.stderr.splitlines()
        self.assertTrue(any("gone.mp4" in line for line in lines))
        steps = [json.loads(line) for line in lines if line.startswith("{")]
        self.assertEqual(steps[-1]["done"], steps[-1]["total"])

    def test_project(self):
        project = self.folder / "p.praxi"
        clip = self.folder / "fight" / "a.mp4"
        added = praxi("label", "add", "--project", project, "--class", "fight", "--start", "0",
                      "--end", "1.5", "--media", clip)
        self.assertEqual(added.returncode, 0, added.stderr)
        result = praxi("compare", "--original", MODEL, "--light", MODEL, "--project", project)
        self.assertEqual(result.returncode, 0, result.stderr)
        for word in ("accuracy", "latency p95", "0 clips on which they disagree"):
            self.assertIn(word, result.stdout)

    def test_other_classes(self):
        other = changed_model(self.folder / "other.onnx", b'"fight"', b'"fires"')
        result = praxi("compare", "--original", MODEL, "--light", other, "--data", self.folder)
        self.assertEqual(result.returncode, 1)
        self.assertIn("fires", result.stderr)
        self.assertIn("fight", result.stderr)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)

    def test_refused(self):
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        cases = [(2, ["--json"]), (2, ["--data", self.folder, "--project", "x.praxi"]),
                 (1, ["--data", empty]), (1, ["--data", self.folder, "--split", "test"]),
                 (1, ["--data", self.folder, "--light", self.folder / "labels.csv"]),
                 (1, ["--project", self.folder / "none.praxi"]),
                 (2, ["--data", self.folder, "stray"])]
        for code, arguments in cases:
            result = praxi("compare", "--original", MODEL, "--light", MODEL, *arguments)
            self.assertEqual(result.returncode, code, (arguments, result.stderr))
            self.assertEqual(result.stdout, "")
            self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)


if __name__ == "__main__":
    if not MODEL.exists():
        print(f"SKIP: {MODEL} is not there")
        sys.exit(77)
    if shutil.which("ffmpeg") is None:
        print("SKIP: ffmpeg is not installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
