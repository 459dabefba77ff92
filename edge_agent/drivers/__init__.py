"""How each kind of device is driven: `<kind>_<library>.py`, each with its Options and build(), and a `_sim` twin."""
