"""What writes the skeleton of a resource."""
