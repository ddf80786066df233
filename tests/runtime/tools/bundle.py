#!/usr/bin/env python3
"""bundle.py - the part of net.h that a text needs, by the rule in its head.

    python3 bundle.py net.h v4 net.c > part.h

It is what `cnnc --bundle` has to do, written down once more and plainly.
"""
import os
import re
import sys

HEADERS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../../runtime/include/cnnc")
MARK = re.compile(r"/\*@block (.*?) \*/$")


def read_header(name):
    with open(os.path.join(HEADERS, name)) as file:
        return file.read()


def read_blocks(text):
    """[(names, targets, needs, body)] in order; names None: always there."""
    blocks, outside, inside = [], [], None
    for line in text.splitlines(keepends=True):
        mark = MARK.match(line)
        if mark:
            words = re.split(r"\b(on|needs)\b", mark.group(1))
            part = {"names": words[0].split(), "on": None, "needs": []}
            for key, value in zip(words[1::2], words[2::2]):
                part[key] = value.split()
            blocks.append((None, None, [], "".join(outside)))
            outside, inside = [], (part["names"], part["on"], part["needs"], [])
        elif line.startswith("/*@end */"):
            names, on, needs, body = inside
            if names[0] == "include":
                blocks += read_blocks(read_header(names[1]))
            blocks.append((names, on, needs, "".join(body)))
            inside = None
        else:
            (outside if inside is None else inside[3]).append(line)
    blocks.append((None, None, [], "".join(outside)))
    return blocks


def bundle(text, target, words):
    """What `target` needs for a file that uses the identifiers `words`."""
    blocks = [b for b in read_blocks(text) if b[1] is None or target in b[1]]
    wanted = {"always"} | set(words)
    wanted |= {w.split("_", 1)[1] for w in words if "_" in w}
    while True:
        more = {n for names, _, needs, _ in blocks
                if names and wanted & set(names) for n in needs}
        if more <= wanted:
            break
        wanted |= more
    return "".join(body for names, _, _, body in blocks
                   if names is None or wanted & set(names))


def main():
    header, target, source = sys.argv[1:4]
    with open(header) as file:
        text = file.read()
    with open(source) as file:
        words = set(re.findall(r"[A-Za-z_]\w*", file.read()))
    sys.stdout.write(bundle(text, target, words))


if __name__ == "__main__":
    main()
