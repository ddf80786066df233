# lib.sh - what the tests of commands share; sourced by each test_*.sh.
#
#     expect 0 "$CNNC" check tiny.cnn        runs it, looks at its exit status;
#     grep_err "no layer"                    its output is in $out and $err
#     no_files                               nothing but what was there before
#
# A test runs in a folder of its own with tiny.cnn in it.
set -u

if [[ ! -x $CNNC ]]; then
    echo "skipped: there is no $CNNC"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/files" && cd "$work/files" || exit 1
out=$work/out err=$work/err faults=0 checks=0

fault() {
    echo "line ${BASH_LINENO[1]}: $*"
    faults=$((faults + 1))
}

expect() { # status command...
    local wanted=$1 status
    shift
    checks=$((checks + 1))
    "$@" >"$out" 2>"$err" </dev/null
    status=$?
    [[ $status -eq $wanted ]] && return
    fault "exit status $status, not $wanted: $*"
    head -5 "$err"
}

holds() { # a command that must succeed
    checks=$((checks + 1))
    "$@" >/dev/null 2>&1 || fault "does not hold: $*"
}

grep_out() {
    checks=$((checks + 1))
    grep -qE -- "$1" "$out" || { fault "no /$1/ in the output:"; cat "$out"; }
}

grep_err() {
    checks=$((checks + 1))
    grep -qE -- "$1" "$err" || { fault "no /$1/ in the messages:"; cat "$err"; }
}

# The folder holds these files and no others, hidden ones included.
only_files() {
    local there
    checks=$((checks + 1))
    there=$(find . -mindepth 1 -printf '%P\n' | sort | tr '\n' ' ')
    [[ $there == "$(printf '%s\n' "$@" | sort | tr '\n' ' ')" ]] ||
        fault "files: $there"
}

finish() {
    echo "$checks checks, $faults faults"
    [[ $checks -gt 0 && $faults -eq 0 ]]
    exit
}

cat >tiny.cnn <<'END'
network tiny

input x : f32[8, 8, 2]

conv(4, 3x3, pad=same) -> relu -> maxpool(2x2)
flatten
dense(3) -> softmax

output y : classes("ant", "bee", "cat")

loss categorical_crossentropy
END
