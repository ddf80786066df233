# test_deb.sh - cpack makes a package that holds the tree under /usr.
set -u
. "$CNNC_SOURCE/tests/install/project.sh"
command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null ||
    { echo "skipped: no dpkg-deb or dpkg-shlibdeps"; exit 77; }

cd "$work" || exit 1
cpack -G DEB --config "$CNNC_BUILD/CPackConfig.cmake" -B "$work/package" \
    >"$work/cpack.log" 2>&1 || { cat "$work/cpack.log"; fail cpack; }
package=$(echo "$work"/package/*.deb)
dpkg-deb --info "$package" || fail "no package"
dpkg-deb --contents "$package" >"$work/contents" || fail "no contents"
for file in usr/bin/cnnc usr/include/cnnc/net.h usr/share/man/man1/cnnc.1.gz \
    usr/share/doc/cnnc/copyright usr/share/doc/cnnc/changelog.gz; do
    grep -q " \./$file\$" "$work/contents" || fail "$file is not in it"
done
grep -q "/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/pkgconfig/cnnc.pc\$" \
    "$work/contents" || fail "cross compilers do not see cnnc.pc"
dpkg-deb --field "$package" Depends | grep -q libjson-c ||
    fail "it does not depend on json-c"
dpkg-deb --extract "$package" "$work/root" || fail "cannot extract"
"$work/root/usr/bin/cnnc" --version || fail "its cnnc does not run"
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error,warning "$package" || fail lintian
fi
