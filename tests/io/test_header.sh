#!/bin/bash
# cnnc/io.h compiles alone as C99 and as C++, and says its licence.
set -eu
header="$CNNC_SOURCE/runtime/include/cnnc/io.h"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-Wall -Wextra -Wconversion -Wpedantic -Werror -fsyntax-only"
flags="$flags -I$CNNC_SOURCE/runtime/include"

printf '#include <cnnc/io.h>\nint use(CnncArray *a);\nint use(CnncArray *a)\n{ cnnc_array_free(a); return 0; }\n' >"$work/use.c"
cp "$work/use.c" "$work/use.cpp"
# shellcheck disable=SC2086
"${CC:-cc}" -std=c99 $flags "$work/use.c"
if command -v c++ >/dev/null; then
    for std in c++11 c++17; do
        # shellcheck disable=SC2086
        c++ -std=$std $flags "$work/use.cpp"
    done
else
    echo "no c++ here: the C++ half is skipped"
fi
for file in "$header" "$CNNC_SOURCE"/runtime/src/*.[ch]; do
    head -1 "$file" | grep -q 'SPDX-License-Identifier: 0BSD' ||
        { echo "$file: no licence in its first line"; exit 1; }
done
