# test_graph.sh - `cnnc graph`: well-formed, the same each time, nothing
# overlaps, every layer is there.
. "$(dirname "$0")/lib.sh"

cat >branches.cnn <<'END'
network branches
input x : f32[16, 16, 3]
stem = conv(8, 3x3, pad=same) -> relu
a = stem -> conv(8, 1x1) -> relu
b = stem -> conv(8, 1x1) -> conv(8, 3x3, pad=same)
c = stem -> maxpool(3x3, stride=1, pad=same) -> conv(8, 1x1)
last = concat(a, b, c) -> conv(8, 1x1)
add(last, stem) -> relu
output y
END
expect 0 "$CNNC" graph branches.cnn
expect 0 "$CNNC" graph branches.cnn -o again.svg
holds cmp branches.svg again.svg
"$CNNC" graph - <branches.cnn >"$out" 2>"$err"
holds cmp "$out" again.svg
holds python3 - <<'END'
import xml.etree.ElementTree as tree
root = tree.parse("branches.svg").getroot()
space = "{http://www.w3.org/2000/svg}"
texts = [t.text for t in root.iter(space + "text")]
for word in ("x", "conv1", "conv(8, 3x3, pad=1)", "relu", "concat1", "add1",
             "16 x 16 x 24", "y"):
    assert word in texts, word
boxes = [[float(r.get(k)) for k in ("x", "y", "width", "height")]
         for r in root.iter(space + "rect") if r.get("x")]
assert len(boxes) == 11, len(boxes)
width, height = float(root.get("width")), float(root.get("height"))
for i, (x, y, w, h) in enumerate(boxes):
    assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
    for u, v, s, t in boxes[:i]:
        assert x + w < u or u + s < x or y + h < v or v + t < y
END
expect 0 "$CNNC" graph branches.cnn -o branches.dot
holds test "$(grep -c -- '->' branches.dot)" -eq 13
holds grep -q 'label="conv1\\nconv(8, 3x3, pad=1)\\nrelu\\n16 x 16 x 8"' \
    branches.dot
expect 1 "$CNNC" graph branches.cnn -o branches.gif
grep_err "suffix"
expect 0 "$CNNC" graph tiny.cnn
holds python3 -c 'import xml.etree.ElementTree as t; t.parse("tiny.svg")'
only_files tiny.cnn tiny.svg branches.cnn branches.svg again.svg branches.dot
finish
