"""Stills: kept by the name of their content in a folder or an object store."""
