"""test_points.py - what is promised of generated code, point by point.

    test_points.py [NAME ...]        all tests, or those named
"""
import glob
import os
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True  # the source folder stays as it is

import build_lib
from build_lib import (CNNC, OWN, RUNTIME, SOURCE, WARNINGS, Net, agree,
                       call, fail, finish, have, must, read_bytes, run_driver,
                       source_of, targets_here, write_text)

HERE_TARGETS = targets_here()
BEST = HERE_TARGETS[-1]  # the widest
LANGUAGES = [("gcc", ["-std=c99", "-O1"]), ("clang", ["-std=c99", "-O1"]),
             ("g++", ["-std=c++17", "-x", "c++", "-fsyntax-only"]),
             ("clang++", ["-std=c++17", "-x", "c++", "-fsyntax-only"])]


def folder():
    return tempfile.mkdtemp(dir=build_lib.work)


def undefined(path):
    """What the object needs from elsewhere."""
    _, text = call(["nm", "-u", path])
    return {line.split()[-1] for line in text.splitlines() if line.strip()}


# ---- languages and compilers ----------------------------------------------------

def test_c99_and_cpp17_without_a_warning():
    """All networks of a target in one file: they do not meet, either."""
    for target in HERE_TARGETS + ["aarch64"]:
        place = folder()
        names = OWN + ["ball"]
        for name in names:
            Net(name, target, folder=place)
        write_text(place, "all.c", "".join(
            '#include "%s.c"\n' % name for name in names))
        tools = LANGUAGES
        if target == "aarch64":
            tools = [("aarch64-linux-gnu-gcc", ["-std=c99", "-O1"])]
        for compiler, flags in tools:
            if have(compiler):
                must("%s by %s" % (target, compiler),
                     [compiler] + flags + ["-c", "all.c", "-o", "all.o",
                                           RUNTIME] + WARNINGS, place)


def test_the_answer_is_the_same_under_every_compiler_and_target():
    for name in OWN:
        want = None
        tries = [("gcc", ["-std=c99", "-O2"], target, ())
                 for target in HERE_TARGETS]
        tries += [("clang", ["-std=c99", "-O2"], BEST, ()),
                  ("tcc", ["-Wall", "-Werror"], "generic", ()),
                  ("aarch64-linux-gnu-gcc", ["-std=c99", "-O2", "-static"],
                   "aarch64", ("qemu-aarch64",))]
        for compiler, flags, target, runner in tries:
            if not all(have(tool) for tool in (compiler,) + tuple(runner)):
                continue
            got = run_driver(Net(name, target), "exact", compiler, flags,
                             runner=runner)
            if want is None:
                want = got
            elif got is not None and not agree(got, want):
                fail("%s: %s for %s answers otherwise" % (name, compiler,
                                                          target))


def test_the_reference_gives_the_same_answer():
    for name in OWN:
        must(name, [CNNC, "verify", source_of(name), "--init", "1",
                    "--samples", "1"])


def test_a_bare_call_uses_the_targets_instructions():
    """No -m flag, no warning, and still the widest registers."""
    registers = {"x86-64-v4": "%zmm", "x86-64-v3": "%ymm"}
    for compiler in ("gcc", "clang"):
        if not have(compiler):
            continue
        for target in HERE_TARGETS:
            net = Net("planes", target)
            must("bare " + compiler,
                 [compiler, "-std=c99", "-O2", "-Werror", RUNTIME, "-c",
                  "planes.c", "-o", "net.o"], net.folder)
            if target in registers and have("objdump"):
                _, text = call(["objdump", "-d", "net.o"], net.folder)
                if registers[target] not in text:
                    fail("%s by %s: no %s" % (target, compiler,
                                              registers[target]))


def test_no_level_of_optimisation_warns():
    for level in ("-O0", "-O3", "-Os"):
        net = Net("bytes", BEST)
        must(level, ["gcc", "-std=c99", level, RUNTIME, "-c", "bytes.c", "-o",
                     "net.o"] + WARNINGS, net.folder)


# ---- what an object holds and needs -------------------------------------------------

def test_objects_need_no_library():
    allowed = {"memcpy", "memset", "memmove", "_GLOBAL_OFFSET_TABLE_",
               "__stack_chk_fail"}
    for name in OWN:
        for target in ("generic", BEST):
            net = Net(name, target)
            for compiler in ("gcc", "clang"):
                if not have(compiler) or not must(
                        name, [compiler, "-std=c99", "-O2", RUNTIME, "-c",
                               net.c, "-o", "net.o"], net.folder):
                    continue
                more = undefined(os.path.join(net.folder, "net.o")) - allowed
                if more:
                    fail("%s for %s by %s needs %s" % (
                        name, target, compiler, ", ".join(sorted(more))))


def test_globals_are_constant_and_carry_the_networks_name():
    for name in OWN:
        net = Net(name, BEST, ["--no-static"])
        must(name, ["gcc", "-std=c99", "-O2", "-fno-pie", RUNTIME, "-c", net.c,
                    "-o", "net.o"], net.folder)
        _, text = call(["nm", "--defined-only", "net.o"], net.folder)
        for line in text.splitlines():
            _, kind, symbol = line.split()
            if kind in "BbDdCGgSs":
                fail("%s: '%s' can be written" % (name, symbol))
            if kind.isupper() and not symbol.startswith(name):
                fail("%s: '%s' is global" % (name, symbol))


def test_includes_are_freestanding():
    allowed = {"stddef.h", "stdint.h", "limits.h", "float.h", "immintrin.h",
               "arm_neon.h", "cpuid.h", "intrin.h", "sys/auxv.h"}
    for target in HERE_TARGETS + ["aarch64"]:
        text = Net("vector", target, ["--bundle"]).text()
        for name in re.findall(r"#\s*include\s*[<\"]([^>\"]*)", text):
            if name not in allowed and name != "vector.h":
                fail("%s: #include <%s>" % (target, name))


def test_a_freestanding_compiler_takes_it():
    net = Net("vector", "generic", ["--bundle"])
    must("freestanding", ["gcc", "-std=c99", "-O2", "-ffreestanding", "-c",
                          net.c, "-o", "net.o"], net.folder)


def test_a_bundle_stands_alone():
    for name in OWN:
        for target in ("generic", BEST):
            net = Net(name, target, ["--bundle"])
            if "cnnc/net.h>" in re.sub(r"/\*.*?\*/", "", net.text(),
                                       flags=re.S):
                fail(name + ": the bundle includes the runtime")
            must(name + " as a bundle",
                 ["gcc", "-std=c99", "-O1", "-c", net.c, "-o", "net.o"] +
                 WARNINGS, net.folder)


# ---- memory --------------------------------------------------------------------------

def test_arrays_of_exactly_their_size_under_sanitizers():
    """Inputs and outputs aligned to an element, a workspace full of NaN, three
    calls and the static workspace, one answer."""
    flags = ["-g", "-O1", "-fsanitize=address,undefined",
             "-fno-sanitize-recover=all"]
    for name in OWN:
        for target in sorted({"generic", BEST}):
            run_driver(Net(name, target), "exact", "gcc", flags)


def test_guard_pages_on_both_sides():
    for name in OWN:
        for target in HERE_TARGETS:
            run_driver(Net(name, target), "guard", "gcc", ["-O1"])


def test_two_threads_at_once():
    for name in OWN:
        run_driver(Net(name, BEST), "threads", "gcc", ["-O2", "-pthread"])
    run_driver(Net("two", BEST), "threads", "gcc",
               ["-O1", "-g", "-fsanitize=thread", "-pthread"])


def test_the_stack_is_bounded_and_as_reported():
    for name in OWN + ["ball"]:
        for target in sorted({"generic", BEST}):
            net = Net(name, target)
            run_driver(net, "stack", "gcc", ["-O2", "-pthread",
                                             "-fstack-usage"])
            frames = glob.glob(os.path.join(net.folder, "*%s*.su" % name))
            if len(frames) != 1:
                fail("%s: %d lists of frames" % (name, len(frames)))
            for line in b"".join(
                    read_bytes(path) for path in frames).decode().splitlines():
                if "dynamic" in line.split("\t")[2]:
                    fail("%s: a frame without bound: %s" % (name, line))


def reaches(edges, start, goal, seen):
    """Whether the calls that start with one function come to another."""
    for callee in edges.get(start, ()):
        if callee == goal:
            return True
        if callee not in seen:
            seen.add(callee)
            if reaches(edges, callee, goal, seen):
                return True
    return False


def test_no_function_comes_to_call_itself():
    for name in OWN:
        net = Net(name, BEST)
        if not must(name, ["gcc", "-O0", "-fcallgraph-info", RUNTIME, "-c",
                           net.c, "-o", "net.o"], net.folder):
            continue
        calls = re.findall(
            r'edge: { sourcename: "([^"]*)" targetname: "([^"]*)"',
            read_bytes(net.folder, "net.ci").decode())
        edges = {}
        for caller, callee in calls:
            edges.setdefault(caller, set()).add(callee)
        if name + "_run" not in edges:
            fail(name + ": the calls are not known")
        for function in edges:
            if reaches(edges, function, function, set()):
                fail("%s: %s calls itself" % (name, function))


# ---- several networks, several samples ------------------------------------------------

def test_two_networks_in_one_program():
    place = folder()
    first, second = (Net(name, BEST, folder=place)
                     for name in ("ball", "vector"))
    write_text(place, "main.c", """
#include "ball.h"
#include "vector.h"
int main(void)
{
    static float patch[BALL_PATCH_SIZE], kind[BALL_KIND_SIZE];
    static float x[VECTOR_X_SIZE], y[VECTOR_Y_SIZE], z[VECTOR_Z_SIZE];
    ball(patch, kind);
    vector(x, y, z);
    return !(ball_supported() && vector_supported() && kind[0] + kind[1] > 0.99f
             && y[0] > 0);
}
""")
    if must("two networks", ["gcc", "-std=c99", "-O1", RUNTIME, "main.c",
                             first.c, second.c, "-o", "main"] + WARNINGS,
            place):
        must("two networks", ["./main"], place)


def test_a_batch_gives_what_single_calls_give():
    for name in OWN:
        one, many = Net(name, BEST), Net(name, BEST, ["--batch=3"])
        inputs = [one.inputs(seed) for seed in (1, 2, 3)]
        single = [run_driver(one, "exact", "gcc", ["-O1"], seed=seed)
                  for seed in (1, 2, 3)]
        write_text(many.folder, "batch.c", batch_driver(one, many))
        # Port after port, in each all samples.
        at, data = 0, b""
        for port in one.facts["inputs"]:
            size = build_lib.bytes_of(port)
            data += b"".join(i[at:at + size] for i in inputs)
            at += size
        with open(os.path.join(many.folder, "in"), "wb") as file:
            file.write(data)
        if not must("batch", ["gcc", "-O1", RUNTIME, many.c, "batch.c", "-o",
                              "batch"], many.folder):
            continue
        must("batch", ["./batch"], many.folder)
        out = read_bytes(many.folder, "out")
        for k in range(3):
            at, data = 0, b""
            for port in one.facts["outputs"]:
                size = build_lib.bytes_of(port)
                data += out[3 * at + k * size:3 * at + (k + 1) * size]
                at += size
            if one.outputs(data) != single[k]:
                fail("%s: sample %d of a batch differs" % (name, k))


def batch_driver(one, many):
    """Reads `in`, runs all samples, writes `out`."""
    lines = ['#include "%s"' % many.facts["header"], "#include <stdio.h>",
             "int main(void)", "{",
             '    FILE *in = fopen("in", "rb"), *out = fopen("out", "wb");']
    arguments = []
    for kind in ("inputs", "outputs"):
        for i, port in enumerate(one.facts[kind]):
            c = build_lib.SIZES[port["dtype"]][0]
            lines.append("    static %s %s%d[%d];" % (
                c, kind, i, 3 * build_lib.count_of(port)))
            arguments.append("%s%d" % (kind, i))
    for i, _ in enumerate(one.facts["inputs"]):
        lines.append("    if (fread(inputs%d, 1, sizeof inputs%d, in) != "
                     "sizeof inputs%d) return 9;" % (i, i, i))
    lines.append("    %s(%s);" % (many.name, ", ".join(arguments)))
    for i, _ in enumerate(one.facts["outputs"]):
        lines.append("    fwrite(outputs%d, 1, sizeof outputs%d, out);"
                     % (i, i))
    lines += ["    return fclose(out);", "}", ""]
    return "\n".join(lines)


def test_weights_in_a_file_of_their_own():
    for name in ("bytes", "planes"):
        want = run_driver(Net(name, BEST), "exact", "gcc", ["-O1"])
        place = folder()
        net = Net(name, BEST, ["--weights-file=" +
                               os.path.join(place, name + ".weights")],
                  folder=place)
        if run_driver(net, "exact", "gcc", ["-O1"]) != want:
            fail(name + ": the sidecar changes the answer")
        if len(net.text()) >= len(Net(name, BEST).text()):
            fail(name + ": the C has not become smaller")


# ---- machines ---------------------------------------------------------------------------

def test_another_architecture_is_told_the_option():
    if not have("aarch64-linux-gnu-gcc"):
        return
    tries = [(target, "aarch64-linux-gnu-gcc") for target in
             ("x86-64-v2", "x86-64-v3", "x86-64-v4")] + [("aarch64", "gcc")]
    for target, compiler in tries:
        net = Net("vector", target)
        status, text = call([compiler, "-c", RUNTIME, net.c, "-o", "net.o"],
                            net.folder)
        if status == 0 or "#error" not in text or "--target=" not in text:
            fail("%s by %s:\n%s" % (target, compiler, text[:500]))


def test_supported_says_no_where_instructions_lack():
    """The widest target's code on an emulated processor that has none of it."""
    if BEST == "generic" or not have("qemu-x86_64"):
        return
    net = Net("ball", BEST)
    write_text(net.folder, "main.c", """
#include "ball.h"
#include <stdio.h>
int main(void)
{
    printf("%d", ball_supported());
    return 0;
}
""")
    if not must("supported", ["gcc", "-O2", "-static", RUNTIME, net.c,
                              "main.c", "-o", "main"], net.folder):
        return
    status, text = call(["./main"], net.folder)
    if (status, text) != (0, "1"):
        fail("%s: supported() is %s here" % (BEST, text))
    status, text = call(["qemu-x86_64", "-cpu", "core2duo", "./main"],
                        net.folder)
    if status or text[-1:] != "0":
        fail("%s: supported() is '%s' on a Core 2" % (BEST, text[-200:]))


# ---- the text -------------------------------------------------------------------------------

def test_a_rebuild_is_the_same_byte_for_byte():
    kinds = [".c", ".h", ".json"]
    for name in OWN + ["ball"]:
        first, second = folder(), folder()
        Net(name, BEST, folder=first)
        elsewhere = os.path.join(second, "copy")
        os.mkdir(elsewhere)
        shutil.copy(source_of(name), elsewhere)
        env = dict(os.environ, TZ="Asia/Tokyo", LC_ALL="C", HOME="/",
                   SOURCE_DATE_EPOCH="1")
        must(name, [CNNC, name + ".cnn", "--init", "1", "--target=" + BEST,
                    "-o", os.path.join(second, name + ".c"),
                    "--manifest=" + os.path.join(second, name + ".json")],
             elsewhere, env)
        for kind in kinds:
            a = read_bytes(first, name + kind)
            b = read_bytes(second, name + kind)
            if a != b:
                fail("%s%s is not the same twice" % (name, kind))
            if build_lib.work.encode() in a or SOURCE.encode() in a:
                fail("%s%s holds a path" % (name, kind))


def chain(place, layers, channels):
    """Bytes of the C of so many equal layers, without their weights."""
    name = "chain_%d_%d" % (layers, channels)
    text = "network %s\ninput x : f32[16, 16, %d]\n" % (name, channels)
    for i in range(layers):
        text += "conv(%d, 3x3, pad=same) -> relu\n" % channels
    text += "output y\n"
    write_text(place, name + ".cnn", text)
    must(name, [CNNC, name + ".cnn", "--init", "1", "--target=" + BEST, "-o",
                name + ".c", "--weights-file=" + name + ".weights"], place)
    return os.path.getsize(os.path.join(place, name + ".c"))


def test_the_text_grows_with_layers_not_with_multiplications():
    place = folder()
    few, many = chain(place, 2, 16), chain(place, 6, 16)
    wide = chain(place, 6, 128)  # 64 times the multiplications
    if wide > 2.5 * many:
        fail("128 channels take %d bytes, 16 take %d" % (wide, many))
    if many > 3.3 * few:
        fail("6 layers take %d bytes, 2 take %d" % (many, few))


if __name__ == "__main__":
    raise SystemExit(finish(dict(globals())))
