"""Seeds, the CSV files people write decisions in: declared types, rows with their lines, problems.

dbt says that a test failed and how often; this package says in which line of which file, and what
to do about it.
"""

from loader.seeds.checking import check_seeds
from loader.seeds.declared import Seed, read_seeds
from loader.seeds.explaining import SeedTest, explain
from loader.seeds.problem import SeedProblem, told

__all__ = ["Seed", "SeedProblem", "SeedTest", "check_seeds", "explain", "read_seeds", "told"]
