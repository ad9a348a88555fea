"""A cantilever beam in closed form: the smallest kind of study, to copy from."""
