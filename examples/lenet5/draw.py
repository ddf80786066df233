#!/usr/bin/python3
"""
draw.py - draws a hundred digits of its own, so that the example needs no MNIST.

      points of a glyph        jittered, slanted        a round pen's ink
       (.5,0) .. (1,.5)   ->   smooth curve        ->   28x28 bytes

    ./draw.py digits [seed]    writes the pair t10k-*-ubyte into digits/

As in MNIST the ink of a digit fills a box of 20x20 and its centre of mass lies
in the middle of the image. No digit drawn here has been trained on.
"""

import os
import sys

import numpy as np

import idx

# A glyph is strokes, a stroke is points (x, y) in a box 1 wide and 1.4 high,
# y down. A stroke that starts with "~" is a smooth curve through its points,
# any other has corners. Some digits have two shapes.
GLYPHS = {
    0: [["~ .5 0  .12 .25  .0 .7  .14 1.18  .5 1.4  .86 1.18  1 .7  .88 .25"
         "  .5 0"]],
    1: [[". .5 0  .48 1.4"], [". .2 .3  .55 0  .55 1.4"]],
    2: [["~ .06 .32  .25 .06  .6 .0  .9 .2  .86 .55  .5 .95  .05 1.35",
         ". .05 1.35  .97 1.33"]],
    3: [["~ .08 .15  .4 .0  .8 .12  .82 .45  .42 .66",
         "~ .42 .66  .86 .8  .92 1.15  .5 1.4  .04 1.24"]],
    4: [[". .3 0  .06 .78  .95 .78", ". .76 .25  .7 1.4"],
        [". .68 0  .0 .95  1 .92", ". .68 0  .68 1.4"]],
    5: [[". .92 .02  .22 .02  .16 .6",
         "~ .16 .6  .55 .5  .92 .75  .88 1.18  .5 1.4  .06 1.28"]],
    6: [["~ .78 .0  .38 .3  .1 .75  .12 1.2  .48 1.4  .86 1.22  .86 .9  .55 .72"
         "  .2 .86  .1 1.1"]],
    7: [[". .04 .06  .94 .04  .42 1.4"],
        [". .04 .1  .94 .04  .44 1.4", ". .3 .72  .84 .7"]],
    8: [["~ .82 .2  .5 .0  .18 .18  .3 .5  .68 .82  .84 1.15  .5 1.4  .16 1.15"
         "  .32 .84  .7 .52  .82 .2"]],
    9: [["~ .86 .3  .55 .0  .16 .16  .12 .5  .42 .68  .76 .52  .86 .3",
         "~ .86 .3  .84 .8  .7 1.4"]],
}
SIZE, BOX, FINE = 28, 20, 4


def curve(points, steps=8):
    """A Catmull-Rom curve through the points, as a polyline."""
    first = 2 * points[0] - points[1]
    last = 2 * points[-1] - points[-2]
    if np.allclose(points[0], points[-1]):
        first, last = points[-2], points[1]
    p = np.vstack([first, points, last])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
               + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:])]
    return np.vstack(pieces + [points[-1:]])


def strokes_of(glyph, random):
    """The glyph as polylines, each point moved a little, the whole slanted."""
    slant, width = random.uniform(-0.08, 0.3), random.uniform(0.8, 1.05)
    turn = random.uniform(-0.1, 0.1)
    strokes, moved = [], {}
    for text in glyph:
        kind, *numbers = text.split()
        points = []
        for place in zip(map(float, numbers[::2]), map(float, numbers[1::2])):
            if place not in moved:  # strokes that meet keep meeting
                moved[place] = place + random.normal(0, 0.035, 2)
            points.append(moved[place])
        points = np.array(points)
        x = (points[:, 0] - slant * (points[:, 1] - 0.7)) * width
        points = np.stack([x, points[:, 1]], 1)
        points = points @ np.array([[np.cos(turn), np.sin(turn)],
                                    [-np.sin(turn), np.cos(turn)]])
        strokes.append(curve(points) if kind == "~" else points)
    return strokes


def segments_of(strokes):
    return np.vstack([np.hstack([s[:-1], s[1:]]) for s in strokes])


def distance(pixels, segments):
    """From each pixel [n][2] to the nearest segment [m][4]."""
    a, b = segments[:, :2], segments[:, 2:]
    along = b - a
    length = np.maximum((along**2).sum(1), 1e-12)
    to = pixels[:, None] - a[None]
    t = np.clip((to * along).sum(2) / length, 0, 1)
    return np.sqrt(((to - t[..., None] * along)**2).sum(2)).min(1)


def ink(segments, pen):
    """Coverage of each pixel by a round pen of that radius, 0..1."""
    n = SIZE * FINE
    at = (np.arange(n) + 0.5) / FINE
    x, y = np.meshgrid(at, at)
    near = distance(np.stack([x.ravel(), y.ravel()], 1), segments) <= pen
    return near.reshape(SIZE, FINE, SIZE, FINE).mean((1, 3))


def draw(digit, shape, random):
    glyphs = GLYPHS[digit]
    segments = segments_of(strokes_of(glyphs[shape % len(glyphs)], random))
    points = segments.reshape(-1, 2)
    pen = random.uniform(1.05, 1.6)
    low, high = points.min(0), points.max(0)
    scale = (BOX - 2 * pen) / (high - low).max()
    points = (points - (low + high) / 2) * scale + SIZE / 2
    image = ink(points.reshape(-1, 4), pen)
    at = np.arange(SIZE) + 0.5
    centre = np.array([(image.sum(0) * at).sum(), (image.sum(1) * at).sum()])
    points = points + np.round(SIZE / 2 - centre / image.sum())
    image = ink(points.reshape(-1, 4), pen)
    return np.round(image * 255).astype(np.uint8)


def main():
    folder = sys.argv[1]
    random = np.random.default_rng(int(sys.argv[2]) if sys.argv[2:] else 7)
    labels = np.repeat(np.arange(10, dtype=np.uint8), 10)
    images = np.stack([draw(digit, i, random)
                       for i, digit in enumerate(labels)])
    os.makedirs(folder, exist_ok=True)
    idx.write(os.path.join(folder, "t10k-images-idx3-ubyte"), images)
    idx.write(os.path.join(folder, "t10k-labels-idx1-ubyte"), labels)


if __name__ == "__main__":
    main()
