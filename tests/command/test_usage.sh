# test_usage.sh - a wrong command line: exit status 2, what is wrong, and a way
# on; --help of everything.
. "$(dirname "$0")/lib.sh"
commands=(check format summary run verify eval bench graph)

expect 2 "$CNNC"
grep_err "no network"
expect 2 "$CNNC" sumary tiny.cnn
grep_err "did you mean 'cnnc summary'"
expect 2 "$CNNC" tiny.cnn --emitt=c
grep_err "did you mean '--emit'"
expect 2 "$CNNC" tiny.cnn --data x
grep_err "'--data' is no option of compiling"
expect 2 "$CNNC" check tiny.cnn --main
grep_err "'--main' is no option of 'cnnc check'"
expect 2 "$CNNC" tiny.cnn -o
grep_err "'-o' needs an argument: FILE"
expect 2 "$CNNC" tiny.cnn --main=yes
grep_err "takes no argument"
expect 2 "$CNNC" tiny.cnn --init=-1
grep_err "takes a whole number, not '-1'"
expect 2 "$CNNC" tiny.cnn --init 1e3
expect 2 "$CNNC" tiny.cnn --batch 0
expect 2 "$CNNC" tiny.cnn -O9
expect 2 "$CNNC" tiny.cnn --init 1 --weights w.safetensors
grep_err "exclude each other"
for words in "--init 1" "--weights w.safetensors"; do
    for command in "" check summary run verify eval bench; do
        # shellcheck disable=SC2086
        expect 2 "$CNNC" $command net.onnx ${command:+x.npy} $words
    done
    # shellcheck disable=SC2086
    expect 2 "$CNNC" net.onnx $words
    grep_err "'${words%% *}' is for networks of the language"
done
expect 2 "$CNNC" format net.onnx
grep_err "no text to format"
expect 2 "$CNNC" check tiny.cnn --io-layout nhwc
grep_err "--dim and --io-layout are for models of ONNX"
expect 2 "$CNNC" tiny.cnn --dim n=1
expect 2 "$CNNC" tiny.cnn other.cnn
grep_err "too many files"
expect 2 "$CNNC" run tiny.cnn
grep_err "a file is missing"
expect 2 "$CNNC" format -i --check tiny.cnn
only_files tiny.cnn

# Mistakes in the command line are JSON, too, wherever --json stands.
expect 2 "$CNNC" --frobnicate --json
holds python3 -c 'import json; json.loads(open("'"$err"'").readline())'

for command in "" "${commands[@]}"; do
    # shellcheck disable=SC2086
    expect 0 "$CNNC" $command --help
    grep_out "^Usage:"
    grep_out "--version"
    grep_out "^Exit status:"
    holds awk 'length > 80 { exit 1 }' "$out"
    holds test ! -s "$err"
done
expect 0 "$CNNC" --help
for command in "${commands[@]}"; do
    grep_out "^  $command  +[a-z]"
done
expect 0 "$CNNC" help
cp "$out" "$work/help"
expect 0 "$CNNC" --help
holds cmp "$out" "$work/help"
expect 0 "$CNNC" eval --help
grep_out "--data=FOLDER"
expect 0 "$CNNC" --version
grep_out "^cnnc [0-9]+\.[0-9]+"

# A full disk behind a pipe or a device is noticed.
if [[ -w /dev/full ]]; then
    "$CNNC" --help >/dev/full 2>"$err"
    holds test $? -eq 1
    grep_err "cannot be written"
fi
finish
