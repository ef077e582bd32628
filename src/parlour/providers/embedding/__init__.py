"""Who turns texts into vectors, and who ranks passages: one file a way. Does not know what the texts are for."""
