"""ONNX cases that others wrote against a ledger of what became of each.

    case                    result   ulp
    node/test_relu          pass     0
    node/test_roialign      refused  -
    real/yunet_n_320        pass     183

The cases and the program that runs them lie beside the project (suite.py says
where); without them the test is skipped. A case that passed must go on passing, and none may give a wrong answer, crash,
hang or make C that does not compile, whether it is in the ledger or not. ulp is
the largest error of an element, in units of the last place of the larger of the
expected value and 1/1000 of the largest one of its tensor, so that what cancels
to nearly nothing does not hide the rest; it is for reading, machines differ.

CNNC_UPDATE=1 in the environment writes the ledger anew, CNNC_CASES=REGEX runs
(and writes) some of the cases, CNNC_LIST names another list of cases than open-T1.txt.
"""
import collections
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading

from suite import CNNC, SOURCE, SUITE, load_harness, unpack

LEDGER = os.path.join(SOURCE, "tests", "conformance", "ledger.txt")
NEVER = ("wrong", "crash", "cc-error", "timeout", "limit", "refused-unclear",
         "harness")

# Their expected outputs are not what ONNX says, and why.
DISPUTED = {
    # sums without the absolute value, as ONNX's own reference once did
    "emx/test_lp_normalization_op_matches_onnxruntime",
}


def measure_ulp(harness, worst):
    """Has the harness' comparison leave the largest error of the thread's case
    in worst.ulp."""
    import numpy as np
    plain = harness.compare

    def compare(got, want, rtol, atol):
        if got.dtype == want.dtype == np.float32 and want.size:
            g, w = got.astype(np.float64), want.astype(np.float64)
            with np.errstate(all="ignore"):
                size = np.abs(np.where(np.isfinite(w), w, 0))
                size = np.maximum(size, size.max() / 1000)
                ulp = np.spacing(size.astype(np.float32)).astype(np.float64)
                same = (g == w) | (np.isnan(g) & np.isnan(w))
                error = np.where(same, 0, np.abs(g - w) / ulp)
            worst.ulp = max(worst.ulp, float(np.nanmax(error)))
        return plain(got, want, rtol, atol)

    harness.compare = compare


def status_of(row):
    if row["id"] in DISPUTED and row["status"] == "wrong":
        return "disputed"
    return row["status"]


def memory_limit():
    """The harness' own limit of the address space, or none for a cnnc with
    AddressSanitizer, which reserves terabytes of it."""
    limit = 8 << 30
    probe = subprocess.run(
        [CNNC, "--version"], capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS,
                                              (limit, limit)))
    return limit if probe.returncode == 0 else 0


def run_cases(harness, results):
    worst = threading.local()
    measure_ulp(harness, worst)
    one_case = harness.do_case
    ulps = {}

    def do_case(adapter, options, name, case):
        worst.ulp = 0
        result = one_case(adapter, options, name, case)
        ulps[name] = worst.ulp
        return result

    harness.do_case = do_case
    cases = os.environ.get("CNNC_LIST") or os.path.join(
        SUITE, "lists", "open-T1.txt")
    sys.argv = ["run.py", "--cnnc", CNNC, "--corpus",
                os.path.join(unpack("open"), "corpus"),
                "-I", os.path.join(SOURCE, "runtime", "include"),
                "--cc", os.environ.get("CC", "cc") + " -O1",
                "--list", cases, "--jobs", str(os.cpu_count()),
                "--mem", str(memory_limit()), "--limit-compile", "600",
                "--out", results, "--quiet", "--failures"]
    if os.environ.get("CNNC_CASES"):
        sys.argv += ["--filter", os.environ["CNNC_CASES"]]
    harness.main()
    with open(results) as f:
        rows = [json.loads(line) for line in f]
    return {r["id"]: (status_of(r), ulps.get(r["id"], 0), r["detail"])
            for r in rows}


def read_ledger():
    """Result and ulp by case."""
    if not os.path.exists(LEDGER):
        return {}
    with open(LEDGER, encoding="utf-8") as f:
        rows = [line.split() for line in f if not line.startswith("#")]
    return {row[0]: (row[1], row[2]) for row in rows if row}


def write_ledger(rows):
    counts = collections.Counter(status for status, _ in rows.values())
    with open(LEDGER, "w", encoding="utf-8") as f:
        f.write("# What became of each case: test_conformance.py writes and "
                "reads this.\n# %s\n" % ", ".join(
                    "%d %s" % (n, s) for s, n in sorted(counts.items())))
        for name in sorted(rows):
            f.write("%-60s %-8s %s\n" % ((name,) + rows[name]))


def ledger_row(status, ulp):
    return status, "%.3g" % ulp if status == "pass" else "-"


def main():
    harness = load_harness()
    with tempfile.TemporaryDirectory() as folder:
        found = run_cases(harness, os.path.join(folder, "results.jsonl"))
    if not found:
        print("no case was run")
        return 1
    known = read_ledger()
    bad = ["%s: %s %s" % (name, found[name][0], found[name][2])
           for name in sorted(found) if found[name][0] in NEVER]
    bad += ["%s passed once, now: %s %s" % (name, found[name][0],
                                           found[name][2])
            for name in sorted(found)
            if known.get(name, "-")[0] == "pass" and found[name][0] != "pass"]
    for line in bad:
        print(line)
    new = [name for name in sorted(found) if found[name][0] == "pass" and
           known.get(name, "-")[0] != "pass"]
    if new:
        print("%d cases pass that the ledger does not know: %s%s" % (
            len(new), " ".join(new[:5]), " ..." if len(new) > 5 else ""))
    if os.environ.get("CNNC_UPDATE"):
        rows = known if os.environ.get("CNNC_CASES") else {}
        rows.update({name: ledger_row(status, ulp)
                     for name, (status, ulp, _) in found.items()})
        write_ledger(rows)
    return 1 if bad else 0


sys.exit(main())
