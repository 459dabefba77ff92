"""Alarms: raised by whoever finds something wrong, one living alarm for a cause at a place."""
