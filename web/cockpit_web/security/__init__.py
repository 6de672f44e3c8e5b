"""What stands between a browser and the pages: headers, cross-site refusals, limits."""
