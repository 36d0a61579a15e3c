"""Creates the skeleton of a resource."""
