#!/usr/bin/env python3
"""test_bundle.py - every word of net.h compiles with what it needs, no more.

    python3 test_bundle.py COMPILER TARGET        e.g. gcc v4

A file that stands alone is made for each word of the vocabulary: the bundle for
that word alone, and a function that calls it, compiled with all warnings.
"""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "tools"))
from bundle import bundle  # noqa: E402

HEADER = os.path.join(HERE, "../../runtime/include/cnnc/net.h")
MACRO = {"v4": "X86_64_V4", "v3": "X86_64_V3", "v2": "X86_64_V2",
         "aarch64": "AARCH64", "generic": "GENERIC"}
WIDTHS = {"v4": [4, 8, 16], "v3": [4, 8], "v2": [4], "aarch64": [4],
          "generic": []}
UNARY = ("abs neg sqrt floor ceil round_even "
         "exp expm1 log log1p tanh sigmoid erf softplus "
         "sin cos tan asin acos atan sinh cosh asinh acosh atanh").split()
BINARY = "pow fmod".split()
SCALAR = {w: "y[0] = f32_%s(x[0]);" % w for w in UNARY}
SCALAR.update({w: "y[0] = f32_%s(x[0], x[1]);" % w
               for w in ["min", "max"] + BINARY})
SCALAR.update({"select_" + w: "y[0] = f32_select_%s(x[0], x[1], x[2], x[3]);" % w
               for w in ("lt", "le", "eq")})
SCALAR["nonzero"] = "{ int i[20]; y[0] = (float)f32_nonzero(i, x, 4); }"
SCALAR["fma"] = "y[0] = f32_fma(x[0], x[1], x[2]);"
VECTOR = {w: "V_store(y, V_%s(V_load(x)));" % w for w in UNARY}
VECTOR.update({w: "V_store(y, V_%s(V_load(x), V_load(x)));" % w
               for w in "add sub mul div min max".split() + BINARY})
VECTOR.update({"select_" + w: "V_store(y, V_select_%s(V_load(x), V_load(x), "
               "V_zero(), V_splat(1)));" % w for w in ("lt", "le", "eq")})
VECTOR.update({w: "y[0] = V_%s(V_load(x));" % w
               for w in ("sum", "max_across", "min_across")})
VECTOR.update({
    "fma": "V_store(y, V_fma(V_load(x), V_load(x), V_load(x)));",
    "load_part": "V_store(y, V_load_part(x, 3));",
    "store_part": "V_store_part(y, V_load(x), 3);",
    "load_even": "V_store(y, V_load_even(x));",
    "load_u8": "V_store(y, V_load_u8((const uint8_t *)x));",
    "load_i8": "V_store(y, V_load_i8((const int8_t *)x));",
    "load_u8_part": "V_store(y, V_load_u8_part((const uint8_t *)x, 3));",
    "load_i8_part": "V_store(y, V_load_i8_part((const int8_t *)x, 3));",
})
FLAGS = ("-std=c99 -O1 -Wall -Wextra -Wconversion -Wpedantic -Wshadow -Werror "
         "-x c -c -o /dev/null -").split()


def region(header, target):
    """The pragmas that a generated file prints, copied out of the header."""
    level = {"v4": 4, "v3": 3, "v2": 2}.get(target)
    if level is None:
        return "", ""
    begin = re.search(r"#if CNNC_X86 == %d\n(#if defined\(__clang__\) /\* region"
                      r".*?\n#endif\n)" % level, header, re.S).group(1)
    return begin, ("#if defined(__clang__)\n#pragma clang attribute pop\n"
                   "#else\n#pragma GCC pop_options\n#endif\n")


def try_words(compiler, header, target, words):
    """The complaint about a function that uses these words, and its lines."""
    body = ""
    for word in words:
        body += "    " + SCALAR.get(word, "(void)x; (void)y;") + "\n"
        for width in WIDTHS[target]:
            if word in VECTOR:
                body += "    " + VECTOR[word].replace(
                    "V_", "f32x%d_" % width) + "\n"
    used = set(re.findall(r"[A-Za-z_]\w*", body)) | {"cnnc_cpu_supported"}
    begin, end = region(header, target)
    source = ("#define CNNC_TARGET_%s 1\n" % MACRO[target]
              + bundle(header, target, used)
              + "void use(const float *x, float *y);\nint can(void);\n"
              + "int can(void) { return cnnc_cpu_supported(); }\n" + begin
              + "void use(const float *x, float *y)\n{\n" + body + "}\n" + end)
    done = subprocess.run(compiler + FLAGS, input=source, text=True,
                          capture_output=True)
    return done.stderr if done.returncode else None, len(source.splitlines())


def main():
    compiler, target = sys.argv[1].split(), sys.argv[2]
    if not shutil.which(compiler[0]):
        print("skipped: no %s on this machine" % compiler[0])
        return 77
    with open(HEADER) as file:
        header = file.read()
    words = sorted(set(SCALAR) | (set(VECTOR) if WIDTHS[target] else set()))
    failed = 0
    for word in words:
        complaint, lines = try_words(compiler, header, target, [word])
        if complaint:
            print("%s for %s alone:\n%s" % (word, target, complaint))
            failed += 1
    complaint, all_lines = try_words(compiler, header, target, words)
    _, least = try_words(compiler, header, target, ["max"])
    failed += complaint is not None
    print("%s: %d words, %d failed; %d lines for max, %d for all"
          % (target, len(words), failed, least, all_lines))
    if not least < all_lines / 2 or "SPDX" in bundle(header, target, []):
        print("a bundle holds what nobody asked for")
        failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
