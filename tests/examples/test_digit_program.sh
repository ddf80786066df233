# test_digit_program.sh - the example program, built with CMake and with make
# against an installed cnnc, reads the digit in an image.
set -u
. "$CNNC_SOURCE/tests/install/project.sh"
install_cnnc
mkdir "$work/examples"
cp -r "$CNNC_SOURCE/examples/lenet5" "$CNNC_SOURCE/examples/digit-program" \
    "$work/examples"
cd "$work/examples/digit-program" || exit 1

reads() { # program, what it must say, arguments
    local said
    said=$("$1" "${@:3}") || fail "$1 ${*:3}"
    [[ $said == $2 ]] || fail "$1 ${*:3}: '$said' instead of '$2'"
}

classifies() { # program
    reads "$1" 'seven.pgm: 7 (*' seven.pgm
    "$1" -i four-on-paper.png >/dev/null 2>"$work/error"
    grep -q 'built without' "$work/error" ||
        reads "$1" 'four-on-paper.png: 4 (*' -i four-on-paper.png
    "$1" main.c 2>"$work/error" && fail "a text was taken for an image"
    grep -q '^main.c: ' "$work/error" || fail "the error names no file"
    "$1" 2>/dev/null
    [[ $? -eq 2 ]] || fail "no arguments: not exit status 2"
}

configure . "$work/build" "Unix Makefiles"
build "$work/build"
classifies "$work/build/digit"

if command -v pkg-config >/dev/null; then
    config=$(find "$prefix" -name cnnc.pc)
    PKG_CONFIG_PATH=$(dirname "$config") make -s CC="$CC" ||
        fail "make"
    classifies ./digit
fi
