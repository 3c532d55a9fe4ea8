"""PyTorch's side of gpu_matvec.ts: one to eight rows times a weight, over 512 MB of weights in turn.

python bench/gpu_matvec.py
"""

import torch

print(torch.__version__, torch.cuda.get_device_name(0))
warm = torch.randn(4096, 4096, device="cuda")
for _ in range(200):
    warm @ warm
torch.cuda.synchronize()
for columns, inner in [(2048, 8192), (8192, 2048), (768, 768)]:
    for dtype, size in [(torch.float32, 4), (torch.bfloat16, 2)]:
        copies = min(64, -(-(2**29) // (columns * inner * size)))
        weights = [torch.randn(columns, inner, device="cuda", dtype=dtype) for _ in range(copies)]
        for rows in [1, 4, 8]:
            x = torch.randn(rows, inner, device="cuda", dtype=dtype)
            times = []
            for attempt in range(8):
                begin, end = torch.cuda.Event(True), torch.cuda.Event(True)
                begin.record()
                for _ in range(4):
                    for w in weights:
                        torch.nn.functional.linear(x, w)
                end.record()
                torch.cuda.synchronize()
                times.append(begin.elapsed_time(end) / 4 / copies)
            ms = sorted(times[1:])[3]
            rate = columns * inner * size / ms / 1e9
            print(f"{rows} x {columns} x {inner} {dtype}: {ms * 1000:.2f} us, {rate:.2f} TB/s over {copies} weights", flush=True)
