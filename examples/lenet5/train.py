#!/usr/bin/python3
"""
train.py - trains lenet5.cnn's weights on real digits.

    ./train.py ../../../mnist               writes lenet5.safetensors
    ./train.py ../../../mnist --epochs 5    a quick look

The folder holds MNIST's ten thousand test digits (t10k-*-ubyte, gzipped or
not): the first 8,000 teach, the last 2,000 judge and are never looked at
before the last line is printed. A digit is shifted, turned, sheared and
stretched anew each time it is shown, which is what makes 8,000 enough.

The weights are saved under PyTorch's names and in its layouts, which cnnc knows:
that PyTorch flattens channels first is no concern of the network's file.
"""

import argparse
import json
import os
import struct
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import idx

TRAINED = 8000
HERE = os.path.dirname(os.path.abspath(__file__))


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.dense1 = nn.Linear(400, 120)
        self.dense2 = nn.Linear(120, 84)
        self.dense3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.dense1(x.flatten(1)))
        x = F.relu(self.dense2(x))
        return self.dense3(x)


def uniform(n, limit):
    return (torch.rand(n) * 2 - 1) * limit


def smooth_field(n):
    """A displacement of n images that varies slowly over each, in pixels."""
    coarse = torch.randn(n, 2, 5, 5)
    fine = F.interpolate(coarse, 28, mode="bicubic", align_corners=True)
    return fine.permute(0, 2, 3, 1)


def distort(images):
    """Each image shifted, turned, sheared, stretched and bent a little."""
    n = len(images)
    turn, shear = uniform(n, 0.22), uniform(n, 0.22)
    sx, sy = 1 + uniform(n, 0.15), 1 + uniform(n, 0.15)
    cos, sin = torch.cos(turn), torch.sin(turn)
    row_x = torch.stack([cos * sx, (shear * cos - sin) * sy, uniform(n, 0.15)])
    row_y = torch.stack([sin * sx, (shear * sin + cos) * sy, uniform(n, 0.15)])
    theta = torch.stack([row_x, row_y]).permute(2, 0, 1)
    grid = F.affine_grid(theta, images.shape, align_corners=False)
    grid = grid + smooth_field(n) * (0.6 * 2 / 28)
    return F.grid_sample(images, grid, align_corners=False)


def train(model, images, labels, epochs, batch=64, peak=3e-3):
    """Trains, and leaves the running average of the weights in the model."""
    steps = epochs * (len(images) // batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak,
                                  weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, peak, total_steps=steps, pct_start=0.1)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    started = time.monotonic()
    step = 0
    for epoch in range(epochs):
        total = 0.0
        order = torch.randperm(len(images))
        for i in range(0, len(order) - batch + 1, batch):
            pick = order[i:i + batch]
            loss = F.cross_entropy(model(distort(images[pick])), labels[pick],
                                   label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * batch
            step += 1
            keep = min(0.998, (1 + step) / (10 + step))
            for name, value in model.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        print(f"epoch {epoch + 1}/{epochs}  loss {total / len(order):.4f}  "
              f"{time.monotonic() - started:.0f} s", flush=True)
    model.load_state_dict(average)


def correct(model, images, labels):
    with torch.no_grad():
        return int((model(images).argmax(1) == labels).sum())


def save_safetensors(path, tensors):
    """Writes float32 tensors: u64 header size, JSON header, the bytes."""
    header, blobs, offset = {}, [], 0
    for name, tensor in tensors.items():
        blob = tensor.numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def as_tensors(images, labels):
    pixels = torch.from_numpy(images.astype(np.float32) / 255)
    return pixels[:, None], torch.from_numpy(labels.astype(np.int64))


def main():
    parser = argparse.ArgumentParser(description="trains lenet5")
    parser.add_argument("mnist", help="folder with t10k-*-ubyte[.gz]")
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", default=os.path.join(HERE, "lenet5.safetensors"),
                        dest="out", help="the weights' file")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)  # sums in one order, on any machine

    x, y = as_tensors(*idx.digits(args.mnist))
    model = LeNet5()
    train(model, x[:TRAINED], y[:TRAINED], args.epochs)
    good, n = correct(model, x[TRAINED:], y[TRAINED:]), len(x) - TRAINED
    print(f"{good} of {n} right: {100 * good / n:.2f} %")
    own = os.path.join(HERE, "digits")
    if os.path.isdir(own):
        x, y = as_tensors(*idx.digits(own))
        print(f"drawn digits: {correct(model, x, y)} of {len(x)} right")
    save_safetensors(args.out, model.state_dict())


if __name__ == "__main__":
    main()
