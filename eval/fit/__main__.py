"""``python -m eval.fit checker --data DIR``: fit a small model that the package ships, and print how good it is."""

import argparse
import sys
from pathlib import Path

from eval.fit import checker
from rag.errors import FootnoteError

FITS = {"checker": checker.run}


def main() -> int:
    """Run the fit that the command line names; 1 and a sentence on stderr when its data are not there."""
    parser = argparse.ArgumentParser(prog="python -m eval.fit", description=__doc__)
    parser.add_argument("what", choices=sorted(FITS), help="which model")
    parser.add_argument("--data", type=Path, required=True, help="folder of the development data")
    options = parser.parse_args()
    try:
        FITS[options.what](options.data)
    except FootnoteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
