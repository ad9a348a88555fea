"""Repeated k-fold cross-validation: one job is a batch of folds."""


rule crossval:
    input:
        manifest=enough_samples,
    output:
        "<results>/crossval/{model}/{grouping}/f{first}-{last}.json",
    log:
        "<logs>/crossval/{model}-{grouping}-{first}-{last}.log",
    benchmark:
        "<benchmarks>/crossval/{model}-{grouping}-{first}-{last}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: STUDY.learning.threads
    resources:
        gpu=lambda wildcards: plan.learning_gpus(STUDY, wildcards.model),
        mem_mb=lambda wildcards, attempt: attempt
        * plan.learning_memory_mb(STUDY, wildcards.model),
        runtime=lambda wildcards, attempt: attempt
        * plan.crossval_minutes(
            STUDY, int(wildcards.last) + 1 - int(wildcards.first), wildcards.model
        ),
    params:
        run=RUN,
        config=CONFIG,
        dataset=lambda wildcards, input: os.path.dirname(input.manifest),
        folds=lambda wildcards: f"{int(wildcards.first)}:{int(wildcards.last) + 1}",
        settings=settings(
            "learning",
            "noise",
            "crossval.folds",
            "crossval.repeats",
            "crossval.epochs",
        ),
    message:
        "Cross-validate {wildcards.model} ({wildcards.grouping}), folds {params.folds}"
    shell:
        "{params.run} crossval --config {params.config} --dataset {params.dataset}"
        " --model {wildcards.model} --grouping {wildcards.grouping} --folds {params.folds}"
        " --output {output} > {log} 2>&1"


rule crossval_summary:
    input:
        [
            f"<results>/crossval/{model}/{grouping}/f{folds}.json"
            for model in STUDY.crossval.models
            for grouping in STUDY.crossval.groupings
            for folds in plan.fold_batches(STUDY, model)
        ],
    output:
        table=report(
            "<results>/tables/table6.csv",
            caption="../report/table6.rst",
            category="Learning",
            labels={"result": "Table 6: cross-validation"},
        ),
        json="<results>/tables/table6.json",
    log:
        "<logs>/crossval_summary.log",
    benchmark:
        "<benchmarks>/crossval_summary.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        run=RUN,
    message:
        "Table 6: cross-validation"
    shell:
        "{params.run} crossval-summary {input} --output {output.table} > {log} 2>&1"
