"""Read what a network is given in place of a device: zones by which resolvers refuse names, and plain lists of domains."""
