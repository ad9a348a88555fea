"""Design of experiments."""


rule design:
    output:
        table="<results>/samples.csv",
        facts="<results>/samples.json",
    log:
        "<logs>/design.log",
    benchmark:
        "<benchmarks>/design.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        run=RUN,
        config=CONFIG,
        settings=settings("sampling", "specimen.microstructures"),
    message:
        "Design of experiments"
    shell:
        "{params.run} design --config {params.config} --output {output.table} > {log} 2>&1"
