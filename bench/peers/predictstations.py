"""Peers of predict/series: AutoARIMA, AutoETS and SeasonalNaive of statsforecast on daily counts per station.

Reads on stdin {"series": [[…], …], "origins": [days, …], "horizon": 7}; every series is learnt from its beginning to the
origin. Writes for each model the mean and the bounds of 50, 80 and 95 % intervals, by origin and series, and the seconds of
processor time of all fits (compilation before them is not counted).
"""
import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
import statsforecast
from statsforecast import StatsForecast
from statsforecast.models import AutoARIMA, AutoETS, SeasonalNaive

warnings.simplefilter("ignore")
task = json.load(sys.stdin)
horizon, levels = task["horizon"], [50, 80, 95]


def frame(series, until):
    return pd.concat([pd.DataFrame({"unique_id": f"{i:04d}", "ds": np.arange(until), "y": np.array(s[:until], float)}) for i, s in enumerate(series)])


def forecast(make, series, until):
    return StatsForecast(models=[make()], freq=1, n_jobs=1).forecast(df=frame(series, until), h=horizon, level=levels)


MODELS = {"AutoARIMA": lambda: AutoARIMA(season_length=7), "AutoETS": lambda: AutoETS(season_length=7), "SeasonalNaive": lambda: SeasonalNaive(season_length=7)}
out = []
for name, make in MODELS.items():
    forecast(make, [list(np.tile([1, 2, 3, 4, 3, 2, 5], 10) + np.arange(70) % 3)], 70)
    seconds, folds = 0.0, []
    for origin in task["origins"]:
        begun = time.process_time()
        made = forecast(make, task["series"], origin)
        seconds += time.process_time() - begun
        made = made.sort_values(["unique_id", "ds"])
        columns = [name] + [f"{name}-{side}-{level}" for level in levels for side in ("lo", "hi")]
        folds.append(np.nan_to_num(made[columns].to_numpy(float)).reshape(len(task["series"]), horizon, 7).tolist())
    out.append({"name": f"statsforecast {statsforecast.__version__} {name}", "folds": folds, "seconds": seconds})
json.dump(out, sys.stdout)
