"""An independent verifier of archives: a second implementation that imports nothing of ours."""
