"""Synchronises catalogues from other systems. Imported as ``ckanext.shopendata.harvesters``; the core never imports it."""
