# test_byte_equal.sh - the same network gives the same bytes: from another
# folder, by another path, in another locale and time zone.
set -u

if [[ ! -x $CNNC ]]; then
    echo "skipped: there is no $CNNC"
    exit 77
fi
shopt -s nullglob
networks=("$CNNC_SOURCE"/examples/*.cnn "$CNNC_SOURCE"/examples/*/*.cnn)
[[ ${#networks[@]} -gt 0 ]] || { echo "no examples"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/one" "$work/two/deeper"

faults=0
count=0
for network in "${networks[@]}"; do
    name=$(basename "$network" .cnn)
    # These take minutes under sanitizers, and have no layer of their own.
    case $name in resnet18 | resnet50 | mobilenetv2) continue ;; esac
    count=$((count + 1))
    folder=$(dirname "$network")
    # Seeded weights where the network brings none.
    options=(--target=generic)
    grep -qE '^ *weights ' "$network" || options+=(--init 7)
    (cd "$folder" && "$CNNC" "$name.cnn" "${options[@]}" \
        -o "$work/one/$name.c") &&
        (cd "$work/two" && TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME=/ \
            "$CNNC" "$network" "${options[@]}" -o "deeper/$name.c") || {
        echo "$network: does not compile"
        faults=$((faults + 1))
        continue
    }
    for file in "$name.c" "$name.h"; do
        cmp "$work/one/$file" "$work/two/deeper/$file" ||
            faults=$((faults + 1))
    done
    rm -f "$work"/one/* "$work"/two/deeper/*
done
echo "$count networks, $faults faults"
[[ $count -gt 0 && $faults -eq 0 ]]
