"""One setting of the training varied: tables 3 to 5; one job is a setting with its repeats."""


rule sweep:
    input:
        manifest="<results>/dataset/manifest.json",
    output:
        "<results>/sweep/{setting}.json",
    log:
        "<logs>/sweep/{setting}.log",
    benchmark:
        "<benchmarks>/sweep/{setting}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: STUDY.learning.threads
    resources:
        **GPU,
        mem_mb=lambda wildcards, attempt: attempt
        * sweeps.setting_memory_mb(STUDY, wildcards.setting),
        runtime=lambda wildcards, attempt: attempt * sweeps.setting_minutes(STUDY),
    params:
        run=RUN,
        config=CONFIG,
        dataset=lambda wildcards, input: os.path.dirname(input.manifest),
        settings=settings("learning", "noise", "sweep.epochs", "sweep.repeats"),
    message:
        "Train with the setting {wildcards.setting}"
    shell:
        "{params.run} sweep --config {params.config} --dataset {params.dataset}"
        " --setting {wildcards.setting} --output {output} > {log} 2>&1"


SWEPT = {table: field for field, table in sweeps.TABLES.items()}


rule sweep_table:
    input:
        lambda wildcards: expand(
            "<results>/sweep/{setting}.json",
            setting=sweeps.settings_of(STUDY, SWEPT[wildcards.table]),
        ),
    output:
        table=report(
            "<results>/tables/{table}.csv",
            caption="../report/sweep.rst",
            category="Learning",
            labels=lambda wildcards: {"result": f"{wildcards.table}: settings"},
        ),
        json="<results>/tables/{table}.json",
    log:
        "<logs>/sweep_table/{table}.log",
    benchmark:
        "<benchmarks>/sweep_table/{table}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        run=RUN,
        field=lambda wildcards: SWEPT[wildcards.table],
    message:
        "{wildcards.table}: trainings by {params.field}"
    shell:
        "{params.run} sweep-summary {input} --field {params.field}"
        " --output {output.table} > {log} 2>&1"
