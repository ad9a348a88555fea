"""The report, and the targets named after the paper's tables and figures."""


rule report:
    input:
        figures=expand(
            "<results>/figures/{figure}.png",
            figure=[name for name, entry in FIGURES.items() if entry.shown(STUDY)],
        ),
        table="<results>/tables/table6.csv",
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
        runtime=30,
    params:
        run=RUN,
        config=CONFIG,
    message:
        "Report: {output}"
    shell:
        "{params.run} report --config {params.config}" " --output {output} > {log} 2>&1"


rule figure1:
    input:
        "<results>/figures/microstructure.png",


rule figure3:
    input:
        "<results>/figures/strain.png",


rule figure9:
    input:
        "<results>/figures/loss.png",


rule figure10:
    input:
        expand(
            "<results>/figures/predictions-{model}.png",
            model=dict.fromkeys([*STUDY.models, "cnn_lstm"]),
        ),


rule figure11:
    input:
        "<results>/figures/attention.png",


rule table3:
    input:
        expand("<results>/{file}", file=["tables/table3.csv", "figures/table3.png"]),


rule table4:
    input:
        expand("<results>/{file}", file=["tables/table4.csv", "figures/table4.png"]),


rule table5:
    input:
        expand("<results>/{file}", file=["tables/table5.csv", "figures/table5.png"]),


rule initialisation:
    input:
        expand(
            "<results>/{file}",
            file=["tables/initialisation.csv", "figures/initialisation.png"],
        ),


rule precision:
    input:
        expand(
            "<results>/{file}", file=["tables/precision.csv", "figures/precision.png"]
        ),


rule table6:
    input:
        "<results>/tables/table6.csv",


rule paper:
    input:
        rules.figure1.input,
        rules.figure3.input,
        rules.figure9.input,
        rules.figure10.input,
        rules.figure11.input,
        rules.table3.input,
        rules.table4.input,
        rules.table5.input,
        rules.table6.input,
