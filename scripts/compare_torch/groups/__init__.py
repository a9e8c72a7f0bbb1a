"""Every op of nnlua, group by group; importing a module declares its ops."""
from . import making, elementwise, reducing, matrices, shaping, picking, indexing  # noqa: F401
from . import activations, losses, layers, modules, recurrent, optimizers  # noqa: F401
