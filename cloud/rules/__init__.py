"""Rule packs as the database keeps them: by their hash, and which of them is in force at a site."""
