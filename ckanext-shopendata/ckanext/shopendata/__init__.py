"""ShopenData: an open data portal for Chinese public agencies, as CKAN extensions."""
