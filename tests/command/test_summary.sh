# test_summary.sh - `cnnc summary` and `cnnc check`.
. "$(dirname "$0")/lib.sh"

expect 0 "$CNNC" summary tiny.cnn --target=generic
grep_out "^tiny for generic$"
grep_out "^  input   x: f32 \[8, 8, 2\]$"
grep_out "^  output  y: f32 \[3\], 3 classes, loss categorical_crossentropy$"
# 3*3*2*4 + 4 weights, 8*8*4 outputs of 18 products; 4*4*4*3 + 3 in the other.
grep_out "^conv1 +8x8x4 +76 +4,608 "
grep_out "^relu1 +8x8x4 .* with conv1$"
grep_out "^dense1 +3 +195 +192 "
grep_out "^total +271 +4,800 "
grep_out "^workspace +[0-9.]+ (B|KiB) at the fullest moment"
grep_out "^stack +[0-9]+ B"
grep_out "^weights +[0-9.]+ KiB"
cp "$out" "$work/first"
expect 0 "$CNNC" summary tiny.cnn --target=generic --init 3
holds cmp "$out" "$work/first"
expect 1 "$CNNC" summary tiny.cnn --target=none
grep_err "there is no target 'none'"
expect 1 "$CNNC" summary tiny.cnn --target=generic --target=x86-64-v3
grep_err "one target at a time"

expect 0 "$CNNC" check tiny.cnn
holds test ! -s "$out" -a ! -s "$err"
sed -i 's/input x/weights "w.safetensors"\ninput x/' tiny.cnn
expect 1 "$CNNC" check tiny.cnn
grep_err "^w.safetensors: error: cannot be opened"
only_files tiny.cnn
finish
