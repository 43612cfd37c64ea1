"""The `registry` command: every sub-command parses, calls one function and prints.

Results go to stdout, progress and messages to stderr. Exit codes: 0 fine, 1 something is wrong
with the cards, the data or the surroundings, 2 wrong usage.
"""

import click

from registry.cli import (
    batch,
    cards,
    comparing,
    exports,
    history,
    hub,
    judging,
    reports,
    reproducing,
    robustness,
    scoring,
    stages,
)
from registry.cli.shell import EXTRAS, Group

__all__ = ["EXTRAS", "main"]


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tunedeck", prog_name="registry")
def main() -> None:
    """Know what language models were taught.

    Cards under cards/ describe datasets, benchmarks and models; the stages turn cards into data,
    models and scores; every number says where it comes from.

    \b
        registry check
        registry list --kind dataset
        registry show alpaca
        registry lineage smollm2-evals --up
    """


for command in (
    cards.check,
    cards.list_cards,
    cards.show,
    cards.compare,
    cards.verify_claims,
    cards.new,
    cards.import_,
    cards.schema,
    history.history,
    exports.export,
    hub.push,
    hub.pull,
    hub.diff,
    hub.status,
    stages.fetch,
    stages.convert,
    stages.generate_programs,
    stages.mix,
    batch.show_batch,
    stages.tune,
    stages.evaluate,
    scoring.score,
    comparing.compare_scores,
    robustness.perturb,
    robustness.spread,
    stages.publish,
    stages.verify,
    reproducing.reproduce,
    judging.judge_stats,
    judging.judge,
    judging.human_eval,
    reports.lineage,
    reports.report,
):
    main.add_command(command)
