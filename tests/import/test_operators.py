"""docs/onnx.md lists the operators of adapters.def and ops.def, with opsets.

    | `Softmax` | 1 to 26 | |
    | `Celu` | 12 to 26 | |
    | `Dropout` | 1 to 26 | no training |

CNNC_UPDATE=1 in the environment writes the list anew; what is said about an
operator stays.
"""
import os
import re
import sys

SOURCE = os.environ["CNNC_SOURCE"]
DOCS = os.path.join(SOURCE, "docs", "onnx.md")
BEGIN, END = "<!-- operators -->\n", "<!-- end of operators -->\n"
FIRST, LAST = 1, 26


def rows():
    """(operator, since, until), until 0: it still is"""
    folder = os.path.join(SOURCE, "compiler")
    with open(os.path.join(folder, "import", "adapters.def")) as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
        for op, since, until in re.findall(r"ADAPTER\((\w+),\s*(\d+),\s*(\d+),",
                                           text):
            yield op, int(since), int(until)
    with open(os.path.join(folder, "graph", "ops.def")) as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
        for op, since, until in re.findall(
                r"ONNX\(\w+,\s*(\w+),\s*(\d+),\s*(\d+),", text):
            yield op, int(since), int(until)


def opsets():
    """{operator: set of opsets}"""
    have = {}
    for op, since, until in rows():
        have.setdefault(op, set()).update(
            range(max(since, FIRST), (until or LAST) + 1))
    return have


def remarks(table):
    """{operator: what is said about it}"""
    return {op: said.strip() for op, said in
            re.findall(r"^\| `(\w+)` \|[^|]*\|(.*)\|$", table, re.M)}


def listing(said):
    lines = []
    for op, some in sorted(opsets().items()):
        assert sorted(some) == list(range(min(some), max(some) + 1)), op
        lines.append("| `%s` | %d to %d | %s%s|\n" % (
            op, min(some), max(some), said.get(op, ""),
            " " if said.get(op) else ""))
    return "| operator | opsets | |\n|---|---|---|\n" + "".join(lines)


with open(DOCS) as f:
    head, rest = f.read().split(BEGIN)
old, tail = rest.split(END)
said = remarks(old)
new = listing(said)
if os.environ.get("CNNC_UPDATE") == "1" and old != new:
    with open(DOCS, "w") as f:
        f.write(head + BEGIN + new + END + tail)
    old = new
gone = sorted(op for op in said if op not in opsets())
print("%d operators" % len(opsets()))
if old != new or gone or len(opsets()) < 50:
    for line in sorted(set(new.split("\n")) ^ set(old.split("\n"))):
        print(line)
    print("docs/onnx.md has another list; CNNC_UPDATE=1 writes it anew")
    sys.exit(1)
