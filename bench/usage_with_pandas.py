"""Sums a usage file by day and SKU with pandas, as the vendor's page does with data frames.

    python usage_with_pandas.py FILE

Amounts are floats; no row is checked, priced or kept.
"""

import sys

import pandas as pd


def main() -> None:
    """Print how many days and SKUs the file holds that the argument names."""
    usage = pd.read_csv(sys.argv[1])
    usage["date"] = pd.to_datetime(usage["timestamp"], utc=True).dt.date
    print(len(usage.groupby(["date", "sku"])[["dbus", "machineHours"]].sum()))


if __name__ == "__main__":
    main()
