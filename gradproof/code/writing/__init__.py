"""Steps written as equations, and back from an equation to the code: where its statements stand, and a mended one."""
