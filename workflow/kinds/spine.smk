"""Stages that studies of inputs and outputs share: design, simulate, gather, validate, report."""

from slipfield.spine.check import models_of

SAMPLES = len(load(KIND.design)(STUDY).rows)
JOB = STUDY.execution.samples_per_job
BATCHES = [
    f"{first:06d}-{min(first + JOB, SAMPLES):06d}" for first in range(0, SAMPLES, JOB)
]
SIMULATOR = f"{RUN} --in {KIND.environment} python3 -m slipfield"


def its_own():
    """Sections of the study beyond those of its jobs and folds: a change simulates anew."""
    return settings(*STUDY.PHYSICS)


wildcard_constraints:
    first=r"\d{6}",
    last=r"\d{6}",


rule design:
    output:
        "<results>/samples.csv",
    log:
        "<logs>/design.log",
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        run=RUN,
        config=CONFIG,
        settings=its_own(),
    message:
        "Design of experiments"
    shell:
        "{params.run} study design --config {params.config} --output {output} > {log} 2>&1"


rule simulate:
    input:
        "<results>/samples.csv",
    output:
        "<results>/shards/{first}-{last}.nc",
    log:
        "<logs>/simulate/{first}-{last}.log",
    benchmark:
        "<benchmarks>/simulate/{first}-{last}.tsv"
    conda:
        f"../../envs/{KIND.environment}.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=lambda wildcards, attempt: attempt * 120,
    params:
        run=SIMULATOR,
        config=CONFIG,
        settings=its_own(),
        rows=lambda wildcards: f"{int(wildcards.first)}:{int(wildcards.last)}",
    message:
        "Simulate {wildcards.first} to {wildcards.last}"
    shell:
        "{params.run} study simulate --config {params.config} --samples {input}"
        " --rows {params.rows} --output {output} > {log} 2>&1"


rule gather:
    input:
        expand("<results>/shards/{batch}.nc", batch=BATCHES),
    output:
        "<results>/dataset.nc",
    log:
        "<logs>/gather.log",
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        run=RUN,
        config=CONFIG,
    message:
        "Gather {output}"
    shell:
        "{params.run} study gather {input} --config {params.config} --output {output} > {log} 2>&1"


rule crossval:
    input:
        "<results>/dataset.nc",
    output:
        scores="<results>/crossval/{model}.json",
        predictions="<results>/crossval/{model}.csv",
    log:
        "<logs>/crossval/{model}.log",
    benchmark:
        "<benchmarks>/crossval/{model}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=lambda wildcards, attempt: attempt * 240,
    params:
        run=RUN,
        config=CONFIG,
        settings=settings("crossval"),
    message:
        "Cross-validate {wildcards.model}"
    shell:
        "{params.run} study crossval --config {params.config} --dataset {input}"
        " --model {wildcards.model} --output {output.scores} > {log} 2>&1"


rule report:
    input:
        dataset="<results>/dataset.nc",
        scores=expand("<results>/crossval/{model}.json", model=models_of(STUDY, KIND)),
    output:
        "<results>/report.html",
    log:
        "<logs>/report.log",
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        run=RUN,
        config=CONFIG,
        folder=FOLDER,
    message:
        "Report: {output}"
    shell:
        "{params.run} study report --config {params.config} --folder {params.folder}"
        " --output {output} > {log} 2>&1"
