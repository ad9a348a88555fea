"""The study of micrographs: networks trained, methods scored beside them, tables, figures, report."""


wildcard_constraints:
    task="boundaries|phases",


rule variant:
    output:
        "<results>/weights/{task}/{variant}.safetensors",
    log:
        "<logs>/variant/{task}-{variant}.log",
    benchmark:
        "<benchmarks>/variant/{task}-{variant}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=240,
    params:
        run=RUN,
        config=CONFIG,
        settings=lambda wildcards: settings(
            *(
                f"{wildcards.task}.{name}"
                for name in ("presets", "images", "steps", "seed")
            )
        ),
    message:
        "Train a network of {wildcards.task}: {wildcards.variant}"
    shell:
        "{params.run} micrograph variant --config {params.config} --task {wildcards.task}"
        " --variant {wildcards.variant} --output {output} > {log} 2>&1"


rule compare_boundaries:
    input:
        expand(
            "<results>/weights/boundaries/{variant}.safetensors",
            variant=STUDY.boundaries.variants,
        ),
    output:
        "<results>/scores/boundaries.json",
        "<results>/tables/table1.csv",
    log:
        "<logs>/compare/boundaries.log",
    benchmark:
        "<benchmarks>/compare/boundaries.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        run=RUN,
        config=CONFIG,
        weights=f"{FOLDER}/weights/boundaries",
        settings=settings("images", "boundaries"),
    message:
        "Score what finds grain boundaries"
    shell:
        "{params.run} micrograph compare --config {params.config} --task boundaries"
        " --weights {params.weights} --output {output[0]} > {log} 2>&1"


rule compare_phases:
    input:
        expand(
            "<results>/weights/phases/{variant}.safetensors",
            variant=STUDY.phases.variants,
        ),
    output:
        "<results>/scores/phases.json",
        "<results>/tables/table2.csv",
    log:
        "<logs>/compare/phases.log",
    benchmark:
        "<benchmarks>/compare/phases.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        run=RUN,
        config=CONFIG,
        weights=f"{FOLDER}/weights/phases",
        settings=settings("images", "phases"),
    message:
        "Score what finds second phase"
    shell:
        "{params.run} micrograph compare --config {params.config} --task phases"
        " --weights {params.weights} --output {output[0]} > {log} 2>&1"


rule report:
    input:
        "<results>/scores/boundaries.json",
        "<results>/scores/phases.json",
    output:
        "<results>/report.html",
        expand("<results>/figures/figure{number}.png", number=[4, 5, 6, 9, 10]),
    log:
        "<logs>/report.log",
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        run=RUN,
        config=CONFIG,
        folder=FOLDER,
    message:
        "Report: {output[0]}"
    shell:
        "{params.run} micrograph report --config {params.config} --folder {params.folder}"
        " --output {output[0]} > {log} 2>&1"


for number in (1, 2):

    rule:
        name:
            f"table{number}"
        input:
            f"<results>/tables/table{number}.csv",


for number in (4, 5, 6, 9, 10):

    rule:
        name:
            f"figure{number}"
        input:
            f"<results>/figures/figure{number}.png",
