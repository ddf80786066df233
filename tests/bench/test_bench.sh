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
