"""The developer console at `/_local`: a journal of what the local stack does, and the pages that show it.

`journal.py` stores entries, `recorder.py` makes them from what the front and the local AWS report, `life.py` puts those
of one request together, and `server.py` serves them. The pages are in `web/`: ES modules and CSS, without a build.
"""
