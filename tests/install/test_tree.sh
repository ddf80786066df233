# test_tree.sh - what is installed, where, and that it is of use: pkg-config,
# the manual, the completion.
set -u
. "$CNNC_SOURCE/tests/install/project.sh"
install_cnnc

cd "$prefix" || fail "no prefix"
find . -type f | sort
for file in bin/cnnc include/cnnc/net.h share/man/man1/cnnc.1 \
    share/bash-completion/completions/cnnc share/doc/cnnc/LICENSE \
    share/doc/cnnc/LICENSE.runtime share/doc/cnnc/README.md \
    share/doc/cnnc/docs/language.md share/doc/cnnc/docs/lenet5.svg; do
    [[ -f $file ]] || fail "$file is not installed"
done

# Nothing installed names the place it was built in.
if grep -rIlF "$CNNC_SOURCE" include lib share; then
    fail "the files above name the source folder"
fi

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name cnnc.pc)")
export PKG_CONFIG_PATH
if command -v pkg-config >/dev/null; then
    version=$("$prefix/bin/cnnc" --version | grep -oE '[0-9]+\.[0-9.]+' |
        head -1)
    [[ $(pkg-config --modversion cnnc) == "$version" ]] ||
        fail "pkg-config and cnnc --version differ"
    include=$(pkg-config --variable=includedir cnnc)
    [[ $(realpath "$include") == "$(realpath include)" ]] ||
        fail "pkg-config's include folder is $include"
    compiler=$(pkg-config --variable=cnnc cnnc)
    "$compiler" "$CNNC_SOURCE/examples/cmake-project/blobs.cnn" --init 1 \
        -o "$work/blobs.c" || fail "pkg-config's compiler"
    # shellcheck disable=SC2046
    "$CC" -O2 -I"$work" $(pkg-config --cflags cnnc) -o "$work/blobs" \
        "$work/blobs.c" "$CNNC_SOURCE/examples/cmake-project/main.c" ||
        fail "building by hand"
    "$work/blobs" || fail "the program built by hand"
fi

if command -v man >/dev/null; then
    LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z \
        share/man/man1/cnnc.1 2>&1 >/dev/null | grep . && fail "the manual"
fi

# Completion of an option, as bash would ask for it.
bash -c 'PATH='"$prefix/bin"':$PATH
    . share/bash-completion/completions/cnnc
    COMP_WORDS=(cnnc --ver) COMP_CWORD=1
    _cnnc
    printf "%s\n" "${COMPREPLY[@]}"' 2>/dev/null | grep -qx -- --version ||
    fail "the completion of --ver"
