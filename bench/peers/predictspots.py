"""Peers of predict/hotspot: gradient boosting and random forest on the same features, the same places and the same days.

Reads on stdin {"columns": k, "folds": [{"train": X, "labels": [y, …], "ask": X}, …]} with the matrices as base64 of
little-endian float32, row by row; labels are one list per horizon. Writes for each model the scores per fold and horizon
and the seconds of processor time of learning and predicting alone.
"""
import base64
import json
import os
import sys
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait must not take the time of those that work

import numpy as np
import sklearn
import xgboost
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

task = json.load(sys.stdin)


def matrix(text):
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


MODELS = {
    f"xgboost {xgboost.__version__}, 200 Poisson trees": lambda: xgboost.XGBRegressor(
        objective="count:poisson", n_estimators=200, max_depth=4, learning_rate=0.05, subsample=0.8, min_child_weight=5, n_jobs=2, random_state=1),
    f"scikit-learn {sklearn.__version__} HistGradientBoosting, Poisson": lambda: HistGradientBoostingRegressor(
        loss="poisson", max_iter=200, learning_rate=0.05, max_leaf_nodes=15, min_samples_leaf=100, early_stopping=False, random_state=1),
    f"scikit-learn {sklearn.__version__} RandomForest, 60 trees": lambda: RandomForestRegressor(
        n_estimators=60, min_samples_leaf=30, max_features=0.5, n_jobs=2, random_state=1),
}

out = []
for name, make in MODELS.items():
    scores, seconds = [], []
    for fold in task["folds"]:
        train = matrix(fold["train"]).reshape(-1, task["columns"])
        ask = matrix(fold["ask"]).reshape(-1, task["columns"])
        answers, took = [], 0.0
        for label in fold["labels"]:
            y = matrix(label)
            begun = time.process_time()
            made = make().fit(train, y).predict(ask)
            took += time.process_time() - begun
            answers.append(base64.b64encode(made.astype("<f4").tobytes()).decode())
        scores.append(answers)
        seconds.append(took)
    out.append({"name": name, "scores": scores, "seconds": seconds})
json.dump(out, sys.stdout)
