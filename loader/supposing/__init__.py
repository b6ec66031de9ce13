"""What costs would be with other seeds: built beside the marts, compared, and dropped again."""

from loader.supposing.comparison import Comparison, TeamChange, UnpricedChange
from loader.supposing.running import Supposition, suppose

__all__ = ["Comparison", "Supposition", "TeamChange", "UnpricedChange", "suppose"]
