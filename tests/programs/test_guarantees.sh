# test_guarantees.sh - what docs/generated-code.md promises about an object file
# and its calls: several networks in one program, two threads, arrays between
# guard pages, no library, no variable data, a bounded stack.
set -u

if [[ ! -x $CNNC ]]; then
    echo "skipped: there is no $CNNC"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
examples=$CNNC_SOURCE/examples
here=$CNNC_SOURCE/tests/programs
flags=(-std=c99 -O2 -I "$CNNC_SOURCE/runtime/include")
faults=0

fault() {
    echo "$target: $*"
    faults=$((faults + 1))
}

compile() { # options of cnnc: every network, as an object
    local net
    for net in lenet5/lenet5 nets/robot nets/dscnn nets/autoencoder; do
        local seed=(--init 7) name=${net#*/}
        [[ $net == lenet5/* ]] && seed=()
        "$CNNC" "$examples/$net.cnn" "${seed[@]}" --target="$target" \
            --no-static --manifest="$name.json" -o "$name.c" &&
            "$CC" "${flags[@]}" -fno-pic -fstack-usage -c "$name.c" ||
            return 1
    done
}

# nm: U is what a library must bring, B, C and D are variables.
check_symbols() {
    local object
    for object in lenet5 robot dscnn autoencoder; do
        nm -u "$object.o" | grep -vE ' U (memcpy|memset|memmove)$' &&
            fault "$object.o needs that of a library"
        nm "$object.o" | grep -E ' [BbCcDd] ' &&
            fault "$object.o has that as a variable"
        nm -g --defined-only "$object.o" | grep -v " ${object}[_0-9a-z]*$" &&
            fault "$object.o has a name that does not start with its own"
    done
}

# Each function's stack is known when compiling, and that of the functions on
# a path no more than a little over what the manifest says.
check_stack() {
    local su own
    for su in *.su; do
        own=$(sed -n 's/.*"stack_bytes": \([0-9]*\),.*/\1/p' "${su%.su}.json")
        [[ -n $own ]] || fault "${su%.su}.json says nothing of the stack"
        awk -v own="$own" -F '\t' '
            $3 != "static" || $2 > own + 4096 { print; bad = 1 }
            END { exit bad }' "$su" || fault "the stack of ${su%.su}"
    done
}

for target in generic native; do
    compile || { fault "does not compile"; continue; }
    check_symbols
    check_stack
    "$CC" -O1 -I . -o guarantees "$here/guarantees.c" ./*.o -pthread -no-pie ||
        fault "does not link"
    ./guarantees
    status=$?
    [[ $status -eq 0 ]] || fault "guarantees: status $status"
done
[[ $faults -eq 0 ]]
