"""The commands, family by family: what each does to the state, and the tables that it needs."""
