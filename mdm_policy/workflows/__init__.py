"""Carry out the steps of each command: a request in, a result out; nothing here prints or reads the clock."""
