# project.sh - for the tests here: an installed cnnc, and a project built with
# it, again and again. To be sourced; leaves $work and $prefix.

if [[ ! -x $CNNC ]]; then
    echo "skipped: there is no $CNNC"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

fail() {
    echo "failed: $*"
    exit 1
}

install_cnnc() {
    DESTDIR='' cmake --install "$CNNC_BUILD" --prefix "$prefix" \
        >"$work/install.log" 2>&1 || {
        cat "$work/install.log"
        fail "cmake --install"
    }
}

configure() { # project folder, build folder, generator
    cmake -S "$1" -B "$2" -G "$3" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_COMPILER="$CC" -DCMAKE_BUILD_TYPE=Release \
        >"$work/configure.log" 2>&1 || {
        cat "$work/configure.log"
        fail "cannot configure $1"
    }
}

# Builds; sets rebuilt to yes where the network was compiled by it, linked to
# yes where anything was linked.
build() {
    cmake --build "$1" >"$work/build.log" 2>&1 || {
        cat "$work/build.log"
        fail "cannot build $1"
    }
    rebuilt=no linked=no
    grep -q 'Compiling network' "$work/build.log" && rebuilt=yes
    grep -q 'Linking' "$work/build.log" && linked=yes
    return 0
}

generators() {
    echo "Unix Makefiles"
    command -v ninja >/dev/null && echo Ninja
    return 0
}

# A file's time stamp has a grain; the next change must be newer than it.
touch_later() {
    sleep 1.1
    touch "$1"
}
