#!/usr/bin/env bash
# Snakemake 9.27.1 (PyPI): `benchmark:` reads CPU time and memory of a job twice a second for its first fifteen seconds, then every
# 30 s, and not once more when it ends. What a job does after the last reading is not in the file: of one that computes for 40 s
# `cpu_time` has 16 s, and `max_rss` none of the 300 MB that it takes for the last ten seconds. The wall time `s` is right. So sums
# of `cpu_time` over jobs of half a minute are a quarter to a half too low, and memory requests that are made from `max_rss` too small.
# Output with these versions:
#   wall time 40 s of 40 s, CPU time 0.4 of what the job took, largest memory 16 MB of 300 MB and more
# Exit status 1 if the behaviour changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet snakemake==9.27.1
cd "$folder"
cat > job.py <<'PYTHON'
import time

begin, kept = time.perf_counter(), b""
while (spent := time.perf_counter() - begin) < 40:
    if spent > 30 and not kept:
        kept = b"x" * 300_000_000
print(time.process_time())
PYTHON
cat > Snakefile <<'SNAKEFILE'
rule job:
    output: "cpu.txt"
    benchmark: "benchmark.tsv"
    shell: "python3 job.py > {output}"
SNAKEFILE
"$folder/env/bin/snakemake" --cores 1 --quiet all
"$folder/env/bin/python" - <<'PYTHON'
import csv
import sys

(row,) = csv.DictReader(open("benchmark.tsv"), delimiter="\t")
share = float(row["cpu_time"]) / float(open("cpu.txt").read())
wall, memory = float(row["s"]), float(row["max_rss"])
print(
    f"wall time {wall:.0f} s of 40 s, CPU time {share:.1f} of what the job took, largest memory "
    f"{memory:.0f} MB of 300 MB and more"
)
sys.exit(not (wall >= 40 and share < 0.7 and memory < 100))
PYTHON
