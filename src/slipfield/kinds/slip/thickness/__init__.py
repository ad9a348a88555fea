"""How much stronger a sheet is than its membrane: runs, table, figure."""
