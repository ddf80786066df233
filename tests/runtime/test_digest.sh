#!/bin/bash
# test_digest.sh - the maths give the same results, bit for bit, on all targets
# with FMA, and on all without.
#
#     test_digest.sh BUILD [all]     for some floats, or for all 2^32 of them
set -u
build=$1 extent=${2-brief}
here=$(cd "$(dirname "$0")" && pwd)
failures=0 compared=0

# digest TARGET COMPILER: prints a line a function
digest() {
    "$here/run_test.sh" test_maths.c "$1" "$2 -std=c99 -O2" "$build/digest" \
        digest $extent &&
        "$here/run_test.sh" test_power.c "$1" "$2 -std=c99 -O2" \
            "$build/digest" digest
}

compare() {
    local first= of= compiler text
    for target in "$@"; do
        compiler=gcc
        [ "$target" = AARCH64 ] && [ "$(uname -m)" != aarch64 ] &&
            compiler=aarch64-linux-gnu-gcc
        text=$(digest "$target" "$compiler")
        case $? in
        0) ;;
        77)
            echo "left out: $target: $text"
            continue
            ;;
        *)
            echo "FAILED: $target: $text"
            failures=$((failures + 1))
            continue
            ;;
        esac
        if [ -z "$first" ]; then
            first=$text of=$target
        elif [ "$text" = "$first" ]; then
            compared=$((compared + 1))
            echo "$target agrees with $of"
        else
            echo "FAILED: $target differs from $of:"
            diff <(echo "$first") <(echo "$text")
            failures=$((failures + 1))
        fi
    done
}

compare X86_64_V4 X86_64_V3 AARCH64
compare X86_64_V2 GENERIC
[ "$failures" = 0 ] || exit 1
[ "$compared" != 0 ] || {
    echo "skipped: no two targets to compare on this machine"
    exit 77
}
