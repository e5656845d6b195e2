"""One YAML file for each agency's entries; a package so that the files are installed with the code."""
