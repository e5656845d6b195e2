"""The portal's looks: templates, styles, images. Imported as ``ckanext.shopendata.theme``; no behaviour lives here."""
