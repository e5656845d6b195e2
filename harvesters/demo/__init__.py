"""The demonstration: a year's work of twelve agencies on the sample, done through the actions that people use.

Nothing here writes a table. What happened in the past happens under :func:`ckanext.shopendata.clock.at`, the only place
that sets the clock.
"""
