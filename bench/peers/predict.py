"""Reference values for the tests of package predict: python bench/peers/predict.py (versions in requirements.txt).

The data are made by a linear congruential generator that the Go test repeats, so both sides compute on the same numbers.
"""
import json

import numpy as np
import statsmodels.api as sm
from scipy import optimize, special, stats
from statsmodels.discrete.discrete_model import NegativeBinomial


def stream(seed):
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (seed >> 11) / 2**53


def table(rows=200):
    """Counts on road sections: intercept, urban, log of traffic, offset log of length; overdispersed."""
    u, x, y, offset = stream(7), [], [], []
    for _ in range(rows):
        urban, traffic, length = float(next(u) < 0.4), 2 * next(u) - 1, 0.25 + next(u)
        mu = np.exp(0.3 + 0.7 * urban + 0.5 * traffic) * length
        mu *= -np.log(1 - next(u))  # exponential: phi = 1
        n, p, at = 0, np.exp(-mu), next(u)
        below = p
        while at > below and n < 200:
            n += 1
            p *= mu / n
            below += p
        x.append([1, urban, traffic]), y.append(n), offset.append(np.log(length))
    return np.array(x), np.array(y), np.array(offset)


def negbin(y, x, offset=None):
    fit = NegativeBinomial(y, x, offset=offset).fit(disp=0, maxiter=1000, method="bfgs", gtol=1e-9)
    fit = NegativeBinomial(y, x, offset=offset).fit(start_params=fit.params, disp=0, maxiter=200, method="newton", tol=1e-14)
    return {"params": list(fit.params), "bse": list(fit.bse), "llf": fit.llf}


def polya(counts, prior):
    counts, prior = np.array(counts, float), np.array(prior)

    def minus(log_c):
        c = np.exp(log_c)
        return -sum(
            special.gammaln(c) - special.gammaln(c + row.sum())
            + np.sum(special.gammaln(row + c * prior) - special.gammaln(c * prior))
            for row in counts
        )

    found = optimize.minimize_scalar(minus, bounds=(-5, 15), method="bounded", options={"xatol": 1e-12})
    return float(np.exp(found.x))


def lattice(side=7, permutations=99_999):
    """Gi* of esda on a rook lattice of continuous values with a raised corner."""
    import warnings

    from esda.getisord import G_Local
    from libpysal.weights import lat2W

    warnings.simplefilter("ignore")
    u = stream(11)
    values = np.array([-np.log(1 - next(u)) + (2.0 if i % side < 2 and i // side < 3 else 0.0) for i in range(side * side)])
    g = G_Local(values, lat2W(side, side), transform="B", star=True, permutations=permutations, seed=1)
    return {"first": values[0], "z": [float(v) for v in g.Zs], "p_folded": [float(v) for v in g.p_sim]}


mites = np.repeat(np.arange(8), [70, 38, 17, 10, 9, 3, 2, 1])  # Bliss & Fisher 1953
x, y, offset = table()
p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269, 0.275, 0.34, 0.341, 0.384, 0.569, 0.594, 0.696, 0.762, 0.94, 0.942, 0.975, 0.986]
print(json.dumps({
    "mites": negbin(mites, np.ones((len(mites), 1))),
    "table_sum": int(y.sum()),
    "table": negbin(y, x, offset),
    "poisson": (lambda f: {"params": list(f.params), "bse": list(f.bse), "llf": f.llf})(sm.GLM(y, x, sm.families.Poisson(), offset=offset).fit(tol=1e-14)),
    "gamma": [float(stats.gamma.ppf(q, 2.5 + 7, scale=1 / (2.5 / 4 + 1))) for q in (0.05, 0.5, 0.95)],
    "clopper_pearson": [list(map(float, stats.binomtest(k, n).proportion_ci(0.95, "exact"))) for k, n in ((0, 20), (38, 1000), (20, 20))],
    "garwood": [float(stats.chi2.ppf(0.025, 2 * 9) / 2), float(stats.chi2.ppf(0.975, 2 * 10) / 2)],
    "polya": polya([[10, 2, 3, 5], [1, 8, 4, 2], [3, 3, 9, 1], [6, 1, 0, 7]], [0.3, 0.25, 0.25, 0.2]),
    "lattice": lattice(),
    "bh": [float(v) for v in stats.false_discovery_control(p)],
}, indent=1))
