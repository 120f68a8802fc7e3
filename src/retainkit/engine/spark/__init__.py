"""The engine of a cluster: files read by Spark, members tallied by its tasks, tallies summed by it.

Only `session`, `reading` and `engine` know PySpark, and they import it when they run; `tasks` is
what travels to the executors.
"""

from retainkit.engine.spark.engine import Spark

__all__ = ["Spark"]
