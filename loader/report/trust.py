"""What the report says of its own ground: loads that balance, fresh sources, restatements."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class LoadedExport:
    """What the ledger says of one export, and where the marts have the rows of its loads.

    `difference` counts rows that are in no place or in two, over all its loads as built.
    """

    export: str
    files: int
    rows_loaded: int
    rows_rejected: int
    files_set_aside: int
    files_refused: int
    newest_at: datetime | None
    rows_current: int = 0
    rows_superseded: int = 0
    rows_duplicate: int = 0
    rows_out_of_window: int = 0
    difference: int = 0


@dataclass(frozen=True)
class Freshness:
    """How far an account's export reaches, how late it came, and the days that are not there."""

    source_name: str
    export_name: str
    account_key: str
    last_used_at: datetime | None
    last_loaded_at: datetime | None
    lag_hours_median: Decimal | None
    lag_hours_max: Decimal | None
    lag_hours_scheduled: int | None
    days_late: int
    days_missing: int
    first_behind: date | None


@dataclass(frozen=True)
class Restatement:
    """What newer loads changed of a meter's hours that were known before them."""

    source_name: str
    account_key: str
    meter_id: str
    unit: str
    reason: str
    loads: int
    newest_load_id: int
    hours: int
    first_day: date
    last_day: date
    quantity_delta: Decimal


@dataclass(frozen=True)
class LastPage:
    """What an earlier page knew: its newest load, and the load after which it told restatements."""

    newest_load_id: int
    since_load_id: int

    def since(self, newest_load_id: int) -> int:
        """Return the load after which restatements are news, for a page that knows the newest.

        A page made again of the same loads tells the same, and so stays the same.
        """
        if newest_load_id == self.newest_load_id:
            return self.since_load_id
        return self.newest_load_id if newest_load_id > self.newest_load_id else 0


NO_PAGE = LastPage(0, 0)
