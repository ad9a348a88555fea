"""The study of composites: its stages, from the cells to the report."""

import os

# what stands beside the published study says nothing about another one
FITTED = ["fitted"]
EVOLVED = ["evolved", "sums", "table4-composite"] if STUDY.is_published else []


rule samples:
    output:
        "<results>/samples.csv",
        "<results>/samples.json",
    log:
        "<logs>/samples.log",
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        run=RUN,
        config=CONFIG,
        settings=settings(
            "bounds", "cell.inclusions", "surrogate.test_points", "surrogate.seed"
        ),
    message:
        "Design of experiments"
    shell:
        "{params.run} composite samples --config {params.config} --output {output[0]} > {log} 2>&1"


rule cells:
    input:
        "<results>/samples.csv",
    output:
        "<results>/cells.nc",
    log:
        "<logs>/cells.log",
    benchmark:
        "<benchmarks>/cells.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        run=RUN,
        config=CONFIG,
        settings=settings("cell"),
    message:
        "Solve the cells"
    shell:
        "{params.run} composite cells --config {params.config} --samples {input}"
        " --output {output} > {log} 2>&1"


rule fields:
    output:
        "<results>/fields.nc",
    log:
        "<logs>/fields.log",
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        run=RUN,
        config=CONFIG,
        settings=settings("cell", "bounds"),
    message:
        "Stress fields of the middle cell"
    shell:
        "{params.run} composite fields --config {params.config} --output {output} > {log} 2>&1"


rule surrogate:
    input:
        "<results>/cells.nc",
    output:
        "<results>/reduced.csv",
        "<results>/reduced.json",
    log:
        "<logs>/surrogate.log",
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        run=RUN,
        config=CONFIG,
        settings=settings("surrogate"),
    message:
        "Compare reduced bases"
    shell:
        "{params.run} composite surrogate --config {params.config} --cells {input}"
        " --output {output[0]} > {log} 2>&1"


rule boxes:
    output:
        expand(
            "<results>/boxes/{file}",
            file=["design.json", "front.csv", "front-curve.csv"],
        ),
    log:
        "<logs>/boxes.log",
    benchmark:
        "<benchmarks>/boxes.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        run=RUN,
        config=CONFIG,
        folder=lambda wildcards, output: os.path.dirname(output[0]),
        settings=settings("cell", "bounds", "targets", "design", "surrogate.solves"),
    message:
        "Boxes that hold, and the front"
    shell:
        "{params.run} composite boxes --config {params.config} --output {params.folder} > {log} 2>&1"


rule paper:
    input:
        "<results>/cells.nc",
    output:
        expand(
            "<results>/tables/{table}-composite.csv",
            table=["table1", "table2", "recheck"],
        ),
        "<results>/tables/table1-quality.csv",
        "<results>/tables/study.json",
    log:
        "<logs>/paper.log",
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        run=RUN,
        config=CONFIG,
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    message:
        "The published tables, re-checked"
    shell:
        "{params.run} composite paper --config {params.config} --cells {input}"
        " --output {params.folder} > {log} 2>&1"


rule baselines:
    input:
        cells="<results>/cells.nc",
        front="<results>/boxes/front-curve.csv",
    output:
        expand(
            "<results>/baselines/{table}.csv",
            table=FITTED + EVOLVED,
        ),
        "<results>/baselines/study.json",
    log:
        "<logs>/baselines.log",
    benchmark:
        "<benchmarks>/baselines.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        run=RUN,
        config=CONFIG,
        boxes=lambda wildcards, input: os.path.dirname(input.front),
        folder=lambda wildcards, output: os.path.dirname(output[0]),
        settings=settings("baselines", "targets"),
    message:
        "Simpler surrogates and NSGA-II"
    shell:
        "{params.run} composite baselines --config {params.config} --cells {input.cells}"
        " --boxes {params.boxes} --output {params.folder} > {log} 2>&1"


rule report:
    input:
        rules.fields.output,
        rules.surrogate.output,
        rules.boxes.output,
        rules.paper.output if STUDY.is_published else [],
        rules.baselines.output,
    output:
        page="<results>/report.html",
        figure="<results>/figures/figure3.png",
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
        folder=lambda wildcards, output: os.path.dirname(output.page),
    message:
        "Report: {output.page}"
    shell:
        "{params.run} composite report --config {params.config} --results {params.folder}"
        " --output {output.page} > {log} 2>&1"


rule figure3:
    input:
        "<results>/figures/figure3.png",


if STUDY.is_published:

    rule table1:
        input:
            "<results>/tables/table1-composite.csv",

    rule table2:
        input:
            "<results>/tables/table2-composite.csv",

    rule table3:
        input:
            "<results>/tables/recheck-composite.csv",

    rule table4:
        input:
            "<results>/baselines/table4-composite.csv",
