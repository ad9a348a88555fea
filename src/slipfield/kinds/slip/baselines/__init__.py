"""What simpler methods reach on the same data: every inverter has to earn its place."""
