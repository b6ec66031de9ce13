"""`loader export focus`: the mart focus_cost_and_usage as a file, its metadata beside it."""

from loader.focus.export import FocusExport, FocusTotals, Format, export_focus

__all__ = ["FocusExport", "FocusTotals", "Format", "export_focus"]
