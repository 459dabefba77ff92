"""Cases and items that come in as files from other systems, and go out as files to them."""
