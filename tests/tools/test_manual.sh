# test_manual.sh - the manual page and cnnc --help name the same options and
# commands.
set -u

if [[ ! -x $CNNC ]]; then
    echo "skipped: there is no $CNNC"
    exit 77
fi
manual=$CNNC_SOURCE/docs/cnnc.1
commands=(check format summary run verify eval bench graph)

options() { # the options of a text, one a line
    grep -oE -- '(^|[][ ,|(/])--?[A-Za-z][A-Za-z-]*' |
        grep -oE -- '--?[A-Za-z].*' | sort -u
}

# The manual as plain text, without its examples (they use cc): roff's "\-" is a hyphen, fonts are left out.
plain=$(sed -E '/^\.SH EXAMPLES/,/^\.SH COPYRIGHT/d; s/^\.\\".*//; s/^\.[A-Z]+ //; s/\\f[BIRP]//g; s/\\-/-/g
    s/"//g' "$manual")
help=$({
    "$CNNC" --help
    for command in "${commands[@]}"; do
        "$CNNC" "$command" --help
    done
}) || { echo "--help fails"; exit 1; }

faults=$(diff <(options <<<"$help") <(options <<<"$plain"))
if [[ -n $faults ]]; then
    echo "only in --help (<) or only in docs/cnnc.1 (>):"
    echo "$faults"
    exit 1
fi
for command in "${commands[@]}"; do
    grep -qE "^ *(cnnc +)?$command " <<<"$help" &&
        grep -qE "^$command " <<<"$plain" || {
        echo "'$command' is not in both"
        exit 1
    }
done
