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


for task, number, title in (
    ("boundaries", 1, "grain boundaries"),
    ("phases", 2, "second phase"),
):

    rule:
        name:
            f"compare_{task}"
        input:
            expand(
                f"<results>/weights/{task}/{{variant}}.safetensors",
                variant=STUDY.networks(task).variants,
            ),
        output:
            f"<results>/scores/{task}.json",
            f"<results>/tables/table{number}.csv",
        log:
            f"<logs>/compare/{task}.log",
        benchmark:
            f"<benchmarks>/compare/{task}.tsv"
        conda:
            "../../envs/learn.yaml"
        threads: 1
        resources:
            mem_mb=3000,
            runtime=120,
        params:
            run=RUN,
            config=CONFIG,
            task=task,
            weights=f"{FOLDER}/weights/{task}",
            settings=settings("images", task),
        message:
            f"Score what finds {title}"
        shell:
            "{params.run} micrograph compare --config {params.config} --task {params.task}"
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
