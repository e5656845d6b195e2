"""Synchronises catalogues of other systems. Imported as ``ckanext.shopendata.harvesters``; the core never does so."""
