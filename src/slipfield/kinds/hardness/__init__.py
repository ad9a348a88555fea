"""Hardness of an alloy from its composition and what is measured on its micrograph."""
