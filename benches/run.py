#!/usr/bin/env python3
"""Measures Writ beside the floor programs and, where it is installed, Terraform:

    run.py [--sizes 1000,10000,100000] [--runs 5] [--out FILE] [--page PAGE] [--terraform-to 10000] [--terraform-runs N] [--time-limit SECONDS]
    run.py --from FILE [--page PAGE]

Within a size all commands take turns, A B C ... A B C, so that a machine whose speed drifts drifts for all of them. Every figure is of a whole
process: wall clock, user and system CPU, peak resident memory, as the kernel counts them for a finished process (`floor measure`). What a command
prints goes to a file. The page cache is warm: below 100,000 objects a first round is thrown away. All sides have to find the same changes.

--out keeps every figure, as JSON; --from reads them again instead of measuring. --page is where the tables go, between its two marks: by default
docs/benchmarks.md, `-` is stdout. Terraform runs up to --terraform-to objects, and its apply up to 1,000; --time-limit ends what takes longer.
"""
import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

import report

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute()
# Another profile than the one that is released says nothing of speed, and that all of this works.
PROFILE = os.environ.get("BENCH_PROFILE", "release")
WRIT, FLOOR = TARGET / PROFILE / "writ", TARGET / PROFILE / "floor"
TERRAFORM_APPLY_TO = 1000
WARM_UP_BELOW = 100_000
PARTS_FROM = 10_000
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("WRIT_", "TF_"))}
ENVIRONMENT |= {"WRIT_INPUT": "0", "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}


@dataclass
class Job:
    """One command of a round. `operation` is what it is compared by."""
    side: str
    operation: str
    command: list
    where: Path
    expect: Optional[tuple] = None  # (add, change, destroy)
    before: Callable[[], None] = lambda: None
    environment: dict = field(default_factory=dict)
    too_long: bool = False


def build():
    for manifest in (ROOT / "Cargo.toml", HERE / "floor/Cargo.toml"):
        cargo = ["cargo", "build", "--profile", PROFILE, "--locked", "--quiet", "--manifest-path", manifest, "--target-dir", TARGET]
        subprocess.run(cargo, check=True)


def generate(objects, out, edits=0, terraform=None, state=False):
    command = [sys.executable, HERE / "generate.py", "--objects", str(objects), "--out", out, "--edits", str(edits)]
    command += ["--terraform", terraform] * (terraform is not None) + ["--state"] * state
    return json.loads(subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout)


def measure(job, work, limit):
    """Runs a job once; its figures, or None when it took too long."""
    job.before()
    out, figures = work / "out.txt", work / "figures.json"
    figures.unlink(missing_ok=True)
    command = [FLOOR, "measure", figures, *job.command]
    with open(out, "wb") as file:
        child = subprocess.Popen(command, cwd=job.where, env=ENVIRONMENT | job.environment, stdin=subprocess.DEVNULL, stdout=file,
                                 stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = child.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            return None
    text = out.read_text(errors="replace")
    if code != 0 or (job.expect and changes(text) != job.expect):
        raise SystemExit(f"{job.side} {job.operation}: exit {code}, {changes(text)} changes, expected {job.expect}\n{text[-2000:]}")
    return json.loads(figures.read_text())


def changes(text):
    """(add, change, destroy), as each side tells them."""
    if text.startswith('{"add"'):
        return tuple(json.loads(text).values())
    if re.search(r"^No changes\.", text, re.M):
        return (0, 0, 0)
    words = r"^Plan: (\d+) to add, (\d+) to change, (\d+) to destroy|^Apply complete! Resources: (\d+) added, (\d+) changed, (\d+) destroyed"
    found = list(re.finditer(words, text, re.M))
    return tuple(int(n) for n in found[-1].groups() if n is not None) if found else None


def settle(directory, pristine):
    """Makes a store, and what lies beside it, what it was before somebody wrote to it."""
    there = {p.name for p in directory.iterdir()} if directory.exists() else set()
    kept = {p.name for p in pristine.iterdir()}
    look = lambda p: (p.stat().st_size, p.stat().st_mtime_ns)
    for name in there - kept:
        (directory / name).unlink()
    for name in kept:
        if name not in there or look(directory / name) != look(pristine / name):
            shutil.copy2(pristine / name, directory / name)
            os.sync()  # so that nobody else's commit waits for this


def applied(work, files, name, edit=lambda at: None):
    """A copy of a workspace that was applied and then edited, and how to make its store again what it is. The plan before the edit lets a cache know
    the files."""
    at, pristine = work / name, work / f"{name}-store"
    shutil.copytree(files, at)  # with their times
    # Files that were written within a twentieth of a second of an apply are read again by every plan after it, since a coarse clock could
    # hide another write. Nobody's files are that fresh.
    time.sleep(0.1)
    for command in (["apply", "--auto-approve"], ["plan"]):
        subprocess.run([WRIT, *command], cwd=at, env=ENVIRONMENT, check=True, capture_output=True)
    edit(at)
    shutil.copytree(at / ".writ", pristine)
    os.sync()
    return at, lambda: settle(at / ".writ", pristine)


def jobs_of(work, size, terraform, limit):
    """Everything of one round. The order is that in which the commands take turns."""
    fresh, files, little = work / "fresh", work / "files", work / "little"
    info = generate(size, files)
    generate(1, little)
    objects, addresses, percent = info["objects"], info["addresses"], max(1, info["objects"] // 100)
    shutil.copytree(files, fresh)
    same, reset_same = applied(work, files, "same")
    one, reset_one = applied(work, files, "one", lambda at: generate(size, at, 1))
    many, reset_many = applied(work, files, "many", lambda at: generate(size, at, percent))
    small, reset_small = applied(work, little, "small")
    db = work / "floor.db"
    subprocess.run([FLOOR, "apply_all", files, db], check=True, capture_output=True)

    def writ(operation, arguments, where, expect=None, before=lambda: None, **environment):
        return Job("writ", operation, [WRIT, *arguments], where, expect, before, environment)

    def floor(operation, mode, where=None, expect=None, store=None, before=lambda: None):
        command = [FLOOR, mode] + ([where] if where else []) + ([store] if store else [])
        return Job("floor", operation, command, work, expect, before)

    def without_floor_store():
        for end in ("", "-wal", "-shm"):
            Path(f"{work}/apply.db{end}").unlink(missing_ok=True)
        os.sync()

    def without_store():
        shutil.rmtree(fresh / ".writ", ignore_errors=True)
        os.sync()

    jobs = [
        floor("nothing", "nothing"), writ("version", ["--version"], work), writ("plan_small", ["plan"], small, (0, 0, 0), reset_small),
        floor("stat", "stat", files), floor("validate", "validate", files), writ("validate", ["validate"], fresh, None, without_store),
        floor("plan_empty", "plan_empty", files, (objects, 0, 0)), writ("plan_empty", ["plan"], fresh, (addresses, 0, 0), without_store),
        floor("apply_objects", "apply_objects", files, (objects, 0, 0), work / "apply.db", without_floor_store),
        floor("apply", "apply_all", files, (objects, 0, 0), work / "apply.db", without_floor_store),
        writ("apply", ["apply", "--auto-approve"], fresh, (addresses, 0, 0), without_store),
        floor("plan_full", "plan_full", files, (0, 0, 0), db), floor("plan_stream", "plan_stream", files, (0, 0, 0), db),
        floor("plan_stream2", "plan_stream2", files, (0, 0, 0), db),
        writ("plan_untrusted", ["plan"], same, (0, 0, 0), reset_same, WRIT_CACHE="0"),
        floor("plan_hashed", "plan_hashed", files, (0, 0, 0), db), floor("plan_cached", "plan_cached", files, (0, 0, 0), db),
        writ("plan_same", ["plan"], same, (0, 0, 0), reset_same),
        floor("plan_hashed_one", "plan_hashed", one, (0, 1, 0), db), floor("plan_cached_one", "plan_cached", one, (0, 1, 0), db),
        writ("plan_one", ["plan"], one, (0, 1, 0), reset_one),
        floor("plan_hashed_many", "plan_hashed", many, (0, percent, 0), db),
        writ("plan_many", ["plan"], many, (0, percent, 0), reset_many),
        writ("apply_one", ["apply", "--auto-approve"], one, (0, 1, 0), reset_one),
    ]
    return info, jobs + (terraform_jobs(work, size, objects, percent, limit) if terraform else [])


def terraform_jobs(work, size, objects, percent, limit):
    def ready(name, edits, state):
        at = work / f"terraform-{name}"
        generate(size, work / "unused", edits, at, state)
        subprocess.run(["terraform", "init", "-input=false", "-no-color"], cwd=at, env=ENVIRONMENT, check=True, capture_output=True, timeout=limit)
        return at

    def job(operation, command, where, expect=None, before=lambda: None):
        return Job("terraform", operation, ["terraform", *command], where, expect, before)

    def without_state():
        for end in ("", ".backup"):
            Path(f"{fresh}/terraform.tfstate{end}").unlink(missing_ok=True)

    fresh, same, one, many = ready("fresh", 0, False), ready("same", 0, True), ready("one", 1, True), ready("many", percent, True)
    plan, apply = ["plan", "-input=false", "-no-color"], ["apply", "-input=false", "-no-color", "-auto-approve"]
    jobs = [job("validate", ["validate", "-no-color"], fresh, None, without_state), job("plan_empty", plan, fresh, (objects, 0, 0), without_state),
            job("plan_same", plan, same, (0, 0, 0)), job("plan_one", plan, one, (0, 1, 0)), job("plan_many", plan, many, (0, percent, 0))]
    if size <= TERRAFORM_APPLY_TO:
        jobs.append(job("apply", apply, fresh, (objects, 0, 0), without_state))
    return jobs


def one_size(size, asked, work):
    """All figures of a size."""
    with_terraform = size <= asked.terraform_to and shutil.which("terraform") is not None
    info, jobs = jobs_of(work, size, with_terraform, asked.time_limit)
    figures = []
    first = -1 if size < WARM_UP_BELOW else 0
    for run in range(first, asked.runs):
        for job in jobs:
            skipped = job.too_long or (job.side == "terraform" and not 0 <= run < asked.terraform_runs)
            if skipped:
                continue
            found = measure(job, work, asked.time_limit)
            job.too_long = found is None
            if run >= 0:
                figures.append({"side": job.side, "operation": job.operation, "run": run, **(found or {"limit": asked.time_limit})})
                told = f"{found['wall']:9.3f} s {found['cpu']:9.3f} s CPU {found['peak'] / 2**20:8.1f} MiB" if found else "too long"
                print(f"{size:>8} {job.side:9} {job.operation:16} {told}", file=sys.stderr, flush=True)
    return {**info, "figures": figures}


def parts():
    """The parts of a plan, each alone."""
    command = ["cargo", "bench", "--locked", "--quiet", "--bench", "parts", "--manifest-path", ROOT / "Cargo.toml", "--target-dir", TARGET]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def machine():
    """What the figures depend on, in words."""
    facts = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.*)", facts)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rust = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    words = [f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}", f"{memory:.0f} GiB", f"{platform.system()} {platform.release().split('-')[0]}",
             f"Rust {rust}"]
    if shutil.which("terraform"):
        told = subprocess.run(["terraform", "version", "-json"], env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout
        words.append(f"Terraform {json.loads(told)['terraform_version']}")
    return ", ".join(words)


def keep(kept, out):
    if out:
        Path(out).write_text(json.dumps(kept, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--built", action="store_true", help="take the programs that are built already")
    parser.add_argument("--out")
    parser.add_argument("--from", dest="kept")
    parser.add_argument("--page", default=str(ROOT / "docs/benchmarks.md"))
    parser.add_argument("--terraform-to", type=int, default=10_000)
    parser.add_argument("--terraform-runs", type=int)
    parser.add_argument("--time-limit", type=float, default=900)
    asked = parser.parse_args()
    asked.terraform_runs = asked.runs if asked.terraform_runs is None else asked.terraform_runs
    if asked.kept:
        kept = json.loads(Path(asked.kept).read_text())
    else:
        if not asked.built:
            build()
        kept = {"machine": machine(), "command": f"python3 benches/run.py --sizes {asked.sizes} --runs {asked.runs}", "runs": asked.runs, "note": "",
                "sizes": []}
        if asked.terraform_runs < asked.runs:
            kept["note"] = f" (Terraform: {asked.terraform_runs})"
            kept["command"] += f" --terraform-runs {asked.terraform_runs}"
        sizes = [int(size) for size in asked.sizes.split(",")]
        for size in sizes:
            with tempfile.TemporaryDirectory(prefix="writ-bench-") as work:
                kept["sizes"].append(one_size(size, asked, Path(work)))
            keep(kept, asked.out)
        if max(sizes) >= PARTS_FROM:
            kept["parts"] = parts()
            keep(kept, asked.out)
    report.put(report.tables(kept), asked.page)


if __name__ == "__main__":
    main()
