"""Figures, each from the files it needs: one job draws those that wait for the same files."""

for names in drawn_together(STUDY):

    rule:
        name:
            "figure_" + names[0].replace("-", "_")
        input:
            [f"<results>/{file}" for file in FIGURES[names[0]].needed(STUDY)],
        output:
            [
                report(
                    f"<results>/figures/{name}.png",
                    caption="../report/figure.rst",
                    category=FIGURES[name].topic,
                    labels={"figure": FIGURES[name].title},
                )
                for name in names
            ],
        log:
            f"<logs>/figure/{names[0]}.log",
        benchmark:
            f"<benchmarks>/figure/{names[0]}.tsv"
        conda:
            "../../envs/learn.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            run=RUN,
            config=CONFIG,
            names=names,
            title=[FIGURES[name].title for name in names],
            text=[FIGURES[name].text for name in names],
            pictures=lambda wildcards, output: repeated("--output", output),
        message:
            "Figures {params.names}"
        shell:
            "{params.run} figure {params.names} --config {params.config}"
            " {params.pictures} > {log} 2>&1"
