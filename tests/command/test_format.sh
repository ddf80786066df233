# test_format.sh - `cnnc format`: printed, in place, or only compared.
. "$(dirname "$0")/lib.sh"

printf 'network a\ninput x:f32[4]   # four\ndense( 3 )->relu\noutput y\n' >a.cnn
cp a.cnn as_it_was.cnn
expect 0 "$CNNC" format a.cnn
grep_out "^input x : f32\[4\] +# four$"
cp "$out" "$work/formatted"
holds cmp a.cnn as_it_was.cnn
"$CNNC" format - <a.cnn >"$out" 2>"$err"
holds cmp "$out" "$work/formatted"

expect 1 "$CNNC" format --check a.cnn
grep_err "a.cnn:2:8: error: not in the usual form"
holds test ! -s "$out"
expect 0 "$CNNC" format -i a.cnn
holds cmp a.cnn "$work/formatted"
expect 0 "$CNNC" format --check a.cnn
expect 0 "$CNNC" format -i a.cnn
holds cmp a.cnn "$work/formatted"

# A file with a mistake stays as it is, and so do the others.
printf 'network b\ninput x:f32[4\noutput y\n' >b.cnn
cp b.cnn b_as_it_was.cnn
cp as_it_was.cnn a.cnn
expect 1 "$CNNC" format -i a.cnn b.cnn
holds cmp b.cnn b_as_it_was.cnn
holds cmp a.cnn as_it_was.cnn
expect 1 "$CNNC" format --check b.cnn a.cnn
grep_err "^b.cnn:"
grep_err "^a.cnn:"
expect 2 "$CNNC" format -i a.cnn -o x
expect 1 "$CNNC" format -i -
expect 1 "$CNNC" format a.cnn as_it_was.cnn -o x
expect 0 "$CNNC" format a.cnn -o x
holds cmp x "$work/formatted"
finish
