"""Microstructures: a job makes ten, the last one what is left. A start takes longer than a map."""

MICROSTRUCTURES = [f"{index:05d}" for index in range(STUDY.specimen.microstructures)]


rule microstructure:
    output:
        expand("<results>/microstructures/{{tens}}{last}.nc", last=range(10)),
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
        maps=lambda wildcards, output: " ".join(
            f"--index {int(Path(path).stem)} --output {path}" for path in output
        ),
        settings=settings("specimen"),
    message:
        "Microstructures from {output[0]} on"
    shell:
        "{params.run} microstructure --config {params.config} {params.maps} > {log} 2>&1"


if REST:

    use rule microstructure as microstructure_rest with:
        output:
            expand("<results>/microstructures/{index}.nc", index=REST),
        log:
            "<logs>/microstructure/rest.log",
        benchmark:
            "<benchmarks>/microstructure/rest.tsv"
