"""Make the reports of this folder: `make examples`. The argument is the `retainkit` to use."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
_STEPS = "view_item > add_to_cart > checkout > pay"
_SHOP = [
    *("demo/events.parquet", "--members", "demo/members.csv", "--tz", "Asia/Shanghai"),
    *("--by", "channel", "--by", "client", "--by", "group", "--by", "tier", "--steps", _STEPS),
]
_RETAIL = [
    *("online_retail/online_retail.parquet", "--where", "InvoiceNo NOT LIKE 'C%'"),
    *("--amount-col", "Quantity * UnitPrice", "--order-col", "InvoiceNo", "--by", "Country"),
    *("--title", "Online Retail, 2011"),
]
# The arguments of `retainkit report`, by the file that it makes.
REPORTS = {
    "demo.html": [*_SHOP, "--title", "The demo shop"],
    "demo.md": [*_SHOP, "--title", "The demo shop"],
    "demo_shared.html": [*_SHOP, "--title", "The demo shop, to be shared", "--share-safe"],
    "online_retail.html": _RETAIL,
    "online_retail.md": _RETAIL,
}


def main(retainkit: str) -> None:
    """Make all of them, in a folder that looks like that of the examples."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([retainkit, "demo", "demo"], cwd=folder, check=True)
        (folder / "online_retail").symlink_to((HERE.parent / "online_retail").resolve())
        for file, args in REPORTS.items():
            target = str(HERE.resolve() / file)
            subprocess.run([retainkit, "report", *args, "-o", target], cwd=folder, check=True)


if __name__ == "__main__":
    main(sys.argv[1])
