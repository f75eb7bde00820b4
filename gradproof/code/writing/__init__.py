"""Steps written as equations, and from an equation back to the code it was read from: where its statements stand, and a mended one in their words."""
