"""What timrest_async promises in numbers, measured beside its rivals."""
