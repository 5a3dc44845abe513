"""Solves one instance of posts with a peer of vigie's solver, the way its makers would.

Reads one JSON object: solver (highs or cpsat), seconds, gap, instance (weights of elements; rows of options: start, covers,
group; duties: Teams, Shifts; conflicts). Writes one: status, seconds (of solving; building the model
is not counted) and the chosen options, whose value vigie computes again.
"""

import json
import os
import sys
import time


def rows(p):
    """Yields the constraints (coefficients by variable, lower, upper) and the variables: x, then y, then shifts."""
    options, elements = len(p["group"]), len(p["weights"])
    covered_by = [[] for _ in range(elements)]
    for o in range(options):
        for e in p["covers"][p["start"][o]:p["start"][o + 1]]:
            covered_by[e].append(o)
    in_group = {}
    for o, g in enumerate(p["group"]):
        in_group.setdefault(g, []).append(o)
    constraints, shifts = [], []
    for e, of in enumerate(covered_by):
        constraints.append(([options + e] + of, [1] + [-1] * len(of), None, 0))
    for duty in p["duties"]:
        if len(duty["Shifts"]) == 1:
            for g in duty["Shifts"][0]:
                of = in_group.get(g, [])
                constraints.append((of, [1] * len(of), None, duty["Teams"]))
            continue
        first = options + elements + len(shifts)
        shifts += [duty["Teams"]] * len(duty["Shifts"])
        here = list(range(first, first + len(duty["Shifts"])))
        constraints.append((here, [1] * len(here), None, duty["Teams"]))
        for g in {g for s in duty["Shifts"] for g in s}:
            with_g = [first + i for i, s in enumerate(duty["Shifts"]) if g in s]
            of = in_group.get(g, [])
            constraints.append((of + with_g, [1] * len(of) + [-1] * len(with_g), None, 0))
    for a, b in p["conflicts"]:
        constraints.append(([a, b], [1, 1], None, 1))
    return constraints, shifts


def highs(p, seconds, gap):
    import highspy
    import numpy as np

    options, elements = len(p["group"]), len(p["weights"])
    constraints, shifts = rows(p)
    columns = options + elements + len(shifts)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, len(constraints)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = np.array([0] * options + p["weights"] + [0] * len(shifts), dtype=float)
    lp.col_lower_ = np.zeros(columns)
    lp.col_upper_ = np.array([1] * (options + elements) + shifts, dtype=float)
    lp.row_lower_ = np.full(len(constraints), -highspy.kHighsInf)
    lp.row_upper_ = np.array([c[3] for c in constraints], dtype=float)
    start = np.zeros(len(constraints) + 1, dtype=np.int32)
    start[1:] = np.cumsum([len(c[0]) for c in constraints])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = start
    lp.a_matrix_.index_ = np.concatenate([np.array(c[0], dtype=np.int32) for c in constraints])
    lp.a_matrix_.value_ = np.concatenate([np.array(c[1], dtype=float) for c in constraints])
    kind = highspy.HighsVarType
    lp.integrality_ = [kind.kInteger] * options + [kind.kContinuous] * elements + [kind.kInteger] * len(shifts)
    h = highspy.Highs()
    h.setOptionValue("output_flag", False)
    h.setOptionValue("time_limit", seconds)
    h.setOptionValue("mip_rel_gap", gap)
    h.setOptionValue("threads", 2)
    h.passModel(lp)
    begun = time.perf_counter()
    h.run()
    took = time.perf_counter() - begun
    info, value = h.getInfo(), h.getSolution().col_value
    return {
        "status": str(h.modelStatusToString(h.getModelStatus())), "seconds": took, "chosen": [o for o in range(options) if value[o] > 0.5],
    }


def cpsat(p, seconds, gap):
    from ortools.sat.python import cp_model

    options, elements = len(p["group"]), len(p["weights"])
    constraints, shifts = rows(p)
    m = cp_model.CpModel()
    v = [m.new_bool_var("") for _ in range(options + elements)] + [m.new_int_var(0, t, "") for t in shifts]
    for index, value, _, upper in constraints[:elements]:
        m.add_bool_or([v[o] for o in index[1:]] + [v[index[0]].negated()])
    for index, value, _, upper in constraints[elements:]:
        m.add(cp_model.LinearExpr.weighted_sum([v[i] for i in index], value) <= upper)
    m.maximize(cp_model.LinearExpr.weighted_sum(v[options:options + elements], p["weights"]))
    s = cp_model.CpSolver()
    s.parameters.max_time_in_seconds = seconds
    s.parameters.relative_gap_limit = gap
    s.parameters.num_workers = 2
    begun = time.perf_counter()
    status = s.solve(m)
    took = time.perf_counter() - begun
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return {
        "status": s.status_name(status), "seconds": took,
        "chosen": [o for o in range(options) if s.value(v[o])] if found else [],
    }


def main():
    task = json.load(sys.stdin)
    out = os.dup(1)
    os.dup2(2, 1)  # what the libraries print is no answer
    solver = {"highs": highs, "cpsat": cpsat}[task["solver"]]
    answer = solver(task["instance"], task["seconds"], task["gap"])
    with os.fdopen(out, "w") as f:
        json.dump(answer, f)


if __name__ == "__main__":
    main()
