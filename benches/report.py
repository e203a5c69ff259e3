"""Medians, ratios, exponents, and what is reached: the tables of docs/benchmarks.md from the figures of run.py."""
import math
from pathlib import Path
from statistics import median

BEGIN, END = "<!-- figures: written by benches/run.py -->", "<!-- end of figures -->"

# Below this, a ratio is one of what comes on top of starting a process; below that, there is nothing to divide by.
SHORT, NOTHING = 0.010, 0.0005

# Growth is told from here on: below it, the start of the process counts.
GROWTH_FROM = 10_000

# (operation, in words, the floors it is compared with, Terraform's operation).
OPERATIONS = [
    ("version", "`writ --version`", ["nothing"], None),
    ("plan_small", "plan without changes, one catalog", ["nothing"], None),
    ("validate", "validate", ["validate"], "validate"),
    ("plan_empty", "plan from empty", ["plan_empty"], "plan_empty"),
    ("apply", "apply from empty", ["apply", "apply_objects"], "apply"),
    ("plan_untrusted", "plan without changes, nothing trusted", ["plan_full", "plan_stream", "plan_stream2"], "plan_same"),
    ("plan_same", "plan without changes", ["plan_hashed", "plan_cached"], "plan_same"),
    ("plan_one", "plan after one edit", ["plan_hashed_one", "plan_cached_one", "stat"], "plan_one"),
    ("plan_many", "plan after 1 % edits", ["plan_hashed_many"], "plan_many"),
    ("apply_one", "apply of one edit", [], None),
]
WORDS = {operation: words for operation, words, _, _ in OPERATIONS}

# (operation, must be at most so many times a floor, the ambition likewise, must and ambition of how often Terraform's time, at how many objects).
GOALS = [
    ("validate", (2.0, "validate"), (1.3, "validate"), (65, 100), 10_000),
    ("plan_empty", (2.0, "plan_empty"), (1.3, "plan_empty"), (200, 320), 10_000),
    ("plan_untrusted", (1.5, "plan_full"), (1.2, "plan_stream2"), (350, 600), 10_000),
    ("plan_same", (2.0, "plan_hashed"), (1.3, "plan_hashed"), (2500, 4000), 10_000),
    ("plan_one", (2.0, "stat"), (1.5, "stat"), (3000, 3000), 10_000),
    ("apply", (2.0, "apply"), (1.4, "apply"), (1000, 1000), 1_000),
    ("version", (2.0, "nothing"), (1.3, "nothing"), None, None),
    ("plan_small", (4.0, "nothing"), (2.0, "nothing"), None, None),
]
EXPONENT = (1.05, 1.02)
BYTES = (1500, 300)  # an object, of a full plan
LESS_MEMORY = (100, 500)  # than Terraform


class Size:
    """The medians of one size."""

    def __init__(self, kept):
        self.asked, self.objects, self.catalogs, self.addresses = kept["asked"], kept["objects"], kept["catalogs"], kept["addresses"]
        runs = {}
        for figure in kept["figures"]:
            runs.setdefault((figure["side"], figure["operation"]), []).append(figure)
        self.limits = {key: found[0]["limit"] for key, found in runs.items() if "limit" in found[0]}
        self.medians = {key: {what: median(f[what] for f in found if what in f) for what in ("wall", "cpu", "peak")}
                        for key, found in runs.items() if key not in self.limits}

    def get(self, side, operation):
        return self.medians.get((side, operation))

    def ratio(self, what, operation, floor):
        """How many times the floor; what a process costs that does nothing is taken off both where the floor is short."""
        ours, theirs, nothing = self.get("writ", operation), self.get("floor", floor), self.get("floor", "nothing")
        if not (ours and theirs):
            return None
        off = nothing[what] if floor != "nothing" and theirs["wall"] < SHORT else 0
        return (ours[what] - off) / (theirs[what] - off) if theirs[what] - off >= NOTHING else None

    def times(self, what, operation, terraforms):
        """How many times Terraform's is ours."""
        ours, theirs = self.get("writ", operation), self.get("terraform", terraforms)
        return theirs[what] / ours[what] if ours and theirs and ours[what] else None


def number(n, unit=""):
    if n is None:
        return "–"
    if n >= 100:
        return f"{n:,.0f}{unit}"
    return f"{n:.3g}{unit}"


def seconds(n):
    return f"{n:.4f}" if n < 0.1 else f"{n:.3f}" if n < 10 else f"{n:.1f}"


def power(n):
    return "–" if n is None else f"{n:.2f}"


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + " --- |" * len(head), *("| " + " | ".join(row) + " |" for row in rows)])


def beside_floors(size):
    rows = []
    for operation, words, floors, _ in OPERATIONS:
        ours = size.get("writ", operation)
        if not ours:
            continue
        cells = [words, seconds(ours["wall"]), seconds(ours["cpu"]), f"{ours['peak'] / 2**20:.0f}"]
        for i, floor in enumerate(floors or [None]):
            theirs = floor and size.get("floor", floor)
            told = [f"`{floor}`", seconds(theirs["wall"]), seconds(theirs["cpu"]), number(size.ratio("wall", operation, floor), " ×"),
                    number(size.ratio("cpu", operation, floor), " ×")] if theirs else ["–"] * 5
            rows.append((cells if i == 0 else [""] * 4) + told)
    head = ["Operation", "wall s", "CPU s", "MiB", "Floor", "wall s", "CPU s", "wall", "CPU"]
    return table(head, rows)


def beside_terraform(size):
    rows = []
    for operation, words, _, terraforms in OPERATIONS:
        theirs, ours = size.get("terraform", terraforms), size.get("writ", operation)
        if theirs and ours:
            rows.append([words, seconds(theirs["wall"]), seconds(theirs["cpu"]), f"{theirs['peak'] / 2**20:.0f}",
                         *(number(size.times(what, operation, terraforms), " ×") for what in ("wall", "cpu", "peak"))])
        elif ("terraform", terraforms) in size.limits:
            rows.append([words, f"> {size.limits['terraform', terraforms]:.0f}", *["–"] * 5])
    return table(["Operation", "wall s", "CPU s", "MiB", "wall", "CPU", "memory"], rows) if rows else None


def slope(points):
    """The exponent of a power law through points, by least squares of logarithms."""
    if len(points) < 2:
        return None
    xs, ys = zip(*((math.log(x), math.log(y)) for x, y in points))
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs)


def exponent(sizes, side, operation, what):
    return slope([(size.objects, m[what]) for size in sizes if (m := size.get(side, operation)) and m[what] > 0])


def growth(sizes):
    rows = []
    for operation in ("validate", "plan_empty", "apply", "plan_untrusted", "plan_same", "plan_one", "plan_many"):
        _, words, floors, terraforms = next(o for o in OPERATIONS if o[0] == operation)
        sides = [("writ", operation), ("floor", floors[0]), ("terraform", terraforms)]
        rows.append([words, *(power(exponent(sizes, side, o, what)) for side, o in sides for what in ("cpu", "wall"))])
    return table(["Operation", "Writ, CPU", "wall", "floor, CPU", "wall", "Terraform, CPU", "wall"], rows)


def memory(sizes):
    rows = []
    for operation in ("validate", "plan_empty", "apply", "plan_untrusted", "plan_same", "plan_one"):
        found = [size.get("writ", operation) for size in sizes]
        rows.append([WORDS[operation], *(number(f["peak"] / size.objects) if f else "–" for f, size in zip(found, sizes))])
    return table(["Peak bytes an object", *(f"{size.objects:,}" for size in sizes)], rows)


def verdict(found, must, ambition):
    """What is reached, given what was found and whether it is good enough."""
    return "–" if found is None else "**no**" if not must else "ambition" if ambition else "must"


def goals(sizes):
    largest, rows = sizes[-1], []

    def row(what, at, found, must, ambition, reached):
        rows.append([what, at, found, must, ambition, reached])

    for operation, (must, floor), (ambition, other), against, at in GOALS:
        first, second = largest.ratio("wall", operation, floor), largest.ratio("wall", operation, other)
        told = [(first, largest.ratio("cpu", operation, floor))] + [(second, largest.ratio("cpu", operation, other))] * (other != floor)
        found = ", ".join(f"{number(wall, ' ×')} (CPU {number(cpu, ' ×')})" for wall, cpu in told)
        row(f"{WORDS[operation]}, over the floor", f"{largest.objects:,}", found, f"≤ {must} × `{floor}`", f"{ambition} × `{other}`",
            verdict(first, first is not None and first <= must, second is not None and second <= ambition))
        size = next((s for s in sizes if s.asked == at), None)
        if against and size:
            terraforms = next(o[3] for o in OPERATIONS if o[0] == operation)
            faster = size.times("wall", operation, terraforms)
            found = f"{number(faster, ' ×')} (CPU {number(size.times('cpu', operation, terraforms), ' ×')})"
            row(f"{WORDS[operation]}, Terraform over it", f"{size.objects:,}", found, f"≥ {against[0]:,} ×", f"{against[1]:,} ×",
                verdict(faster, faster is not None and faster >= against[0], faster is not None and faster >= against[1]))
    large = [size for size in sizes if size.asked >= GROWTH_FROM]
    over = f"{large[0].objects:,} to {largest.objects:,}" if len(large) > 1 else "–"
    for operation in ("validate", "plan_empty", "plan_untrusted", "apply"):
        found = exponent(large, "writ", operation, "cpu")
        row(f"{WORDS[operation]}, exponent of CPU", over, power(found), f"≤ {EXPONENT[0]}", str(EXPONENT[1]),
            verdict(found, found is not None and found <= EXPONENT[0], found is not None and found <= EXPONENT[1]))
    full = largest.get("writ", "plan_untrusted")
    a_piece = full and full["peak"] / largest.objects
    row("peak bytes an object, nothing trusted", f"{largest.objects:,}", number(a_piece), f"≤ {BYTES[0]:,}", str(BYTES[1]),
        verdict(a_piece, a_piece and a_piece <= BYTES[0], a_piece and a_piece <= BYTES[1]))
    size = next((s for s in sizes if s.asked == 10_000), None)
    if size:
        less = size.times("peak", "plan_untrusted", "plan_same")
        row("Terraform's memory over it", f"{size.objects:,}", number(less, " ×"), f"≥ {LESS_MEMORY[0]} ×", f"{LESS_MEMORY[1]} ×",
            verdict(less, less and less >= LESS_MEMORY[0], less and less >= LESS_MEMORY[1]))
    return table(["What", "Objects", "Found", "Must", "Ambition", "Reached"], rows)


def tables(kept):
    sizes = sorted((Size(s) for s in kept["sizes"]), key=lambda size: size.objects)
    out = [f"Measured on {kept['machine']}, medians of {kept['runs']}{kept['note']}, by:", f"```sh\n{kept['command']}\n```", "### What is reached", goals(sizes)]
    for size in sizes:
        out += [f"### {size.objects:,} objects in {size.catalogs + 1:,} files", beside_floors(size)]
        if theirs := beside_terraform(size):
            out += ["Terraform, and how many times Writ's its figures are:", theirs]
    large = [size for size in sizes if size.asked >= GROWTH_FROM]
    grown = large if len(large) > 1 else sizes
    out += ["### Growth", f"The exponent of a power law through the sizes from {grown[0].objects:,} to {grown[-1].objects:,} objects: at 1, twice as many "
            "objects take twice as long.", growth(grown), "### Memory", memory(sizes)]
    if kept.get("parts"):
        out += ["### Where the time goes", kept["parts"]]
    return "\n\n".join(out)


def put(text, page):
    """Between the marks of a page, or to stdout."""
    if page == "-":
        print(text)
        return
    path = Path(page)
    before, rest = path.read_text().split(BEGIN)
    _, after = rest.split(END)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
