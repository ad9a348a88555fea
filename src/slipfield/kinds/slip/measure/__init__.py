"""From files of a laboratory to a specimen file: readers, axes, units, checks, resampling."""
