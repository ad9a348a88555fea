"""Stress-strain curves: table, tension tests, curves on a grid, learners, report.

make curves                                              the paper's study, one training of its network
snakemake figure9 --configfile config/curves.yaml        ... to figure24: further trainings
"""

from slipfield.kinds.curves.tables import study_alloys

ALLOYS = len(study_alloys(STUDY))
ROWS = [
    f"{first}-{min(first + STUDY.tension.alloys_per_job, ALLOYS)}"
    for first in range(0, ALLOYS, STUDY.tension.alloys_per_job)
]
LEARNT = expand(
    "<results>/scores/{learner}-{setting}.csv",
    learner=STUDY.learning.learners,
    setting=STUDY.learning.settings,
)
TRAINED = expand(
    "<results>/published/s{setting}-{group}.csv",
    setting=STUDY.published.settings,
    group=STUDY.published.groups,
)
PAPER = {
    9: (1, "group1"),
    11: (1, "group2"),
    13: (1, "group3"),
    15: (2, "group1"),
    17: (2, "group2"),
    19: (2, "group3"),
    21: (3, "group2"),
    22: (4, "group2"),
    23: (5, "group2"),
}


wildcard_constraints:
    rows=r"\d+-\d+",
    learner="rule|forest|network",
    setting="[1-5]",
    group="group[123]",


rule tension:
    output:
        "<results>/shards/{rows}.nc",
    log:
        "<logs>/tension/{rows}.log",
    benchmark:
        "<benchmarks>/tension/{rows}.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        run=RUN,
        config=CONFIG,
        span=lambda wildcards: wildcards.rows.replace("-", ":"),
        physics=STUDY.physics_hash(),
    message:
        "Tension tests {wildcards.rows}"
    shell:
        "{params.run} tension --config {params.config} --rows {params.span}"
        " --output {output} > {log} 2>&1"


rule curve_gather:
    input:
        shards=expand("<results>/shards/{rows}.nc", rows=ROWS),
    output:
        "<results>/curves.nc",
    log:
        "<logs>/gather.log",
    benchmark:
        "<benchmarks>/gather.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        run=RUN,
        config=CONFIG,
        shards=lambda wildcards, input: repeated("--shards", input.shards),
        settings=settings("grid"),
    message:
        "Gather the curves"
    shell:
        "{params.run} curve-gather --config {params.config} {params.shards}"
        " --output {output} > {log} 2>&1"


rule curve_learn:
    input:
        "<results>/curves.nc",
    output:
        "<results>/scores/{learner}-{setting}.csv",
        "<results>/scores/{learner}-{setting}.json",
    log:
        "<logs>/learn/{learner}-{setting}.log",
    benchmark:
        "<benchmarks>/learn/{learner}-{setting}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        run=RUN,
        config=CONFIG,
        settings=settings(
            "learning.schemes",
            "learning.random_splits",
            "learning.left_out_settings",
            "learning.seed",
            "grid",
        ),
    message:
        "Learner {wildcards.learner}, setting {wildcards.setting}"
    shell:
        "{params.run} curve-learn --config {params.config} --curves {input}"
        " --learner {wildcards.learner} --setting {wildcards.setting}"
        " --output {output[0]} > {log} 2>&1"


rule curve_train:
    input:
        "<results>/curves.nc",
    output:
        scores="<results>/published/s{setting}-{group}.csv",
        curves="<results>/published/s{setting}-{group}.json",
    log:
        "<logs>/published/s{setting}-{group}.log",
    benchmark:
        "<benchmarks>/published/s{setting}-{group}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: STUDY.published.threads
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        run=RUN,
        config=CONFIG,
        settings=settings("learning.seed", "published.epochs", "grid"),
    message:
        "Published network, setting {wildcards.setting}, {wildcards.group}"
    shell:
        "{params.run} curve-train --config {params.config} --curves {input}"
        " --setting {wildcards.setting} --group {wildcards.group}"
        " --output {output.scores} > {log} 2>&1"


rule curve_summary:
    input:
        [*LEARNT, *TRAINED],
    output:
        learners="<results>/tables/learners.csv",
        below="<results>/tables/below.csv",
        made="<results>/tables/learners.json",
    log:
        "<logs>/summary.log",
    benchmark:
        "<benchmarks>/summary.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        run=RUN,
        scores=lambda wildcards, input: repeated("--scores", input),
    message:
        "Summarise the learners"
    shell:
        "{params.run} curve-summary {params.scores} --output {output.learners} > {log} 2>&1"


rule curve_figure:
    input:
        "<results>/published/s{setting}-{group}.csv",
    output:
        "<results>/figures/{figure}-s{setting}-{group}.png",
    log:
        "<logs>/figure/{figure}-s{setting}-{group}.log",
    benchmark:
        "<benchmarks>/figure/{figure}-s{setting}-{group}.tsv"
    wildcard_constraints:
        figure="predicted|similarity",
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        run=RUN,
    message:
        "Figure {wildcards.figure}, setting {wildcards.setting}, {wildcards.group}"
    shell:
        "{params.run} curve-figure {wildcards.figure} --scores {input}"
        " --output {output} > {log} 2>&1"


rule curve_report:
    input:
        curves="<results>/curves.nc",
        learners="<results>/tables/learners.csv",
        below="<results>/tables/below.csv",
        trained=TRAINED,
    output:
        "<results>/report.html",
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        run=RUN,
        config=CONFIG,
        folder=FOLDER,
    message:
        "Report: {output}"
    shell:
        "{params.run} curve-report --config {params.config} --folder {params.folder}"
        " --output {output} > {log} 2>&1"


for number, (setting, group) in PAPER.items():

    rule:
        name:
            f"figure{number}"
        input:
            f"<results>/figures/predicted-s{setting}-{group}.png",

    if setting <= 2:

        rule:
            name:
                f"figure{number + 1}"
            input:
                f"<results>/figures/similarity-s{setting}-{group}.png",


rule figure24:
    input:
        expand("<results>/figures/similarity-s{setting}-group2.png", setting=[3, 4, 5]),
