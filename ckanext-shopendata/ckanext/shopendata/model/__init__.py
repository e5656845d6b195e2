"""Tables of the distribution, one module per aggregate."""
