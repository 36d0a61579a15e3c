"""Work that takes longer than a request: asked for, run in the background, watched and cancelled."""
