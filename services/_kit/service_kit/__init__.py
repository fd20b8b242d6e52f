"""The mechanics that every service of Guanxi starts from; no business noun lives here."""
