"""Learning curves of the study's inverters and of simpler methods, on one split by microstructure."""


rule learning_curves:
    input:
        manifest="<results>/dataset/manifest.json",
    output:
        report(
            "<results>/baselines/learning_curves.csv",
            caption="../report/learning_curves.rst",
            category="Learning",
            labels={"result": "Learning curves"},
        ),
    log:
        "<logs>/learning_curves.log",
    benchmark:
        "<benchmarks>/learning_curves.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: STUDY.learning.threads
    resources:
        gpu=max(plan.learning_gpus(STUDY, model) for model in STUDY.models),
        mem_mb=lambda wildcards, attempt: attempt * plan.learning_memory_mb(STUDY),
        runtime=lambda wildcards, attempt: attempt * plan.curves_minutes(STUDY),
    params:
        run=RUN,
        config=CONFIG,
        dataset=lambda wildcards, input: os.path.dirname(input.manifest),
        folder=lambda wildcards, output: os.path.dirname(output[0]),
        settings=settings("learning", "noise", "curves", "crossval.models"),
    message:
        "Learning curves"
    shell:
        "{params.run} baselines --config {params.config} --dataset {params.dataset}"
        " --output {params.folder} > {log} 2>&1"


rule baselines:
    input:
        "<results>/baselines/learning_curves.csv",
        "<results>/figures/learning-curves.png",
