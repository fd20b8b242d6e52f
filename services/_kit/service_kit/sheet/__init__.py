"""Reading sheets of rows from CSV, XLSX and NDJSON files."""
