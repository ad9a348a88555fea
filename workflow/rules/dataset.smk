"""The dataset: all shards, checked and listed."""

REFERENCES = MICROSTRUCTURES[: plan.reference_maps(STUDY)]


rule gather:
    input:
        samples="<results>/samples.csv",
        shards=expand(
            "<results>/shards/{batch}.nc", batch=[b.name for b in plan.batches(STUDY)]
        ),
        microstructures=expand(
            "<results>/microstructures/{index}.nc", index=MICROSTRUCTURES
        ),
        references=expand("<results>/references/{index}.nc", index=REFERENCES),
    output:
        manifest="<results>/dataset/manifest.json",
    log:
        "<logs>/gather.log",
    benchmark:
        "<benchmarks>/gather.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt * 2000,
        runtime=lambda wildcards, attempt: attempt * plan.gather_minutes(STUDY),
    params:
        run=RUN,
        config=CONFIG,
        shards=lambda wildcards, input: os.path.dirname(input.shards[0]),
        folder=lambda wildcards, output: os.path.dirname(output.manifest),
        maps=lambda wildcards, input: os.path.dirname(input.microstructures[0]),
        references=lambda wildcards, input: (
            f"--references {os.path.dirname(input.references[0])}"
            if REFERENCES
            else ""
        ),
    message:
        "Gather the dataset"
    shell:
        "{params.run} gather --config {params.config} --samples {input.samples}"
        " --shards {params.shards} --microstructures {params.maps} {params.references}"
        " --output {params.folder} > {log} 2>&1"
