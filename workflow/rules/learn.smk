"""Training."""

GPU = {"gpu": 1} if plan.learning_gpus(STUDY) else {}


rule train:
    input:
        manifest=enough_samples,
    output:
        model="<results>/models/{model}/model.json",
        weights="<results>/models/{model}/model.safetensors",
        metrics="<results>/models/{model}/metrics.json",
        predictions="<results>/models/{model}/predictions.csv",
    log:
        "<logs>/train/{model}.log",
    benchmark:
        "<benchmarks>/train/{model}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: STUDY.learning.threads
    resources:
        gpu=lambda wildcards: plan.learning_gpus(STUDY, wildcards.model),
        mem_mb=lambda wildcards, attempt: attempt
        * plan.learning_memory_mb(STUDY, wildcards.model),
        runtime=lambda wildcards, attempt: attempt
        * plan.training_minutes(STUDY, wildcards.model),
    params:
        run=RUN,
        config=CONFIG,
        dataset=lambda wildcards, input: os.path.dirname(input.manifest),
        folder=lambda wildcards, output: os.path.dirname(output.model),
        settings=settings("learning", "noise"),
    message:
        "Train {wildcards.model}"
    shell:
        "{params.run} train --config {params.config} --dataset {params.dataset}"
        " --model {wildcards.model} --output {params.folder} > {log} 2>&1"


rule attribution:
    input:
        model="<results>/models/cnn_lstm/model.json",
        manifest="<results>/dataset/manifest.json",
    output:
        "<results>/models/cnn_lstm/attribution.nc",
    log:
        "<logs>/attribution.log",
    benchmark:
        "<benchmarks>/attribution.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: STUDY.learning.threads
    resources:
        **GPU,
        mem_mb=lambda wildcards, attempt: attempt * plan.learning_memory_mb(STUDY),
        runtime=120,
    params:
        run=RUN,
        dataset=lambda wildcards, input: os.path.dirname(input.manifest),
        model=lambda wildcards, input: os.path.dirname(input.model),
    message:
        "Attribute the network's answers"
    shell:
        "{params.run} attribution --model {params.model} --dataset {params.dataset}"
        " --output {output} > {log} 2>&1"
