"""The report: the marts' costs as one HTML page, and as tables in cents that add up."""

from loader.report.data import summary_table
from loader.report.writing import ReportSummary, write_report

__all__ = ["ReportSummary", "summary_table", "write_report"]
