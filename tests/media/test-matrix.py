#!/usr/bin/env python3
"""Odd and hostile media: what plays, plays exactly; what does not says so in one line.

usage: test-matrix.py PRAXI CHECK_SEEKS CHECK_PREVIEW; prints TAP
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

PRAXI, CHECK_SEEKS, CHECK_PREVIEW = map(os.path.abspath, sys.argv[1:4])
SKIP = 77
LIMIT_S = 5 * float(os.environ.get("PRAXI_TEST_PATIENCE", "4"))  # a loaded machine is no hang
SOURCE = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=3"]
X264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
OPEN_GOP = ["-x264-params", "open-gop=1:keyint=20:bframes=3:scenecut=0"]


def ffmpeg(*args):
    return subprocess.run(["ffmpeg", "-v", "error", "-y", *args], capture_output=True).returncode == 0


def encode(name, *options):
    return ffmpeg(*SOURCE, *options, name)


def remux(name, source, *options):
    return ffmpeg("-i", source, "-c", "copy", *options, name)


def part(name, source, begin, end):
    with open(source, "rb") as file:
        data = file.read()
    write(name, data[int(begin * len(data)):int(end * len(data))])


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def make_playable():
    """Names of files that play; each needs an encoder that may be missing."""
    encode("good.mp4", *X264, "-bf", "3", "-g", "30")
    encode("open.mp4", *X264, *OPEN_GOP)
    encode("vfr.mkv", "-vf", "select='lt(t,1)+gte(t,1)*not(mod(n,5))'", "-fps_mode", "vfr", *X264)
    encode("gap.mp4", "-vf", "setpts='if(gt(N,40),PTS+60/TB,PTS)'", "-fps_mode", "vfr", *X264)
    remux("negative.mp4", "good.mp4", "-avoid_negative_ts", "disabled", "-output_ts_offset", "-2")
    encode("plain.mp4", *X264, "-bf", "0")
    remux("unordered.mkv", "plain.mp4", "-bsf:v", r"setts=pts=PTS-(20*mod(N\,7)):dts=DTS")
    remux("wrap.ts", "good.mp4", "-output_ts_offset", "95442.2", "-muxdelay", "0")
    ffmpeg("-ss", "1.1", "-i", "open.mp4", "-c", "copy", "edit.mp4")
    remux("fragments.mp4", "open.mp4", "-movflags", "frag_keyframe+empty_moov")
    for kind in ("ts", "mkv", "flv", "avi"):
        remux(f"open.{kind}", "open.mp4")
    remux("raw.h264", "open.mp4", "-bsf:v", "h264_mp4toannexb")
    part("cut-begin.ts", "open.ts", 0, 1)
    encode("mpeg2.ts", "-c:v", "mpeg2video", "-bf", "2", "-g", "12")
    part("cut-mpeg2.ts", "mpeg2.ts", 0.3, 1)
    encode("mpeg2-fields.m2v", "-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-bf", "2")
    encode("packed.avi", "-c:v", "mpeg4", "-bf", "2", "-g", "25")
    encode("interlaced.mp4", "-vf", "tinterlace=4", *X264, "-flags", "+ilme+ildct")
    encode("refresh.mkv", *X264, "-x264-params", "intra-refresh=1:keyint=20:bframes=0")
    encode("ten-bit.mp4", "-c:v", "libx265", "-x265-params", "log-level=none:keyint=20",
           "-pix_fmt", "yuv420p10le")
    encode("vp8.webm", "-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "16", "-b:v", "200k")
    encode("vp9.webm", "-c:v", "libvpx-vp9", "-cpu-used", "8", "-b:v", "200k", "-g", "25")
    encode("full-chroma.mp4", *X264[:-1], "yuv444p")
    encode("gray16.mkv", "-c:v", "ffv1", "-pix_fmt", "gray16le")
    encode("alpha.mov", "-c:v", "qtrle", "-pix_fmt", "argb")
    encode("pictures.mjpeg", "-c:v", "mjpeg")
    remux("turned.mp4", "good.mp4", "-metadata:s:v:0", "rotate=90")
    encode("wide-pixels.mp4", "-vf", "setsar=4/3", *X264)
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=321x241:r=25:d=1", "-c:v", "libx264", "-pix_fmt",
           "yuv444p", "odd-size.mp4")
    ffmpeg("-f", "lavfi", "-i", "color=s=16x16:r=1000:d=1", "-c:v", "ffv1", "fast.mkv")
    encode("one-frame.mp4", "-frames:v", "1", *X264)
    remux("front.mp4", "good.mp4", "-movflags", "+faststart")
    part("cut-damaged.mp4", "front.mp4", 0, 0.6)
    remux("noise-damaged.mkv", "good.mp4", "-bsf:v", "noise=amount=2000")
    flip_bits("flips-damaged.mp4", "front.mp4", 200)
    make_changing_size()
    shutil.copy("good.mp4", b"na\nme \xff\xfe \xe2\x80\xae4pm.exe.mp4")
    shutil.copy("good.mp4", "concat:a|b.mp4")


def flip_bits(name, source, n):
    """Damages pictures, not the index, which lies before them."""
    with open(source, "rb") as file:
        data = bytearray(file.read())
    chance = random.Random(1)
    for _ in range(n):
        data[chance.randrange(data.index(b"mdat") + 8, len(data))] ^= 1 << chance.randrange(8)
    with open(name, "wb") as file:
        file.write(data)


def make_changing_size():
    with open("sizes.h264", "wb") as joined:
        for i, size in enumerate(("160x120", "320x240", "160x120")):
            ffmpeg("-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d=1", *X264, "-bf", "0",
                   f"size{i}.h264")
            with open(f"size{i}.h264", "rb") as one:
                shutil.copyfileobj(one, joined)
            os.unlink(f"size{i}.h264")
    ffmpeg("-r", "25", "-i", "sizes.h264", "-c", "copy", "sizes.ts")
    os.unlink("sizes.h264")


def make_unplayable():
    part("unfinished.mp4", "../good/good.mp4", 0, 0.6)
    write("empty.mp4", b"")
    random.seed(1)
    write("random.mp4", random.randbytes(65536))
    write("text.mp4", b"this is no video\n" * 50)
    encode("no-frames.mp4", *X264, "-frames:v", "0")
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", "sound.m4a")
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-f", "lavfi", "-i", "color=red:s=64x64:d=0.04", "-map",
           "0", "-map", "1", "-c:a", "aac", "-c:v", "mjpeg", "-disposition:v", "attached_pic",
           "-frames:v", "1", "cover.m4a")
    write("words.srt", b"1\n00:00:00,000 --> 00:00:01,000\nhi\n")
    ffmpeg("-i", "words.srt", "-c:s", "srt", "words.mkv")
    ffmpeg("-f", "lavfi", "-i", "color=gray:s=16000x16000:r=1:d=1,format=yuvj420p", "-c:v", "mjpeg",
           "-q:v", "31", "huge.mkv")
    playlist = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\n%s\n#EXT-X-ENDLIST\n"
    write("playlist-file.mp4", playlist % b"file:///etc/passwd")
    write("playlist-net.mp4", playlist % b"http://127.0.0.1:9/a.ts")
    write("list.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n")
    write("manifest.mp4", b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011">'
          b'<Period><AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>'
          b"http://127.0.0.1:9/x.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>")
    os.mkfifo("pipe.mp4")
    os.mkdir("folder.mp4")


def praxi(*args):
    begin = time.monotonic()
    done = subprocess.run([PRAXI, *args], capture_output=True, timeout=120)
    return done, time.monotonic() - begin


def probe_frames(path):
    """Times of the frames ffprobe decodes, sorted; frames without one stand behind, as None."""
    out = subprocess.run(["ffprobe", "-v", "quiet", "-select_streams", "v:0", "-show_entries",
                          "frame=pts_time,best_effort_timestamp_time", "-of", "json", path],
                         capture_output=True).stdout
    frames = json.loads(out).get("frames", [])
    times = [frame.get("pts_time", frame.get("best_effort_timestamp_time")) for frame in frames]
    known = sorted(float(t) for t in times if t is not None)
    return known + [None] * (len(times) - len(known))


# Times that the container does not hold, where ours begin at 0 and ffprobe's elsewhere or nowhere.
OWN_TIMES = {b"open.avi", b"raw.h264"}
# ffprobe has no time for the frame at the end.
OPEN_END = {b"packed.avi", b"mpeg2-fields.m2v"}


def preview(path):
    """What the confined decode helper says of the file: its status and one line."""
    done = subprocess.run([CHECK_PREVIEW, PRAXI, path], capture_output=True, timeout=120)
    return done.returncode, done.stdout.decode(errors="replace").strip()


def check_playable(path):
    name = os.path.basename(path)
    info, _ = praxi("info", "--json", path)
    listed, seconds = praxi("frames", "--json", path)
    if info.returncode or listed.returncode:
        return (info.stderr + listed.stderr).decode(errors="replace")
    frames = json.loads(listed.stdout)["frames"]
    times = probe_frames(path)
    count = json.loads(info.stdout)["video"]["frames"]
    if len(frames) != len(times):
        return f"{len(frames)} frames listed, ffprobe decodes {len(times)}"
    if count != len(frames) and not name.startswith((b"noise", b"flips")):
        return f"{count} frames in the index, {len(frames)} decoded"
    off = [k for k, (frame, at) in enumerate(zip(frames, times))
           if at is None or abs(frame["pts_s"] - at) > 0.002]
    if name in OPEN_END and off == [len(frames) - 1]:
        off = []
    if off and name not in OWN_TIMES:
        return f"{len(off)} times differ, the first of frame {off[0]}"
    if seconds > LIMIT_S:
        return f"took {seconds:.1f} s"
    status, said = preview(path)
    if status != 0 or said != f"{count} frames":
        return f"the helper: {said}"
    seeks = subprocess.run([CHECK_SEEKS, path], capture_output=True, timeout=300)
    return seeks.stderr.decode(errors="replace") if seeks.returncode else None


def check_unplayable(path):
    for args in (("info", path), ("frames", "--hash", path)):
        done, seconds = praxi(*args)
        lines = done.stderr.decode(errors="replace").splitlines()
        if done.returncode != 1 or done.stdout or len(lines) != 1 or ";" not in lines[0]:
            return f"{args[0]}: exit {done.returncode}, said {lines}"
        if not lines[0].startswith("praxi: "):
            return lines[0]
        if seconds > LIMIT_S:
            return f"{args[0]} took {seconds:.1f} s"
    status, said = preview(path)
    if status != 1 or "\n" in said or ";" not in said or "the decoder stopped" in said:
        return f"the helper: exit {status}, said {said!r}"
    return None


def check_usage(path):
    for args, status in ((("frames", "--from", "9999", path), 2), (("frames", "--from", "-1", path), 2),
                         (("info", path, path), 2), (("info", "/no/such/file.mp4"), 1)):
        done, _ = praxi(*args)
        if done.returncode != status or len(done.stderr.splitlines()) != 1:
            return f"{args}: exit {done.returncode}, said {done.stderr}"
    return None


def check_turned(folder):
    """Rotation is told clockwise; ffmpeg's option turns the other way."""
    for name in ("turned.mp4", "wide-pixels.mp4"):
        video = json.loads(praxi("info", "--json", f"{folder}/{name}")[0].stdout)["video"]
        shape = (video["width"], video["height"], video["display_width"], video["rotation"])
        if shape != ((120, 160, 120, 270) if name == "turned.mp4" else (160, 120, 213, 0)):
            return f"{name}: {shape}"
    return None


def main():
    if not shutil.which("ffmpeg") or not shutil.which("ffprobe"):
        print("1..0 # SKIP ffmpeg is missing")
        return SKIP
    failures = n = 0
    with tempfile.TemporaryDirectory(prefix="praxi-matrix-") as folder:
        for kind, make in (("good", make_playable), ("bad", make_unplayable)):
            os.mkdir(f"{folder}/{kind}")
            os.chdir(f"{folder}/{kind}")
            make()
        os.chdir("/")
        jobs = [(check_usage, f"{folder}/good/good.mp4"), (check_turned, f"{folder}/good")]
        for kind, check in (("good", check_playable), ("bad", check_unplayable)):
            inside = os.fsencode(f"{folder}/{kind}")
            for name in sorted(os.listdir(inside)):
                path = os.path.join(inside, name)
                if kind == "bad" or os.path.getsize(path) > 0:  # 0: an encoder is missing
                    jobs.append((check, path))
        for check, path in jobs:
            n += 1
            why = check(path)
            failures += why is not None
            print(f"{'ok' if why is None else 'not ok'} {n} {check.__name__} "
                  f"{os.path.basename(path)!r}", flush=True)
            if why is not None:
                print("# " + why.replace("\n", "\n# "), flush=True)
    print(f"1..{n}")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
