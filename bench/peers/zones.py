"""Gi* of esda on the data sets of vigie bench zones: JSON on standard input, JSON on standard output.

In: {"start": [...], "list": [...], "sets": [[...], ...], "permutations": n}: neighbours in compressed rows.
Out: {"name": "esda 2.9.0 ...", "seconds": [...], "z": [[...], ...], "p": [[...], ...]}: p is of the nearer side, as esda gives it.
"""
import json
import sys
import time
import warnings

warnings.simplefilter("ignore")
import esda  # noqa: E402
import numpy as np  # noqa: E402
from esda.getisord import G_Local  # noqa: E402
from libpysal.weights import W  # noqa: E402

try:
    import numba

    kind = "numba " + numba.__version__
except ImportError:
    kind = "without numba"

task = json.load(sys.stdin)
start, near = task["start"], task["list"]
w = W({i: near[start[i] : start[i + 1]] for i in range(len(start) - 1)}, silence_warnings=True)
out = {"name": f"esda {esda.__version__} ({kind})", "seconds": [], "z": [], "p": []}


def measure(values, permutations, seed):
    return G_Local(np.array(values, float), w, transform="B", star=True, permutations=permutations, seed=seed, keep_simulations=False)


measure(task["sets"][0], 99, 0)  # compiles
for number, values in enumerate(task["sets"]):
    begun = time.perf_counter()
    g = measure(values, task["permutations"], number + 1)
    out["seconds"].append(time.perf_counter() - begun)
    out["z"].append([float(v) for v in g.Zs])
    out["p"].append([float(v) for v in g.p_sim])
json.dump(out, sys.stdout)
