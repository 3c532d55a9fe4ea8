import torch, time
def timed(f, n=50):
    for _ in range(5): f()
    torch.cuda.synchronize()
    ts = []
    for _ in range(9):
        a, b = torch.cuda.Event(True), torch.cuda.Event(True)
        a.record()
        for _ in range(n): f()
        b.record(); torch.cuda.synchronize(); ts.append(a.elapsed_time(b) / n)
    return sorted(ts)[4]
print(torch.__version__, torch.cuda.get_device_name(0))
x = torch.randn(4096, 4096, device="cuda")
t = time.time()
while time.time() - t < 0.5: x @ x; torch.cuda.synchronize()
for M, N, K in [(4096, 4096, 4096), (2048, 3072, 768), (2048, 768, 3072), (2048, 768, 768)]:
    a, b = torch.randn(M, K, device="cuda"), torch.randn(K, N, device="cuda")
    a8 = torch.randint(-127, 128, (M, K), device="cuda", dtype=torch.int8); b8 = torch.randint(-127, 128, (N, K), device="cuda", dtype=torch.int8).t()
    row = []
    for name, f, tf32 in [("f32", lambda: a @ b, False), ("tf32", lambda: a @ b, True), ("int8 _int_mm", lambda: torch._int_mm(a8, b8), False)]:
        torch.backends.cuda.matmul.allow_tf32 = tf32
        ms = timed(f); row.append(f"{name} {ms*1000:.1f} us {2*M*N*K/ms/1e9:.1f}")
    print(f"{M}x{N}x{K}", " | ".join(row), flush=True)
