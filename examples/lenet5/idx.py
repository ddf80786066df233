"""
idx.py - reads and writes the IDX files that MNIST comes in.

    00 00 08 03   0000 2710   0000 001c   0000 001c   pixels...
    (bytes, 3-D)  10000       28          28

The element type is always a byte here; the sizes are big-endian. A reader
accepts the plain file and the gzipped one, whichever is there.
"""

import gzip
import os
import struct

import numpy as np


def read(path):
    """The array in an IDX file; PATH may also exist as PATH.gz only."""
    if not os.path.exists(path):
        path += ".gz"
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        data = file.read()
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise SystemExit(f"{path}: not an IDX file of bytes")
    rank = data[3]
    shape = struct.unpack_from(f">{rank}I", data, 4)
    start = 4 + 4 * rank
    if len(data) - start != int(np.prod(shape, dtype=object)):
        raise SystemExit(f"{path}: {len(data) - start} bytes for {shape}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def write(path, array):
    """Writes an array of bytes as a plain IDX file."""
    with open(path, "wb") as file:
        file.write(struct.pack(">HBB", 0, 8, array.ndim))
        file.write(struct.pack(f">{array.ndim}I", *array.shape))
        file.write(np.ascontiguousarray(array, np.uint8).tobytes())


def digits(folder):
    """Images [n][28][28] and labels [n] of the t10k pair in a folder."""
    images = read(os.path.join(folder, "t10k-images-idx3-ubyte"))
    labels = read(os.path.join(folder, "t10k-labels-idx1-ubyte"))
    if len(images) != len(labels):
        raise SystemExit(f"{folder}: {len(images)} images, {len(labels)} labels")
    return images, labels
