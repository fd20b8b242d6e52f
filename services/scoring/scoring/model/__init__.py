"""The probability models of buying behavior: BG/NBD, Gamma-Gamma and what is expected from them."""
