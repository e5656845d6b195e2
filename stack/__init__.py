"""Builds, starts, watches and stops the services of one ShopenData installation on one machine.

The same templates (``config/``) and process scripts (``config/processes/``) serve the native stack and the containers;
this package only decides folders, ports, accounts and order. It must not import CKAN: it runs before CKAN can.
"""
