"""What a cell of the cost marts is made of: shares, pools, rules, prices, charges, lines of files.

Nothing is worked out anew: every amount is a sum of rows of the last build, and each level of the
tree has to add up to the one above it, to the last digit, or there is no answer.
"""

from loader.explaining.cells import Cell, Cost, find_cell
from loader.explaining.nodes import Node
from loader.explaining.statements import MART as STATEMENTS
from loader.explaining.tree import explain

__all__ = ["STATEMENTS", "Cell", "Cost", "Node", "explain", "find_cell"]
