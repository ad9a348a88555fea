"""Pages and pictures: what the reports of all kinds share."""
