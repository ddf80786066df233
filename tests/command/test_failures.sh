# test_failures.sh - after a failure there is no output, old or new, that was
# not there before.
. "$(dirname "$0")/lib.sh"

expect 1 "$CNNC" missing.cnn
grep_err "missing.cnn: error: cannot be opened"
expect 1 "$CNNC" tiny.cnn
grep_err "weights"
grep_err "--init SEED"
echo 'network bad
input x : f32[8, 8, 1]
conv(4, 9x9)
output y' >bad.cnn
expect 1 "$CNNC" bad.cnn --init 1 -MD --manifest=bad.json
grep_err "bad.cnn:3:"
only_files tiny.cnn bad.cnn

expect 1 "$CNNC" bad.cnn --init 1 --json
holds python3 -c '
import json
lines = [json.loads(line) for line in open("'"$err"'")]
assert lines and lines[0]["line"] == 3, lines'

# What was there stays as it was.
echo old >tiny.c
echo old >tiny.h
for options in "--schedule none" "--emit=none" "--target=none" \
    "--weights none.safetensors" "--init 1 --manifest=no/such/folder.json" \
    "--init 1 --save-weights=tiny.cnn/x" "--init 1 --skip=none" \
    "--init 1 --weights-file=/no/such/folder/w"; do
    # shellcheck disable=SC2086
    expect 1 "$CNNC" tiny.cnn $options
    holds test "$(cat tiny.c tiny.h)" = $'old\nold'
    only_files tiny.cnn bad.cnn tiny.c tiny.h
done
rm tiny.c tiny.h

# A schedule that does not fit.
echo 'conv7: split ow by 4' >wrong.schedule
expect 1 "$CNNC" tiny.cnn --init 1 --schedule wrong.schedule
grep_err "no kernel 'conv7'"
grep_err "did you mean 'conv1'"
echo 'conv1: split nothing by 4' >wrong.schedule
expect 1 "$CNNC" tiny.cnn --init 1 --schedule wrong.schedule
echo 'conv1: melt w' >wrong.schedule
expect 1 "$CNNC" tiny.cnn --init 1 --schedule wrong.schedule
only_files tiny.cnn bad.cnn wrong.schedule

# Weights that do not fit are reported together.
expect 0 "$CNNC" tiny.cnn --init 1 --save-weights w.safetensors --emit=plan
sed 's/conv(4/conv(5/; s/dense(3)/dense(4)/; s/"cat"/"cat", "dog"/' tiny.cnn \
    >other.cnn
expect 1 "$CNNC" other.cnn --weights w.safetensors
grep_err "conv1.weight"
grep_err "dense1.weight"
head -c 100 w.safetensors >cut.safetensors
expect 1 "$CNNC" tiny.cnn --weights cut.safetensors
grep_err "^cut.safetensors: error"

# Files that would be overwritten.
cp tiny.cnn same.c
expect 1 "$CNNC" same.c --init 1
grep_err "would be overwritten"
holds cmp same.c tiny.cnn
expect 1 "$CNNC" tiny.cnn --weights w.safetensors -o w.safetensors
expect 1 "$CNNC" tiny.cnn --init 1 -o a.c --manifest=a.h
grep_err "two outputs"
expect 1 "$CNNC" tiny.cnn --init 1 -o a.h
expect 1 "$CNNC" tiny.cnn --init 1 -o - -MD
only_files tiny.cnn bad.cnn wrong.schedule w.safetensors other.cnn \
    cut.safetensors same.c

# A full disk.
if [[ -w /dev/full ]]; then
    expect 1 "$CNNC" tiny.cnn --init 1 -o /dev/full
    holds test ! -e /dev/full.h -a ! -e /dev/.full.h
    "$CNNC" summary tiny.cnn --init 1 >/dev/full 2>"$err"
    holds test $? -eq 1
    expect 1 "$CNNC" tiny.cnn --init 1 -o full.c --manifest=/dev/full
    holds test ! -e full.c
fi
rm -f /dev/full.h
# Warnings as errors: nothing is written either.
printf 'network w\ninput x : f32[4]\nside = x -> dense(2)\nx -> dense(3)\noutput y\n' >warn.cnn
expect 0 "$CNNC" warn.cnn --init 1 -o warn.c
grep_err "warning"
rm warn.c warn.h
expect 1 "$CNNC" warn.cnn --init 1 -o warn.c -Werror
holds test ! -e warn.c
expect 0 "$CNNC" check warn.cnn -w
holds test ! -s "$err"
finish
