#!/usr/bin/env python3
"""praxi analyze and classify as a stranger uses them: files in, JSON, CSV, PNG, exit codes out.

usage: test-analyze-cli.py PRAXI SOURCE_ROOT
"""
import csv
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

PRAXI, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
MODEL = ROOT / "data" / "models" / "light.onnx"
KEYS = {"file", "model", "backend", "device", "precision", "windows", "events", "classes",
        "decode_s", "infer_s", "wall_s", "footage_s", "peak_rss_bytes", "peak_device_bytes"}


def praxi(*arguments, **options):
    return subprocess.run([PRAXI, *map(str, arguments)], capture_output=True, text=True,
                          timeout=240, **options)


def make_clip(path, seconds, size="160x120", rate=20):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi",
                    "-i", f"testsrc2=s={size}:r={rate}", "-t", str(seconds), str(path)], check=True)
    return path


class AnalyzeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="praxi-analyze-"))
        cls.clip = make_clip(cls.folder / "first clip ü.mp4", 4)
        cls.short = make_clip(cls.folder / "short.mp4", 2)
        cls.broken = cls.folder / "broken.mp4"
        cls.broken.write_bytes(b"this is no video" * 100)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def document(self, result, code=0):
        self.assertEqual(result.returncode, code, result.stderr)
        return json.loads(result.stdout)["media"]

    def test_json(self):
        environment = dict(os.environ, LC_ALL="de_DE.UTF-8")
        # A threshold every score passes: one event over all the footage for each class but normal.
        media = self.document(praxi("analyze", "--json", "--enter", "1e-9", "--exit", "1e-9",
                                    self.clip, env=environment))
        self.assertEqual(len(media), 1)
        entry = media[0]
        self.assertLessEqual(KEYS, set(entry))
        self.assertEqual(entry["file"], str(self.clip))
        self.assertEqual(entry["classes"], ["normal", "fight", "fall"])
        self.assertEqual([w["start_s"] for w in entry["windows"]], [0, 0.5, 1, 1.5, 2])
        for window in entry["windows"]:
            self.assertAlmostEqual(window["end_s"] - window["start_s"], 2)
            self.assertEqual(len(window["scores"]), 3)
            self.assertTrue(all(0 <= p <= 1 for p in window["scores"]))
        self.assertEqual([e["class"] for e in entry["events"]], ["fight", "fall"])
        for event in entry["events"]:
            self.assertEqual((event["start_frame"], event["end_frame"]), (0, 80))
            self.assertEqual((event["start_s"], event["end_s"]), (0, 4))
            row = entry["classes"].index(event["class"])
            peak = max(w["scores"][row] for w in entry["windows"])
            self.assertAlmostEqual(event["peak"], peak, places=5)
        self.assertAlmostEqual(entry["footage_s"], 4)
        self.assertFalse(entry["partial"])
        self.assertGreater(entry["peak_rss_bytes"], 1e6)
        self.assertEqual(entry["mode"], "streaming")
        self.assertLess(entry["recomputed"], 0.5)

    def test_thresholds(self):
        entry = self.document(praxi("analyze", "--json", "--enter", "1", self.clip))[0]
        self.assertEqual(entry["events"], [])
        entry = self.document(praxi("analyze", "--json", "--enter", "1e-9", "--exit", "1e-9",
                                    "--min-length", "60", self.clip))[0]
        self.assertEqual(entry["events"], [])

    def test_coarse_first(self):
        clip = make_clip(self.folder / "five minutes.mp4", 300, "64x48", 10)
        whole = self.document(praxi("analyze", "--json", clip))[0]
        result = praxi("analyze", "--json", "--progress", "json", "--coarse", "--first", "200-210.5",
                       clip)
        entry = self.document(result)[0]
        self.assertEqual(entry["windows"], whole["windows"])
        self.assertEqual(entry["events"], whole["events"])
        self.assertEqual(entry["coarse_windows"], 5)
        self.assertLess(entry["coarse_s"], entry["wall_s"])
        self.assertNotIn("coarse_s", whole)
        line = next(json.loads(l) for l in result.stderr.splitlines() if "track" in l)
        os.unlink(line["track"])
        self.assertFalse(os.path.exists(line["estimate"]))
        for wrong in ("x", "5", "9-3", "1-2-3"):
            refused = praxi("analyze", "--first", wrong, clip)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("--first", refused.stderr)

    def test_still_footage(self):
        clip = self.folder / "still.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi",
                        "-i", "testsrc2=s=160x120:r=20", "-t", "12",
                        "-vf", "loop=loop=200:size=1:start=60", str(clip)], check=True)
        gated = self.document(praxi("analyze", "--json", clip))[0]
        whole = self.document(praxi("analyze", "--json", "--no-gate", clip))[0]
        self.assertGreaterEqual(gated["still_windows"], 8)
        self.assertLess(gated["still_windows"], len(gated["windows"]))
        self.assertEqual(whole["still_windows"], 0)
        for a, b in zip(gated["windows"], whole["windows"], strict=True):
            for x, y in zip(a["scores"], b["scores"], strict=True):
                self.assertLess(abs(x - y), 0.1)

    def test_png_csv_text(self):
        png, table = self.folder / "heat.png", self.folder / "out.csv"
        result = praxi("analyze", "--png", png, "--csv", table, "--enter", "1e-9", "--exit", "1e-9",
                       self.clip, self.short)
        self.assertEqual(result.returncode, 0, result.stderr)
        for name in ("heat-1.png", "heat-2.png"):
            self.assertEqual((self.folder / name).read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
        self.assertFalse(png.exists())
        with open(table, newline="", encoding="utf-8") as rows:
            rows = list(csv.DictReader(rows))
        windows = [r for r in rows if r["kind"] == "window" and r["file"] == str(self.clip)]
        self.assertEqual(len(windows), 5 * 3)
        self.assertEqual(sum(r["kind"] == "event" for r in rows), 4)
        self.assertTrue(all(0 <= float(r["score"]) <= 1 for r in rows))
        self.assertIn("fight", result.stdout)

    def test_several_with_a_broken_one(self):
        result = praxi("analyze", "--json", self.short, self.broken, self.folder / "none.mp4",
                       self.short)
        media = self.document(result, 1)
        self.assertEqual([m["file"] for m in media], [str(self.short)] * 2)
        self.assertEqual(media[0]["windows"], media[1]["windows"])
        lines = result.stderr.strip().splitlines()
        self.assertEqual(len(lines), 2, result.stderr)
        self.assertTrue(lines[0].startswith(f"praxi: {self.broken}"), lines[0])
        self.assertIn("none.mp4", lines[1])

    def test_progress(self):
        result = praxi("analyze", "--json", "--progress", "json", self.clip, self.short)
        self.document(result)
        lines = [json.loads(line) for line in result.stderr.splitlines()]
        tracks = [line for line in lines if "media" in line]
        self.assertEqual([t["media"] for t in tracks], [str(self.clip), str(self.short)])
        for track in tracks:
            self.assertEqual(pathlib.Path(track["track"]).read_bytes()[:8], b"PRAXITRK")
            os.unlink(track["track"])
        steps = [line for line in lines if "done" in line]
        self.assertEqual([s["unit"] for s in steps], ["s"] * len(steps))
        self.assertAlmostEqual(steps[-1]["done"], 6, places=2)
        self.assertAlmostEqual(steps[-1]["total"], 6, places=2)

    def test_project(self):
        project = self.folder / "analysed.praxi"
        media = self.document(praxi("analyze", "--json", "--project", project, "--enter", "1e-9",
                                    "--exit", "1e-9", self.clip))
        with sqlite3.connect(project) as store:
            state, track, events = store.execute(
                "SELECT state, track, events FROM run "
                "LEFT JOIN run_events ON run_events.run_id = run.id").fetchone()
        self.assertEqual(state, "done")
        self.assertEqual(json.loads(events), media[0]["events"])
        track = project.parent / os.fsdecode(track)
        self.assertEqual(track.read_bytes()[:8], b"PRAXITRK")
        self.assertEqual(praxi("label", "verify", "--project", project).returncode, 0)

    def test_interrupt(self):
        clip = make_clip(self.folder / "long.mp4", 900, "96x72", 10)
        project = self.folder / "cut.praxi"
        job = subprocess.Popen([PRAXI, "analyze", "--json", "--progress", "json", "--project",
                                str(project), str(clip)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in job.stderr:
            if json.loads(line).get("done", 0) > 2:
                break
        job.send_signal(signal.SIGINT)
        out, rest = job.communicate(timeout=30)
        self.assertEqual(job.returncode, 130)
        self.assertIn("cancelled", rest)
        entry = json.loads(out)["media"][0]
        self.assertTrue(entry["partial"])
        self.assertGreater(len(entry["windows"]), 0)
        self.assertLess(len(entry["windows"]), 1700)
        with sqlite3.connect(project) as store:
            self.assertEqual(store.execute("SELECT state FROM run").fetchone()[0], "cancelled")

    def test_usage(self):
        for arguments in (["analyze"], ["analyze", "--enter", "2", self.clip],
                          ["analyze", "--stride", "-3", self.clip],
                          ["analyze", "--progress", "xml", self.clip],
                          ["analyze", "--threads", "-1", self.clip], ["analyze", "--nonsense"],
                          ["classify"], ["classify", "--top", "-2", self.clip]):
            result = praxi(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertTrue(result.stderr.startswith("praxi: "), result.stderr)
        result = praxi("analyze", "--model", self.broken, self.clip)
        self.assertEqual(result.returncode, 1)
        self.assertIn("broken.mp4", result.stderr)

    def test_classify(self):
        result = praxi("classify", "--json", self.short, self.broken, self.clip)
        media = self.document(result, 1)
        self.assertEqual([m["file"] for m in media], [str(self.short), str(self.clip)])
        analysed = self.document(praxi("analyze", "--json", self.clip))[0]
        for i, p in enumerate(media[1]["scores"]):
            mean = sum(w["scores"][i] for w in analysed["windows"]) / len(analysed["windows"])
            self.assertAlmostEqual(p, mean, places=5)
        top = media[1]["top"]
        self.assertEqual({t["class"] for t in top}, set(analysed["classes"]))
        self.assertEqual([t["p"] for t in top], sorted(media[1]["scores"], reverse=True))


if __name__ == "__main__":
    if not MODEL.exists():
        print(f"SKIP: {MODEL} is not there")
        sys.exit(77)
    if shutil.which("ffmpeg") is None:
        print("SKIP: ffmpeg is not installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
