# test_run.sh - `cnnc run`: inputs of every kind, every engine, both forms of
# the answer.
. "$(dirname "$0")/lib.sh"

python3 - <<'END'
import struct

def npy(path, shape, values):
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }" % (shape,)
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)))
        file.write(head.encode() + struct.pack("<%df" % len(values), *values))

npy("x.npy", "(8, 8, 2)", [(i * 37 % 64) / 64 for i in range(128)])
npy("wrong.npy", "(8, 8, 3)", [0.0] * 192)
pixels = bytes(i * 5 % 256 for i in range(16))
open("grey.pgm", "wb").write(b"P5\n4 4\n255\n" + pixels)
open("images.idx", "wb").write(b"\0\0\x08\x03" + struct.pack(">3I", 2, 4, 4) +
                               bytes(16) + pixels)
END
for engine in reference kernel c; do
    [[ $engine == c && -z ${CC-} ]] && continue
    expect 0 "$CNNC" run tiny.cnn x.npy --init 1 --engine $engine
    grep_out "^y: (ant|bee|cat)$"
    holds test "$(wc -l <"$out")" -eq 4
    expect 0 "$CNNC" run tiny.cnn x.npy --init 1 --engine $engine -o $engine.npy
    holds test ! -s "$out"
done
holds python3 - <<'END'
import os, struct
def read(path):
    data = open(path, "rb").read()
    assert data[:6] == b"\x93NUMPY" and b"(3,)" in data and b"<f4" in data
    return struct.unpack("<3f", data[-12:])
wanted = read("reference.npy")
assert abs(sum(wanted) - 1) < 1e-6, wanted
for name in ("kernel.npy", "c.npy"):
    if os.path.exists(name):
        assert max(abs(a - b) for a, b in zip(wanted, read(name))) < 1e-6
END
expect 1 "$CNNC" run tiny.cnn wrong.npy --init 1
grep_err "^wrong.npy: error"
expect 1 "$CNNC" run tiny.cnn x.npy
grep_err "weights"
expect 1 "$CNNC" run tiny.cnn x.npy x.npy --init 1
grep_err "1 input, got 2 files"
expect 1 "$CNNC" run tiny.cnn x.npy --init 1 --engine=magic

# Bytes from an image, and the same from an item of an IDX file.
cat >bytes.cnn <<'END'
network bytes
input image : u8[4, 4, 1] / 255
conv(2, 3x3) -> relu
flatten
output all
argmax
output best : classes("a", "b", "c", "d", "e", "f", "g", "h")
END
expect 0 "$CNNC" run bytes.cnn grey.pgm --init 1
grep_out "^all: f32 \[8\]"
grep_out "^best: [a-h]$"
cp "$out" "$work/image"
expect 0 "$CNNC" run bytes.cnn images.idx:1 --init 1
holds cmp "$out" "$work/image"
expect 0 "$CNNC" run bytes.cnn grey.pgm --init 1 --invert
holds bash -c "! cmp -s '$out' '$work/image'"
expect 1 "$CNNC" run bytes.cnn images.idx:2 --init 1
grep_err "has no item 2: it has 2"
expect 0 "$CNNC" run bytes.cnn grey.pgm --init 1 -o two.npy
holds test -s two-all.npy -a -s two-best.npy -a ! -e two.npy
finish
