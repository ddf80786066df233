#!/bin/bash
# test_header.sh - what net.h promises of every file that includes it.
#
# For one compiler, "gcc -std=c99" say, on each target of its processor:
#   - no warning, at -O0, -O2 and with -march=native, whatever is left unused;
#   - no call is left in the machine code: nothing of libm, nothing not inlined
#     but the functions of rare.h, each once;
#   - on a target of another processor, an error that names the option to give.
set -u
compiler=$1 build=$2
here=$(cd "$(dirname "$0")" && pwd)
command=${compiler%% *}
command -v "$command" >/dev/null || {
    echo "skipped: no $command on this machine"
    exit 77
}
include=$here/../../runtime/include
language=c
case $command in *++) language=c++ ;; esac
case "$compiler" in
*aarch64*) machine=aarch64 ;;
*) machine=$(uname -m) ;;
esac
targets=GENERIC others=
case $machine in
x86_64)
    targets="GENERIC X86_64_V2 X86_64_V3 X86_64_V4" others=AARCH64
    ;;
aarch64)
    targets="GENERIC AARCH64" others="X86_64_V2 X86_64_V3 X86_64_V4"
    ;;
esac
case $command in
tcc) targets=GENERIC others="AARCH64 X86_64_V4" warnings=-Wall ;;
*) warnings="-Wall -Wextra -Wconversion -Wpedantic -Wshadow -Werror" ;;
esac
native=
[ "$machine" = "$(uname -m)" ] && [ "$command" != tcc ] && native=-march=native
failures=0
rare="a?(sin|cos|tan)h?|pow|fmod"
mkdir -p "$build"
object=$build/header_$$.o
trap 'rm -f "$object" "$object.txt"' EXIT

fail() {
    echo "FAILED: $compiler: $*"
    failures=$((failures + 1))
}

# compile TARGET FLAGS SOURCE: messages to $object.txt
compile() {
    $compiler $2 $warnings -I"$include" -I"$here" "-DCNNC_TARGET_$1" \
        -x $language -c -o "$object" "$3" >"$object.txt" 2>&1
}

test_no_warning_when_nothing_is_used() {
    for flags in -O0 -O2 "-O3 $native"; do
        compile "$1" "$flags" "$here/only_include.c" ||
            fail "$1 $flags: $(cat "$object.txt")"
        [ -s "$object.txt" ] && fail "$1 $flags: $(cat "$object.txt")"
    done
}

test_no_call_is_left() {
    compile "$1" -O2 "$here/all_words.c" || fail "$(cat "$object.txt")"
    [ "$command" = tcc ] && return # it inlines nothing
    undefined=$(nm -u "$object")
    [ -n "$undefined" ] && fail "$1 calls $undefined"
    left=$(nm "$object" | grep -E ' [tW] [^$]' | grep -vE " t .*f32_($rare)")
    [ -n "$left" ] && fail "$1 did not inline $left"
    nm "$object" | grep -q ' T .*use_f32_exp' || fail "$1: nothing compiled"
}

test_another_processor_is_told_the_option() {
    compile "$1" -O2 "$here/all_words.c" && fail "$1 compiled"
    grep -q -e '--target=' "$object.txt" || fail "$1: $(cat "$object.txt")"
}

for target in $targets; do
    test_no_warning_when_nothing_is_used "$target"
    test_no_call_is_left "$target"
done
for target in $others; do
    test_another_processor_is_told_the_option "$target"
done
compile NONE -O2 "$here/all_words.c" && fail "compiled without a target"
[ "$failures" = 0 ] && echo "$compiler: $targets"
exit $((failures > 0))
