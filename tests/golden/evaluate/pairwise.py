"""Writes pairwise.json: strengths from comparisons, by statsmodels, and by Newton's method checked against scipy's optimiser.

    python pairwise.py > pairwise.json

Each case lists [i, j, wins of i, wins of j, ties] for the pairs that were compared. Bradley-Terry without ties is a logistic
regression without intercept on one row a judgement (statsmodels Logit); with ties as half wins a binomial GLM. Davidson's
model and best-worst scaling have no package here: their likelihoods are written as a softmax over a design matrix, climbed by
scipy.optimize and finished by Newton's method.
"""

import itertools
import json
import math
import warnings

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.sparse.csgraph import connected_components
from statsmodels.stats.proportion import proportion_confint

warnings.filterwarnings("ignore")
random = np.random.default_rng(40)


def number(value):
    value = float(value)
    return None if math.isnan(value) else float(f"{value:.14g}")


def strong(size, edges):
    matrix = np.zeros((size, size))
    for i, j in edges:
        matrix[i, j] = 1
    return connected_components(matrix, directed=True, connection="strong")[0] == 1


def comparisons(ties):
    """Pairs with counts such that every strength is finite."""
    while True:
        size = int(random.integers(2, 7))
        truth = random.normal(size=size) * random.random() * 2
        pairs = [pair for pair in itertools.combinations(range(size), 2) if random.random() < 0.8]
        rows = []
        for i, j in pairs:
            n = int(random.integers(1, 30))
            p = 1 / (1 + np.exp(truth[j] - truth[i]))
            even = int(random.binomial(n, 0.25)) if ties else 0
            wins = int(random.binomial(n - even, p))
            rows.append([i, j, wins, n - even - wins, even])
        edges = [(i, j) for i, j, w, l, t in rows if w] + [(j, i) for i, j, w, l, t in rows if l]
        if strong(size, edges):  # by wins alone: then Davidson's strengths are finite too
            return size, rows


def centred(params, covariance, size):
    """From the first system at 0 to a sum of 0."""
    lift = np.vstack([np.zeros(size - 1), np.eye(size - 1)])
    turn = (np.eye(size) - 1 / size) @ lift
    return turn @ params, np.sqrt(np.diag(turn @ covariance @ turn.T))


def design(rows, size):
    matrix = np.zeros((len(rows), size))
    for k, row in enumerate(rows):
        matrix[k, row[0]], matrix[k, row[1]] = 1, -1
    return matrix[:, 1:]


def bradley_terry(case):
    half = case % 2 == 1
    size, rows = comparisons(half)
    matrix = design(rows, size)
    table = np.array(rows, float)
    if half:
        n = table[:, 2:].sum(1)
        share = (table[:, 2] + table[:, 4] / 2) / n
        fit = sm.GLM(share, matrix, family=sm.families.Binomial(), var_weights=n).fit(tol=1e-15, maxiter=300, tol_criterion="params")
    else:
        counts = table[:, 2:4].astype(int)
        x = np.repeat(np.repeat(matrix, 2, axis=0), counts.ravel(), axis=0)
        y = np.repeat(np.tile([1, 0], len(rows)), counts.ravel())
        fit = sm.Logit(y, x).fit(method="newton", tol=1e-15, maxiter=300, disp=0)
    strengths, errors = centred(fit.params, fit.cov_params(), size)
    return [rows, [number(s) for s in strengths], [number(e) for e in errors]]


def softmax_fit(choices, size):
    """Choices are (design of the alternatives, chosen one, times); returns the best parameters and the covariance."""

    def value(x, derivatives=False):
        total, gradient, information = 0.0, np.zeros(size), np.zeros((size, size))
        for matrix, chosen, times in choices:
            utility = matrix @ x
            top = utility.max()
            p = np.exp(utility - top)
            log = top + np.log(p.sum())
            p /= p.sum()
            total += times * (utility[chosen] - log)
            mean = p @ matrix
            gradient += times * (matrix[chosen] - mean)
            if derivatives:
                information += times * ((matrix.T * p) @ matrix - np.outer(mean, mean))
        return total, gradient, information

    start = minimize(lambda x: -value(x)[0], np.zeros(size), jac=lambda x: -value(x)[1], method="BFGS").x
    x = start
    for _ in range(30):
        _, gradient, information = value(x, True)
        x = x + np.linalg.solve(information, gradient)
    assert np.abs(x - start).max() < 1e-2 * (1 + np.abs(x).max()), (x, start)
    return x, np.linalg.inv(value(x, True)[2])


def davidson(_case):
    while True:
        size, rows = comparisons(True)
        if sum(row[4] for row in rows) > 0:
            break
    choices = []
    for i, j, wins, losses, ties in rows:
        matrix = np.zeros((3, size + 1))
        matrix[0, i] = matrix[1, j] = matrix[2, size] = 1
        matrix[2, i] = matrix[2, j] = 0.5
        choices += [(matrix[:, 1:], c, n) for c, n in enumerate([wins, losses, ties]) if n]
    x, covariance = softmax_fit(choices, size)
    strengths, errors = centred(x[:-1], covariance[:-1, :-1], size)
    return [rows, [number(s) for s in strengths], [number(e) for e in errors], number(np.exp(x[-1]))]


def best_worst(case):
    """Tuples of up to four of five items; the letters shown, then best and worst."""
    sequential = case % 2 == 1
    while True:
        size = int(random.integers(3, 6))
        truth = random.normal(size=size)
        answers = []
        for _ in range(int(random.integers(4, 14))):
            shown = random.permutation(size)[: random.integers(2, min(size, 4) + 1)]
            order = sorted(shown, key=lambda i: truth[i] + random.gumbel())
            answers.append((list(map(int, shown)), int(order[-1]), int(order[0])))
        edges = [(b, i) for s, b, w in answers for i in s if i != b] + [(i, w) for s, b, w in answers for i in s if i not in (b, w)]
        if strong(size, edges):
            break
    eye = np.eye(size)[:, 1:]
    choices = []
    for shown, best, worst in answers:
        if sequential:
            rest = [i for i in shown if i != best]
            choices += [(eye[shown], shown.index(best), 1), (-eye[rest], rest.index(worst), 1)]
        else:
            pairs = list(itertools.permutations(shown, 2))
            matrix = np.array([eye[b] - eye[w] for b, w in pairs])
            choices.append((matrix, pairs.index((best, worst)), 1))
    x, covariance = softmax_fit(choices, size - 1)
    utilities, errors = centred(x, covariance, size)
    letters = ["".join(chr(97 + i) for i in shown) + chr(97 + b) + chr(97 + w) for shown, b, w in answers]
    return ["sequential" if sequential else "maxdiff", letters, [number(u) for u in utilities], [number(e) for e in errors]]


def elo(_case):
    """Battles as text "abW" played in order; W is the winner's letter or "=" ."""
    size, k, scale = int(random.integers(2, 5)), float(random.choice([4, 16, 32])), float(random.choice([100, 400]))
    ratings = np.full(size, 1000.0)
    games = []
    for _ in range(int(random.integers(1, 25))):
        a, b = map(int, random.permutation(size)[:2])
        score = float(random.choice([0, 0.5, 1]))
        expected = 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / scale))
        ratings[a] += k * (score - expected)
        ratings[b] += k * ((1 - score) - (1 - expected))
        games.append(chr(97 + a) + chr(97 + b) + {0: chr(97 + b), 0.5: "=", 1: chr(97 + a)}[score])
    return [k, scale, " ".join(games), [number(r) for r in ratings]]


def wilson(_case):
    n = int(random.integers(1, 200))
    wins = int(random.integers(0, n + 1))
    ties = int(random.integers(0, n - wins + 1))
    low, high = proportion_confint(wins + ties / 2, n, method="wilson")
    return [wins, n - wins - ties, ties, number(low), number(high)]


print(json.dumps({
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
    "bradleyTerry": [bradley_terry(case) for case in range(500)],
    "davidson": [davidson(case) for case in range(500)],
    "bestWorst": [best_worst(case) for case in range(500)],
    "elo": [elo(case) for case in range(200)],
    "wilson": [wilson(case) for case in range(500)],
}, separators=(",", ":")))
