"""The answer to the customer as DOCX and PDF."""
