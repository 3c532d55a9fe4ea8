#!/usr/bin/env bash
# Packs the fuzzer for a machine without network: bench/pack_fuzz.sh FOLDER makes FOLDER/fuzz (three bundles) and FOLDER/golden
# (what it starts from). There, with Deno: deno run -A FOLDER/fuzz/fuzz.js --jobs 14 --minutes 4 --out FOUND
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${1:?bench/pack_fuzz.sh FOLDER}")
mkdir -p "$folder/fuzz" "$folder/golden"
bundle() { deno bundle --quiet --platform deno -o "$folder/fuzz/$2" "$1"; }
bundle bench/fuzz.ts fuzz.js
# By the names that the fuzzer and the readers start them by.
bundle tests/fuzz/child.ts child.ts
bundle src/data/reading/decoder_worker.ts decoder_worker.ts
for path in serve/bundle models/bert/model/config.json text/tokenizer.json reading; do
  mkdir -p "$folder/golden/$(dirname "$path")"
  cp -r "tests/golden/$path" "$folder/golden/$(dirname "$path")/"
done
du -sh "$folder"
