# test_cmake_project.sh - the example project builds against an installed cnnc,
# runs, and compiles its network again exactly when that is needed.
set -u
. "$CNNC_SOURCE/tests/install/project.sh"
install_cnnc

while read -r generator; do
    echo "$generator"
    project=$work/project
    rm -rf "$project" "$work/build"
    cp -r "$CNNC_SOURCE/examples/cmake-project" "$project"
    configure "$project" "$work/build" "$generator"

    build "$work/build"
    [[ $rebuilt == yes ]] || fail "the network was not compiled"
    "$work/build/blobs" || fail "the program"

    build "$work/build"
    [[ $rebuilt == no && $linked == no ]] || fail "built without a reason"

    touch_later "$project/main.c"
    build "$work/build"
    [[ $rebuilt == no && $linked == yes ]] || fail "main.c has changed"

    touch_later "$project/blobs.cnn"
    build "$work/build"
    [[ $rebuilt == yes ]] || fail "blobs.cnn has changed"

    touch_later "$prefix/bin/cnnc"
    build "$work/build"
    [[ $rebuilt == yes ]] || fail "cnnc has changed"

    build "$work/build"
    [[ $rebuilt == no && $linked == no ]] || fail "built without a reason"

    sleep 1.1
    sed -i 's/softmax/sofmtax/' "$project/blobs.cnn"
    cmake --build "$work/build" >"$work/build.log" 2>&1 &&
        fail "a network with a mistake was built"
    grep -q "blobs.cnn:9:.*sofmtax" "$work/build.log" || {
        cat "$work/build.log"
        fail "the mistake was not shown"
    }
done < <(generators)
