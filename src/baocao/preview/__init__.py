"""The report while it is being written: a local page that follows what is saved (`baocao preview`)."""
