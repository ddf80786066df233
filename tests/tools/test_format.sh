# test_format.sh - the C sources are formatted as .clang-format says.
# Version 14 decides: others differ in details.
set -u

formatter=
for program in clang-format-14 clang-format; do
    if "$program" --version 2>/dev/null | grep -q 'version 14\.'; then
        formatter=$program
        break
    fi
done
if [[ -z $formatter ]]; then
    echo "skipped: clang-format 14 is not there"
    exit 77
fi
cd "$CNNC_SOURCE" || exit 1
mapfile -t files < <(find compiler runtime tests bench examples docs \
    -type d -name 'build*' -prune -o \
    \( -name '*.c' -o -name '*.h' -o -name '*.cpp' \) -print 2>/dev/null)
echo "${#files[@]} files"
[[ ${#files[@]} -gt 0 ]] || exit 1
faults=$("$formatter" --dry-run -Werror "${files[@]}" 2>&1)
status=$?
# One line a file: how many places, and which file.
grep -oE '^[^: ]+:[0-9]+:[0-9]+: error' <<<"$faults" | cut -d: -f1 | uniq -c
[[ $status -eq 0 ]] || echo "to format them: $formatter -i FILE"
exit $status
