# test_bench.sh - `cnnc bench` measures every kernel; its times add up.
. "$(dirname "$0")/lib.sh"
[[ -n ${CC-} ]] || { echo "skipped: there is no C compiler"; exit 77; }

expect 0 "$CNNC" bench tiny.cnn --init 1 --rounds 3
grep_out "^tiny for .*; median of 3 rounds$"
grep_out "^conv1, relu1, maxpool1 +4,608 +[0-9.]+ (us|ms) +[0-9.]+ % +[0-9.]+ %$"
grep_out "^the whole +4,800 +[0-9.]+ (us|ms) "
grep_out "^peak: [0-9.]+ GFLOP/s"
# Shares are of the sum: about 100 % together.
holds awk -F'  +' '/^(-|the whole|peak|layers)/ { next }
    { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9.]+ %$/) {
        sum += $i; break } }
    END { exit !(sum > 99 && sum < 101) }' "$out"
expect 0 "$CNNC" bench tiny.cnn --init 1 --rounds 1 --target=generic
expect 1 "$CNNC" bench tiny.cnn --init 1 --rounds 0
expect 1 "$CNNC" bench tiny.cnn
expect 1 "$CNNC" bench tiny.cnn --init 1 --cc=false
only_files tiny.cnn
finish
