"""Figures: one verb draws them all, each from the files it needs."""

MODEL = STUDY.learning.model
TRAINED = f"<results>/models/{MODEL}/model.json"
FIGURE_FILES = {
    "microstructure": ["<results>/microstructures/00000.nc"],
    "design": ["<results>/samples.csv"],
    "strain": ["<results>/dataset/manifest.json"],
    "loads": ["<results>/dataset/manifest.json"],
    "loss": [TRAINED],
    "predictions": [TRAINED],
    "attention": [TRAINED],
    "runtime": [TRAINED, "<results>/tables/table6.csv"],
}
NETWORK_FIGURES = {"loss", "attention"}
FIGURES = [
    name for name in FIGURE_FILES if MODEL == "cnn_lstm" or name not in NETWORK_FIGURES
]


rule figure:
    input:
        lambda wildcards: FIGURE_FILES[wildcards.figure],
    output:
        report(
            "<results>/figures/{figure}.png",
            caption="../report/figure.rst",
            category=lambda wildcards: CAPTIONS[wildcards.figure].topic,
            labels=lambda wildcards: {"figure": CAPTIONS[wildcards.figure].title},
        ),
    log:
        "<logs>/figure/{figure}.log",
    benchmark:
        "<benchmarks>/figure/{figure}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        run=RUN,
        config=CONFIG,
        title=lambda wildcards: CAPTIONS[wildcards.figure].title,
        text=lambda wildcards: CAPTIONS[wildcards.figure].text,
    message:
        "Figure {wildcards.figure}"
    shell:
        "{params.run} figure {wildcards.figure} --config {params.config}"
        " --output {output} > {log} 2>&1"
