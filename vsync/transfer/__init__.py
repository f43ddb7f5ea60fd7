"""Carrying out a plan (upload, attach, wait, remove); it may change the store through `store`."""
