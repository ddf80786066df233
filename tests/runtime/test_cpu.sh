#!/bin/bash
# test_cpu.sh - cnnc_cpu_supported() says no before an instruction can fail.
#
# The programs run on older processors, as qemu-x86_64 has them: each is to run
# on the one that has just its instructions, and to skip itself on an older one.
set -u
build=$1
here=$(cd "$(dirname "$0")" && pwd)
failures=0
if [ "$(uname -m)" != x86_64 ] || ! command -v qemu-x86_64 >/dev/null ||
    ! command -v gcc >/dev/null; then
    echo "skipped: needs x86-64, gcc and qemu-x86_64"
    exit 77
fi
mkdir -p "$build"

# expect STATUS TARGET PROCESSOR
expect() {
    local program=$build/cpu_$2
    [ -x "$program" ] ||
        gcc -std=c99 -O2 "-DCNNC_TARGET_$2" -I"$here/../../runtime/include" \
            -o "$program" "$here/test_memory.c" -lcunit -lm || exit 1
    qemu-x86_64 -cpu "$3" "$program" >"$program.txt" 2>&1
    local status=$?
    if [ $status != "$1" ]; then
        echo "FAILED: $2 on $3: status $status, not $1"
        tail -n 3 "$program.txt"
        failures=$((failures + 1))
    fi
}

rm -f "$build"/cpu_X86_64_V?
expect 77 X86_64_V2 core2duo
expect 0 X86_64_V2 Nehalem
expect 77 X86_64_V3 Nehalem
expect 77 X86_64_V3 SandyBridge
expect 77 X86_64_V4 Nehalem
expect 77 X86_64_V4 Haswell
exit $((failures > 0))
