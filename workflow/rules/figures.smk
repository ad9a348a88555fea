"""Figures: one verb draws them all, each from the files it needs."""

NETWORK = "<results>/models/cnn_lstm"
TRAINED = {model: f"<results>/models/{model}/model.json" for model in STUDY.models}
FIGURE_FILES = {
    "microstructure": ["<results>/microstructures/00000.nc"],
    "design": ["<results>/samples.csv"],
    "strain": ["<results>/dataset/manifest.json"],
    "loads": ["<results>/dataset/manifest.json"],
    **{f"predictions-{model}": [file] for model, file in TRAINED.items()},
    "runtime": [*TRAINED.values(), "<results>/tables/table6.csv"],
}
NETWORK_FILES = dict.fromkeys(
    ("loss", "attention", "predictions-cnn_lstm"), [f"{NETWORK}/model.json"]
)
NETWORK_FILES["attribution"] = [f"{NETWORK}/attribution.nc"]
if "cnn_lstm" in TRAINED:
    FIGURE_FILES |= NETWORK_FILES
FIGURE_FILES["overview"] = ["<results>/dataset/manifest.json", *TRAINED.values()]
FIGURES = list(FIGURE_FILES)
FIGURE_FILES |= NETWORK_FILES
FIGURE_FILES["learning-curves"] = ["<results>/baselines/learning_curves.csv"]
FIGURE_FILES |= {
    table: [f"<results>/tables/{table}.json"] for table in sweeps.TABLES.values()
}


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
