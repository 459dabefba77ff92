"""What a type of device is, a YAML file each, by its exact name; `profile.schema.json` says what may be in them."""
