# test_nets.sh - every network of examples/nets is right and in its usual form,
# has the size it should have, and the small ones compute what they should.
set -u
if [[ ! -x $CNNC ]]; then
    echo "skipped: there is no $CNNC"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nets=$CNNC_SOURCE/examples/nets
failed=0

fail() {
    echo "failed: $*"
    failed=1
}

sizes() { # network, parameters with batch statistics, multiply-adds
    "$CNNC" "$nets/$1.cnn" --init 1 --emit=manifest -o "$work/json" ||
        fail "$1"
    grep -q "\"parameters\": $2," "$work/json" || fail "$1: not $2 parameters"
    grep -q "\"macs\": $3\b" "$work/json" || fail "$1: not $3 MACs"
}

sizes ball 1470 27008
sizes autoencoder 265864 264192
sizes pedestrian 22618 1293920
sizes dscnn 24332 2656768
sizes robot 6652 4440000
sizes mobilenetv1_025 219058 7489664
sizes resnet8 78426 12501632
sizes mobilenetv2 3538984 300774272
sizes resnet18 11699112 1814073344
sizes resnet50 25610152 4089184256

for file in "$nets"/*.cnn; do
    name=$(basename "$file" .cnn)
    grep -q "^sizes $name " "$0" || fail "$name has no line here"
    "$CNNC" check "$file" || fail "check $name"
    "$CNNC" format --check "$file" || fail "format $name"
done
[[ $(wc -l <"$nets/resnet50.cnn") -le 40 ]] || fail "resnet50 is too long"

for name in ball autoencoder pedestrian dscnn robot mobilenetv1_025 resnet8; do
    "$CNNC" verify "$nets/$name.cnn" --init 1 --samples 1 >"$work/verify" || {
        cat "$work/verify"
        fail "verify $name"
    }
done

# What torchvision calls them: a key of each kind.
keys_of() { # network, keys
    "$CNNC" "$nets/$1.cnn" --init 1 -o "$work/$1.c" \
        --save-weights "$work/$1.safetensors" || fail "$1"
    for key in "${@:2}"; do
        head -c 65536 "$work/$1.safetensors" | grep -aqF "\"$key\":" ||
            fail "$1 has no $key"
    done
    rm -f "$work/$1."*
}

keys_of resnet18 conv1.weight bn1.running_mean layer1.1.conv2.weight \
    layer2.0.downsample.0.weight layer4.0.downsample.1.running_var fc.bias
keys_of mobilenetv2 features.0.0.weight features.1.conv.0.1.bias \
    features.1.conv.1.weight features.17.conv.2.weight \
    features.17.conv.3.running_mean features.18.1.weight classifier.1.weight
exit $failed
