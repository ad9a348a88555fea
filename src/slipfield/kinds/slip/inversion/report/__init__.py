"""Pictures and page of an inversion."""
