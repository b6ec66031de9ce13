"""From a line of a file to what it costs whom, and from a charge back to its line.

Every fact is read, none is worked out anew: the ledger and the raw tables say what was loaded, the
slices of the last build which rows count and why, the marts what they cost. Where nothing was
built, ledger, raw rows and rejects are what there is. Values that may be personal are masked.
"""

from loader.tracing.charges import TracedCharge
from loader.tracing.lines import Kind, TracedLine, trace_charge, trace_line, trace_usage
from loader.tracing.originals import Original
from loader.tracing.usage import Fate, TracedUsage

__all__ = [
    "Fate",
    "Kind",
    "Original",
    "TracedCharge",
    "TracedLine",
    "TracedUsage",
    "trace_charge",
    "trace_line",
    "trace_usage",
]
