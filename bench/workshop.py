"""
workshop.py - makes everything that a benchmark runs.

    net.safetensors --+--> net.onnx                       ONNX Runtime's
                      +--> net.cnn --cnnc--> net.c --cc--> net-gcc.so   ours
                      +--> plain.c --cc--> net-plain.so   plain loops

All of it lies in one folder, build-bench/ unless told, and is made anew in
each run, but for ONNX Runtime itself, which is fetched once.
"""

import json
import math
import os
import platform
import shutil
import subprocess
import sys

import nets
import onnx_model
import plain_c
import tensors

BENCH = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(BENCH)
ORT_PACKAGE = "onnxruntime-node@~1.30.0"
SEED = 1
PORT_ALIGNMENT = 16  # of side.h: where tensors that share a buffer may begin


def fail(message):
    sys.exit(f"bench: {message}")


def command(*words, quiet=False):
    """Runs a command; its failure ends the program. Returns what it prints."""
    try:
        done = subprocess.run(words, text=True, check=False,
                              capture_output=True)
    except OSError as error:
        fail(f"{words[0]}: {error.strerror}")
    if done.returncode != 0:
        fail(f"'{' '.join(words)}' failed:\n{done.stdout}{done.stderr}")
    if done.stderr and not quiet:
        print(done.stderr, end="", file=sys.stderr)
    return done.stdout


def find_cnnc(given):
    """The compiler: the one named, the freshest of the build folders, PATH."""
    if given:
        return given
    built = [os.path.join(ROOT, *place.split("/")) for place in
             ("build/cnnc", "build/compiler/cnnc", "build/bin/cnnc")]
    built = [path for path in built if os.access(path, os.X_OK)]
    found = max(built, key=os.path.getmtime, default=shutil.which("cnnc"))
    return found or fail("no cnnc: build it, or name it with --cnnc")


def find_ort(given, folder):
    """ONNX Runtime's library, fetched with npm where it is not there yet."""
    if given:
        return given
    chip = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine())
    if not chip:
        fail(f"no ONNX Runtime for {platform.machine()}; see --without")
    home = os.path.join(folder, "ort")
    path = os.path.join(home, "node_modules", "onnxruntime-node", "bin",
                        "napi-v6", "linux", chip, "libonnxruntime.so.1")
    if not os.path.exists(path):
        os.makedirs(home, exist_ok=True)
        command("npm", "install", "--ignore-scripts", "--no-save", "--prefix",
                home, ORT_PACKAGE, quiet=True)
    return path if os.path.exists(path) else fail(f"npm brought no {path}")


def build_compare(folder):
    """The program that races: -march=native for the peak it measures."""
    program = os.path.join(folder, "compare")
    sources = ["compare.c", "side.c", "machine.c", "ort/ort.c"]
    command("cc", "-std=c11", "-O2", "-march=native", "-ffp-contract=fast",
            "-I", BENCH, *(os.path.join(BENCH, s) for s in sources),
            "-o", program, "-ldl", "-lm")
    return program


def cnn_of_layer(net):
    """The .cnn text of a network that is one convolution."""
    node, shape = net.output, list(net.input.shape)
    groups, size = node.attrs["groups"], "x".join(map(str,
                                                      node.attrs["kernel"]))
    extra = f", groups={groups}" if groups > 1 else ""
    return (f"network {net.name}\n\ninput x : f32{shape}\n\n"
            f"conv({node.shape[2]}, {size}, pad=same{extra})\n\noutput y\n")


def compilations(ccs, native):
    """The C compiler, what a side is called, the flags."""
    for cc in ccs:
        name = os.path.basename(cc)
        yield cc, name, ["-std=c99", "-O2"]
        if native:
            yield cc, f"{name}-native", ["-O3", "-march=native"]


class Job:
    """Something that is raced: where its files lie, and its sides."""

    def __init__(self, name, folder):
        self.folder, self.name, self.facts = folder, name, None

    def path(self, end):
        return os.path.join(self.folder, f"{self.name}.{end}")

    def cnnc(self, cnnc, ccs, options, native=False):
        """One side a C compiler, all from the same net.c; or two sides."""
        command(*self.cnnc_command(cnnc, options),
                "--manifest", self.path("json"))
        with open(self.path("json"), encoding="utf-8") as file:
            facts = json.load(file)
        self.facts = facts
        sources, function, end = self.function()
        sides = []
        for cc, name, flags in compilations(ccs, native):
            library = self.path(f"{name}.so")
            command(cc, *flags, "-shared", "-fPIC", *sources, "-o", library)
            sides.append(f"{name}=c:{library}:{function}:"
                         f"{facts['workspace']['bytes']}{end}")
        return sides

    def race(self, program, sides, options):
        """Runs all sides against each other; what compare measured."""
        return json.loads(command(
            program, *options, *self.shape_options(), *sides))


class NetJob(Job):
    """A network of nets.py with its weights."""

    def __init__(self, name, folder):
        super().__init__(name, folder)
        self.net = {**nets.NETS, **nets.LAYERS}[name]()
        self.cnn = os.path.join(ROOT, "examples", "nets", f"{name}.cnn")
        self.weights_path = self.path("safetensors")
        if name == "lenet5":
            home = os.path.join(ROOT, "examples", "lenet5")
            self.cnn = os.path.join(home, "lenet5.cnn")
            self.weights_path = os.path.join(home, "lenet5.safetensors")
            self.weights = tensors.read(self.weights_path)
        else:
            self.weights = tensors.seeded(self.net, SEED)
            tensors.write(self.weights_path, self.weights)
        if name in nets.LAYERS:
            self.cnn = self.path("cnn")
            with open(self.cnn, "w", encoding="utf-8") as file:
                file.write(cnn_of_layer(self.net))

    def ort(self):
        path = self.path("onnx")
        onnx_model.save(self.net, self.weights, path)
        return f"ort=ort:{path}"

    def plain(self, cc):
        source, library = self.path("plain.c"), self.path("plain.so")
        workspace = plain_c.save(self.net, self.weights, source,
                                 self.path("plain.bin"))
        command(cc, "-O3", "-march=native", "-shared", "-fPIC", source,
                "-o", library, "-lm", quiet=True)
        return f"plain=c:{library}:plain_run:{workspace}"

    def cnnc_command(self, cnnc, options):
        return [cnnc, self.cnn, "--weights", self.weights_path, "--bundle",
                *nets.OPTIONS.get(self.name, []), *options, "-o",
                self.path("c")]

    def function(self):
        """The C files, the function to call, and what its bytes are marked."""
        end = ":u8" if self.facts["inputs"][0]["dtype"] == "uint8" else ""
        return [self.path("c")], self.facts["run"], end

    def macs(self):
        return self.net.macs()

    def shape_options(self):
        shapes = [",".join(map(str, n.shape))
                  for n in (self.net.input, self.net.output)]
        scale = ["--scale", repr(self.net.scale)] if self.net.scale else []
        return [*scale, "--input", shapes[0], "--output", shapes[1]]


def offsets(ports):
    """Where each of the tensors begins that share a buffer, in elements."""
    end, found = 0, []
    for port in ports:
        found.append(-(-end // PORT_ALIGNMENT) * PORT_ALIGNMENT)
        end = found[-1] + math.prod(port["shape"])
    return found


def shim(facts):
    """The name and text of a C function that finds all inputs in one buffer,
    all outputs in another, and hands them to the network's own function."""
    name = f"{facts['run']}_all"
    head = f"void {name}(const float *in, float *out, void *workspace)"
    words = ", ".join([f"in + {at}" for at in offsets(facts["inputs"])] +
                      [f"out + {at}" for at in offsets(facts["outputs"])] +
                      ["workspace"])
    return name, (f'#include "{facts["header"]}"\n\n{head};\n\n'
                  f"{head}\n{{\n    {facts['run']}({words});\n}}\n")


class OnnxJob(Job):
    """An ONNX file: every side gets that very file."""

    def __init__(self, model, folder):
        stem = os.path.splitext(os.path.basename(model))[0]
        super().__init__("".join(c if c.isalnum() else "_" for c in stem),
                         folder)
        self.model = os.path.abspath(model)
        if not os.path.exists(model):
            fail(f"there is no {model}")
        self.names = onnx_model.names(model)

    def ort(self):
        return f"ort=ort:{self.model}"

    def cnnc_command(self, cnnc, options):
        return [cnnc, self.model, "--bundle", *options, "-o", self.path("c")]

    def check_ports(self):
        """Ends the program where the model takes or gives no floats."""
        for end, names in zip(("input", "output"), self.names):
            ports = self.facts[f"{end}s"]
            if not ports:
                fail(f"{self.name} has no {end}")
            if len(ports) != len(names):
                fail(f"{self.name} has {len(names)} {end}s, but the C code "
                     f"{len(ports)}")
            for port, name in zip(ports, names):
                if port["dtype"] != "float32":
                    fail(f"{self.name} has an {end} of {port['dtype']}, "
                         f"'{name}'; only float32 is raced")
                if 0 in port["shape"]:
                    fail(f"{self.name} has an empty {end}, '{name}'")

    def function(self):
        """One input and one output need nothing between: the network's own."""
        self.check_ports()
        if len(self.facts["inputs"]) == len(self.facts["outputs"]) == 1:
            return [self.path("c")], self.facts["run"], ""
        name, text = shim(self.facts)
        with open(self.path("all.c"), "w", encoding="utf-8") as file:
            file.write(text)
        return [self.path("c"), self.path("all.c")], name, ""

    def macs(self):
        return self.facts["macs"]

    def shape_options(self):
        words = []
        for end, names in zip(("input", "output"), self.names):
            for port, name in zip(self.facts[f"{end}s"], names):
                words += [f"--onnx-{end}",
                          ",".join(map(str, port["shape"])) + f":{name}"]
        return words
