"""``python -m timrest_async.cli`` does what ``timrest`` does."""

from timrest_async.cli import main

main()
