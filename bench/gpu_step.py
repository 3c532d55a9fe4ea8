"""PyTorch's side of gpu_step.ts, on CUDA: the same models, as transformers builds them, the same shapes and data.

    python3 bench/gpu_step.py [--parts eager,...] [--json FILE] [--seconds 300] [--tiny] [model ...]

Full fp32 (no TF32), fused AdamW, dropout everywhere, scaled_dot_product_attention. The batch stays on the device, and a window of
steps ends with a synchronisation. Records are appended to FILE as gpu_step.ts writes them, one JSON object a line.
"""
import argparse
import gc
import json
import pathlib
import statistics
import subprocess
import time

import torch
import transformers

CASES = json.loads((pathlib.Path(__file__).parent / "gpu_cases.json").read_text())
parser = argparse.ArgumentParser()
parser.add_argument("--parts", default="eager")
parser.add_argument("--json")
parser.add_argument("--seconds", type=float, default=1e9, help="start nothing new after so long")
parser.add_argument("--tiny", action="store_true", help="to see that it runs, on a CPU too")
parser.add_argument("models", nargs="*")
args = parser.parse_args()
began = time.perf_counter()
models = args.models or list(CASES["models"])
cuda = torch.cuda.is_available()
device = torch.device("cuda" if cuda else "cpu")
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.set_float32_matmul_precision("highest")
transformers.logging.set_verbosity_error()


def synchronize():
    if cuda:
        torch.cuda.synchronize()


def device_bytes():
    try:
        out = subprocess.run(["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"],
                             capture_output=True, text=True, check=True).stdout
        return int(out.split("\n")[0]) * 2**20
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


USED_BEFORE = device_bytes()


def time_windows(run, part):
    """As timeWindows in measure.ts."""
    windows, window, warm, least, most = 7, 0.5, 1.0, 8, 250
    if part in ("growth", "inference", "matmul"):
        windows, window, warm, least = 5, 0.25, 0.4, 4
    if args.tiny:
        windows, window, warm, least, most = 3, 0.02, 0.001, 2, 10

    def timed(steps):
        start = time.perf_counter()
        run(steps)
        synchronize()
        return time.perf_counter() - start

    timed(3)
    start, count = time.perf_counter(), 1
    each = timed(1)
    while time.perf_counter() - start < warm or (count < most and count * each < window / 4):
        if count * each < window:
            count = min(most, 2 * count)
        each = timed(count) / count
    steps = min(most, max(least, int(window / each) + 1))
    means = sorted(timed(steps) / steps * 1000 for _ in range(windows))
    return {"ms": statistics.median(means), "spread": [means[0], means[-1]], "steps": steps * windows}


def config_of(model, hidden=None):
    shape = CASES["models"][model]
    if args.tiny:
        shape, hidden = {"vocabSize": 100, "layers": 1, "hiddenSize": 32, "heads": 1, "intermediateSize": 64}, None
    width = hidden or shape["hiddenSize"]
    return transformers.BertConfig(
        vocab_size=shape["vocabSize"],
        hidden_size=width,
        num_hidden_layers=shape["layers"],
        num_attention_heads=width * shape["heads"] // shape["hiddenSize"],
        intermediate_size=shape["intermediateSize"] if hidden is None else 4 * hidden,
        max_position_embeddings=CASES["maxPositions"],
        hidden_dropout_prob=CASES["dropout"],
        attention_probs_dropout_prob=CASES["dropout"],
        num_labels=2,
        attn_implementation="sdpa",
    )


def shape_of(case):
    return (2, 16) if args.tiny else (case["batch"], case["sequence"])


def batch_of(vocabulary, batch, sequence):
    """The token ids of bertBatch in bert.ts."""
    i = torch.arange(batch * sequence, dtype=torch.int64)
    ids = 5 + (i * 2654435761 % 2**32) % (vocabulary - 5)
    ids = ids.view(batch, sequence)
    labels = torch.arange(batch) % 2
    feeds = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
    return {name: tensor.to(device) for name, tensor in feeds.items()}, labels.to(device)


def guarded(record, measure):
    """Keeps what measure() gives, or its error."""
    record = {"side": "pytorch", **record}
    if time.perf_counter() - began > args.seconds:
        record["error"] = "no time left in this run"
    else:
        try:
            record.update(measure())
        except Exception as error:  # one failure does not end a run
            record["error"] = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
    if args.json:
        with open(args.json, "a") as out:
            out.write(json.dumps(record) + "\n")
    shown = {key: round(value, 4) if isinstance(value, float) else value for key, value in record.items()}
    print(" ".join(f"{key}={value}" for key, value in shown.items() if value is not None), flush=True)
    gc.collect()
    if cuda:
        torch.cuda.empty_cache()


def train(part, model, case, variant, hidden=None):
    """variant: words of "eager" or "compile" or "reduce-overhead", then "no clipping", "no mask", "f16"."""
    batch, sequence = shape_of(case)
    config = config_of(model, hidden)

    def measure():
        torch.manual_seed(1)
        if cuda:
            torch.cuda.reset_peak_memory_stats()
        allocated = torch.cuda.memory_allocated() if cuda else 0
        net = transformers.BertForSequenceClassification(config).to(device).train()
        parameters = list(net.parameters())
        optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.01, fused=True)
        feeds, labels = batch_of(config.vocab_size, batch, sequence)
        if "no mask" in variant:
            del feeds["attention_mask"]
        half, clip = "f16" in variant, "no clipping" not in variant
        scaler = torch.amp.GradScaler(device.type, enabled=half)
        called = net
        if "compile" in variant:
            torch._dynamo.reset()
            called = torch.compile(net)
        elif "reduce-overhead" in variant:
            torch._dynamo.reset()
            called = torch.compile(net, mode="reduce-overhead")
        loss = None

        def run(steps):
            nonlocal loss
            for _ in range(steps):
                optimizer.zero_grad(set_to_none=True)
                if "reduce-overhead" in variant:
                    torch.compiler.cudagraph_mark_step_begin()
                with torch.autocast(device.type, dtype=torch.float16, enabled=half):
                    logits = called(**feeds).logits
                    loss = torch.nn.functional.cross_entropy(logits.float(), labels)
                scaler.scale(loss).backward()
                if clip:
                    scaler.unscale_(optimizer)
                    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
                scaler.step(optimizer)
                scaler.update()

        start = time.perf_counter()
        run(1)
        first = loss.item()
        seconds = time.perf_counter() - start
        times = time_windows(run, part)
        held = device_bytes()
        return {
            **times,
            "compileSeconds": seconds,
            "peakBytes": torch.cuda.max_memory_allocated() - allocated if cuda else None,
            "deviceBytes": held - USED_BEFORE if held is not None and USED_BEFORE is not None else None,
            "losses": [first, loss.item()],
        }

    guarded({"part": part, "name": model, "variant": variant, "batch": batch, "sequence": sequence,
             "hiddenSize": config.hidden_size}, measure)


@torch.inference_mode()
def infer(model, batch, sequence):
    batch, sequence = shape_of({"batch": batch, "sequence": sequence})
    config = config_of(model)
    net = transformers.BertForSequenceClassification(config).to(device).eval()
    feeds, _ = batch_of(config.vocab_size, batch, sequence)
    record = {"part": "inference", "name": model, "batch": batch, "sequence": sequence}

    def read(steps):
        for _ in range(steps):
            net(**feeds).logits.cpu()

    def in_a_row(steps):
        for _ in range(steps):
            net(**feeds)

    guarded({**record, "variant": "answer read"}, lambda: time_windows(read, "inference"))
    guarded({**record, "variant": "in a row"}, lambda: time_windows(in_a_row, "inference"))


def multiply(product):
    copies = 4
    m, n, k = (product[size] // (32 if args.tiny else 1) for size in "mnk")
    form = product["form"]

    def measure():
        lefts = [torch.randn((k, m) if form[0] == "t" else (m, k), device=device) for _ in range(copies)]
        rights = [torch.randn((n, k) if form[1] == "t" else (k, n), device=device) for _ in range(copies)]
        outs = [torch.empty(m, n, device=device) for _ in range(copies)]

        def run(steps):
            for _ in range(steps):
                for left, right, out in zip(lefts, rights, outs):
                    torch.mm(left.t() if form[0] == "t" else left, right.t() if form[1] == "t" else right, out=out)

        times = time_windows(run, "matmul")
        tflops = copies * 2 * m * n * k / times["ms"] / 1e9
        return {"ms": times["ms"] / copies, "spread": [s / copies for s in times["spread"]],
                "steps": times["steps"] * copies, "tflops": tflops}

    guarded({"part": "matmul", "name": product["use"], "variant": f"{m} x {n} x {k} {form}"}, measure)


def training(*variants):
    return lambda: [train("training", model, CASES["training"], variant) for variant in variants for model in models]


def large():
    case = CASES["large"]
    for variant in ("eager", "eager, no mask"):
        train("large", case["model"], case, variant)


def growth():
    grows = CASES["growth"]
    base = CASES["training"]
    for value in grows["batch"]:
        train("growth", grows["model"], {**base, "batch": value}, "eager")
    for value in grows["sequence"]:
        train("growth", grows["model"], {**base, "sequence": value}, "eager")
    for value in grows["hiddenSize"]:
        train("growth", grows["model"], base, "eager", hidden=value)


def inference():
    for model in models:
        for batch in CASES["inference"]["batch"]:
            infer(model, batch, CASES["inference"]["sequence"])


PARTS = {
    "eager": training("eager", "eager, no clipping", "eager, no mask"),
    "compile": training("compile"),
    "reduce-overhead": training("reduce-overhead"),
    "large": large,
    "half": lambda: [train("half", model, CASES["training"], "eager, f16 autocast") for model in models],
    "growth": growth,
    "inference": inference,
    "matmul": lambda: [multiply(product) for product in CASES["matmul"]],
}
name = torch.cuda.get_device_name() if cuda else "CPU"
print(f"PyTorch {torch.__version__}, transformers {transformers.__version__} on {name}", flush=True)
if args.json:
    with open(args.json, "a") as out:
        out.write(json.dumps({"side": "pytorch", "part": "machine", "name": name,
                              "variant": f"PyTorch {torch.__version__}, transformers {transformers.__version__}"}) + "\n")
for part in args.parts.split(","):
    PARTS[part]()
