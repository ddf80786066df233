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

    # An ONNX file with names of its own says what the plain loops say (one
    # channel: the layouts are the same); what has two inputs is refused.
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
assert onnx_model.names(path) == ("the image", "who")
ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3])
         for name in "xyz"]
graph = helper.make_graph([helper.make_node("Add", ["x", "y"], ["z"])], "two",
                          ports[:2], ports[2:])
onnx.save(helper.make_model(
    graph, opset_imports=[helper.make_opsetid("", 13)]), folder + "/two.onnx")
END
    onnx() {
        "$CNNC_SOURCE/bench/run" --without ort --rounds 1 --cc "$CC" \
            --patience 1 --folder "$work" --cnnc "$CNNC" "$@"
    }
    onnx "$work/ball of onnx.onnx" >"$work/onnx" || exit 1
    cat "$work/onnx"
    grep -Eq '^ball_of_onnx +[0-9.]+ ' "$work/onnx" || exit 1
    onnx "$work/two.onnx" 2>"$work/two" && exit 1
    grep -q '^bench: two has other inputs than one of float32$' "$work/two" ||
        exit 1
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
    # Shapes that are none.
    for shape in 1,2 1,x:a 0:a 1,,2:a 1,1,1,1,1,1,1,1,1:a 99999,99999:a; do
        "$work/compare" --onnx-input "$shape" --onnx-output 1:b \
            "right=c:$work/ball.plain.so:plain_run:65536" 2>/dev/null && exit 1
    done
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
