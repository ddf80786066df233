# test_verify.sh - `cnnc verify` finds what it is there to find: a C compiler
# that changes the generated C stands for a fault of ours.
. "$(dirname "$0")/lib.sh"
[[ -n ${CC-} ]] || { echo "skipped: there is no C compiler"; exit 77; }
verify=("$CNNC" verify tiny.cnn --init 1 --target=generic)

expect 0 "${verify[@]}"
grep_out "^tiny for generic, 3 inputs$"
grep_out "^conv1, relu1, maxpool1 +\[4, 4, 4\] "
grep_out "^dense1 "
holds test ! -s "$err"
# Zeros left out, another list for each row.
cat >rows.cnn <<'END'
network rows
input x : f32[3, 16]
relu -> dense(4)
output y
END
echo 'dense1: order i0 c | oc; unroll oc; nonzero c' >rows.schedule
rows=("$CNNC" verify rows.cnn --init 1 --schedule rows.schedule)
expect 0 "${rows[@]}"
expect 0 "${rows[@]}" --target=generic
expect 0 "$CNNC" rows.cnn --init 1 --schedule rows.schedule -o -
grep_out "f32_nonzero[(]relu1_nonzero, relu1 [+] 16 [*] i"
rm rows.cnn rows.schedule

expect 0 "${verify[@]}" --samples 1 --target=native -O0
grep_out ", 1 input$"
holds test "$(grep -c '^tiny for' "$out")" -eq 2

# A compiler that edits net.c first: $1 is the edit.
bad_cc() {
    cat >cc.sh <<END
#!/bin/bash
main=\${!#}
sed -i -E '$1' "\${main%/*}/net.c"
exec $CC "\$@"
END
    chmod +x cc.sh
}
bad_cc '/^static.* tiny_dense1\(/,/^}/s/^( +dense1\[0\] = .*);$/\1 + 0.01f;/'
expect 1 "${verify[@]}" --cc=./cc.sh
grep_err "tiny.cnn:7:1: error: the C for generic computes 'dense1' wrong"
grep_err "dense1 .* OFF$"
holds test "$(grep -c ' OFF$' "$err")" -eq 1
holds test ! -s "$out"

bad_cc '/^static.* tiny_dense1\(/,/^}/s/^\{/{ *(volatile int *)0 = 1;/'
expect 1 "${verify[@]}" --cc=./cc.sh
grep_err "was ended by signal 11 .* in 'dense1'"

bad_cc '/^static.* tiny_dense1\(/,/^}/s/^\{/{ for (volatile int i = 1; i;) ;/'
expect 1 "${verify[@]}" --cc=./cc.sh --time-limit=1
grep_err "took longer than 1 seconds in 'dense1'"

bad_cc 's/^\{/{ +++ not C/'
expect 1 "${verify[@]}" --cc=./cc.sh
grep_err "C compiler './cc.sh' ended with exit status"
expect 1 "${verify[@]}" --cc=/no/such/compiler
grep_err "'/no/such/compiler' is not there"

# Nothing is left behind.
mkdir "$work/tmp"
TMPDIR=$work/tmp expect 0 "${verify[@]}"
holds rmdir "$work/tmp"
only_files tiny.cnn cc.sh
finish
