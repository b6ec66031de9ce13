"""A fixed charge of an account that nobody knows is told, with the accounts there are."""

from pathlib import Path

from seed_mistakes import add_row, build_json, copy_seeds

TEST = "assert_fixed_charges_are_of_known_accounts"


def test_an_unknown_account_of_a_fixed_charge_is_told(
    tmp_path: Path, own_database: dict[str, str]
) -> None:
    folder = copy_seeds(tmp_path)
    add_row(
        folder,
        "fixed_charges",
        {"fixed_charge_id": "stray", "source_name": "tecton", "account_key": "acmee"}
        | {"meter_id": "tecton:platform_fee"},
    )
    arguments = (
        *("--select", "+dim_accounts", "fixed_charges", TEST),
        *("--indirect-selection", "empty", "--exclude-resource-type", "unit_test"),
    )
    (warning,) = build_json(folder, own_database, *arguments, code=0)["warnings"]
    assert warning["name"] == TEST
    (told,) = warning["rows"]
    assert told == (
        "fixed_charges.csv: stray is of the account acmee,"
        " which has no usage and no row in accounts.csv\n"
        "  write one of tecton, acme, or name it in accounts.csv;"
        " until then its cost stands by itself, under that key"
    )
