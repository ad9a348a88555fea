"""Figures: one verb draws them all, each from the files it needs."""


rule figure:
    input:
        lambda wildcards: [
            f"<results>/{file}" for file in FIGURES[wildcards.figure].needed(STUDY)
        ],
    output:
        report(
            "<results>/figures/{figure}.png",
            caption="../report/figure.rst",
            category=lambda wildcards: FIGURES[wildcards.figure].topic,
            labels=lambda wildcards: {"figure": FIGURES[wildcards.figure].title},
        ),
    log:
        "<logs>/figure/{figure}.log",
    benchmark:
        "<benchmarks>/figure/{figure}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        run=RUN,
        config=CONFIG,
        title=lambda wildcards: FIGURES[wildcards.figure].title,
        text=lambda wildcards: FIGURES[wildcards.figure].text,
    message:
        "Figure {wildcards.figure}"
    shell:
        "{params.run} figure {wildcards.figure} --config {params.config}"
        " --output {output} > {log} 2>&1"
