"""Webhooks (Standard Webhooks): what a site's ledger tells, sent to other systems, signed, until they took it."""
