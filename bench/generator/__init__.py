"""The generator, alone and together with the other services, against what one would put in its place."""
