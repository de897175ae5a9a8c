#!/usr/bin/env python3
"""praxi lighten as a person or a script calls it, without footage.

usage: test-lighten-cli.py PRAXI
"""
import json, pathlib, subprocess, sys, tempfile, unittest

PRAXI = sys.argv.pop(1)
# Every trial and model is synced, which a busy disk makes slow.
MEMORY = "/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None


def praxi(*words):
    return subprocess.run([PRAXI, *map(str, words)], capture_output=True, text=True)


class LightenTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.out = pathlib.Path(self.folder.name) / "made.onnx"

    def tearDown(self):
        self.folder.cleanup()

    def lighten(self, *words):
        run = praxi("lighten", *words, "--threads", "1", "--out", self.out, "--json")
        self.assertEqual(run.returncode, 0, run.stderr)
        left = [p.name for p in pathlib.Path(self.folder.name).iterdir()]
        self.assertEqual(left, ["made.onnx"])
        return json.loads(run.stdout), run.stderr

    def info(self, model):
        return json.loads(praxi("info", "--json", model).stdout)

    def test_int8(self):
        told, said = self.lighten("original", "--quantize", "int8")
        self.assertIn("noise", said)
        (step,) = told["steps"]
        self.assertEqual(step["pass"], "quantize")
        # Nets that are asked about mirror images have their bytes twice, where floats were shared.
        self.assertLess(step["report"]["after"]["file_bytes"],
                        step["report"]["before"]["file_bytes"] * 0.75)
        made = self.info(self.out)
        self.assertEqual(made["precision"], "int8")
        self.assertIn("quantized", made["lineage"][-1]["step"])
        kernels = {op["op"] for op in json.loads(
            praxi("bench", self.out, "--json", "--seconds", "0").stdout)["ops"]}
        self.assertIn("QConv", kernels)

    def test_prune(self):
        told, _ = self.lighten("original", "--prune", "0.5", "--quantize", "int8")
        self.assertEqual([s["pass"] for s in told["steps"]], ["prune", "quantize"])
        self.assertLess(self.info(self.out)["macs"], self.info("original")["macs"] * 0.6)

    def test_budget(self):
        """Without labels nothing says what is lost: channels go until the file fits, or cannot."""
        told, _ = self.lighten("original", "--quantize", "int8", "--budget-bytes", "330k")
        self.assertLess(told["after"]["file_bytes"], 330_000)
        run = praxi("lighten", "original", "--prune", "0.75", "--budget-bytes", "2k", "--json",
                    "--threads", "1", "--out", self.out)
        self.assertEqual(run.returncode, 1)
        self.assertIn("cannot meet --budget-bytes", run.stderr)
        self.assertIn("unmet", json.loads(run.stdout))
        self.assertTrue(self.out.exists())

    def test_refusals(self):
        for words, why in (
            (["light", "--quantize", "int8", "--out", self.out], "INT8 already"),
            (["light", "--prune", "0.5", "--out", self.out], "before quantizing"),
            (["/nowhere.onnx", "--quantize", "int8", "--out", self.out], "nowhere"),
        ):
            run = praxi("lighten", *words)
            self.assertEqual(run.returncode, 1)
            self.assertIn(why, run.stderr)
            self.assertFalse(self.out.exists())
        for words in (["original"], ["original", "--out", self.out],
                      ["original", "--quantize", "int4", "--out", self.out],
                      ["original", "--prune", "1.5", "--out", self.out],
                      ["original", "--budget-bytes", "much", "--out", self.out]):
            self.assertEqual(praxi("lighten", *words).returncode, 2)


unittest.main()
