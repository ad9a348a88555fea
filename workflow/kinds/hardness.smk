"""The study of hardness: table, each model left out, the choice and its explanation, report."""


def table_settings():
    """Settings of the table, and the content of a user's."""
    from slipfield.core.digest import file_digest

    path = STUDY.table.file
    return settings("table") + (file_digest(path) if path else "")


rule table:
    output:
        "<results>/table.csv",
    log:
        "<logs>/table.log",
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        run=RUN,
        config=CONFIG,
        settings=table_settings(),
    message:
        "Table of alloys"
    shell:
        "{params.run} hardness table --config {params.config} --output {output} > {log} 2>&1"


rule validate_hardness:
    input:
        "<results>/table.csv",
    output:
        "<results>/scores/{model}.json",
    log:
        "<logs>/validate/{model}.log",
    benchmark:
        "<benchmarks>/validate/{model}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        run=RUN,
        config=CONFIG,
        settings=settings("validation.draws", "validation.seed"),
    message:
        "Leave out alloys and compositions: {wildcards.model}"
    shell:
        "{params.run} hardness validate --config {params.config} --table {input}"
        " --model {wildcards.model} --output {output} > {log} 2>&1"


rule explain:
    input:
        table="<results>/table.csv",
        scores=expand("<results>/scores/{model}.json", model=STUDY.validation.models),
    output:
        "<results>/explained.json",
        "<results>/explained.csv",
    log:
        "<logs>/explain.log",
    benchmark:
        "<benchmarks>/explain.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        run=RUN,
        config=CONFIG,
        scores=f"{FOLDER}/scores",
        settings=settings("validation"),
    message:
        "Choose and explain"
    shell:
        "{params.run} hardness explain --config {params.config} --table {input.table}"
        " --scores {params.scores} --output {output[0]} > {log} 2>&1"


rule report:
    input:
        "<results>/explained.json",
    output:
        "<results>/report.html",
        expand(
            "<results>/figures/{figure}.png",
            figure=["predictions", "scores", "shapley", "importance"],
        ),
    log:
        "<logs>/report.log",
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        run=RUN,
        config=CONFIG,
        folder=FOLDER,
    message:
        "Report: {output[0]}"
    shell:
        "{params.run} hardness report --config {params.config} --folder {params.folder}"
        " --output {output[0]} > {log} 2>&1"


rule figure11:
    input:
        "<results>/figures/predictions.png",


rule figure12:
    input:
        "<results>/figures/scores.png",


rule figure13:
    input:
        "<results>/figures/shapley.png",
        "<results>/figures/importance.png",
