"""build_lib.py - what the tests of whole programs share: networks compiled by
cnnc, drivers around them, compilers, and a list of failures."""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

CNNC = os.environ.get("CNNC", "cnnc")
SOURCE = os.environ.get("CNNC_SOURCE",
                        os.path.dirname(os.path.dirname(
                            os.path.dirname(os.path.abspath(__file__)))))
HERE = os.path.join(SOURCE, "tests", "generated")
RUNTIME = "-I" + os.path.join(SOURCE, "runtime", "include")
WARNINGS = "-Wall -Wextra -Wconversion -Wpedantic -Wshadow -Werror".split()
SIZES = {"float32": ("float", 4, "f"), "uint8": ("uint8_t", 1, "B"),
         "int32": ("int32_t", 4, "i")}
OWN = ["bytes", "two", "planes", "vector", "tiles"]

failures = []
skips = []


def fail(text):
    failures.append(text)
    print("FAILED: " + text, flush=True)


def skip(text):
    if text not in skips:
        skips.append(text)
        print("skipped: " + text, flush=True)


def have(program):
    if shutil.which(program):
        return True
    skip(program + " is not there")
    return False


def call(command, cwd=None, env=None):
    """Status and what it wrote, as text."""
    done = subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=600)
    return done.returncode, done.stdout.decode(errors="replace")


def must(what, command, cwd=None, env=None):
    status, text = call(command, cwd, env)
    if status:
        fail("%s: %s ended with %d\n%s" % (what, " ".join(command), status,
                                           text[:2000]))
    return status == 0


def source_of(name):
    for folder in (os.path.join(HERE, "nets"),
                   os.path.join(SOURCE, "examples", "nets")):
        path = os.path.join(folder, name + ".cnn")
        if os.path.exists(path):
            return path
    raise SystemExit("no network " + name)


def flags_of_cpu():
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("flags"):
                    return line.split()
    except OSError:
        pass
    return []


FLAGS = flags_of_cpu()
NEEDS = {"generic": [], "x86-64-v2": ["sse4_2"], "x86-64-v3": ["avx2", "fma"],
         "x86-64-v4": ["avx512f", "avx512bw", "avx512vl", "avx512dq"]}


def targets_here():
    """The targets whose code this processor runs, by name."""
    found = []
    for name, needs in NEEDS.items():
        if all(flag in FLAGS for flag in needs):
            found.append(name)
        else:
            skip(name + ": this processor lacks its instructions")
    return found


class Net:
    """A network compiled by cnnc into a folder of its own."""

    def __init__(self, name, target, options=(), folder=None):
        self.name = name
        self.folder = folder or tempfile.mkdtemp(prefix=name, dir=work)
        self.c = os.path.join(self.folder, name + ".c")
        manifest = os.path.join(self.folder, name + ".json")
        command = [CNNC, source_of(name), "--init", "1", "--target=" + target,
                   "-o", self.c, "--manifest=" + manifest] + list(options)
        status, text = call(command)
        if status:
            raise SystemExit("%s: status %d\n%s" % (" ".join(command), status,
                                                    text))
        with open(manifest) as file:
            self.facts = json.load(file)

    def text(self):
        with open(self.c, encoding="utf-8") as file:
            return file.read()

    def inputs(self, seed):
        """Bytes for every input, one behind the other."""
        data, state = b"", seed
        for port in self.facts["inputs"]:
            kind = SIZES[port["dtype"]][2]
            values = []
            for _ in range(count_of(port)):
                state = (state * 1103515245 + 12345) % (1 << 31)
                draw = state / (1 << 31)
                values.append(int(draw * 256) if kind == "B"
                              else 2 * draw - 1)
            data += struct.pack("<%d%s" % (len(values), kind), *values)
        return data

    def outputs(self, data):
        """The values of every output in a program's answer."""
        values, at = [], 0
        for port in self.facts["outputs"]:
            count, (_, size, kind) = count_of(port), SIZES[port["dtype"]]
            values += struct.unpack_from("<%d%s" % (count, kind), data, at)
            at += count * size
        if at != len(data):
            fail("%s: %d bytes came out, not %d" % (self.name, len(data), at))
        return values


def count_of(port):
    count = 1
    for extent in port["shape"]:
        count *= extent
    return count


def bytes_of(port):
    return count_of(port) * SIZES[port["dtype"]][1]


def agree(a, b, tolerance=2e-5):
    """Whether two answers are the same but for rounding."""
    most = max([1.0] + [abs(x) for x in b])
    return len(a) == len(b) and all(
        abs(x - y) <= tolerance * most for x, y in zip(a, b))


def read_bytes(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def write_text(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def write_ports(net):
    """ports.h: what the drivers in drivers/ need to know of the network."""
    lines = ["#include \"%s\"" % net.facts["header"],
             "#define NET_RUN %s" % net.facts["run"],
             "#define NET_STATIC %s" % net.name,
             "#define NET_SUPPORTED %s_supported" % net.name,
             "#define NET_WORKSPACE %d" % net.facts["workspace"]["bytes"],
             "#define NET_ALIGN %d" % net.facts["workspace"]["align"],
             "#define NET_STACK %d" % net.facts["stack_bytes"]]
    arguments = []
    for kind in ("inputs", "outputs"):
        ports = net.facts[kind]
        lines.append("#define NET_%s %d" % (kind.upper(), len(ports)))
        for i, port in enumerate(ports):
            c = SIZES[port["dtype"]][0]
            word = ("const " if kind == "inputs" else "") + c
            arguments.append("(%s *)%s[%d]" % (word, kind[:-1], i))
        lines.append("#define NET_%s_BYTES { %s }" % (
            kind.upper(), ", ".join(str(bytes_of(p)) for p in ports)))
        lines.append("#define NET_%s_ELEMENT { %s }" % (
            kind.upper(),
            ", ".join(str(SIZES[p["dtype"]][1]) for p in ports)))
    lines.append("#define NET_ARGUMENTS(input, output) " +
                 ", ".join(arguments))
    write_text(net.folder, "ports.h", "\n".join(lines) + "\n")


def run_driver(net, template, compiler, flags=(), seed=1, runner=()):
    """Builds the network and the driver by the compiler, runs it on seeded
    inputs; the values of the outputs, or None after a failure."""
    write_ports(net)
    with open(os.path.join(net.folder, "in"), "wb") as file:
        file.write(net.inputs(seed))
    what = "%s, %s, %s" % (net.name, template, compiler)
    out = os.path.join(net.folder, "out")
    if os.path.exists(out):
        os.remove(out)
    command = [compiler] + list(flags) + [
        RUNTIME, "-I.", net.c, os.path.join(HERE, "drivers", template + ".c"),
        "-o", template]
    if not must(what, command, net.folder):
        return None
    if not must(what, list(runner) + ["./" + template], net.folder):
        return None
    return net.outputs(read_bytes(out))


work = tempfile.mkdtemp(prefix="cnnc-generated-")


def finish(tests):
    """Runs the functions named test_..., or those that were asked for; the
    exit status."""
    chosen = sys.argv[1:] or [n for n in tests if n.startswith("test_")]
    try:
        for name in chosen:
            before = len(failures)
            tests[name]()
            good = len(failures) == before
            print(("ok     " if good else "FAILED ") + name, flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if failures else 0
