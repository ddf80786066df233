# test_lengths.sh - no file over 600 lines, no function over 80 but for one
# that is mostly a flat switch (a line in four is a case). The header net.h may
# be longer: it is one file because generated code includes one file.
set -u

cd "$CNNC_SOURCE" || exit 1
mapfile -t files < <(find CMakeLists.txt cmake compiler runtime tests bench \
    examples -type d -name 'build*' -prune -o -type f \( -name '*.[chly]' \
    -o -name '*.def' -o -name '*.cpp' -o -name '*.py' -o -name '*.sh' \
    -o -name '*.cmake' -o -name CMakeLists.txt \) -print 2>/dev/null)
echo "${#files[@]} files"
[[ ${#files[@]} -gt 0 ]] || exit 1
awk '
    FNR == 1 { check() }
    { lines = FNR; file = FILENAME }
    FILENAME !~ /\.[ch]$/ { next }
    /^\{/ { start = FNR; cases = 0 }
    /^ *case / { cases++ }
    /^\}/ && start {
        size = FNR - start - 1
        if (size > 80 && cases * 4 < size)
            fault(FILENAME ":" start ": a function of " size " lines")
        start = 0
    }
    function fault(text) { print text; faults++ }
    function check() {
        if (lines > 600 && file != "runtime/include/cnnc/net.h")
            fault(file ": " lines " lines")
        start = 0
    }
    END { check(); exit faults > 0 }
' "${files[@]}"
