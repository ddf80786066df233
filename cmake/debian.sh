# debian.sh - installs what is missing of Debian's packages. To be sourced.
#
#     need_packages cmake gcc bison
#
# Asks nothing where all is there. Otherwise says what it installs, and does so
# as root or through sudo; where it can do neither, it prints the command.

need_packages() {
    local missing=() package
    if ! command -v dpkg-query >/dev/null; then
        return 0 # no Debian: what is missing will be named by CMake
    fi
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
            grep -qx installed || missing+=("$package")
    done
    [[ ${#missing[@]} -eq 0 ]] && return 0

    local as_root=()
    if [[ $(id -u) -ne 0 ]]; then
        as_root=(sudo)
        if ! command -v sudo >/dev/null; then
            echo "Please install, as root: apt-get install ${missing[*]}"
            return 1
        fi
    fi
    echo "Installing from Debian: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install \
            -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# To build cnnc and what it writes.
build_packages=(gcc libc6-dev cmake make pkg-config flex bison libjson-c-dev
    libpng-dev zlib1g-dev libprotobuf-c-dev protobuf-c-compiler)
# The tests need the first; without one of the others, those that use it say so
# and are skipped.
test_packages=(libcunit1-dev)
more_test_packages=(g++ clang libclang-rt-14-dev clang-format-14 tcc qemu-user
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross ninja-build python3
    python3-numpy python3-onnx dpkg-dev man-db binutils)
