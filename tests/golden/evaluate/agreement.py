"""Writes agreement.json: agreement of raters and summaries of ratings, by statsmodels, scikit-learn, krippendorff and scipy.

    python agreement.py > agreement.json

Ratings are one character each, "." is missing. Gwet's AC1, the intraclass correlations and Dawid and Skene's EM have no
package here: they are computed below with numpy (the correlations from statsmodels' two-way table of variance).
"""

import json
import math
import warnings

import krippendorff
import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa

warnings.filterwarnings("ignore")
random = np.random.default_rng(4)


def number(value):
    """A float with 15 digits; not-a-number is null."""
    value = float(value)
    return None if math.isnan(value) else float(f"{value:.15g}")


def ratings_of(case, raters, items, size):
    """Raters by items, -1 where missing: from chance to perfect agreement, one category, absent categories."""
    present = random.permutation(size)[: random.integers(1, size + 1)] if case % 5 == 0 else np.arange(size)
    if case % 23 == 0:
        present = present[:1]
    truth = random.choice(present, items)
    keep = 1.0 if case % 17 == 0 else random.random()
    ratings = np.where(random.random((raters, items)) < keep, truth, random.choice(present, (raters, items)))
    if case % 3 == 0:
        ratings = np.where(random.random((raters, items)) < random.random() * 0.6, -1, ratings)
    return ratings


def text(row):
    return "".join("." if value < 0 else chr(ord("a") + value) for value in row)


def cohen(case):
    size, items = int(random.integers(2, 7)), int(random.integers(1, 60))
    first, second = ratings_of(case, 2, items, size)
    kept = (first >= 0) & (second >= 0)
    if not kept.any():
        return None
    weights = ["none", "linear", "quadratic"][case % 3 if case % 2 else random.integers(3)]
    a, b = first[kept], second[kept]
    table = np.zeros((size, size))
    np.add.at(table, (a, b), 1)
    result = cohens_kappa(table, wt=None if weights == "none" else weights)
    score = cohen_kappa_score(a, b, labels=range(size), weights=None if weights == "none" else weights)
    return [size, text(first), text(second), weights] + [
        number(value)
        for value in [
            score, result.kappa, result.var_kappa, result.std_kappa0, result.kappa_max, result.kappa_low,
            result.kappa_upp, result.pvalue_two_sided,
        ]
    ]


def gwet(counts):
    rated = counts.sum(1)
    pairs = rated > 1
    agree = (counts * (counts - 1)).sum(1)[pairs] / (rated * (rated - 1))[pairs]
    shares = (counts[rated > 0] / rated[rated > 0, None]).mean(0)
    chance = (shares * (1 - shares)).sum() / (counts.shape[1] - 1)
    return agree.mean(), (agree.mean() - chance) / (1 - chance)


def fleiss(case):
    size, raters, items = int(random.integers(2, 6)), int(random.integers(2, 9)), int(random.integers(1, 25))
    ratings = ratings_of(case if case % 3 else case + 1, raters, items, size)
    ratings = np.abs(ratings)  # statsmodels needs every rating
    counts, _ = aggregate_raters(ratings.T, size)
    missing = np.where(random.random(ratings.shape) < 0.3, -1, ratings)
    some = np.array([[(column == k).sum() for k in range(size)] for column in missing.T])
    partial = gwet(some) if (some.sum(1) > 1).any() else (math.nan, math.nan)
    return [size, [text(row) for row in ratings], [text(row) for row in missing]] + [
        number(value)
        for value in [fleiss_kappa(counts), fleiss_kappa(counts, "randolph"), *gwet(counts), *partial]
    ]


def alphas(case):
    size, raters, items = int(random.integers(2, 8)), int(random.integers(2, 9)), int(random.integers(1, 25))
    ratings = ratings_of(case, raters, items, size)
    if ((ratings >= 0).sum(0) < 2).all():
        return None
    steps = np.sort(random.choice(np.arange(0, 40) / 4 if case % 2 else np.arange(30), size, replace=False)).astype(float)
    values = np.where(ratings < 0, np.nan, steps[ratings])
    return [[float(step) for step in steps], [text(row) for row in ratings]] + [
        number(krippendorff.alpha(values, value_domain=steps, level_of_measurement=level))
        for level in ["nominal", "ordinal", "interval", "ratio"]
    ]


def icc(case):
    """Shrout and Fleiss's six, from the table of variance."""
    items, raters = int(random.integers(2, 12)), int(random.integers(2, 6))
    scores = (random.normal(size=(items, 1)) * random.random() * 3 + random.normal(size=(1, raters)) * random.random()
              + random.normal(size=(items, raters))).round(2)
    import pandas
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    frame = pandas.DataFrame(
        [(i, r, scores[i, r]) for i in range(items) for r in range(raters)], columns=["item", "rater", "score"]
    )
    table = anova_lm(ols("score ~ C(item) + C(rater)", frame).fit())
    between, judges, error = table["mean_sq"]
    within = (table["sum_sq"].iloc[1] + table["sum_sq"].iloc[2]) / (items * (raters - 1))
    k = raters
    values = [
        (between - within) / (between + (k - 1) * within),
        (between - error) / (between + (k - 1) * error + k * (judges - error) / items),
        (between - error) / (between + (k - 1) * error),
        (between - within) / between,
        (between - error) / (between + (judges - error) / items),
        (between - error) / between,
    ]
    # intervals of the one-way form (Shrout and Fleiss 1979)
    f = between / within
    d1, d2 = items - 1, items * (k - 1)
    low, high = f / stats.f.ppf(0.975, d1, d2), f * stats.f.ppf(0.975, d2, d1)
    f3 = between / error
    d3 = (items - 1) * (k - 1)
    low3, high3 = f3 / stats.f.ppf(0.975, d1, d3), f3 * stats.f.ppf(0.975, d3, d1)
    limits = [(x - 1) / (x + k - 1) for x in (low, high, low3, high3)]
    return [scores.tolist(), *map(number, values), *map(number, limits)]


def likert(case):
    points, n = int(random.integers(2, 8)), int(random.integers(2, 40))
    scores = random.integers(1, points + 1, n)
    if case % 11 == 0:
        scores[:] = scores[0]
    mean, se = scores.mean(), stats.sem(scores)
    low, high = stats.t.interval(0.95, n - 1, loc=mean, scale=se) if se > 0 else (mean, mean)
    z = stats.zscore(scores, ddof=1) if se > 0 else np.zeros(n)
    return [points, "".join(map(str, scores)), number(mean), number(low), number(high), number(np.median(scores)),
            number(scores.std(ddof=1)), number(z[0])]


def dawid_skene(case):
    """EM from the shares of votes, 50 rounds, counts smoothed by 0.01."""
    size, raters, items = int(random.integers(2, 4)), int(random.integers(2, 6)), int(random.integers(2, 12))
    ratings = ratings_of(case, raters, items, size)
    rated = (ratings >= 0).any(0)
    ratings = ratings[:, rated]
    if ratings.shape[1] == 0:
        return None
    hot = np.array([[(row == k) for k in range(size)] for row in ratings]).astype(float)  # rater, label, item
    posterior = hot.sum(0).T
    posterior /= posterior.sum(1, keepdims=True)
    for _ in range(50):
        prior = posterior.mean(0)
        confusion = np.einsum("it,rli->rtl", posterior, hot) + 0.01
        confusion /= confusion.sum(2, keepdims=True)
        with np.errstate(divide="ignore"):
            log = np.log(prior)[None] + np.einsum("rli,rtl->it", hot, np.log(confusion))
        log -= log.max(1, keepdims=True)
        posterior = np.exp(log)
        posterior /= posterior.sum(1, keepdims=True)
    return [size, [text(row) for row in ratings], [[number(p) for p in row] for row in posterior]]


def collect(make, count):
    cases, case = [], 0
    while len(cases) < count:
        made = make(case)
        if made is not None:
            cases.append(made)
        case += 1
    return cases


print(json.dumps({
    "versions": {
        "numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__,
        "statsmodels": statsmodels.__version__, "krippendorff": "0.9.0",
    },
    "cohen": collect(cohen, 520),
    "fleiss": collect(fleiss, 500),
    "krippendorff": collect(alphas, 520),
    "intraclass": collect(icc, 60),
    "likert": collect(likert, 200),
    "dawidSkene": collect(dawid_skene, 60),
}, separators=(",", ":")))
