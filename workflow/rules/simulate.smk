"""Simulations: one job is a batch of samples of one microstructure; a failed sample is data."""


rule warmup:
    output:
        touch("<results>/warmup.done"),
    log:
        "<logs>/warmup.log",
    benchmark:
        "<benchmarks>/warmup.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        run=RUN,
        config=CONFIG,
    message:
        "Compile the kernels"
    shell:
        "{params.run} warmup --config {params.config} > {log} 2>&1"


rule simulate:
    input:
        warm="<results>/warmup.done",
        samples="<results>/samples.csv",
        microstructure=lambda wildcards: (
            f"<results>/microstructures/{plan.parse_batch(wildcards.batch).microstructure:05d}.nc"
        ),
    output:
        "<results>/shards/{batch}.nc",
    log:
        "<logs>/simulate/{batch}.log",
    benchmark:
        "<benchmarks>/simulate/{batch}.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: RANKS
    resources:
        **parallel(RANKS),
        mem_mb=lambda wildcards, attempt: attempt * MEMORY,
        runtime=lambda wildcards, attempt: attempt
        * plan.simulation_minutes(STUDY, len(plan.parse_batch(wildcards.batch))),
    params:
        run=launch,
        config=CONFIG,
        rows=lambda wildcards: plan.parse_batch(wildcards.batch).rows,
        physics=STUDY.physics_hash(),
    message:
        "Simulate {wildcards.batch}"
    shell:
        "{params.run} simulate --config {params.config} --microstructure {input.microstructure}"
        " --samples {input.samples} --rows {params.rows} --output {output} > {log} 2>&1"


rule shards:
    input:
        expand(
            "<results>/shards/{batch}.nc", batch=[b.name for b in plan.batches(STUDY)]
        ),


rule reference:
    input:
        warm="<results>/warmup.done",
        microstructures=expand("<results>/microstructures/{{tens}}{last}.nc", last=LAST),
    output:
        expand("<results>/references/{{tens}}{last}.nc", last=LAST),
    log:
        "<logs>/reference/{tens}.log",
    benchmark:
        "<benchmarks>/reference/{tens}.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt * plan.reference_memory_mb(STUDY),
        runtime=lambda wildcards, attempt: attempt
        * plan.reference_minutes(STUDY, plan.MAPS_PER_JOB),
    params:
        run=RUN,
        config=CONFIG,
        maps=lambda wildcards, input: repeated(
            "--microstructure", input.microstructures
        ),
        files=lambda wildcards, output: repeated("--output", output),
        physics=STUDY.physics_hash(),
        centre=STUDY.sampling.centre,
    message:
        "Reference runs from {output[0]} on"
    shell:
        "{params.run} reference --config {params.config} {params.maps}"
        " {params.files} > {log} 2>&1"


if REST:

    use rule reference as reference_rest with:
        input:
            warm="<results>/warmup.done",
            microstructures=expand("<results>/microstructures/{index}.nc", index=REST),
        output:
            expand("<results>/references/{index}.nc", index=REST),
        log:
            "<logs>/reference/rest.log",
        benchmark:
            "<benchmarks>/reference/rest.tsv"
