# test_compile.sh - which files appear, and what is in them.
. "$(dirname "$0")/lib.sh"
target=--target=generic

expect 0 "$CNNC" tiny.cnn --init 1 $target
only_files tiny.cnn tiny.c tiny.h
holds test ! -s "$out"
holds test ! -s "$err"
holds grep -q tiny_run tiny.h
mv tiny.c first.c && mv tiny.h first.h

# The same again, by another path and from standard input.
expect 0 "$CNNC" "$PWD/../files/tiny.cnn" --init 1 $target
holds cmp tiny.c first.c
holds cmp tiny.h first.h
rm tiny.c tiny.h first.h
"$CNNC" - --init 1 $target <tiny.cnn >"$out" 2>"$err"
holds test $? -eq 0
grep_out "tiny_run"
only_files tiny.cnn first.c

mkdir deep
expect 0 "$CNNC" tiny.cnn --init 1 $target -o deep/one.c -MD \
    --manifest=deep/one.json --save-weights deep/one.safetensors
holds test -e deep/one.h
holds python3 - <<'END'
import json
facts = json.load(open("deep/one.json"))
assert facts["network"] == "tiny" and facts["run"] == "tiny_run", facts
assert facts["sources"] == ["one.c"] and facts["header"] == "one.h", facts
assert facts["outputs"][0]["classes"] == ["ant", "bee", "cat"], facts
END
holds grep -qE '^deep/one\.c deep/one\.h .*: tiny\.cnn$' deep/one.d

# The weights that were saved are the same: as is, and with a rule that names
# them.
expect 0 "$CNNC" tiny.cnn --weights deep/one.safetensors $target -MD
holds cmp <(tail -n +3 tiny.c) <(tail -n +3 first.c)
holds grep -q 'deep/one.safetensors' tiny.d
expect 0 "$CNNC" tiny.cnn --init 2 $target
holds bash -c '! cmp -s tiny.c first.c'
rm -r deep tiny.[chd] first.c

for kind in c header manifest graph plan nests schedule kernels; do
    expect 0 "$CNNC" tiny.cnn --init 1 $target --emit=$kind -o -
    holds test -s "$out"
done
only_files tiny.cnn
expect 1 "$CNNC" tiny.cnn --init 1 --emit=kernel
grep_err "did you mean 'kernels'"

# A schedule that was dumped, read again, gives the same C.
expect 0 "$CNNC" tiny.cnn --init 1 --dump-schedule=tiny.schedule -o one.c
expect 0 "$CNNC" tiny.cnn --init 1 --schedule tiny.schedule -o two.c
holds cmp one.c two.c
expect 0 "$CNNC" tiny.cnn --init 1 -O0 -o zero.c
rm -- *.c *.h tiny.schedule

expect 0 "$CNNC" tiny.cnn --init 1 $target --weights-file=tiny.weights
holds test -s tiny.weights
rm tiny.[ch] tiny.weights

# --dump-after and --time-passes speak to people, not into the output.
expect 0 "$CNNC" tiny.cnn --init 1 --dump-after=fuse --time-passes -o -
grep_err "^# after fuse"
grep_err " ms  "
expect 1 "$CNNC" tiny.cnn --init 1 --dump-after=nonsense
expect 1 "$CNNC" tiny.cnn --init 1 --skip=infer
grep_err "cannot be skipped"
only_files tiny.cnn

# What is built of it runs and agrees with the interpreter.
if [[ -n ${CC-} ]]; then
    expect 0 "$CNNC" tiny.cnn --init 1 $target --bundle --batch 2
    cat >main.c <<'END'
#include "tiny.h"
#include <stdio.h>
int main(void)
{
    static float x[2 * TINY_X_SIZE], y[2 * TINY_Y_SIZE];
    for (int i = 0; i < 2 * TINY_X_SIZE; i++)
        x[i] = (float)(i % 128) / 128;
    tiny(x, y);
    for (int i = 0; i < 6; i++)
        printf("%.6f\n", (double)y[i]);
    return 0;
}
END
    expect 0 "$CC" -std=c99 -O1 -I. -o main main.c tiny.c
    expect 0 ./main
    holds test "$(head -3 "$out")" = "$(tail -3 "$out")"
fi
finish
