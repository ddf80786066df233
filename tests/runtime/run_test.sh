#!/bin/bash
# run_test.sh - compiles one of the runtime's tests for one target, and runs it.
#
#     run_test.sh SOURCE TARGET "COMPILER AND FLAGS" BUILD-DIR [ARGUMENT...]
#     run_test.sh test_maths.c X86_64_V3 "clang -std=c99 -O2" /tmp/build
#
# Exit status 77 where the compiler, the emulator or the processor is missing;
# ctest shows such a test as skipped.
set -eu
source=$1 target=$2 compiler=$3 build=$4
shift 4
here=$(cd "$(dirname "$0")" && pwd)
command=${compiler%% *}
flags="-I$here/../../runtime/include -DCNNC_TARGET_$target"
runner=
libraries="-lcunit -lm"

skip() {
    echo "skipped: $*"
    exit 77
}

command -v "$command" >/dev/null || skip "no $command on this machine"
case $command in
tcc) ;;
*) flags="$flags -Wall -Wextra -Wconversion -Wpedantic -Wshadow -Werror" ;;
esac
case $command in
*++) flags="-x c++ $flags" ;;
esac
case $(uname -m):$target in
x86_64:X86_64* | aarch64:AARCH64 | *:GENERIC) ;;
*:AARCH64)
    command -v qemu-aarch64 >/dev/null || skip "no qemu-aarch64 here"
    runner=qemu-aarch64
    flags="$flags -static -I$here/standin"
    libraries=-lm
    ;;
*) skip "$target needs another processor" ;;
esac

mkdir -p "$build"
name=$(basename "$source" .c)_${target}_$(echo "$compiler" | tr -c 'a-zA-Z0-9\n' _)
$compiler $flags -o "$build/$name" "$here/$source" $libraries
exec $runner "$build/$name" "$@"
