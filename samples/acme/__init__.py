"""The sample company Acme: one module per vendor, each returning its export files as text."""
