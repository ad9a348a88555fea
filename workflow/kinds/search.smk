"""Design by search: rounds of trials, each asked for once all earlier ones are told."""

from slipfield.kinds.search.rounds import COMPARED

ROUNDS = list(range(STUDY.search.rounds + 1))
COMPARISONS = COMPARED if STUDY.comparison.trials else ()
if STUDY.evaluator is None:  # people tell: a round has ended when its table is there
    TOLD = [f"{FOLDER}/rounds/{number:04d}/told.csv" for number in ROUNDS]
    ENDED = next((k for k in ROUNDS if not os.path.exists(TOLD[k])), len(ROUNDS))
else:
    ENDED = len(ROUNDS)


def jobs_of(wildcards):
    """Tables of the jobs that evaluate a folder, "rounds/0003" or "comparison/random"."""
    kind, _, name = wildcards.place.partition("/")
    trials = range(STUDY.comparison.trials)
    if kind == "rounds":
        trials = STUDY.trials_of(int(name))
    size = STUDY.execution.trials_per_job
    return [
        f"<results>/{wildcards.place}/trials/{part[0]:06d}-{part[-1]:06d}.csv"
        for part in (trials[k : k + size] for k in range(0, len(trials), size))
    ]


def told_before(wildcards):
    """Told trials of all earlier rounds."""
    return [
        f"<results>/rounds/{number:04d}/told.csv"
        for number in range(int(wildcards.round))
    ]


wildcard_constraints:
    round=r"\d{4}",
    first=r"\d{6}",
    last=r"\d{6}",
    method="|".join(COMPARED),
    place=r"rounds/\d{4}|comparison/\w+",


rule ask:
    input:
        told_before,
    output:
        "<results>/rounds/{round}/asked.csv",
        "<results>/rounds/{round}/study.json",
    log:
        "<logs>/ask/{round}.log",
    benchmark:
        "<benchmarks>/ask/{round}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=lambda wildcards, attempt: attempt * 60,
    params:
        run=RUN,
        config=CONFIG,
        told=lambda wildcards, input: repeated("--told", input),
        settings=settings(
            *STUDY.PHYSICS, "search.batch", "search.initial", "search.seed"
        ),
    message:
        "Ask for the trials of round {wildcards.round}"
    shell:
        "{params.run} search ask --config {params.config} --round {wildcards.round}"
        " {params.told} --output {output[0]} > {log} 2>&1"


rule compare:
    output:
        "<results>/comparison/{method}/asked.csv",
        "<results>/comparison/{method}/study.json",
    log:
        "<logs>/compare/{method}.log",
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        run=RUN,
        config=CONFIG,
        settings=settings(*STUDY.PHYSICS, "comparison"),
    message:
        "Trials of the design {wildcards.method}"
    shell:
        "{params.run} search compare --config {params.config} --method {wildcards.method}"
        " --output {output[0]} > {log} 2>&1"


if STUDY.evaluator is not None:

    rule evaluate:
        input:
            "<results>/{place}/asked.csv",
        output:
            "<results>/{place}/trials/{first}-{last}.csv",
        log:
            "<logs>/evaluate/{place}/{first}-{last}.log",
        benchmark:
            "<benchmarks>/evaluate/{place}/{first}-{last}.tsv"
        conda:
            "../../envs/learn.yaml"
        threads: 1
        resources:
            mem_mb=3000,
            runtime=lambda wildcards, attempt: attempt * 120,
        params:
            run=RUN,
            config=CONFIG,
            trials=lambda wildcards: f"{int(wildcards.first)}:{int(wildcards.last) + 1}",
        message:
            "Evaluate {wildcards.place}, trials {wildcards.first} to {wildcards.last}"
        shell:
            "{params.run} search evaluate --config {params.config} --asked {input}"
            " --trials {params.trials} --output {output} > {log} 2>&1"

    rule tell:
        input:
            jobs_of,
        output:
            "<results>/{place}/told.csv",
        log:
            "<logs>/tell/{place}.log",
        conda:
            "../../envs/learn.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            run=RUN,
            config=CONFIG,
        message:
            "Tell the trials of {wildcards.place}"
        shell:
            "{params.run} search join {input} --config {params.config} --output {output} > {log} 2>&1"


rule report:
    input:
        told=[f"<results>/rounds/{number:04d}/told.csv" for number in ROUNDS[:ENDED]],
        compared=expand("<results>/comparison/{method}/told.csv", method=COMPARISONS),
        asked=[
            f"<results>/rounds/{number:04d}/asked.csv" for number in ROUNDS[ENDED:][:1]
        ],
    output:
        page="<results>/report.html",
        best="<results>/best.csv",
    log:
        "<logs>/report.log",
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        run=RUN,
        config=CONFIG,
        told=lambda wildcards, input: repeated("--told", input.told),
        compared=lambda wildcards, input: repeated("--compared", input.compared),
    message:
        "Report: {output.page}"
    shell:
        "{params.run} search report --config {params.config} {params.told}"
        " {params.compared} --output {output.page} > {log} 2>&1"
