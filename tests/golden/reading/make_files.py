"""Small files of the kinds that Python writes: what tests/data/reading/binary_test.ts reads and what the fuzzer starts from.

Run with pyarrow 26.0.1 and zstandard 0.25.0:  python make_files.py
"""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import zstandard

here = Path(__file__).parent
texts = [f"the screen is dark, {i}" if i % 2 else f"an invoice for {i} euros" for i in range(12)]
texts[5] = None
columns = {
    "text": pa.array(texts),
    "label": pa.array([i % 2 for i in range(12)], pa.int64()),
    "kind": pa.array(["tech" if i % 2 else "billing" for i in range(12)]).dictionary_encode(),
    "tags": pa.array([[], ["a"], None, ["a", "b"]] * 3, pa.list_(pa.string())),
    "at": pa.array([0, None, 1_700_000_000_000] * 4, pa.timestamp("ms")),
    "score": pa.array([0.5, -1.0, None, 2.0] * 3),
    "seen": pa.array([True, False, None] * 4),
    "big": pa.array([2**53 + 1] + [1] * 11),
    "place": pa.array([{"x": i, "y": None} for i in range(12)], pa.struct([("x", pa.int32()), ("y", pa.string())])),
}
features = {"label": {"names": ["billing", "tech"], "_type": "ClassLabel"}}
metadata = {"huggingface": json.dumps({"info": {"features": features}})}
table = pa.table(columns).replace_schema_metadata(metadata)
plain = table.select(["text", "label"])

for name, data, options in [
    ("all", table, {"compression": "snappy", "row_group_size": 5}),
    ("plain", plain, {"compression": "none", "use_dictionary": False}),
    ("zstd", plain, {"compression": "zstd", "data_page_version": "2.0"}),
    ("gzip", plain, {"compression": "gzip"}),
    ("brotli", plain, {"compression": "brotli"}),
    ("lz4", plain, {"compression": "lz4"}),
    ("delta", plain, {"compression": "none", "use_dictionary": False,
                      "column_encoding": {"text": "DELTA_BYTE_ARRAY", "label": "DELTA_BINARY_PACKED"}}),
]:
    pq.write_table(data, here / f"{name}.parquet", store_schema=name == "all", write_statistics=False, **options)

feather.write_feather(table, str(here / "all.feather"), compression="uncompressed", chunksize=5)
feather.write_feather(plain, str(here / "lz4.feather"), compression="lz4")
feather.write_feather(plain, str(here / "zstd.feather"), compression="zstd")
with pa.ipc.new_stream(str(here / "stream.arrow"), plain.schema) as writer:
    writer.write_table(plain, max_chunksize=7)

rows = "text,label\n" + "".join(f'"{text or "?"}",{i % 2}\n' for i, text in enumerate(texts))
(here / "rows.csv.gz").write_bytes(gzip.compress(rows.encode(), mtime=0))
(here / "rows.csv.zst").write_bytes(zstandard.ZstdCompressor(level=3).compress(rows.encode()))
(here / "expected.json").write_text(json.dumps(plain.to_pylist(), indent=1) + "\n")
