# test_weights_rebuild.sh - a change of the weights compiles the network again:
# the build system knows them from what cnnc -MD writes.
set -u
. "$CNNC_SOURCE/tests/install/project.sh"
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
install_cnnc

write_weights() { # file, value: y = value * (a + b), as safetensors
    python3 - "$@" <<'EOF'
import json, struct, sys
path, value = sys.argv[1], float(sys.argv[2])
head = json.dumps({
    "dense1.weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
    "dense1.bias": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]},
}).encode()
with open(path, "wb") as file:
    file.write(struct.pack("<Q", len(head)) + head)
    file.write(struct.pack("<3f", value, value, 0.0))
EOF
}

project=$work/project
mkdir "$project"
cat >"$project/total.cnn" <<'EOF'
network total
weights "total.safetensors"
input terms : f32[2]
dense(1)
output sum
EOF
cat >"$project/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.20)
project(total C)
find_package(cnnc REQUIRED)
cnnc_add_network(net NET total.cnn)
add_executable(total main.c)
target_link_libraries(total PRIVATE net)
EOF
cat >"$project/main.c" <<'EOF'
#include "total.h"
#include <stdio.h>
int main(void)
{
    float terms[2] = { 3, 4 }, sum[1];
    total(terms, sum);
    printf("%g\n", (double)sum[0]);
    return 0;
}
EOF
while read -r generator; do
    echo "$generator"
    rm -rf "$work/build"
    write_weights "$project/total.safetensors" 1
    configure "$project" "$work/build" "$generator"
    build "$work/build"
    [[ $("$work/build/total") == 7 ]] || fail "1 * (3 + 4)"
    build "$work/build"
    [[ $rebuilt == no ]] || fail "built without a reason"
    sleep 1.1
    write_weights "$project/total.safetensors" 10
    build "$work/build"
    [[ $rebuilt == yes ]] || fail "the weights have changed"
    [[ $("$work/build/total") == 70 ]] || fail "10 * (3 + 4)"
done < <(generators)
