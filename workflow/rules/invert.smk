"""A specimen that the study has not seen, measured, imported and inverted.

snakemake invert_demo --configfile config/demo.yaml
"""

UNSEEN = STUDY.specimen.microstructures
CELL = STUDY.specimen.height_mm / STUDY.specimen.cells_y
DIC_STEP = CELL / 2
EBSD_STEP = 0.12 * CELL
PIXELS_PER_STEP = 10
TIMES = STUDY.loading.output_times
EVEN = all(abs(t - n * TIMES[0]) < 1e-6 * TIMES[-1] for n, t in enumerate(TIMES, 1))
MEMBRANE = "" if STUDY.solid else "--membrane"


rule unseen:
    output:
        study="<results>/inversion/study.yaml",
        samples="<results>/inversion/samples.csv",
    log:
        "<logs>/inversion/unseen.log",
    benchmark:
        "<benchmarks>/unseen.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        run=RUN,
        config=CONFIG,
        folder=lambda wildcards, output: os.path.dirname(output.study),
        settings=settings("specimen", "material", "sampling", "loading", "solver"),
    message:
        "Plan an unseen specimen"
    shell:
        "{params.run} unseen --config {params.config} --output {params.folder} > {log} 2>&1"


rule unseen_microstructure:
    input:
        "<results>/inversion/study.yaml",
    output:
        "<results>/inversion/microstructure.nc",
    log:
        "<logs>/inversion/microstructure.log",
    benchmark:
        "<benchmarks>/unseen_microstructure.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        run=RUN,
        index=UNSEEN,
    message:
        "Grains of the unseen specimen"
    shell:
        "{params.run} microstructure --config {input} --index {params.index}"
        " --output {output} > {log} 2>&1"


rule unseen_simulation:
    input:
        warm="<results>/warmup.done",
        study="<results>/inversion/study.yaml",
        samples="<results>/inversion/samples.csv",
        microstructure="<results>/inversion/microstructure.nc",
    output:
        "<results>/inversion/shard.nc",
    log:
        "<logs>/inversion/simulate.log",
    benchmark:
        "<benchmarks>/unseen_simulation.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=MEMORY,
        runtime=plan.simulation_minutes(STUDY, 1),
    params:
        run=RUN,
    message:
        "Simulate the unseen specimen"
    shell:
        "{params.run} simulate --config {input.study} --microstructure {input.microstructure}"
        " --samples {input.samples} --rows 0:1 --output {output} > {log} 2>&1"


rule measure:
    input:
        shard="<results>/inversion/shard.nc",
        microstructure="<results>/inversion/microstructure.nc",
    output:
        dic=directory("<results>/inversion/laboratory/dic"),
        grains="<results>/inversion/laboratory/grains.ctf",
        load="<results>/inversion/laboratory/load.csv",
        outline="<results>/inversion/laboratory/outline.csv",
        truth="<results>/inversion/laboratory/truth.json",
    log:
        "<logs>/inversion/measure.log",
    benchmark:
        "<benchmarks>/measure.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        run=RUN,
        step=DIC_STEP,
        pixel=EBSD_STEP,
        noise=STUDY.noise.strain_std,
        load_noise=STUDY.noise.load_relative_std,
        folder=lambda wildcards, output: os.path.dirname(output.truth),
    message:
        "Measure the unseen specimen: VIC-2D maps, .ctf, load curve"
    shell:
        "{params.run} export --shard {input.shard} --sample 0"
        " --microstructure {input.microstructure} --step {params.step} --pixel {params.pixel}"
        " --strain-noise {params.noise} --load-noise {params.load_noise}"
        " --output {params.folder} > {log} 2>&1"


rule import_strain:
    input:
        dic="<results>/inversion/laboratory/dic",
        outline="<results>/inversion/laboratory/outline.csv",
    output:
        "<results>/inversion/strain.nc",
    log:
        "<logs>/inversion/import_strain.log",
    benchmark:
        "<benchmarks>/import_strain.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        run=RUN,
        scale=DIC_STEP / PIXELS_PER_STEP,
        frames=lambda wildcards, input: (
            f"--interval {TIMES[0]}"
            if EVEN
            else f"--times {os.path.dirname(input.dic)}/times.csv"
        ),
        sheet=[STUDY.specimen.width_mm, STUDY.specimen.height_mm],
        thickness=STUDY.specimen.thickness_mm,
    message:
        "Import strain maps"
    shell:
        "{params.run} import dic {input.dic}/*.csv --format vic2d --scale {params.scale}"
        " {params.frames} --sheet {params.sheet} --outline {input.outline}"
        " --thickness {params.thickness} --output {output} > {log} 2>&1"


rule import_load:
    input:
        load="<results>/inversion/laboratory/load.csv",
        specimen="<results>/inversion/strain.nc",
    output:
        "<results>/inversion/strain-load.nc",
    log:
        "<logs>/inversion/import_load.log",
    benchmark:
        "<benchmarks>/import_load.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        run=RUN,
    message:
        "Import the load curve"
    shell:
        "{params.run} import load {input.load} --specimen {input.specimen}"
        " --output {output} > {log} 2>&1"


rule import_grains:
    input:
        grains="<results>/inversion/laboratory/grains.ctf",
        specimen="<results>/inversion/strain-load.nc",
    output:
        "<results>/inversion/specimen.nc",
    log:
        "<logs>/inversion/import_grains.log",
    benchmark:
        "<benchmarks>/import_grains.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        run=RUN,
    message:
        "Import the orientation map"
    shell:
        "{params.run} import ebsd {input.grains} --specimen {input.specimen} --threshold 2"
        " --output {output} > {log} 2>&1"


rule invert:
    input:
        specimen="<results>/inversion/specimen.nc",
        truth="<results>/inversion/laboratory/truth.json",
        models=expand("<results>/models/{model}/model.json", model=STUDY.models),
    output:
        result="<results>/inversion/result/inversion.json",
        report="<results>/inversion/result/report.html",
    log:
        "<logs>/inversion/invert.log",
    benchmark:
        "<benchmarks>/invert.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=plan.simulation_minutes(STUDY, 20),
    params:
        run=RUN,
        membrane=MEMBRANE,
        models=lambda wildcards, input: repeated(
            "--model", [os.path.dirname(path) for path in input.models]
        ),
        folder=lambda wildcards, output: os.path.dirname(output.result),
    message:
        "Invert the unseen specimen: {output.report}"
    shell:
        "{params.run} invert {input.specimen} {params.models} {params.membrane} --refine 10"
        " --known {input.truth} --output {params.folder} > {log} 2>&1"


rule invert_demo:
    input:
        "<results>/inversion/result/report.html",
