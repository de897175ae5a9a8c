#!/usr/bin/env python3
"""praxi tune on a toy: finds its best place, and goes on after it was killed.

usage: test-tune-cli.py PRAXI
"""
import json, os, pathlib, signal, subprocess, sys, tempfile, time, unittest

PRAXI = sys.argv.pop(1)
# Every trial and model is synced, which a busy disk makes slow.
MEMORY = "/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None
SPACE = {"x": {"type": "float", "low": -1, "high": 3},
         "kind": {"type": "choice", "values": ["a", "b"]}}
TOY = """#!/usr/bin/env python3
import json, pathlib, sys, time
x, kind = float(sys.argv[sys.argv.index("--x") + 1]), sys.argv[sys.argv.index("--kind") + 1]
with open(pathlib.Path(sys.argv[0]).parent / "log", "a") as log:
    log.write(f"{x} {kind}\\n")
time.sleep(PAUSE)
print(json.dumps({"score": 1 - (x - 2) ** 2 - (kind == "a"), "latency_ms": 1 + abs(x)}))
"""


class TuneTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.root = pathlib.Path(self.folder.name)
        (self.root / "space.json").write_text(json.dumps(SPACE))

    def tearDown(self):
        self.folder.cleanup()

    def words(self, trials, pause, *more):
        toy = self.root / f"toy-{pause}"  # a trial of a killed search may still run the other
        toy.write_text(TOY.replace("PAUSE", str(pause)))
        toy.chmod(0o755)
        return [PRAXI, "tune", "--space", self.root / "space.json", "--program", toy, "--out",
                self.root / "best.onnx", "--trials", str(trials), "--json", *more]

    def run_all(self, *words):
        run = subprocess.run(self.words(*words), capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def test_search(self):
        told = self.run_all(40, 0, "--workers", "2")
        self.assertEqual(len(told["trials"]), 40)
        self.assertEqual(told["best"]["params"]["kind"], "b")
        self.assertAlmostEqual(float(told["best"]["params"]["x"]), 2, delta=0.4)
        self.assertEqual(told["best"]["score"], max(t["score"] for t in told["trials"]))
        front = [t for t in told["trials"] if t["trial"] in told["pareto"]]
        for t in front:
            self.assertFalse(any(o["score"] > t["score"] and o["latency_ms"] < t["latency_ms"]
                                 for o in told["trials"]))

    def test_budget(self):
        """Depth, width and size scale together; what a trial ran with is what it tells."""
        (self.root / "space.json").write_text(json.dumps({
            "width": {"type": "float", "low": 0.25, "high": 3},
            "depth": {"type": "float", "low": 0.3, "high": 3},
            "size": {"type": "int", "low": 32, "high": 320},
            "x": {"type": "float", "low": 0, "high": 1}}))
        toy = self.root / "toy"
        toy.write_text("#!/usr/bin/env python3\nimport json, pathlib, sys\n"
                       "with open(pathlib.Path(sys.argv[0]).parent / 'log', 'a') as log:\n"
                       "    log.write(sys.argv[sys.argv.index('--arch') + 1] + '\\n')\n"
                       "print(json.dumps({'score': 0.5}))\n")
        toy.chmod(0o755)
        words = [PRAXI, "tune", "--space", self.root / "space.json", "--program", toy, "--out",
                 self.root / "best.onnx", "--trials", "4", "--arch",
                 "mobilenetv3-small:frames=8", "--json"]
        run = subprocess.run([*words, "--budget-macs", "150"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        archs = (self.root / "log").read_text().split()
        self.assertEqual(len(archs), 4)
        for arch, trial in zip(archs, json.loads(run.stdout)["trials"]):
            for name in ("width", "depth", "size"):
                self.assertIn(f"{name}={trial['params'][name]}", arch)
            net = self.root / "net.onnx"
            subprocess.run([PRAXI, "convert", f"zoo:{arch}", "--out", net], check=True,
                           capture_output=True)
            macs = json.loads(subprocess.run([PRAXI, "info", "--json", net], capture_output=True,
                                             text=True).stdout)["macs"]
            self.assertLessEqual(macs, 150e6)
            self.assertGreater(macs, 120e6)
        for more, why in ((["--budget-macs", "0.01"], "costs more"), (["--budget-macs", "-1"], "--")):
            run = subprocess.run([*words, *more, "--out", self.root / "other.onnx"],
                                 capture_output=True, text=True)
            self.assertNotEqual(run.returncode, 0)
            self.assertIn(why, run.stderr)

    def test_kill(self):
        process = subprocess.Popen(self.words(12, 0.15), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        kept = self.root / "best.onnx.trials"
        end = time.monotonic() + 60
        while time.monotonic() < end and (not kept.exists()
                                          or kept.read_text().count('"done"') < 3):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with open(kept, "a") as file:
            file.write('{"trial":')  # a line that was being written
        before = {}
        for line in kept.read_text().splitlines()[1:-1]:
            line = json.loads(line)
            if line.get("state") == "done":
                before[line["trial"]] = (line["params"], line["score"])
        self.assertGreaterEqual(len(before), 3)
        self.assertLess(len(before), 12)
        told = self.run_all(12, 0)
        self.assertEqual([t["trial"] for t in sorted(told["trials"], key=lambda t: t["trial"])],
                         list(range(12)))
        for trial in told["trials"]:
            self.assertEqual(trial["state"], "done")
            if trial["trial"] in before:
                self.assertEqual((trial["params"], trial["score"]), before[trial["trial"]])
        again = self.run_all(12, 0)  # nothing is left to do
        self.assertEqual(again["trials"], told["trials"])

    def test_refusals(self):
        self.run_all(1, 0)
        (self.root / "space.json").write_text(json.dumps({"y": SPACE["x"]}))
        run = subprocess.run(self.words(1, 0), capture_output=True, text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("another search space", run.stderr)
        self.assertEqual(subprocess.run([PRAXI, "tune"], capture_output=True).returncode, 2)


unittest.main()
