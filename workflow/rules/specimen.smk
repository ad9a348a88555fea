"""Microstructures: a job makes ten, the last one what is left. A start takes longer than a map."""

MICROSTRUCTURES = [f"{index:05d}" for index in range(STUDY.specimen.microstructures)]
LAST = range(plan.MAPS_PER_JOB)


rule microstructure:
    output:
        expand("<results>/microstructures/{{tens}}{last}.nc", last=LAST),
    log:
        "<logs>/microstructure/{tens}.log",
    benchmark:
        "<benchmarks>/microstructure/{tens}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        run=RUN,
        config=CONFIG,
        indices=lambda wildcards, output: repeated(
            "--index", (int(Path(path).stem) for path in output)
        ),
        files=lambda wildcards, output: repeated("--output", output),
        settings=settings("specimen"),
    message:
        "Microstructures from {output[0]} on"
    shell:
        "{params.run} microstructure --config {params.config} {params.indices}"
        " {params.files} > {log} 2>&1"


if REST:

    use rule microstructure as microstructure_rest with:
        output:
            expand("<results>/microstructures/{index}.nc", index=REST),
        log:
            "<logs>/microstructure/rest.log",
        benchmark:
            "<benchmarks>/microstructure/rest.tsv"
