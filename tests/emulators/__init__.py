"""Stand in for the MDMs' servers, over real sockets: each keeps state, answers as the vendor does, and fails on command."""
