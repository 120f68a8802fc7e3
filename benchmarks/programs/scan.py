"""Read both columns and do nothing with them: `python scan.py PATH`. No reader can be faster.

Every value is decoded, for each batch is made and counted. Aggregates take as long (the maximum
of text longer), and some an engine may take from a file's statistics. The times of a CSV stay text.
"""

import sys

from polars_source import scanned

rows = sum(batch.height for batch in scanned(sys.argv[1]).collect_batches(engine="streaming"))
print(f"rows\n{rows}")
