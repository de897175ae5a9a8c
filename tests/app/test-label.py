"""praxi label, as scripts use it: forms, JSON keys, exit statuses, the audit.

usage: test-label.py PRAXI SOURCE_ROOT
"""
import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import unittest

PRAXI, ROOT = os.path.abspath(sys.argv[1]), sys.argv[2]
KEYS = ["id", "media", "class", "start_s", "end_s", "start_frame", "end_frame", "author", "source",
        "created"]


class Label(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.project = self.file("case.praxi")
        self.media = os.path.join(ROOT, "data", "sample", "yard.mp4")

    def file(self, name):
        return os.path.join(self.folder.name, name)

    def praxi(self, command, *words, status=0):
        done = subprocess.run([PRAXI, "label", command, "--project", self.project, *words],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        if status:
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertTrue(done.stderr.startswith("praxi: "), done.stderr)
            self.assertIn("; ", done.stderr)
        return done.stdout

    def json(self, command, *words):
        return json.loads(self.praxi(command, *words, "--json"))

    def add(self, cls, start, end, *words):
        return self.json("add", "--media", self.media, "--class", cls, "--start", start, "--end",
                         end, *words)["labels"][0]

    def labels(self):
        return self.json("list")["labels"]

    def test_add_makes_the_project(self):
        out = self.praxi("add", "--media", self.media, "--class", "fight", "--start", "1",
                         "--end", "2.5")
        self.assertIn("made the project", out)
        label = self.labels()[0]
        self.assertEqual([key for key in KEYS if key not in label], [])
        self.assertEqual((label["start_s"], label["end_s"], label["class"]), (1.0, 2.5, "fight"))
        self.assertEqual(label["media"], os.path.realpath(self.media))
        frames = json.loads(subprocess.run([PRAXI, "frames", self.media, "--json"], check=True,
                                           capture_output=True).stdout)["frames"]
        inside = [f["ordinal"] for f in frames if 1.0 <= f["pts_s"] < 2.5]
        self.assertEqual(label["end_frame"], inside[-1] + 1)
        self.assertIn(label["start_frame"], (inside[0], inside[0] - 1))

    def test_frames_become_times(self):
        label = self.json("add", "--media", self.media, "--class", "fall", "--start-frame", "30",
                          "--end-frame", "60")["labels"][0]
        self.assertEqual((label["start_frame"], label["end_frame"]), (30, 60))
        frames = json.loads(subprocess.run([PRAXI, "frames", self.media, "--json", "--count", "61"],
                                           check=True, capture_output=True).stdout)["frames"]
        self.assertAlmostEqual(label["start_s"], frames[30]["pts_s"], places=6)
        self.assertAlmostEqual(label["end_s"], frames[60]["pts_s"], places=6)

    def test_list_filters(self):
        self.add("fight", "1", "2")
        self.add("shove", "3", "0:04", "--note", "a <b>note</b>", "--author", "Ann")
        self.assertEqual(len(self.labels()), 2)
        only = self.json("list", "--class", "shove")["labels"]
        self.assertEqual([(o["author"], o["note"]) for o in only], [("Ann", "a <b>note</b>")])
        self.assertEqual(self.json("list", "--media", "/other.mp4")["labels"], [])

    def test_remove_undo_redo(self):
        ids = [str(self.add("fight", str(i), str(i + 1))["id"]) for i in range(3)]
        self.praxi("remove", *ids[:2])
        self.assertEqual(len(self.labels()), 1)
        self.assertEqual(self.json("undo")["undone"], "remove 2 labels")
        self.assertEqual(len(self.labels()), 3)
        self.json("redo")
        self.assertEqual(len(self.labels()), 1)
        self.praxi("remove", "999", status=1)
        self.praxi("redo", status=1)

    def test_wrong_usage(self):
        for words in ([], ["--media", self.media], ["--media", self.media, "--class", "x"],
                      ["--media", self.media, "--class", "x", "--start", "2", "--end", "1"],
                      ["--media", self.media, "--class", "x", "--start", "x", "--end", "1"],
                      ["--media", self.media, "--class", "x", "--start", "999", "--end", "1000"],
                      ["--no-such-option"]):
            self.praxi("add", *words, status=2)
        self.praxi("add", "--media", "/no/such.mp4", "--class", "x", "--start", "0", "--end", "1",
                   status=1)
        self.praxi("add", "--media", self.media, "--class", b"\xff", "--start", "0", "--end", "1",
                   status=2)
        self.praxi("list", status=1)
        self.assertFalse([n for n in os.listdir(self.folder.name) if not n.startswith("case")])
        done = subprocess.run([PRAXI, "label"], capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)

    def test_export_and_import(self):
        for i in range(5):
            self.add("fight" if i % 2 else "=cmd|x", str(i), str(i + 0.5), "--note", f'"{i}", =1')
        before = self.labels()
        for name in ("labels.csv", "labels.json"):
            self.praxi("export", self.file(name))
            self.project = self.file(name + ".praxi")
            self.praxi("import", self.file(name))
            after = self.labels()
            for a, b in zip(before, after):
                a, b = dict(a), dict(b)
                del a["id"], b["id"]
                self.assertEqual(a, b)
            self.assertEqual(len(before), len(after))
        rows = list(csv.DictReader(self.praxi("export", "--format", "dataset").splitlines()))
        self.assertEqual(list(rows[0]), ["file", "class", "start_s", "end_s", "group", "split"])
        self.assertEqual(rows[0]["class"], "'=cmd|x")

    def test_whole_clip(self):
        with open(self.file("labels.csv"), "w", encoding="utf-8") as stream:
            stream.write(f"file,class,start_s,end_s,group,split\n{self.media},normal,,,g,train\n")
        self.praxi("import", self.file("labels.csv"))
        label = self.labels()[0]
        self.assertEqual(label["start_frame"], 0)
        self.assertGreater(label["end_s"] - label["start_s"], 20)

    def test_verify(self):
        label = self.add("fight", "1", "2")
        self.assertTrue(self.json("verify")["intact"])
        with sqlite3.connect(self.project) as db:
            db.execute("UPDATE label SET end_ns = end_ns + 1")
        db.close()
        out = self.praxi("verify", status=1)
        self.assertIn(f"label {label['id']}", out)
        self.assertTrue(self.labels()[0]["damaged"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
