"""Prepare the training data from the public sources that the default weights were trained on.

Download a source of ``data_sources.csv`` yourself (each is a GitHub repository; its README links the full set), then

    python scripts/prepare_data.py retina_hrf ~/Downloads/HRF.zip --out data/
    python scripts/prepare_data.py --list
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from scribbleprompt_widget.training.prepare import prepare

SOURCES = Path(__file__).with_name("data_sources.csv")


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, write one .npz."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", help="name of the data set: a known one (--list) or your own")
    parser.add_argument("source", nargs="?", type=Path, help="folder or archive (.zip, .tar.gz) that was downloaded")
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder for NAME.npz (default: data)")
    parser.add_argument("--folder", help="which folder inside, where several hold images/ and masks/")
    parser.add_argument(
        "--palette", nargs="+", type=_colour, default=[], metavar="R,G,B", help="colours of labels 1, 2, …"
    )
    parser.add_argument("--binary", action="store_true", help="all that is brighter than half is label 1")
    parser.add_argument("--limit", type=int, help="images to keep at most, evenly spaced")
    parser.add_argument("--list", action="store_true", help="print the known data sets with their sources and licences")
    chosen = parser.parse_args(arguments)
    with SOURCES.open(newline="") as file:
        known = {row["set"]: row for row in csv.DictReader(file)}
    if chosen.list:
        for name, row in known.items():
            print(f"{name:26} {row['use']:6} https://github.com/{row['source']}  ({row['licence']})")
        return
    if chosen.name is None or chosen.source is None:
        parser.error("name and source are needed (or --list)")
    path = prepare(
        chosen.source,
        chosen.out / f"{chosen.name}.npz",
        folder=chosen.folder,
        palette=chosen.palette,
        binary=chosen.binary,
        limit=chosen.limit,
    )
    print(path)
    if chosen.name in known:
        row = known[chosen.name]
        print(f"source: https://github.com/{row['source']}, licence: {row['licence']}, use: {row['use']}")


def _colour(text: str) -> tuple[int, int, int]:
    red, green, blue = (int(part) for part in text.split(","))
    return red, green, blue


if __name__ == "__main__":
    main()
