"""Microstructures."""


rule microstructure:
    output:
        "<results>/microstructures/{index}.nc",
    log:
        "<logs>/microstructure/{index}.log",
    benchmark:
        "<benchmarks>/microstructure/{index}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        run=RUN,
        config=CONFIG,
        index=lambda wildcards: int(wildcards.index),
        settings=settings("specimen"),
    message:
        "Microstructure {wildcards.index}"
    shell:
        "{params.run} microstructure --config {params.config} --index {params.index}"
        " --output {output} > {log} 2>&1"
