"""``python -m eval.fit checker|confidence ...``: fit a small model that the package ships, and print how good it is."""

import argparse
import sys
from pathlib import Path

from eval.fit import checker, confidence
from rag.errors import FootnoteError


def main() -> int:
    """Run the fit that the command line names; 1 and a sentence on stderr when its data are not there."""
    parser = argparse.ArgumentParser(prog="python -m eval.fit", description=__doc__)
    fits = parser.add_subparsers(dest="what", required=True)
    fits.add_parser("checker").add_argument("--data", type=Path, required=True, help="folder of the development data")
    sets = fits.add_parser("confidence")
    sets.add_argument(
        "--corpus", action="append", required=True, help="NAME=QUESTIONS: an ingested corpus, its questions"
    )
    options = parser.parse_args()
    try:
        if options.what == "checker":
            checker.run(options.data)
        else:
            confidence.main(options.corpus)
    except FootnoteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
