//! A workspace in memory for the tests of this room.
