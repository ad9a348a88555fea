"""Slipfield's workflow: from a study file to its report.

snakemake --configfile config/demo.yaml          the report and everything that it shows
snakemake paper --configfile config/paper.yaml   every table and figure of the paper
"""

import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")
sys.path.insert(0, str(Path(workflow.basedir) / "src"))

if not workflow.overwrite_configfiles:

    configfile: Path(workflow.basedir) / "config" / "demo.yaml"


include: "workflow/rules/common.smk"


onstart:
    begin()


report: "workflow/report/workflow.rst"


rule all:
    default_target: True
    input:
        "<results>/report.html",


include: f"workflow/kinds/{KIND.rules}.smk"
