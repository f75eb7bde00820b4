"""Random right derivations, mistakes planted into them, and what a check says of both."""
