"""
tensors.py - safetensors files, and weights drawn from a seed.

    u64 size of the header | header, JSON | the tensors' bytes
                             {"conv1.weight": {"dtype": "F32", "shape": [..],
                                               "data_offsets": [0, 600]}}
"""

import json
import struct
import zlib

import numpy as np


def read(path):
    """name -> float32 array."""
    with open(path, "rb") as file:
        data = file.read()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    found = {}
    for name, entry in header.items():
        begin, end = (8 + size + at for at in entry["data_offsets"])
        array = np.frombuffer(data[begin:end], "<f4")
        found[name] = array.reshape(entry["shape"])
    return found


def write(path, tensors):
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape),
                        "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array, "<f4").tobytes())


def seeded(net, seed):
    """He-scaled weights and batch statistics that keep values near one."""
    found = {}
    for name, shape in net.parameters():
        random = np.random.default_rng([seed, zlib.crc32(name.encode())])
        part = name.rsplit(".", 1)[1]
        if part == "weight" and len(shape) > 1:
            scale = (2 / np.prod(shape[1:])) ** 0.5
            value = random.normal(0, scale, shape)
        elif part in ("weight", "running_var"):
            value = random.uniform(0.6, 1.2, shape)
        else:
            value = random.normal(0, 0.1, shape)
        found[name] = value.astype(np.float32)
    return found
