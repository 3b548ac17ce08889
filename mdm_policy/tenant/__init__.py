"""Read what is really at a destination: every object of every kind that a reader exists for, whoever made it.

Nothing here can write: `asking.Asker` sends GET alone, besides the request for a token, and an import contract keeps all that
writes out of reach. What cannot be listed or read is *not read*, and says so. `taking` needs the libraries of the extra `push`.
"""
