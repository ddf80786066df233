# test_bench.sh - the benchmark runs, finds its sides to agree, and a side that
# is wrong to be wrong. ONNX Runtime stays out: it would be fetched.
set -u
python=/usr/bin/python3
"$python" -c 'import numpy, onnx' 2>/dev/null || {
    echo "skipped: $python has no numpy or no onnx"
    exit 77
}
[[ $(uname -m) == x86_64 || $(uname -m) == aarch64 ]] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1

bench() {
    "$CNNC_SOURCE/bench/run" --without ort --net ball --rounds 3 --cc "$CC" \
        --patience 1 --folder "$work" "$@"
}

bench --without cnnc >"$work/plain" || exit 1
cat "$work/plain"
grep -q '^ball .* 0e+00$' "$work/plain" || exit 1
grep -q '^peak: [0-9]* GFLOP/s' "$work/plain" || exit 1
if [[ -x $CNNC ]]; then
    bench --cnnc "$CNNC" >"$work/ours" || exit 1
    cat "$work/ours"

    # Two sides of one C compiler, and how their times compare.
    bench --cnnc "$CNNC" --native >"$work/native" || exit 1
    grep -q "^network .*native/" "$work/native" || exit 1
    grep -Eq '^ball .* [0-9]+\.[0-9]{3} ' "$work/native" || exit 1

    # What compiling costs.
    "$CNNC_SOURCE/bench/compile" --net ball --times 1 --cc "$CC" \
        --cnnc "$CNNC" --folder "$work" >"$work/costs" || exit 1
    cat "$work/costs"
    grep -qx 'ball: 1,470 weights' "$work/costs" || exit 1
    [[ $(grep -Ec ' s of processor +[0-9]+ MB$' "$work/costs") == 2 ]] || exit 1

    # An ONNX file with names of its own says what the plain loops say (one
    # channel: the layouts are the same). Of the other files one has several
    # inputs and outputs, the rest what nobody races.
    (cd "$CNNC_SOURCE/bench" && "$python" - "$work") <<'END' || exit 1
import sys

import nets
import onnx
import onnx_model
import workshop
from onnx import TensorProto, helper

folder = sys.argv[1]
job = workshop.NetJob("ball", folder)
path = folder + "/ball of onnx.onnx"
onnx_model.save(job.net, job.weights, path)
model = onnx.load(path)
for node in model.graph.node:
    for ends in (node.input, node.output):
        ends[:] = [{"input": "the image", "output": "who"}.get(n, n)
                   for n in ends]
model.graph.input[0].name, model.graph.output[0].name = "the image", "who"
onnx.save(model, path)
assert onnx_model.names(path) == (["the image"], ["who"])


def port(name, shape, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def save(name, nodes, inputs, outputs, weights=()):
    model = helper.make_model(
        helper.make_graph(nodes, name, inputs, outputs, weights),
        opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, f"{folder}/{name}.onnx")


# The second input and each output but the first begin behind a gap; a weight
# that is listed among the inputs is none of them.
save("two", [helper.make_node("Add", ["x", "y"], ["sum"]),
             helper.make_node("ReduceSum", ["y", "w"], ["total"],
                              keepdims=0),
             helper.make_node("Mul", ["x", "k"], ["small"])],
     [port("x", [2, 3]), port("w", [2], TensorProto.INT64), port("y", [2, 3])],
     [port("sum", [2, 3]), port("total", []), port("small", [2, 3])],
     [helper.make_tensor("w", TensorProto.INT64, [2], [0, 1]),
      helper.make_tensor("k", TensorProto.FLOAT, [], [1e-3])])
assert onnx_model.names(folder + "/two.onnx") == (["x", "y"],
                                                  ["sum", "total", "small"])
save("whole", [helper.make_node("Cast", ["n"], ["f"], to=TensorProto.FLOAT),
               helper.make_node("Add", ["x", "f"], ["y"])],
     [port("x", [2]), port("n", [2], TensorProto.INT32)], [port("y", [2])])
save("truth", [helper.make_node("Less", ["x", "n"], ["y"])],
     [port(name, [2]) for name in "xn"], [port("y", [2], TensorProto.BOOL)])
save("none", [helper.make_node("Concat", ["x", "n"], ["y"], axis=0)],
     [port("x", [2]), port("n", [0])], [port("y", [2])])
save("constant", [helper.make_node("Neg", ["w"], ["y"])], [], [port("y", [1])],
     [helper.make_tensor("w", TensorProto.FLOAT, [1], [1])])
END
    onnx() {
        "$CNNC_SOURCE/bench/run" --without ort --rounds 1 --cc "$CC" \
            --patience 1 --folder "$work" --cnnc "$CNNC" "$@"
    }
    onnx "$work/ball of onnx.onnx" >"$work/onnx" || exit 1
    cat "$work/onnx"
    grep -Eq '^ball_of_onnx +[0-9.]+ ' "$work/onnx" || exit 1
    refused() {
        onnx "$work/$1.onnx" 2>"$work/why" && exit 1
        cat "$work/why"
        grep -qF "bench: $1 has $2" "$work/why" || exit 1
    }
    refused whole "an input of int32, 'n'; only float32 is raced"
    refused truth "an output of bool, 'y'; only float32 is raced"
    refused none "an empty input, 'n'"
    refused constant "no input"

    # Two inputs and three outputs: what one would write by hand agrees, and
    # that any one of the outputs is off is found, be its numbers small; but
    # none is taken for smaller than a hundredth.
    onnx "$work/two.onnx" >"$work/result" || exit 1
    cat "$work/result"
    grep -Eq '^two +[0-9.]+ ' "$work/result" || exit 1
    cat >"$work/hand.c" <<'END'
void hand(const float *in, float *out, void *w);
void hand(const float *in, float *out, void *w)
{
    (void)w;
    out[16] = 0;
    for (int i = 0; i < 6; i++) {
        out[i] = in[i] + in[16 + i];
        out[16] += in[16 + i];
        out[32 + i] = in[i] * 1e-3f;
    }
    WRONG;
}
END
    ours="ours=c:$work/two.$(basename "$CC").so:$(
        sed -n 's/^void \([a-z_]*\)(.*;$/\1/p' "$work/two.all.c"):$(
        sed -n 's/.*"bytes": \([0-9]*\).*/\1/p' "$work/two.json")"
    while read -r least most wrong; do
        "$CC" -shared -fPIC "-DWRONG=$wrong" "$work/hand.c" \
            -o "$work/hand.so" || exit 1
        "$work/compare" --rounds 1 --onnx-input 2,3:x --onnx-input 2,3:y \
            --onnx-output 2,3:sum --onnx-output :total --onnx-output 2,3:small \
            "hand=c:$work/hand.so:hand:0" "$ours" >"$work/result" || exit 1
        "$python" - "$work/result" "$least" "$most" <<'END' || exit 1
import json
import sys

hand, ours = json.load(open(sys.argv[1]))["sides"]
assert float(sys.argv[2]) <= ours["error"] <= float(sys.argv[3]), ours["error"]
END
    done <<'END'
0     1e-6
0.01  1     out[5] += 0.5f
0.01  1     out[16] += 0.5f
0.01  1     out[37] += 5e-4f
4e-5  6e-5  out[37] += 5e-7f
1e30  1e30  out[0] = 1 / 0.0f
END
    bytes=$("$python" -c 'import json, sys
print(json.load(open(sys.argv[1]))["workspace"]["bytes"])' \
        "$work/ball_of_onnx.json")
    run=$(sed -n 's/.*"run": "\([^"]*\)".*/\1/p' "$work/ball_of_onnx.json")
    "$work/compare" --rounds 1 --onnx-input '1,1,16,16:the image' \
        --onnx-output 1,2:who \
        "right=c:$work/ball.plain.so:plain_run:65536" \
        "onnx=c:$work/ball_of_onnx.$(basename "$CC").so:$run:$bytes" \
        >"$work/result" || exit 1
    "$python" - "$work/result" <<'END' || exit 1
import json
import sys

right, ours = json.load(open(sys.argv[1]))["sides"]
assert right["error"] == 0 and ours["error"] < 1e-5, ours["error"]
END
    # Shapes that are none, and more tensors than there are places.
    for shape in 1,2 1,x:a 0:a 1,,2:a 1,1,1,1,1,1,1,1,1:a 99999,99999:a; do
        "$work/compare" --onnx-input "$shape" --onnx-output 1:b \
            "right=c:$work/ball.plain.so:plain_run:65536" 2>/dev/null && exit 1
    done
    words=()
    for i in {0..64}; do
        words+=(--onnx-input "1:x$i")
    done
    "$work/compare" "${words[@]}" 2>"$work/why" && exit 1
    grep -qx 'compare: more than 64 inputs or outputs' "$work/why" || exit 1
fi


# A function that answers something else is found out, a NaN as well.
for value in 0.25f '(0.0f / 0.0f)'; do
    echo "void wrong(const float *x, float *y, void *w)
          { (void)x; (void)w; y[0] = y[1] = $value; }" >"$work/wrong.c"
    "$CC" -shared -fPIC "$work/wrong.c" -o "$work/wrong.so" || exit 1
    "$work/compare" --rounds 1 --input 16,16,1 --output 2 \
        "right=c:$work/ball.plain.so:plain_run:65536" \
        "wrong=c:$work/wrong.so:wrong:0" >"$work/result" || exit 1
    "$python" - "$work/result" <<'END' || exit 1
import json
import sys

right, wrong = json.load(open(sys.argv[1]))["sides"]
assert right["error"] == 0 and wrong["error"] > 0.1, wrong["error"]
END
done
