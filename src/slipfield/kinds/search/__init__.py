"""Design by search: which values of some variables are best, asked batch by batch."""
