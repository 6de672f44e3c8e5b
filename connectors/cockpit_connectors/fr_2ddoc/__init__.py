"""Signed French papers: the 2D-Doc codes (DataMatrix) of tax notices, proofs of address and other documents."""
