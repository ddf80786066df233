# test_eval.sh - `cnnc eval`: accuracy and each loss, against the same computed
# here from what the network answers.
. "$(dirname "$0")/lib.sh"

# A network that passes its input on: the loss is a formula of known numbers.
cat >pass.py <<'END'
import math, random, struct, sys

def npy(path, kind, shape, values):
    head = "{'descr': '<%s', 'fortran_order': False, 'shape': %s, }" % (
        kind, shape)
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    code = {"f4": "f", "i8": "q"}[kind]
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)))
        file.write(head.encode())
        file.write(struct.pack("<%d%s" % (len(values), code), *values))

random.seed(5)
N, C = 40, 3
rows = []
for _ in range(N):
    row = [random.random() + 0.01 for _ in range(C)]
    rows.append([struct.unpack("f", struct.pack("f", v / sum(row)))[0]
                 for v in row])
labels = [random.randrange(C) for _ in range(N)]
targets = [[float(random.randrange(2)) for _ in range(C)] for _ in range(N)]
npy("labels/images.npy", "f4", "(%d, %d)" % (N, C), sum(rows, []))
npy("labels/labels.npy", "i8", "(%d,)" % N, labels)
npy("targets/images.npy", "f4", "(%d, %d)" % (N, C), sum(rows, []))
npy("targets/targets.npy", "f4", "(%d, %d)" % (N, C), sum(targets, []))

one_hot = [[float(i == label) for i in range(C)] for label in labels]
def mean(f, wanted):
    return sum(f(y, t) for y, t in zip(rows, wanted)) / N
def square(y, t):
    return sum((a - b) ** 2 for a, b in zip(y, t)) / C
def absolute(y, t):
    return sum(abs(a - b) for a, b in zip(y, t)) / C
def binary(y, t):
    return -sum(b * math.log(a) + (1 - b) * math.log(1 - a)
                for a, b in zip(y, t)) / C
def categorical(y, t):
    return -sum(b * math.log(a / sum(y)) for a, b in zip(y, t))
for name, f in (("mean_squared_error", square),
                ("mean_absolute_error", absolute),
                ("binary_crossentropy", binary),
                ("categorical_crossentropy", categorical)):
    print(name, "%.5f" % mean(f, one_hot), "%.5f" % mean(f, targets))
right = sum(row.index(max(row)) == label for row, label in zip(rows, labels))
print("accuracy", "%.2f" % (100 * right / N))
END
mkdir labels targets
python3 pass.py >wanted || exit 1
engines=(reference kernel)
[[ -n ${CC-} ]] && engines+=(c)

while read -r loss of_labels of_targets; do
    [[ $loss == accuracy ]] && break
    printf 'network pass\ninput x : f32[3]\nx -> leaky_relu(1)\noutput y\nloss %s\n' \
        "$loss" >pass.cnn
    for engine in "${engines[@]}"; do
        expect 0 "$CNNC" eval pass.cnn --data labels --engine $engine
        number=$(sed -n "s/^$loss  *\([0-9.e-]*\) .*/\1/p" "$out")
        holds test "$(printf %.5f "$number")" = "$of_labels"
        accuracy=$(sed -n 's/^accuracy *\([0-9.]*\) %.*/\1/p' "$out")
        holds test "$accuracy" = "$(sed -n 's/^accuracy //p' wanted)"
    done
    expect 0 "$CNNC" eval pass.cnn --data targets --engine kernel
    number=$(sed -n "s/^$loss  *\([0-9.e-]*\) .*/\1/p" "$out")
    holds test "$(printf %.5f "$number")" = "$of_targets"
    holds bash -c "! grep -q accuracy '$out'"
done <wanted

expect 0 "$CNNC" eval pass.cnn --data labels --range 10..19 --engine kernel
grep_out "^pass: 10 samples of labels"
# The confusion table holds every sample once.
holds test "$(awk '/^label/ { table = 1; next } table && NF == 6 {
    sum += $2 + $3 + $4 } END { print sum }' "$out")" -eq 10
expect 1 "$CNNC" eval pass.cnn
grep_err "--data FOLDER"
expect 1 "$CNNC" eval pass.cnn --data none
expect 1 "$CNNC" eval pass.cnn --data labels --range x
grep_err "takes A..B"
expect 1 "$CNNC" eval pass.cnn --data labels --split half
expect 1 "$CNNC" eval tiny.cnn --data labels --init 1
grep_err "labels"
finish
