"""The Python side of evaluate.ts: one metric in one process, on one core.

    python evaluate.py METRIC FOLDER

FOLDER holds data.json and embeddings.f32. Prints a line of JSON {"versions"} when all is loaded; then, for each line it reads,
computes the metric and prints {"wall", "processor", "values"}: seconds, and the figures.
Values whose name begins with "~" are random and not compared.
"""

import importlib.metadata
import json
import logging
import pathlib
import re
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

METRIC, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
DATA = json.loads((FOLDER / "data.json").read_text())
ROWS = DATA["rows"]
PREDICTIONS, REFERENCES = DATA["predictions"], DATA["references"]
VERSIONS = {"python": sys.version.split()[0]}


def version(*packages):
    for package in packages:
        VERSIONS[package] = importlib.metadata.version(package)


class Scaled:
    """Timed parts with what each stands for, where a whole would take too long."""

    def __init__(self):
        self.parts = []

    def run(self, work, factor):
        start = time.perf_counter(), time.process_time()
        result = work()
        self.parts.append((time.perf_counter() - start[0], time.process_time() - start[1], factor))
        return result


def rouge(stemmer):
    from rouge_score import rouge_scorer

    version("rouge-score", "nltk")
    types = ["rouge1", "rouge2", "rougeL"]

    def run(_):
        scorer = rouge_scorer.RougeScorer(types, use_stemmer=stemmer)
        sums = [[0.0, 0.0, 0.0] for _ in types]
        for reference, prediction in zip(REFERENCES, PREDICTIONS):
            scores = scorer.score(reference, prediction)
            for total, kind in zip(sums, types):
                for k in range(3):
                    total[k] += scores[kind][k]
        names = ["precision", "recall", "f1"]
        return {f"{kind}.{names[k]}": total[k] / ROWS for kind, total in zip(types, sums) for k in range(3)}

    return run


def sacrebleu(name):
    from sacrebleu.metrics import BLEU, CHRF, TER

    version("sacrebleu")
    kind = {"bleu": BLEU, "chrf": CHRF, "ter": TER}[name]
    n = DATA["terRows"] if name == "ter" else ROWS
    return lambda _: {name: kind().corpus_score(PREDICTIONS[:n], [REFERENCES[:n]]).score}


def meteor():
    from nltk.translate.meteor_score import meteor_score

    version("nltk")
    word = re.compile(r"\d+(?:[.,]\d+)+|\w+(?:['-]\w+)*|\S")

    class NoSynonyms:
        def synsets(self, _):
            return []

    def run(_):
        total = 0.0
        for reference, prediction in zip(REFERENCES, PREDICTIONS):
            total += meteor_score([word.findall(reference)], word.findall(prediction), wordnet=NoSynonyms())
        return {"meteor": total / ROWS}

    return run


def squad():
    from transformers.data.metrics.squad_metrics import compute_exact, compute_f1

    version("transformers")

    def run(_):
        exact = f1 = 0.0
        for reference, prediction in zip(REFERENCES, PREDICTIONS):
            exact += compute_exact(reference, prediction)
            f1 += compute_f1(reference, prediction)
        return {"exactMatch": exact / ROWS, "f1": f1 / ROWS}

    return run


def seqeval(strict):
    from seqeval.metrics import classification_report
    from seqeval.scheme import IOB2

    version("seqeval")
    truth = [row.split(" ") for row in DATA["tags"]["references"]]
    guess = [row.split(" ") for row in DATA["tags"]["predictions"]]
    options = {"mode": "strict", "scheme": IOB2} if strict else {}

    def run(_):
        report = classification_report(truth, guess, output_dict=True, **options)
        return {
            f"{name.split(' ')[0]}.{key}": float(scores[label])
            for name, scores in report.items()
            for key, label in [("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")]
        }

    return run


def report():
    import numpy
    from sklearn.metrics import classification_report

    version("scikit-learn", "numpy")
    truth, guess = (numpy.array(DATA["large"][side]) for side in ["references", "predictions"])

    def run(_):
        scores = classification_report(truth, guess, output_dict=True, zero_division=0)
        rows = {name: value for name, value in scores.items() if name != "accuracy"}
        values = {f"{name.split(' ')[0]}.{k[:2]}": float(value[k]) for name, value in rows.items() for k in value if k != "support"}
        return {"accuracy": scores["accuracy"], **values}

    return run


def auc():
    import numpy
    from sklearn.metrics import roc_auc_score

    version("scikit-learn", "numpy")
    truth, scores = numpy.array(DATA["large"]["positive"]), numpy.array(DATA["large"]["scores"])
    return lambda _: {"auc": float(roc_auc_score(truth, scores))}


def bootstrap(size, method, by_hand=False):
    import numpy
    from scipy import stats
    from sklearn.metrics import f1_score

    version("scipy", "scikit-learn", "numpy")
    columns = DATA["classes"][str(size)]
    truth, guess = (numpy.array(columns[side]) for side in ["references", "predictions"])
    labels, wanted = numpy.arange(size), DATA["resamples"]
    drawn = wanted // 10 if by_hand else wanted // 100

    def counted(x, y):
        right, true, found = (numpy.bincount(v, minlength=size) for v in [x[x == y], x, y])
        return (2 * right / numpy.maximum(1, true + found)).mean()

    def scored(x, y):
        return f1_score(x, y, labels=labels, average="macro", zero_division=0)

    statistic = counted if by_hand else scored

    def resample(how):
        generator = numpy.random.default_rng(1)
        options = {"paired": True, "vectorized": False, "method": how, "batch": 50, "rng": generator}
        return stats.bootstrap((truth, guess), statistic, n_resamples=drawn, **options).confidence_interval

    def run(timer):
        ends = timer.run(lambda: resample("percentile"), wanted / drawn)
        if method == "bca":  # its leave-one-out values are as many as there are rows, whatever the resamples
            timer.parts.append((-timer.parts[0][0], -timer.parts[0][1], 1))
            ends = timer.run(lambda: resample("bca"), 1)
        return {"macroF1": float(statistic(truth, guess)), "~low": float(ends.low), "~high": float(ends.high)}

    return run


def randomization():
    from sacrebleu.metrics import BLEU
    from sacrebleu.significance import PairedTest

    version("sacrebleu", "numpy")
    systems = [("a", PREDICTIONS), ("b", DATA["others"])]

    def run(_):
        test = PairedTest(systems, {"BLEU": BLEU()}, [REFERENCES], "ar", n_samples=DATA["resamples"], n_jobs=1)
        first, second = test()[1]["BLEU"]
        return {"a": first.score, "b": second.score, "~p": second.p_value}

    return run


def alpha(level):
    import krippendorff
    import numpy

    version("krippendorff", "numpy")
    ratings = numpy.array([[numpy.nan if r is None else r for r in rater] for rater in DATA["ratings"]])
    return lambda _: {"alpha": float(krippendorff.alpha(reliability_data=ratings, level_of_measurement=level))}


def matching():
    import numpy
    import torch
    from bert_score.utils import greedy_cos_idf
    from torch.nn.utils.rnn import pad_sequence

    version("bert-score", "torch")
    torch.set_num_threads(1)
    pool = torch.from_numpy(numpy.fromfile(FOLDER / "embeddings.f32", "<f4").reshape(-1, DATA["hidden"]))
    sides = [[pool[torch.tensor(ids)] for ids in DATA["tokens"][side]] for side in ["references", "predictions"]]

    def batch(texts):
        weights = torch.ones(len(texts), texts[0].shape[0])
        masks = weights.clone()
        weights[:, [0, -1]] = 0  # [CLS] and [SEP]
        return pad_sequence(texts, batch_first=True), masks, weights

    def run(_):
        scores = []
        with torch.no_grad():
            for start in range(0, len(sides[0]), 64):  # the package's batches
                both = [batch(side[start : start + 64]) for side in sides]
                scores.append(torch.stack(greedy_cos_idf(*both[0], *both[1]), -1))
        mean = torch.cat(scores).double().mean(0)
        return dict(zip(["precision", "recall", "f1"], mean.tolist()))

    return run


METRICS = {
    "rouge-stemmed": lambda: rouge(True),
    "rouge": lambda: rouge(False),
    "bleu": lambda: sacrebleu("bleu"),
    "chrf": lambda: sacrebleu("chrf"),
    "ter": lambda: sacrebleu("ter"),
    "meteor": meteor,
    "squad": squad,
    "seqeval": lambda: seqeval(False),
    "seqeval-strict": lambda: seqeval(True),
    "report": report,
    "auc": auc,
    "bootstrap-2": lambda: bootstrap(2, "percentile"),
    "bootstrap-10": lambda: bootstrap(10, "percentile"),
    "bootstrap-20": lambda: bootstrap(20, "percentile"),
    "bootstrap-2-bca": lambda: bootstrap(2, "bca"),
    "bootstrap-10-bca": lambda: bootstrap(10, "bca"),
    "bootstrap-20-bca": lambda: bootstrap(20, "bca"),
    "bootstrap-10-by-hand": lambda: bootstrap(10, "percentile", by_hand=True),
    "randomization": randomization,
    "alpha-nominal": lambda: alpha("nominal"),
    "alpha-ordinal": lambda: alpha("ordinal"),
    "bert-score": matching,
}

compute = METRICS[METRIC]()
print(json.dumps({"versions": VERSIONS}), flush=True)
for _ in sys.stdin:
    timer = Scaled()
    start = time.perf_counter(), time.process_time()
    values = compute(timer)
    parts = timer.parts or [(time.perf_counter() - start[0], time.process_time() - start[1], 1)]
    wall, processor = (sum(part[k] * part[2] for part in parts) for k in range(2))
    print(json.dumps({"wall": wall, "processor": processor, "values": values}), flush=True)
