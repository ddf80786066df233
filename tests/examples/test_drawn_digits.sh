# test_drawn_digits.sh - examples/lenet5/digits is what draw.py draws, up to
# the last bit of a few grey pixels, and a hundred digits, ten of each kind.
set -u
python=/usr/bin/python3
"$python" -c 'import numpy' 2>/dev/null || {
    echo "skipped: $python has no numpy"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$CNNC_SOURCE/examples/lenet5" || exit 1
PYTHONDONTWRITEBYTECODE=1 "$python" draw.py "$work" || exit 1
cmp digits/t10k-labels-idx1-ubyte "$work/t10k-labels-idx1-ubyte" || exit 1
PYTHONDONTWRITEBYTECODE=1 "$python" - "$work" <<'END'
import sys
import numpy as np
import idx

kept, labels = idx.digits("digits")
drawn, _ = idx.digits(sys.argv[1])
apart = np.abs(kept.astype(int) - drawn)
print(f"{np.count_nonzero(apart)} pixels differ, by {apart.max()} at most")
assert (np.bincount(labels) == 10).all() and kept.shape == (100, 28, 28)
# Another libm may put a pixel's 16th on the other side of the pen's edge.
assert np.count_nonzero(apart > 32) == 0 and np.mean(apart > 0) < 0.001
END
