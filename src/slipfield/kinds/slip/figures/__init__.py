"""One function per figure; no computation in them."""
