"""Reference values for the tests of package predict/judge: python bench/peers/predictjudge.py (versions in requirements.txt)."""
import json

import numpy as np
import properscoring
from scipy import optimize, stats
from sklearn.metrics import mean_pinball_loss
from statsmodels.stats.multitest import multipletests


def stream(seed):
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (seed >> 11) / 2**53


def knapsacks():
    """Best choices of whole places within a budget, by HiGHS."""
    u, found = stream(5), []
    for places, most, uneven, share in ((40, 4, 0.6, 0.2), (120, 9, 0.1, 0.1), (300, 3, 0.02, 0.05), (60, 30, 0.9, 0.33)):
        areas = np.array([1 + uneven * next(u) for _ in range(places)])
        values = np.array([int(most * next(u) ** 3) for _ in range(places)], float)
        budget = share * areas.sum()
        answer = optimize.milp(-values, constraints=optimize.LinearConstraint(areas[None, :], ub=budget), integrality=np.ones(places), bounds=optimize.Bounds(0, 1),
                               options={"mip_rel_gap": 0})
        found.append([float(budget), float(round(-answer.fun))])
    return found


def crps_of_counts(cdf, y):
    k = np.arange(4000)
    return float(np.sum((cdf(k) - (k >= y)) ** 2))


def circular(values, block):
    """Standard error of a mean by the circular block bootstrap, in closed form (Politis & Romano 1992)."""
    n, d = len(values), np.array(values) - np.mean(values)
    gamma = [float(np.mean(d * np.roll(d, -k))) for k in range(block)]
    return float(np.sqrt((gamma[0] + 2 * sum((1 - k / block) * gamma[k] for k in range(1, block))) / n * n / (n - block)))


u = stream(3)
sample = [10 * next(u) for _ in range(25)]
walk, at = [], 0.0
for _ in range(160):
    at = 0.6 * at + next(u) - 0.45
    walk.append(at)
p = [0.04, 0.001, 0.03, 0.005, 0.2, 0.03]
print(json.dumps({
    "knapsacks": knapsacks(),
    "pinball": [float(mean_pinball_loss([3.0, 1.0, 7.5], [2.0, 4.0, 7.5], alpha=q)) for q in (0.1, 0.5, 0.9)],
    "crps_sample": [float(properscoring.crps_ensemble(y, sample)) for y in (-1.0, 4.2, 12.0)],
    "crps_poisson": [crps_of_counts(stats.poisson(m).cdf, y) for m, y in ((0.3, 0), (4.5, 7), (120.0, 90))],
    "crps_negbin": [crps_of_counts(stats.nbinom(r, r / (r + m)).cdf, y) for r, m, y in ((0.8, 2.5, 0), (3.0, 10.0, 25))],
    "holm": [float(v) for v in multipletests(p, method="holm")[1]],
    "chi2": float(stats.chisquare([30, 18, 25, 22, 31]).pvalue),
    "circular": {"mean": float(np.mean(walk)), "se": {b: circular(walk, b) for b in (1, 4, 13)}},
    "quartiles": [float(v) for v in np.percentile(sample, [25, 50, 75])],
}, indent=1))
