#!/usr/bin/python3
"""Renders the bundled sample: a yard seen by a fixed camera, two people who walk, scuffle, part,
and one of them falls. Bodies follow recorded motion; everything else is drawn here.

usage: make-sample.py MOCAP_DIR OUT.mp4
needs: python3-numpy, python3-cairo, ffmpeg

MOCAP_DIR holds NAME.npy, float32 [frames, 18, 3] at 30 Hz in metres, y up (CMU Graphics Lab Motion
Capture Database, DeepMimic). Only the rendered picture is part of the project.
"""
import math
import pathlib
import subprocess
import sys

import cairo
import numpy as np

WIDTH, HEIGHT, RATE_HZ, SECONDS = 640, 360, 25, 30
MOCAP_HZ = 30
(PELVIS, CHEST, NECK, HEAD, L_SHOULDER, L_ELBOW, L_WRIST, R_SHOULDER, R_ELBOW, R_WRIST, L_HIP, L_KNEE,
 L_ANKLE, L_TOE, R_HIP, R_KNEE, R_ANKLE, R_TOE) = range(18)
BONES = [  # from, to, radius in metres, part of the clothing
    (PELVIS, CHEST, .16, 'top'), (CHEST, NECK, .15, 'top'), (L_SHOULDER, R_SHOULDER, .10, 'top'),
    (L_SHOULDER, L_ELBOW, .065, 'top'), (L_ELBOW, L_WRIST, .05, 'skin'),
    (R_SHOULDER, R_ELBOW, .065, 'top'), (R_ELBOW, R_WRIST, .05, 'skin'),
    (L_HIP, R_HIP, .12, 'legs'), (L_HIP, L_KNEE, .095, 'legs'), (L_KNEE, L_ANKLE, .07, 'legs'),
    (R_HIP, R_KNEE, .095, 'legs'), (R_KNEE, R_ANKLE, .07, 'legs'),
    (L_ANKLE, L_TOE, .05, 'shoes'), (R_ANKLE, R_TOE, .05, 'shoes'),
]
PEOPLE = [
    {'top': (.70, .22, .18), 'legs': (.16, .19, .30), 'skin': (.80, .62, .50), 'shoes': (.1, .1, .1)},
    {'top': (.22, .42, .36), 'legs': (.42, .38, .32), 'skin': (.58, .42, .33), 'shoes': (.2, .15, .1)},
]
LIGHT = np.array([.45, .8, -.35])


def turned(points, angle):
    """Rotates points about the vertical axis; positive turns +z towards +x."""
    c, s = math.cos(angle), math.sin(angle)
    return points @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])


class Motion:
    """One recorded motion, sampled at any time, moved so that it begins at the origin facing +z."""

    def __init__(self, folder, name, speed=1.0, backwards=False, loop=True):
        poses = np.load(folder / f'{name}.npy').astype(np.float64)
        poses = poses[::-1] if backwards else poses
        self.speed, self.loop = speed, loop
        across = poses[0, L_HIP] - poses[0, R_HIP]
        facing = math.atan2(-across[2], across[0])
        self.poses = turned(poses - poses[0, PELVIS] * [1, 0, 1], -facing)
        self.poses[..., 1] -= np.percentile(self.poses[..., 1].min(axis=1), 20)
        self.stride = self.poses[-1, PELVIS] * [1, 0, 1]

    def at(self, seconds):
        last = len(self.poses) - 1
        frame = max(seconds, 0) * MOCAP_HZ * self.speed
        lap, frame = divmod(frame, last) if self.loop else (0, min(frame, last - 1e-6))
        i, part = int(frame), frame - int(frame)
        return self.poses[i] * (1 - part) + self.poses[i + 1] * part + lap * self.stride


class Actor:
    """A person's plan: (begin_s, motion, x, z, facing in degrees), each blended into the next."""
    BLEND_S = .4

    def __init__(self, plan):
        self.plan = plan

    @staticmethod
    def pose_in(step, seconds):
        begin, motion, x, z, facing = step
        return turned(motion.at(seconds - begin), math.radians(facing)) + [x, 0, z]

    def at(self, seconds):
        i = max(k for k, step in enumerate(self.plan) if step[0] <= seconds)
        pose = self.pose_in(self.plan[i], seconds)
        part = (seconds - self.plan[i][0]) / self.BLEND_S
        if i > 0 and part < 1:
            pose = pose * part + self.pose_in(self.plan[i - 1], seconds) * (1 - part)
        return pose


def cast(folder):
    """The two actors and what they do when."""
    walk = Motion(folder, 'cmu_02_01')
    stroll = Motion(folder, 'cmu_08_04', speed=.9)
    punch = Motion(folder, 'cmu_02_05', speed=2.6)
    strike = Motion(folder, 'dm_punch', speed=2.0)
    kick = Motion(folder, 'dm_kick', speed=1.7)
    fall = Motion(folder, 'dm_getup_faceup', speed=5.5, backwards=True, loop=False)
    first = Actor([(0, walk, -4.6, 1.0, 90), (4.0, punch, -.45, 1.0, 90), (7.0, strike, -.5, 1.0, 90),
                   (9.1, punch, -.35, 1.0, 100), (12.0, kick, -.6, 1.0, 90), (14.0, walk, -.5, 1.0, -80),
                   (17.0, stroll, -3.9, 1.6, 80), (20.6, fall, -.2, 1.0, 100)])
    second = Actor([(0, stroll, 4.4, .9, -90), (4.0, strike, .45, 1.0, -90), (6.2, punch, .4, 1.0, -90),
                    (10.2, strike, .45, 1.0, -95), (12.2, punch, .35, 1.0, -85), (14.0, walk, .6, 1.0, 85)])
    return [first, second]


class Camera:
    """A pinhole camera high on a wall, looking down into the yard."""

    def __init__(self):
        self.eye = np.array([0., 3.0, 5.4])
        forward = np.array([0., .85, .3]) - self.eye
        self.forward = forward / np.linalg.norm(forward)
        right = np.cross(self.forward, [0, 1, 0])
        self.right = right / np.linalg.norm(right)
        self.up = np.cross(self.right, self.forward)
        self.focal = WIDTH * .82

    def project(self, point):
        """World point → x, y, pixels per metre, depth."""
        d = np.asarray(point) - self.eye
        depth = max(float(d @ self.forward), .1)
        scale = self.focal / depth
        return WIDTH / 2 + d @ self.right * scale, HEIGHT / 2 - d @ self.up * scale, scale, depth


def quad(c, camera, corners, colour):
    for i, corner in enumerate(corners):
        x, y = camera.project(corner)[:2]
        (c.line_to if i else c.move_to)(x, y)
    c.close_path()
    c.set_source_rgb(*colour)
    c.fill()


def draw_background(camera, rng):
    """Paving, a brick wall with a door and a window."""
    surface = cairo.ImageSurface(cairo.FORMAT_RGB24, WIDTH, HEIGHT)
    c = cairo.Context(surface)
    quad(c, camera, [(-14, 0, 5.5), (14, 0, 5.5), (14, 0, -3), (-14, 0, -3)], (.40, .39, .37))
    for ix in range(-14, 14):
        for iz in range(-3, 6):
            shade = .43 + .06 * rng.random()
            quad(c, camera, [(ix + .02, 0, iz + .02), (ix + .98, 0, iz + .02), (ix + .98, 0, iz + .98),
                             (ix + .02, 0, iz + .98)], (shade, shade * .98, shade * .94))
    for row in range(20):
        for column in range(-24, 24):
            x, y = column * .6 + (row % 2) * .3, row * .25
            shade = .50 + .10 * rng.random()
            quad(c, camera, [(x, y, -3), (x + .57, y, -3), (x + .57, y + .22, -3), (x, y + .22, -3)],
                 (shade, shade * .80, shade * .68))
    quad(c, camera, [(2.2, 0, -2.98), (3.3, 0, -2.98), (3.3, 2.2, -2.98), (2.2, 2.2, -2.98)], (.20, .27, .31))
    quad(c, camera, [(-3.6, 1, -2.98), (-1.9, 1, -2.98), (-1.9, 2.2, -2.98), (-3.6, 2.2, -2.98)], (.55, .63, .68))
    quad(c, camera, [(-2.78, 1, -2.97), (-2.72, 1, -2.97), (-2.72, 2.2, -2.97), (-2.78, 2.2, -2.97)], (.9, .9, .88))
    return surface


def draw_shadow(c, camera, pose):
    """The body's shadow on the ground, along the light."""
    flat = pose - LIGHT * (pose[:, 1:2] / LIGHT[1])
    flat[:, 1] = .005
    c.set_line_cap(cairo.LINE_CAP_ROUND)
    c.push_group()
    c.set_source_rgb(0, 0, 0)
    for a, b, radius, _ in BONES:
        (xa, ya, scale, _), (xb, yb, _, _) = camera.project(flat[a]), camera.project(flat[b])
        c.set_line_width(1.6 * radius * scale)
        c.move_to(xa, ya)
        c.line_to(xb, yb)
        c.stroke()
    c.pop_group_to_source()
    c.paint_with_alpha(.30)


def draw_bone(c, camera, a, b, radius, colour, stripes):
    """A limb in short pieces of slightly different cloth, so that its motion can be seen."""
    n = len(stripes)
    for i in range(n):
        p, q = a + (b - a) * i / n, a + (b - a) * (i + 1) / n
        (xa, ya, scale, _), (xb, yb, _, _) = camera.project(p), camera.project(q)
        for width, light in ((1.0, .72), (.62, 1.0), (.25, 1.15)):
            c.set_line_width(2 * radius * scale * width)
            c.set_source_rgb(*[min(1, v * (.85 + stripes[i]) * light) for v in colour])
            c.move_to(xa, ya)
            c.line_to(xb, yb)
            c.stroke()


def draw_person(c, camera, pose, clothes, stripes):
    c.set_line_cap(cairo.LINE_CAP_ROUND)
    depth = [camera.project((pose[a] + pose[b]) / 2)[3] for a, b, *_ in BONES]
    for i in sorted(range(len(BONES)), key=lambda k: -depth[k]):
        a, b, radius, part = BONES[i]
        draw_bone(c, camera, pose[a], pose[b], radius, clothes[part], stripes[i])
    x, y, scale, _ = camera.project(pose[HEAD] + (pose[HEAD] - pose[NECK]) * .35)
    for radius, light in ((.125, .75), (.09, 1.0), (.04, 1.1)):
        c.arc(x, y, radius * scale, 0, 2 * math.pi)
        c.set_source_rgb(*[min(1, v * light) for v in clothes['skin']])
        c.fill()


def render(folder, rng):
    """Yields the frames as RGB bytes."""
    camera, actors = Camera(), cast(folder)
    background = draw_background(camera, rng)
    stripes = rng.uniform(-.16, .16, (len(actors), len(BONES), 6))
    for frame in range(SECONDS * RATE_HZ):
        surface = cairo.ImageSurface(cairo.FORMAT_RGB24, WIDTH, HEIGHT)
        c = cairo.Context(surface)
        c.set_source_surface(background, 0, 0)
        c.paint()
        poses = [actor.at(frame / RATE_HZ) for actor in actors]
        for pose in poses:
            draw_shadow(c, camera, pose)
        for i in sorted(range(len(poses)), key=lambda k: -camera.project(poses[k][PELVIS])[3]):
            draw_person(c, camera, poses[i], PEOPLE[i], stripes[i])
        surface.flush()
        pixels = np.ndarray((HEIGHT, WIDTH, 4), np.uint8, surface.get_data())[:, :, 2::-1]
        noise = rng.normal(0, 2.2, (HEIGHT, WIDTH, 1))
        yield np.clip(pixels + noise, 0, 255).astype(np.uint8).tobytes()


def main(mocap, out):
    encode = ['ffmpeg', '-v', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s',
              f'{WIDTH}x{HEIGHT}', '-r', str(RATE_HZ), '-i', '-', '-c:v', 'libx264', '-preset', 'slow',
              '-crf', '27', '-g', '50', '-pix_fmt', 'yuv420p', '-movflags', '+faststart', '-map_metadata',
              '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact', out]
    with subprocess.Popen(encode, stdin=subprocess.PIPE) as ffmpeg:
        for frame in render(pathlib.Path(mocap), np.random.default_rng(7)):
            ffmpeg.stdin.write(frame)
        ffmpeg.stdin.close()
        return ffmpeg.wait()


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
